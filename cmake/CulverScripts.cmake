# Every class of every *_test.py of the calling folder is one test, called LABEL.CLASS, that runs the
# real programs of this build.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# These take half a minute and more, most of it waiting: they begin first, so that nobody waits for one
# of them alone at the end.
set(CULVER_LONG Resume Roam KilledWhileEstablishing HandshakeTiming PeerGone KillNine Package)

function(culver_scripts label)
  file(GLOB modules CONFIGURE_DEPENDS *_test.py)
  foreach(module ${modules})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${module})
    get_filename_component(stem ${module} NAME_WE)
    file(STRINGS ${module} classes REGEX "^class [A-Za-z]+\\(")
    foreach(line ${classes})
      string(REGEX REPLACE "^class ([A-Za-z]+).*" "\\1" class "${line}")
      add_test(NAME ${label}.${class}
        COMMAND Python3::Interpreter -B -m unittest -v ${stem}.${class}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
      set_tests_properties(${label}.${class} PROPERTIES TIMEOUT 300 LABELS ${label}
        SKIP_REGULAR_EXPRESSION "OK \\(skipped="
        ENVIRONMENT "CULVER_PROGRAMS=${PROJECT_BINARY_DIR};CULVER_BUILD_TYPE=${CMAKE_BUILD_TYPE};CULVER_SANITIZE=${CULVER_SANITIZE}")
      if(class IN_LIST CULVER_LONG)
        set_tests_properties(${label}.${class} PROPERTIES COST 100 TIMEOUT 900)
      endif()
    endforeach()
  endforeach()
endfunction()
