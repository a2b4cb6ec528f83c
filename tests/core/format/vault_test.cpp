#include "core/format/vault.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/hash.hpp"

namespace culver::format::vault {
namespace {

constexpr crypto::ScryptCost cheap{1, 1, 1};
const ByteView passphrase = as_bytes("correct horse");

Rng fives() {
  return Rng([](void*, std::span<std::byte> out) { std::ranges::fill(out, std::byte{5}); },
             nullptr);
}

DataKey key_of(int number) {
  DataKey key;
  std::ranges::fill(key.expose_to_fill(), static_cast<std::byte>(number));
  return key;
}

ByteVector sealed(std::string_view content = "secret") {
  auto rng = fives();
  return seal(key_of(1), "account", as_bytes(content), rng);
}

ByteVector wrapped() {
  auto rng = fives();
  const auto file = wrap(key_of(1), passphrase, rng, cheap);
  EXPECT_TRUE(file);
  return *file;
}

Fault fault_of_opening(ByteView file, std::string_view name = "account", int key = 1) {
  const auto content = open(key_of(key), name, file);
  EXPECT_FALSE(content);
  return content ? Fault::internal : content.error();
}

ByteVector flipped(ByteVector file, std::size_t at) {
  file[at] ^= std::byte{0x80};
  return file;
}

RC_GTEST_PROP(Vault, OpensWhatItHasSealed, (const std::string& text)) {
  const auto content = text.substr(0, content_size);
  const auto file = sealed(content);
  RC_ASSERT(is_sealed(file));
  RC_ASSERT(file.size() == content.size() + sealed_overhead);
  const auto back = open(key_of(1), "account", file);
  RC_ASSERT(back && as_text(back->expose()) == content);
}

TEST(Vault, OpensNothingElse) {
  const auto file = sealed();
  EXPECT_EQ(fault_of_opening(file, "account", 2), Fault::not_authentic) << "another key";
  EXPECT_EQ(fault_of_opening(file, "identity.key"), Fault::not_authentic) << "another's place";
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto fault = fault_of_opening(ByteView(file).first(size));
    EXPECT_TRUE(fault == Fault::malformed || fault == Fault::not_authentic) << size;
  }
  auto longer = file;
  longer.push_back({});
  EXPECT_EQ(fault_of_opening(longer), Fault::not_authentic);
  longer.resize(file_size + 1);
  EXPECT_EQ(fault_of_opening(longer), Fault::malformed);
  for (std::size_t at = 0; at < file.size(); ++at) {
    const auto fault = fault_of_opening(flipped(file, at));
    EXPECT_TRUE(fault == Fault::malformed || fault == Fault::not_authentic ||
                (at == 14 && fault == Fault::usage))
        << at;
  }
}

TEST(Vault, KeepsAPlainKeyAsText) {
  const auto file = print(key_of(1));
  EXPECT_EQ(as_text(file.expose()), "culver-key-1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n");
  auto stored = parse_key(file.expose());
  ASSERT_TRUE(stored && std::holds_alternative<DataKey>(*stored));
  EXPECT_TRUE(std::ranges::equal(std::get<DataKey>(*stored).expose(), key_of(1).expose()));
  for (std::size_t size = 0; size < file.expose().size(); ++size)
    EXPECT_FALSE(parse_key(file.expose().first(size))) << size;
  for (const std::string text : {"culver-key-2\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n",
                                 "culver-key-1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF=\n",
                                 "culver-key-1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= ",
                                 "culver-key-1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n"})
    EXPECT_FALSE(parse_key(as_bytes(text))) << text;
}

TEST(Vault, UnwrapsWithThePassphraseOnly) {
  auto stored = parse_key(wrapped());
  ASSERT_TRUE(stored && std::holds_alternative<WrappedKey>(*stored));
  const auto& key = std::get<WrappedKey>(*stored);
  const auto back = unwrap(key, passphrase);
  ASSERT_TRUE(back);
  EXPECT_TRUE(std::ranges::equal(back->expose(), key_of(1).expose()));
  for (const std::string_view wrong : {"", "correct hors", "correct horse "}) {
    const auto none = unwrap(key, as_bytes(wrong));
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), Fault::not_authentic);
  }
}

TEST(Vault, TellsADamagedKeyFromAWrongPassphrase) {
  const auto file = wrapped();
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_FALSE(parse_key(ByteView(file).first(size))) << size;
  for (std::size_t at = 0; at < file.size(); ++at) {
    const auto stored = parse_key(flipped(file, at));
    ASSERT_FALSE(stored) << at;
    EXPECT_EQ(stored.error(), at == 19 ? Fault::usage : Fault::malformed) << at;
  }
}

/// The checksum is right again: what somebody does on purpose.
TEST(Vault, RefusesAKeyThatSomebodyChanged) {
  const auto file = wrapped();
  for (std::size_t at = 20; at < file.size() - Digest::size; ++at) {
    auto changed = flipped(file, at);
    const auto body = std::span(changed).first(changed.size() - Digest::size);
    std::ranges::copy(crypto::sha256(body).view(), changed.end() - Digest::size);
    const auto stored = parse_key(changed);
    ASSERT_TRUE(stored) << at;
    const auto key = unwrap(std::get<WrappedKey>(*stored), passphrase);
    ASSERT_FALSE(key) << at;
    EXPECT_EQ(key.error(), at == 20 || at == 22 ? Fault::usage : Fault::not_authentic) << at;
  }
}

}  // namespace
}  // namespace culver::format::vault
