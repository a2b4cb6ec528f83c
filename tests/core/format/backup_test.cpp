#include "core/format/backup.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/hash.hpp"
#include "core/format/backup_content.hpp"

namespace culver::format::backup {
namespace {

constexpr crypto::ScryptCost cheap{1, 1, 1};
const ByteView passphrase = as_bytes("correct horse");

Rng fives() {
  return Rng([](void*, std::span<std::byte> out) { std::ranges::fill(out, std::byte{5}); },
             nullptr);
}

template <class B>
B filled(int number) {
  B bytes;
  bytes.data.fill(static_cast<std::byte>(number));
  return bytes;
}

Secret<32> secret(int number) {
  return Secret<32>(std::span<const std::byte, 32>(filled<Digest>(number).data));
}

const DeviceId device = *parse_device_id("550e8400-e29b-41d4-a716-446655440000");

Content sample() {
  Content content{secret(1), secret(2), device, {}, {}};
  content.peers.push_back({filled<PublicKey>(3),
                           Plaintext("Ana"),
                           Plaintext("Zoë"),
                           "then",
                           "now",
                           true,
                           true,
                           true,
                           {filled<PublicKey>(4)},
                           {Plaintext("Anna"), Plaintext("Nan")}});
  content.peers.push_back({filled<PublicKey>(4),
                           {},
                           {},
                           "",
                           "",
                           false,
                           false,
                           false,
                           {filled<PublicKey>(8), filled<PublicKey>(9)}});
  content.servers.push_back(
      {"ws://a:80", filled<crypto::VerifyKey>(5), 2, "then", "now", filled<UserId>(6)});
  content.servers.push_back({"ws://b:80", filled<crypto::VerifyKey>(7), 1, "then", "now", {}});
  return content;
}

ByteVector sealed(const Content& content = sample()) {
  auto rng = fives();
  const auto file = seal(content, passphrase, rng, cheap);
  EXPECT_TRUE(file);
  return *file;
}

void expect_same(const Content& one, const Content& other) {
  EXPECT_TRUE(std::ranges::equal(one.identity.expose(), other.identity.expose()));
  EXPECT_TRUE(std::ranges::equal(one.account_seed.expose(), other.account_seed.expose()));
  EXPECT_EQ(one.device, other.device);
  EXPECT_TRUE(one.peers == other.peers);
  EXPECT_TRUE(one.servers == other.servers);
}

/// The checksum is right again: what somebody does on purpose.
ByteVector with_new_checksum(ByteVector file) {
  const auto body = std::span(file).first(file.size() - Digest::size);
  std::ranges::copy(crypto::sha256(body).view(), file.end() - Digest::size);
  return file;
}

TEST(Backup, ComesBack) {
  const auto back = open(sealed(), passphrase);
  ASSERT_TRUE(back);
  expect_same(*back, sample());
}

TEST(Backup, OfTheLeastComesBack) {
  const Content least{secret(1), secret(2), device, {}, {}};
  const auto back = open(sealed(least), passphrase);
  ASSERT_TRUE(back);
  expect_same(*back, least);
}

RC_GTEST_PROP(Backup, OfAnyRowsComesBack, (const std::vector<std::string>& texts)) {
  Content content{secret(1), secret(2), device, {}, {}};
  int number = 0;
  for (const auto& text : texts) {
    const auto name = std::string("x") + std::string(text.size() % 60, 'y');
    Peer peer{filled<PublicKey>(++number % 256),
              Plaintext(name),
              {},
              "1",
              "2",
              false,
              false,
              text.empty(),
              {}};
    if (number < 256) content.peers.push_back(std::move(peer));
    content.servers.push_back({"ws://" + std::to_string(number), {}, 1, "1", "2", {}});
  }
  const auto back = open(sealed(content), passphrase);
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->peers == content.peers);
  RC_ASSERT(back->servers == content.servers);
}

TEST(Backup, ShowsNothingOfItsContent) {
  const auto file = sealed();
  const auto text = as_text(file);
  EXPECT_EQ(text.find("Ana"), std::string::npos);
  EXPECT_EQ(text.find(std::string(32, '\1')), std::string::npos);
}

TEST(Backup, WithAnyBitFlippedIsDamaged) {
  auto file = sealed();
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1 << bit % 8);
    file[bit / 8] ^= mask;
    const auto back = open(file, passphrase);
    ASSERT_FALSE(back) << bit;
    ASSERT_EQ(back.error(), Fault::malformed) << bit;
    file[bit / 8] ^= mask;
  }
}

TEST(Backup, CutShortOrLongIsDamaged) {
  auto file = sealed();
  for (std::size_t size = 0; size < file.size(); ++size)
    ASSERT_EQ(open(ByteView(file).first(size), passphrase).error(), Fault::malformed) << size;
  file.push_back({});
  EXPECT_EQ(open(file, passphrase).error(), Fault::malformed);
}

/// Each byte of the header and of the sealed content: a wrong key, a wrong tag, or costs and
/// versions that are refused.
TEST(Backup, ChangedOnPurposeIsNotAuthentic) {
  const auto file = sealed();
  for (std::size_t at = 0; at < file.size() - Digest::size; ++at) {
    auto changed = file;
    changed[at] ^= std::byte{1};
    const auto back = open(with_new_checksum(changed), passphrase);
    ASSERT_FALSE(back) << at;
    if (at >= 18) {
      ASSERT_EQ(back.error(), Fault::not_authentic) << at;
    }
  }
}

TEST(Backup, OfANewerVersionOrOfAbsurdCostIsNotTried) {
  auto newer = sealed();
  newer[14] = std::byte{2};
  EXPECT_EQ(open(with_new_checksum(newer), passphrase).error(), Fault::usage);
  for (const int log_n : {0, 25, 64, 255}) {
    auto costly = sealed();
    costly[15] = static_cast<std::byte>(log_n);
    costly[16] = std::byte{8};
    EXPECT_EQ(open(with_new_checksum(costly), passphrase).error(), Fault::usage) << log_n;
  }
}

TEST(Backup, WantsItsPassphrase) {
  for (const auto wrong : {"", "correct hors", "correct horse ", "Correct horse"})
    EXPECT_EQ(open(sealed(), as_bytes(wrong)).error(), Fault::not_authentic) << wrong;
}

TEST(Backup, IsNotMadeLargerThanItIsRead) {
  auto content = sample();
  content.peers.resize(peers + 1);
  auto rng = fives();
  EXPECT_EQ(seal(content, passphrase, rng, cheap).error(), Fault::too_large);
}

// ---- what is inside -----------------------------------------------------------------------------

ByteVector printed(const Content& content) {
  ByteVector bytes(printed_size(content));
  print(content, bytes);
  return bytes;
}

TEST(BackupContent, CutShortOrLongIsRefused) {
  auto bytes = printed(sample());
  ASSERT_TRUE(parse(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(parse(ByteView(bytes).first(size))) << size;
  bytes.push_back({});
  EXPECT_FALSE(parse(bytes));
}

TEST(BackupContent, ThatWouldNotBeWrittenIsRefused) {
  const auto expect_refused = [](auto change) {
    auto content = sample();
    change(content);
    EXPECT_FALSE(parse(printed(content)));
  };
  expect_refused([](Content& c) { c.device = {}; });
  expect_refused([](Content& c) { c.peers[1].key = c.peers[0].key; });
  expect_refused([](Content& c) { c.peers[0].offered = {c.peers[0].key}; });
  expect_refused([](Content& c) { c.peers[0].offered = {c.peers[1].key, c.peers[1].key}; });
  expect_refused([](Content& c) {
    c.peers[0].offered.clear();
    for (std::uint8_t n = 0; n <= offered_keys; ++n)
      c.peers[0].offered.push_back(*PublicKey::from(ByteVector(32, std::byte(100 + n))));
  });
  expect_refused([](Content& c) { c.peers[0].name = Plaintext(""); });
  expect_refused([](Content& c) { c.peers[0].earlier = {Plaintext("")}; });
  expect_refused([](Content& c) { c.peers[0].earlier.resize(earlier_names + 1, Plaintext("x")); });
  expect_refused([](Content& c) { c.peers[0].name = Plaintext(std::string(65, 'x')); });
  expect_refused([](Content& c) { c.peers[0].alias = Plaintext("\xFF"); });
  expect_refused([](Content& c) { c.peers[0].last_seen = std::string(date_size + 1, '1'); });
  expect_refused([](Content& c) { c.servers[0].url = std::string(url_size + 1, 'u'); });
  expect_refused([](Content& c) { c.servers.push_back(c.servers[0]); });
}

/// Parsing is total, and what it takes it would write again.
RC_GTEST_PROP(BackupContent, IsReadAsItIsWritten, (std::size_t at, std::uint8_t value)) {
  auto bytes = printed(sample());
  bytes[at % bytes.size()] = static_cast<std::byte>(value);
  const auto content = parse(bytes);
  if (content) RC_ASSERT(printed(*content) == bytes);
}

}  // namespace
}  // namespace culver::format::backup
