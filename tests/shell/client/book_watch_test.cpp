#include "shell/client/book_watch.hpp"

#include <gtest/gtest.h>

#include "shell/store/sqlite/peer_book.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::client {
namespace {

engine::Known peer(int number, const char* name, bool is_blocked = false) {
  engine::Known known{{}, Plaintext(name), {}, is_blocked, false};
  known.key.data[0] = static_cast<std::byte>(number);
  return known;
}

TEST(BookChanges, AreWhatIsNewOrOtherOrGone) {
  const std::vector before{peer(1, "Ana"), peer(2, "Ben"), peer(3, "Cem"), peer(4, "Dan")};
  const std::vector now{peer(2, "Ben", true), peer(5, "Eva"), peer(1, "Ana"), peer(3, "Kemal")};
  const auto changes = book_changes(before, now);
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(std::get<engine::Know>(changes[0]).peer.key, peer(2, "").key);
  EXPECT_TRUE(std::get<engine::Know>(changes[0]).peer.is_blocked);
  EXPECT_EQ(std::get<engine::Know>(changes[1]).peer.key, peer(5, "").key);
  EXPECT_EQ(std::get<engine::Know>(changes[2]).peer.name, Plaintext("Kemal"));
  EXPECT_EQ(std::get<engine::Forget>(changes[3]).key, peer(4, "").key);
  EXPECT_TRUE(book_changes(now, now).empty());
}

TEST(BookWatch, HearsOfEveryWrite) {
  const TemporaryFolder folder;
  const auto file = folder / "peers.db";
  boost::asio::io_context loop;
  auto ours = store::sqlite::PeerBook::open(file);
  ASSERT_TRUE(ours);
  int heard = 0;
  BookWatch watch(loop, file, [&] { ++heard; });
  const auto wait = [&](int after) {
    while (heard == after && loop.run_one_for(std::chrono::seconds(30)) == 1) {
    }
    return heard > after;
  };
  auto theirs = store::sqlite::PeerBook::open(file);
  ASSERT_TRUE(theirs->remember({{}, Plaintext("Ana"), false}, "1"));
  ASSERT_TRUE(wait(0));
  loop.poll();
  const int before = heard;
  ASSERT_TRUE(theirs->set_blocked({}, true));
  ASSERT_TRUE(wait(before));
  EXPECT_TRUE(ours->all()->at(0).is_blocked);
}

TEST(BookWatch, HearsNothingOfOtherFilesAndNothingOnceItIsGone) {
  const TemporaryFolder folder;
  boost::asio::io_context loop;
  int heard = 0;
  {
    BookWatch watch(loop, folder / "peers.db", [&] { ++heard; });
    write_file(folder / "servers.db", "x");
    loop.poll();
    EXPECT_EQ(heard, 0);
    write_file(folder / "peers.db", "x");
  }
  loop.restart();
  loop.run();
  EXPECT_EQ(heard, 0);
}

}  // namespace
}  // namespace culver::client
