#include "tests/core/vectors_support.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/base/ids.hpp"
#include "tests/support/places.hpp"

namespace culver::testing {

std::string shared_path(std::string_view name) {
  return culver::test::source_dir() + "/../shared/" + std::string(name);
}

std::optional<boost::json::value> shared_json(std::string_view name) {
  std::ifstream file(shared_path(name));
  if (!file) return std::nullopt;
  std::stringstream text;
  text << file.rdbuf();
  return boost::json::parse(text.str());
}

std::optional<std::vector<std::string>> shared_lines(std::string_view name) {
  std::ifstream file(shared_path(name));
  if (!file) return std::nullopt;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  return lines;
}

ByteVector from_hex(std::string_view hex) {
  ByteVector bytes(hex.size() / 2);
  if (!detail::decode_hex(hex, bytes)) throw std::runtime_error("not hex: " + std::string(hex));
  return bytes;
}

std::string text_at(const boost::json::value& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

ByteVector hex_at(const boost::json::value& object, std::string_view key) {
  return from_hex(text_at(object, key));
}

}  // namespace culver::testing
