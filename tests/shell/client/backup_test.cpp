#include "shell/client/backup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/crypto/keys.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "shell/store/sqlite/server_book.hpp"
#include "tests/shell/host/opened_vault.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::client {
namespace {

namespace backup = format::backup;
namespace fs = std::filesystem;

template <class B>
B filled(int number) {
  B bytes;
  bytes.data.fill(static_cast<std::byte>(number));
  return bytes;
}

class BackupOfAFolder : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host::open_identity(from()));
    ASSERT_TRUE(host::open_account(from()));
    auto peers = store::sqlite::PeerBook::open(from() / "peers.db");
    const std::vector<store::KnownPeer> rows{{filled<PublicKey>(1),
                                              Plaintext("Ana"),
                                              Plaintext("Sister"),
                                              "1",
                                              "3",
                                              true,
                                              true,
                                              true,
                                              {filled<PublicKey>(9), filled<PublicKey>(8)}},
                                             {filled<PublicKey>(2), {}, {}, "1", "2"}};
    ASSERT_TRUE(peers && peers->put(rows));
    auto servers = store::sqlite::ServerBook::open(from() / "servers.db");
    const std::vector<store::ServerRow> known{
        {"ws://a:80", {filled<crypto::VerifyKey>(3), 2, "1", "2", filled<UserId>(4)}},
        {"ws://b:80", {filled<crypto::VerifyKey>(5), 1, "1", "2"}}};
    ASSERT_TRUE(servers && servers->put(known));
  }
  backup::Content collected() {
    auto content = collect(*host::open_vault(from()));
    EXPECT_TRUE(content) << content.error().sentence;
    return std::move(*content);
  }
  fs::path from() const { return folder_ / "from"; }
  fs::path to() const { return folder_ / "to"; }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }
  static PublicKey identity_in(const fs::path& data_dir) {
    return host::open_identity(data_dir)->shared;
  }
  void expect_same_as_before(const fs::path& data_dir) {
    EXPECT_EQ(identity_in(data_dir), identity_in(from()));
    const auto one = host::open_account(from()), other = host::open_account(data_dir);
    EXPECT_EQ(one->user(), other->user());
    EXPECT_EQ(one->device, other->device);
    const auto peers = [](const fs::path& path) {
      return *store::sqlite::PeerBook::open(path / "peers.db")->all();
    };
    EXPECT_EQ(peers(from()).size(), 2U);
    EXPECT_TRUE(peers(from()) == peers(data_dir));
    const auto server = store::sqlite::ServerBook::open(data_dir / "servers.db")->find("ws://a:80");
    ASSERT_TRUE(server && *server);
    EXPECT_EQ((*server)->identity, filled<crypto::VerifyKey>(3));
    EXPECT_EQ((*server)->version, 2U);
    EXPECT_EQ((*server)->account, filled<UserId>(4));
  }
  const TemporaryFolder folder_;
};

TEST_F(BackupOfAFolder, MakesTheSameFolderElsewhere) {
  const auto kept = install(collected(), to(), Replace::no, host::open_vault);
  ASSERT_TRUE(kept) << kept.error().sentence;
  EXPECT_FALSE(*kept);
  expect_same_as_before(to());
  EXPECT_EQ(entries(), 2U) << "nothing else is left";
  struct stat status {};
  ASSERT_EQ(stat(to().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  for (const auto& entry : fs::directory_iterator(to())) {
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << entry.path();
  }
}

TEST_F(BackupOfAFolder, MakesParentsAndTakesAnEmptyFolder) {
  ASSERT_TRUE(install(collected(), to() / "a" / "b" / "", Replace::no, host::open_vault));
  expect_same_as_before(to() / "a" / "b");
  fs::create_directory(folder_ / "empty");
  const auto kept = install(collected(), folder_ / "empty", Replace::no, host::open_vault);
  ASSERT_TRUE(kept);
  EXPECT_FALSE(*kept);
  expect_same_as_before(folder_ / "empty");
}

TEST_F(BackupOfAFolder, ReplacesNoIdentityUnlessItIsTold) {
  const auto theirs = host::open_identity(to())->shared;
  const auto refused = install(collected(), to(), Replace::no, host::open_vault);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::usage);
  EXPECT_NE(refused.error().sentence.find("--replace"), std::string::npos);
  EXPECT_EQ(identity_in(to()), theirs);
  EXPECT_EQ(entries(), 2U);

  const auto kept = install(collected(), to(), Replace::yes, host::open_vault);
  ASSERT_TRUE(kept && *kept);
  expect_same_as_before(to());
  EXPECT_EQ(identity_in(**kept), theirs);
}

TEST_F(BackupOfAFolder, TakesTheFolderFromNobodyWhoRunsOnIt) {
  const auto theirs = host::open_identity(to())->shared;
  const auto account = host::open_account(to());
  auto first = host::DeviceSlot::take(to(), account->device);
  {
    const auto second = host::DeviceSlot::take(to(), account->device);
    first = host::trouble(Fault::usage, "It has ended.");
    const auto refused = install(collected(), to(), Replace::yes, host::open_vault);
    ASSERT_FALSE(refused) << "the second process goes on";
    EXPECT_EQ(refused.error().fault, Fault::data_folder_in_use);
    EXPECT_EQ(identity_in(to()), theirs);
  }
  EXPECT_TRUE(install(collected(), to(), Replace::yes, host::open_vault));
}

TEST_F(BackupOfAFolder, KeepsOtherFilesThatWereThere) {
  fs::create_directory(to());
  write_file(to() / "notes", "mine");
  const auto kept = install(collected(), to(), Replace::no, host::open_vault);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ(read_file(**kept / "notes"), "mine");
}

TEST_F(BackupOfAFolder, ThatCannotBeWrittenChangesNothing) {
  write_file(folder_ / "file", "x");
  const auto failed = install(collected(), folder_ / "file" / "to", Replace::yes, host::open_vault);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::store_failed);
  EXPECT_EQ(entries(), 2U);
  const auto onto_a_file = install(collected(), folder_ / "file", Replace::yes, host::open_vault);
  ASSERT_FALSE(onto_a_file);
  EXPECT_EQ(read_file(folder_ / "file"), "x");
  EXPECT_EQ(entries(), 2U);
}

TEST_F(BackupOfAFolder, CanBeLockedFromTheStart) {
  const auto passphrase = as_bytes("correct horse");
  const auto lock = [&](const fs::path& folder) {
    return host::Vault::make_locked(folder, passphrase, {1, 1, 1});
  };
  ASSERT_TRUE(install(collected(), to(), Replace::no, lock));
  const auto closed = host::open_vault(to());
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().fault, Fault::passphrase_needed);
  auto vault = host::Vault::open(to(), std::nullopt, [&] { return SecretBytes(passphrase); });
  ASSERT_TRUE(vault) << vault.error().sentence;
  ASSERT_TRUE(vault->unlock());
  expect_same_as_before(to());
}

TEST_F(BackupOfAFolder, WhoseKeyCannotBeHadIsNotMade) {
  const auto failed =
      install(collected(), to(), Replace::no, [](const fs::path&) -> host::Outcome<host::Vault> {
        return host::trouble(Fault::passphrase_wrong, "No.");
      });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::passphrase_wrong);
  EXPECT_EQ(entries(), 1U);
}

}  // namespace
}  // namespace culver::client
