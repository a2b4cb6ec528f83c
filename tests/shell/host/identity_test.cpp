#include "shell/host/identity.hpp"

#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/host/file_descriptor.hpp"
#include "tests/shell/host/opened_vault.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::host {
namespace {

std::string key_file(const TemporaryFolder& folder) { return folder / "identity.key"; }

void expect_unreadable(const TemporaryFolder& folder, const std::string& why) {
  const auto before = read_file(key_file(folder));
  const auto opened = open_identity(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::identity_unreadable);
  EXPECT_NE(opened.error().sentence.find(key_file(folder)), std::string::npos);
  EXPECT_NE(opened.error().sentence.find(why), std::string::npos) << opened.error().sentence;
  EXPECT_EQ(read_file(key_file(folder)), before) << "never overwritten";
}

TEST(Identity, IsMadeOnceAndStays) {
  const TemporaryFolder folder;
  const auto made = open_identity(folder / "new");
  ASSERT_TRUE(made) << made.error().sentence;
  EXPECT_EQ(made->shared, crypto::public_key_of(made->secret));
  const auto again = open_identity(folder / "new");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->shared, made->shared);

  struct stat status {};
  ASSERT_EQ(stat((folder / "new" / "identity.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  ASSERT_EQ(stat((folder / "new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST(Identity, IsSealedAndLeavesNoDraft) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_identity(folder.path()));
  EXPECT_TRUE(format::vault::is_sealed(as_bytes(read_file(key_file(folder)))));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 2)
      << "the key and the identity";
}

/// Everybody in the book would see a stranger.
TEST(Identity, IsNotMadeBesideAPeerBook) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_identity(folder.path()));
  std::ofstream(folder / "peers.db");
  ASSERT_TRUE(open_identity(folder.path())) << "it has one";
  std::filesystem::remove(key_file(folder));
  const auto opened = open_identity(folder.path());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::identity_unreadable);
  EXPECT_NE(opened.error().sentence.find("identity.key is missing"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(key_file(folder)));
}

TEST(Identity, OfOthersEyesIsNotUsed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_identity(folder.path()));
  chmod(key_file(folder).c_str(), 0640);
  expect_unreadable(folder, "can be read by others");
}

TEST(Identity, OfAnotherOwnerIsNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const TemporaryFolder folder;
  ASSERT_TRUE(open_identity(folder.path()));
  ASSERT_EQ(chown(key_file(folder).c_str(), 1, 1), 0);
  expect_unreadable(folder, "another user");
}

TEST(Identity, DamagedIsRefusedAndKept) {
  const std::string key(43, 'A');
  for (const std::string& content :
       {std::string(), std::string("culver-identity-1\n"), "culver-identity-1\n" + key + "=\nmore",
        "culver-identity-2\n" + key + "=\n", "culver-identity-1\n" + key + "!\n",
        "culver-identity-1\n" + key + "==", "culver-identity-1\n" + key.substr(1) + "B=\n"}) {
    const TemporaryFolder folder;
    write_file(key_file(folder), content);
    chmod(key_file(folder).c_str(), 0600);
    expect_unreadable(folder, "is damaged");
  }
}

TEST(Identity, IsNotReadThroughALinkOrFromAFolder) {
  const TemporaryFolder folder, other;
  ASSERT_TRUE(open_identity(other.path()));
  ASSERT_TRUE(open_vault(folder.path()));
  std::filesystem::create_symlink(key_file(other), key_file(folder));
  EXPECT_EQ(open_identity(folder.path()).error().fault, Fault::identity_unreadable);
  std::filesystem::remove(key_file(folder));
  std::filesystem::create_directory(key_file(folder));
  EXPECT_EQ(open_identity(folder.path()).error().fault, Fault::identity_unreadable);
}

TEST(Identity, OfManyProcessesThatStartAtOnceIsOne) {
  constexpr int processes = 8;
  const TemporaryFolder folder;
  int answers[2], gate[2];
  ASSERT_EQ(pipe(answers), 0);
  ASSERT_EQ(pipe(gate), 0);
  for (int i = 0; i < processes; ++i) {
    if (fork() != 0) continue;
    char byte;
    close(gate[1]);
    [[maybe_unused]] const auto released = read(gate[0], &byte, 1);
    const auto made = open_identity(folder.path());
    const PublicKey key = made ? made->shared : PublicKey{};
    [[maybe_unused]] const auto put = write(answers[1], key.data.data(), PublicKey::size);
    _exit(0);
  }
  close(gate[0]);
  close(gate[1]);
  close(answers[1]);
  std::set<PublicKey> keys;
  const FileDescriptor from(answers[0]);
  for (int i = 0; i < processes; ++i) {
    PublicKey key;
    ASSERT_TRUE(read_all(from, key.data));
    keys.insert(key);
    int status = 0;
    wait(&status);
  }
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_FALSE(keys.contains(PublicKey{}));
  EXPECT_EQ(open_identity(folder.path())->shared, *keys.begin());
}

}  // namespace
}  // namespace culver::host
