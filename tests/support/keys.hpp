// Public keys for tests, told apart by a number.
#pragma once

#include "core/base/bytes.hpp"

namespace culver::test {

inline PublicKey key(int number) {
  PublicKey made;
  made.data[0] = static_cast<std::byte>(number);
  made.data[1] = static_cast<std::byte>(number >> 8);
  return made;
}

}  // namespace culver::test
