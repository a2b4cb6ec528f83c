// What a person is told of a fault and can do about it, and the exit code with which a program ends
// because of it: the one table of both. docs/protocol/command-line.md has the codes.
#pragma once

#include <string>
#include <string_view>

#include "core/base/dial_failure.hpp"
#include "core/base/fault.hpp"

namespace culver::host {

struct FaultText {
  Fault fault;
  int exit_code;
  std::string_view sentence;  ///< what has happened
  std::string_view advice;    ///< what that person can do, may be empty
};

const FaultText& fault_text(Fault fault);

/// What happened, and where it was dialled if it was, without what to do: foreign text may be in
/// it.
std::string happened(const Failure& failure);

}  // namespace culver::host
