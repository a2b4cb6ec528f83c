# libculver: the objects of the layers below the command line, once as an archive and once as a shared
# library, and what others need to find them. Source: docs/decisions/014-the-library.md.
set(library_layers culver_core culver_host culver_net culver_p2p culver_store culver_client culver_library)

configure_file(include/culver/version.hpp.in include/culver/version.hpp @ONLY)
target_include_directories(culver_library PUBLIC include ${CMAKE_CURRENT_BINARY_DIR}/include)
target_compile_definitions(culver_library PUBLIC CULVER_INSIDE)

set(library_objects "")
foreach(layer ${library_layers})
  list(APPEND library_objects $<TARGET_OBJECTS:${layer}>)
endforeach()
set(library_needs OpenSSL::SSL OpenSSL::Crypto Boost::json PkgConfig::UTF8PROC PkgConfig::USRSCTP
  PkgConfig::SQLITE spdlog::spdlog Threads::Threads)

# A sanitizer's run time is the program's affair: such a build has the layers alone.
if(CULVER_SANITIZE)
  return()
endif()

include(GNUInstallDirs)
set(library_script ${PROJECT_SOURCE_DIR}/cmake/culver.map)
foreach(kind STATIC SHARED)
  string(TOLOWER ${kind} name)
  add_library(culver_${name} ${kind} ${library_objects})
  add_library(culver::${name} ALIAS culver_${name})
  set_target_properties(culver_${name} PROPERTIES OUTPUT_NAME culver LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(culver_${name} INTERFACE cxx_std_20)
  target_include_directories(culver_${name} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(culver_${name} PRIVATE ${library_needs})
endforeach()
# The archive goes by its short name inside a package: culver::static.
set_target_properties(culver_static PROPERTIES EXPORT_NAME static)
set_target_properties(culver_shared PROPERTIES EXPORT_NAME culver LINK_DEPENDS ${library_script})
target_link_options(culver_shared PRIVATE -Wl,--version-script=${library_script} -Wl,--no-undefined)
add_library(culver::culver ALIAS culver_shared)

if(NOT CULVER_INSTALL)
  return()
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/culver)
configure_package_config_file(cmake/culver-config.cmake.in culver-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(culver-config-version.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/culver.pc.in culver.pc @ONLY)

install(DIRECTORY include/culver DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN *.hpp)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/include/culver/version.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/culver COMPONENT dev)
install(TARGETS culver_shared EXPORT culver-shared LIBRARY COMPONENT library
  NAMELINK_COMPONENT dev)
install(TARGETS culver_static EXPORT culver-static ARCHIVE COMPONENT archive)
# Two files, so that who links the shared one needs nothing of what the archive needs.
install(EXPORT culver-shared NAMESPACE culver:: DESTINATION ${package_dir} COMPONENT dev)
install(EXPORT culver-static NAMESPACE culver:: DESTINATION ${package_dir} COMPONENT archive)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/culver-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/culver-config-version.cmake DESTINATION ${package_dir} COMPONENT dev)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/culver.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT dev)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev
  FILES_MATCHING PATTERN *.cpp PATTERN CMakeLists.txt)
install(FILES docs/library.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev)
if(CULVER_APPS)
  install(TARGETS culver culver-server RUNTIME COMPONENT programs)
  install(FILES README.md CHANGELOG.md LICENSE docs/operating.md DESTINATION ${CMAKE_INSTALL_DOCDIR}
    COMPONENT programs)
endif()
