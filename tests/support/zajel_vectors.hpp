// The known answers of the Zajel peer protocol. They lie beside the checkout; where they are not,
// tests say so and skip.
#pragma once

#include <cstdlib>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "core/base/ids.hpp"
#include "core/crypto/keys.hpp"
#include "tests/support/places.hpp"

namespace culver::test {

class Vectors {
 public:
  static constexpr const char* absent = "../shared/vectors/zajel.json is not there";

  static std::optional<Vectors> load() {
    std::ifstream file(culver::test::source_dir() + "/../shared/vectors/zajel.json");
    if (!file) return std::nullopt;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return Vectors(boost::json::parse(text));
  }

  const boost::json::value& at(std::initializer_list<const char*> path) const {
    const auto* value = &root_;
    for (const auto* key : path) value = &value->as_object().at(key);
    return *value;
  }
  std::string text(std::initializer_list<const char*> path) const {
    return std::string(at(path).as_string());
  }
  std::vector<std::string> texts(std::initializer_list<const char*> path) const {
    std::vector<std::string> all;
    for (const auto& value : at(path).as_array()) all.emplace_back(value.as_string());
    return all;
  }
  crypto::PrivateKey private_key(const char* who) const {
    crypto::PrivateKey key;
    if (!detail::decode_hex(text({"keys", who, "private"}), key.expose_to_fill())) std::abort();
    return key;
  }
  PublicKey public_key(const char* who) const {
    return *parse_hex<PublicKey>(text({"keys", who, "public"}));
  }

 private:
  explicit Vectors(boost::json::value root) : root_(std::move(root)) {}
  boost::json::value root_;
};

}  // namespace culver::test
