// What a file has beside its bytes, as the second form carries it.
#pragma once

#include <cstdint>

namespace culver::transfer {

struct Attributes {
  std::int64_t modified = 0;  ///< nanoseconds since 1970, UTC
  std::uint16_t mode = 0;     ///< rwxrwxrwx; the receiver's umask has the last word
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

}  // namespace culver::transfer
