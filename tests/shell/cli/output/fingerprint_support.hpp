// The fingerprint of the key of 32 zero bytes: its SHA-256 is a published constant.
#pragma once

#include <string>

namespace culver::cli {

inline const std::string zero_fingerprint =
    "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20 0897 1485 6EE2 33B3 902A 591D 0D5F 2925";
inline const std::string zero_digits =
    "66687AADF862BD776C8FC18B8E9F8E20089714856EE233B3902A591D0D5F2925";

}  // namespace culver::cli
