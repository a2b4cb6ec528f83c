#include "shell/store/sqlite/server_book.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/shell/host/temporary_folder.hpp"

namespace culver::store::sqlite {
namespace {

crypto::VerifyKey identity(int number) {
  crypto::VerifyKey key;
  key.data.fill(static_cast<std::byte>(number));
  return key;
}

class ServerBookTest : public ::testing::Test {
 protected:
  ServerBook open() {
    auto book = ServerBook::open(folder / "servers.db");
    EXPECT_TRUE(book);
    return std::move(*book);
  }
  static void expect(ServerBook& book, const std::string& url, int number, unsigned version,
                     const std::string& first_seen, const std::string& last_seen) {
    const auto found = book.find(url);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->identity, identity(number));
    EXPECT_EQ((*found)->version, version);
    EXPECT_EQ((*found)->first_seen, first_seen);
    EXPECT_EQ((*found)->last_seen, last_seen);
  }
  const TemporaryFolder folder;
};

TEST_F(ServerBookTest, KnowsNobodyAtFirst) {
  auto book = open();
  const auto found = book.find("ws://a:80");
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  struct stat status {};
  ASSERT_EQ(stat((folder / "servers.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(ServerBookTest, KeepsWhatItWasToldAndByWhichName) {
  {
    auto book = open();
    ASSERT_TRUE(book.remember("ws://a:80", identity(1), 2, "monday"));
    ASSERT_TRUE(book.remember("ws://b:80", identity(2), 1, "tuesday"));
  }
  auto book = open();
  expect(book, "ws://a:80", 1, 2, "monday", "monday");
  expect(book, "ws://b:80", 2, 1, "tuesday", "tuesday");
}

TEST_F(ServerBookTest, RaisesTheVersionAndNeverLowersIt) {
  auto book = open();
  ASSERT_TRUE(book.remember("a", identity(1), 1, "monday"));
  ASSERT_TRUE(book.remember("a", identity(1), 2, "tuesday"));
  expect(book, "a", 1, 2, "monday", "tuesday");
  ASSERT_TRUE(book.remember("a", identity(1), 1, "friday"));
  expect(book, "a", 1, 2, "monday", "friday");
}

TEST_F(ServerBookTest, TakesNoOtherIdentityUnlessAPersonSaysSo) {
  auto book = open();
  ASSERT_TRUE(book.remember("a", identity(1), 2, "monday"));
  const auto refused = book.remember("a", identity(9), 2, "tuesday");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Fault::server_identity_changed);
  expect(book, "a", 1, 2, "monday", "monday");
  ASSERT_TRUE(book.replace("a", identity(9), 1, "friday"));
  expect(book, "a", 9, 1, "friday", "friday");
}

TEST_F(ServerBookTest, KeepsTheAccountThatTheDeviceWasLinkedTo) {
  const auto account_at = [](ServerBook& book, const std::string& url) {
    const auto found = book.find(url);
    EXPECT_TRUE(found && *found);
    return found && *found ? (*found)->account : std::nullopt;
  };
  const UserId account{identity(7).data};
  {
    auto book = open();
    EXPECT_FALSE(book.belong("a", account)) << "not known";
    ASSERT_TRUE(book.remember("a", identity(1), 2, "monday"));
    ASSERT_TRUE(book.remember("b", identity(2), 2, "monday"));
    EXPECT_EQ(account_at(book, "a"), std::nullopt);
    ASSERT_TRUE(book.belong("a", account));
  }
  auto book = open();
  ASSERT_TRUE(book.remember("a", identity(1), 2, "tuesday"));
  EXPECT_EQ(account_at(book, "a"), account);
  EXPECT_EQ(account_at(book, "b"), std::nullopt);
  ASSERT_TRUE(book.belong("a", std::nullopt));
  EXPECT_EQ(account_at(book, "a"), std::nullopt);
  ASSERT_TRUE(book.belong("a", account));
  ASSERT_TRUE(book.replace("a", identity(9), 2, "friday"));
  EXPECT_EQ(account_at(book, "a"), std::nullopt) << "of a server that is another one now";
}

TEST_F(ServerBookTest, TakesOverTheBookOfAnOlderCulver) {
  {
    auto old = Database::open(folder / "servers.db");
    ASSERT_TRUE(old);
    ASSERT_TRUE(old->execute(
        "CREATE TABLE server (url TEXT PRIMARY KEY NOT NULL,"
        " identity BLOB NOT NULL CHECK (length(identity) = 32), version INTEGER NOT NULL,"
        " first_seen TEXT NOT NULL, last_seen TEXT NOT NULL) WITHOUT ROWID;"
        "INSERT INTO server VALUES ('a', zeroblob(32), 2, 'monday', 'tuesday');"
        "PRAGMA user_version = 1"));
  }
  auto book = open();
  expect(book, "a", 0, 2, "monday", "tuesday");
  EXPECT_EQ((*book.find("a"))->account, std::nullopt);
}

TEST_F(ServerBookTest, IsOneForTwoProcesses) {
  auto one = open(), other = open();
  ASSERT_TRUE(one.remember("a", identity(1), 2, "monday"));
  EXPECT_FALSE(other.remember("a", identity(2), 2, "monday"));
  expect(other, "a", 1, 2, "monday", "monday");
}

TEST_F(ServerBookTest, DamagedIsNamed) {
  write_file(folder / "servers.db", std::string(4'096, 'x'));
  const auto book = ServerBook::open(folder / "servers.db");
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().fault, Fault::store_failed);
  EXPECT_NE(book.error().sentence.find((folder / "servers.db").string()), std::string::npos);
}

}  // namespace
}  // namespace culver::store::sqlite
