// Known answers that live beside the repository: found or the test is skipped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "core/base/bytes.hpp"
#include "core/base/secret.hpp"

namespace culver::testing {

std::string shared_path(std::string_view name);
/// nullopt if the file is not there.
std::optional<boost::json::value> shared_json(std::string_view name);
std::optional<std::vector<std::string>> shared_lines(std::string_view name);

ByteVector from_hex(std::string_view hex);
std::string text_at(const boost::json::value& object, std::string_view key);
ByteVector hex_at(const boost::json::value& object, std::string_view key);

template <std::size_t N>
Secret<N> secret_from(ByteView bytes) {
  return Secret<N>(std::span<const std::byte, N>(bytes.data(), N));
}

}  // namespace culver::testing

#define SKIP_UNLESS(found) \
  if (!(found)) GTEST_SKIP() << "the shared vectors are not beside this checkout"
