// A fault together with a sentence that names the file or the option it is about. For a person's
// eyes; never logged.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "core/base/fault.hpp"

namespace culver::host {

struct Trouble {
  Fault fault;
  std::string sentence;

  /// Whoever has no use for the sentence goes on with the fault alone (TRY does).
  operator Fault() const { return fault; }
};

template <class T>
using Outcome = tl::expected<T, Trouble>;

inline tl::unexpected<Trouble> trouble(Fault fault, std::string sentence) {
  return tl::unexpected<Trouble>(Trouble{fault, std::move(sentence)});
}

}  // namespace culver::host
