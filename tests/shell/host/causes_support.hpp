// Every way in which a server cannot be dialled.
#pragma once

#include <vector>

#include "core/base/dial_failure.hpp"

namespace culver::test {

/// One of each, in every shape that has words of its own.
inline std::vector<dial::Cause> every_cause() {
  using namespace dial;
  using Why = Untrusted::Why;
  return {NoSuchName{},
          NameUnanswered{},
          Refused{},
          NoRoute{},
          Silent{Step::connecting},
          Silent{Step::securing},
          Silent{Step::upgrading},
          HungUp{Step::securing},
          HungUp{Step::upgrading},
          HungUp{Step::talking},
          NoDescriptors{},
          System{5},
          NotTls{Protocol::ssh},
          NotTls{Protocol::unknown},
          NotTls{Protocol::tls},
          NotHttp{Protocol::ssh},
          NotHttp{Protocol::tls},
          NotHttp{Protocol::unknown},
          HttpStatus{404, ""},
          HttpStatus{301, "https://example.org"},
          HttpStatus{502, ""},
          Untrusted{Why::self_signed},
          Untrusted{Why::unknown_issuer},
          Untrusted{Why::expired},
          Untrusted{Why::not_yet_valid},
          Untrusted{Why::other_name},
          Untrusted{Why::no_store},
          Untrusted{Why::other}};
}

}  // namespace culver::test
