#include "shell/store/sqlite/peer_book.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/shell/host/temporary_folder.hpp"

namespace culver::store::sqlite {
namespace {

PublicKey key(int number) {
  PublicKey made;
  made.data[0] = static_cast<std::byte>(number);
  return made;
}

class PeerBookFile : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_ / "peers.db"; }
  PeerBook open() {
    auto book = PeerBook::open(file());
    EXPECT_TRUE(book) << book.error().sentence;
    return std::move(*book);
  }
  void expect_unusable() {
    const auto book = PeerBook::open(file());
    ASSERT_FALSE(book);
    EXPECT_EQ(book.error().fault, Fault::store_failed);
    EXPECT_NE(book.error().sentence.find(file().string()), std::string::npos);
  }
  TemporaryFolder folder_;
};

TEST_F(PeerBookFile, KeepsFirstSeenAndTheNameAcrossVisits) {
  {
    auto book = open();
    ASSERT_TRUE(book.remember(key(1), Plaintext("Ana"), "2025-01-01T00:00:00Z"));
    ASSERT_TRUE(book.remember(key(1), std::nullopt, "2025-02-01T00:00:00Z"));
    ASSERT_TRUE(book.remember(key(1), Plaintext(""), "2025-03-01T00:00:00Z"));
  }
  const auto peers = open().all();
  ASSERT_TRUE(peers);
  ASSERT_EQ(peers->size(), 1u);
  EXPECT_EQ(peers->front().key, key(1));
  EXPECT_EQ(peers->front().name, Plaintext("Ana"));
  EXPECT_EQ(peers->front().first_seen, "2025-01-01T00:00:00Z");
  EXPECT_EQ(peers->front().last_seen, "2025-03-01T00:00:00Z");
}

TEST_F(PeerBookFile, TakesANewNameAndListsTheLatestFirst) {
  auto book = open();
  ASSERT_TRUE(book.remember(key(1), std::nullopt, "1"));
  ASSERT_TRUE(book.remember(key(2), Plaintext("Robert'); DROP TABLE peer;--"), "2"));
  ASSERT_TRUE(book.remember(key(3), Plaintext("Ben"), "0"));
  ASSERT_TRUE(book.remember(key(3), Plaintext("Benjamin"), "3"));
  const auto peers = book.all();
  ASSERT_EQ(peers->size(), 3u);
  EXPECT_EQ(peers->at(0).name, Plaintext("Benjamin"));
  EXPECT_EQ(peers->at(1).name, Plaintext("Robert'); DROP TABLE peer;--"));
  EXPECT_EQ(peers->at(2).name, std::nullopt);
}

TEST_F(PeerBookFile, IsForItsOwnerOnly) {
  auto book = open();
  ASSERT_TRUE(book.remember(key(1), std::nullopt, "1"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << entry.path();
  }
}

TEST_F(PeerBookFile, DamagedIsNotUsedAndNotReplaced) {
  write_file(file(), std::string(4096, 'x'));
  expect_unusable();
  EXPECT_EQ(read_file(file()), std::string(4096, 'x'));
}

TEST_F(PeerBookFile, OfANewerCulverIsLeftAlone) {
  {
    auto database = Database::open(file());
    ASSERT_TRUE(database->execute("PRAGMA user_version = 99"));
  }
  expect_unusable();
}

TEST_F(PeerBookFile, InAFolderThatIsNotThereIsATrouble) {
  const auto book = PeerBook::open(folder_ / "absent" / "peers.db");
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().fault, Fault::store_failed);
}

TEST_F(PeerBookFile, IsSharedByProcesses) {
  constexpr int processes = 4, peers_each = 25;
  for (int p = 0; p < processes; ++p) {
    if (fork() != 0) continue;
    bool good = true;
    for (int i = 0; i < peers_each; ++i) {
      auto book = PeerBook::open(file());
      good &= book && book->remember(key(p * peers_each + i), std::nullopt, "1");
    }
    _exit(good ? 0 : 1);
  }
  for (int p = 0; p < processes; ++p) {
    int status = 0;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open().all()->size(), static_cast<std::size_t>(processes * peers_each));
}

TEST_F(PeerBookFile, RefusesARowThatIsNotAPeer) {
  auto book = open();
  auto database = Database::open(file());
  EXPECT_FALSE(database->execute("INSERT INTO peer VALUES (x'00', NULL, '1', '1')"));
}

}  // namespace
}  // namespace culver::store::sqlite
