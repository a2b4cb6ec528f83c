#include "culver/client.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "core/format/kept_letter.hpp"
#include "culver/version.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/paths.hpp"
#include "shell/store/sqlite/outbox.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/keys.hpp"

namespace culver::library {
namespace {

using std::chrono::milliseconds;
using v1::Client;

constexpr milliseconds bound(30'000);

/// A folder in which Ana is known, and a client that never goes online.
class ClientOfFolder : public testing::Test {
 protected:
  void SetUp() override {
    const auto vault = open_vault();
    identity_ = host::open_identity(vault)->shared;
    auto book = store::sqlite::PeerBook::open(data() / host::peer_book_file);
    ASSERT_TRUE(book->remember({test::key(1), Plaintext("Ana"), true}, "2026-01-01T00:00:00Z"));
  }
  std::filesystem::path data() const { return folder_ / "data"; }
  host::Vault open_vault() const {
    return std::move(*host::Vault::open(data(), std::nullopt,
                                        [] { return host::Outcome<SecretBytes>(SecretBytes()); }));
  }
  /// As if it had come to a process that is gone.
  void hold(std::uint64_t number, const std::string& text) {
    const auto identity = host::open_identity(open_vault());
    auto outbox =
        store::sqlite::Outbox::open(data(), format::kept_letter::key_of(identity->secret));
    wire::peer::SeriesId series;
    series.data[0] = std::byte{9};
    ASSERT_TRUE(*outbox->keep(test::key(1), {{series, number}, 1, 5, Plaintext(text)}));
  }
  v1::Config config() const {
    v1::Config config;
    config.data_dir = data();
    config.server = "ws://127.0.0.1:1";
    return config;
  }
  Client open() {
    auto client = Client::open(config());
    EXPECT_TRUE(client) << client.error().text();
    return std::move(*client);
  }
  static std::string text_of(Client& client) {
    const auto event = client.next(bound);
    const auto* text = event ? std::get_if<v1::TextReceived>(&event->data) : nullptr;
    return text != nullptr ? text->text + (event->is_redelivered ? " again" : "") : "nothing";
  }

  TemporaryFolder folder_;
  PublicKey identity_;
};

TEST_F(ClientOfFolder, TellsATextUntilItIsAcknowledged) {
  hold(1, "one");
  hold(2, "two");
  {
    auto client = open();
    EXPECT_EQ(text_of(client), "one again");
    EXPECT_EQ(text_of(client), "two again");
  }
  {
    auto client = open();
    const auto one = client.next(bound);
    ASSERT_TRUE(one);
    client.ack(*one);
  }
  auto client = open();
  EXPECT_EQ(text_of(client), "two again");
}

TEST_F(ClientOfFolder, HasItAlone) {
  auto client = open();
  const auto second = Client::open(config());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "data_folder_in_use");
  client.close();
  EXPECT_TRUE(client.get_status().error().code == "closed");
}

TEST_F(ClientOfFolder, IsFreeAgainWhenItIsDestroyed) {
  { auto client = open(); }
  EXPECT_TRUE(Client::open(config()));
}

TEST_F(ClientOfFolder, OthersOfThisProcessLiveBesideIt) {
  auto client = open();
  auto other = config();
  other.data_dir = folder_ / "other";
  auto second = Client::open(other);
  ASSERT_TRUE(second);
  EXPECT_NE(client.get_identity()->fingerprint, second->get_identity()->fingerprint);
}

TEST_F(ClientOfFolder, KeepsATextForAPeerThatIsAway) {
  auto client = open();
  const auto sent = client.send_text("Ana", "hello");
  ASSERT_TRUE(sent) << sent.error().text();
  const auto waiting = client.list_outbox(v1::OutboxText::read);
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().message, sent->message);
  EXPECT_EQ(waiting->front().text, "hello");
  EXPECT_EQ(waiting->front().peer.name, "Ana");
  EXPECT_EQ(client.drop_outbox("4711").error().code, "no_such_message");
  EXPECT_TRUE(client.drop_outbox(sent->message));
  EXPECT_EQ(client.list_outbox()->size(), 0u);
}

TEST_F(ClientOfFolder, KeepsTextsOfManyThreadsApart) {
  auto client = open();
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&client, &refused, n] {
      for (int i = 0; i < 10; ++i) {
        const bool is_bad = i % 2 == 0;
        const auto sent = client.send_text("Ana", is_bad ? "\xff" : std::to_string(n));
        if (!sent && is_bad && sent.error().code == "malformed") ++refused;
        EXPECT_EQ(sent.has_value(), !is_bad);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(refused, 20);
  EXPECT_EQ(*client.drop_outbox_of("Ana"), 20u);
}

TEST_F(ClientOfFolder, SaysWhatWasMeantWhereAPeerIsNotThere) {
  auto client = open();
  EXPECT_EQ(client.send_text("Ben", "hello").error().code, "no_such_peer");
  EXPECT_EQ(client.send_text("Ben", "hello").error().about, "Ben");
  EXPECT_EQ(client.send_files("Ana", {"/etc/hostname"}).error().code, "not_connected");
  EXPECT_EQ(client.connect_peer("Ana", milliseconds(1)).error().code, "peer_away");
  EXPECT_EQ(client.accept_transfer("7").error().code, "transfer_unknown");
  EXPECT_EQ(client.answer_pairing("7", v1::PairingAnswer::accept).error().code, "pair_unknown");
  EXPECT_EQ(client.start_pairing("no").error().code, "bad_pairing_code");
  EXPECT_EQ(client.start_pairing("ABCDEF").error().code, "not_connected");
  EXPECT_EQ(client.get_code().error().code, "not_connected");
}

TEST_F(ClientOfFolder, ChangesThePeerBook) {
  auto client = open();
  const auto ana = client.get_peer("Ana");
  ASSERT_TRUE(ana);
  EXPECT_FALSE(ana->is_connected);
  ASSERT_TRUE(client.rename_peer(ana->peer, "Anna"));
  EXPECT_EQ(client.get_peer(ana->peer)->peer.name, "Anna");
  EXPECT_EQ(client.rename_peer(ana->peer, "a@1F3A").error().code, "bad_config");
  ASSERT_TRUE(client.block_peer("Anna"));
  EXPECT_TRUE(client.get_peer("Anna")->is_blocked);
  EXPECT_EQ(client.send_text("Anna", "hello").error().code, "peer_blocked");
  ASSERT_TRUE(client.unblock_peer("Anna"));
  ASSERT_TRUE(client.forget_peer("Anna"));
  EXPECT_TRUE(client.list_peers()->empty());
}

TEST_F(ClientOfFolder, SaysWhyTheServerIsNotThere) {
  auto client = open();
  const auto online = client.go_online();
  ASSERT_FALSE(online);
  EXPECT_EQ(online.error().code, "server_unreachable");
  EXPECT_EQ(online.error().blame, v1::Blame::world);
  EXPECT_NE(online.error().about.find("127.0.0.1 port 1"), std::string::npos);
}

TEST_F(ClientOfFolder, ClosingLetsGoWhoeverWaits) {
  auto client = open();
  std::thread events([&] { EXPECT_FALSE(client.next()); });
  std::thread peer([&] { EXPECT_FALSE(client.connect_peer("Ana")); });
  client.close(milliseconds(0));
  events.join();
  peer.join();
  EXPECT_FALSE(client.is_open());
  client.close();
}

TEST_F(ClientOfFolder, OneThatWasMovedIsClosed) {
  auto client = open();
  auto other = std::move(client);
  EXPECT_EQ(client.get_status().error().code, "closed");  // NOLINT(bugprone-use-after-move)
  EXPECT_FALSE(client.next());
  EXPECT_EQ(client.fd(), -1);
  EXPECT_TRUE(other.get_status());
  auto elsewhere = config();
  elsewhere.data_dir = folder_ / "other";
  other = *Client::open(elsewhere);
  EXPECT_TRUE(other.get_status());
  EXPECT_TRUE(Client::open(config())) << "the first folder is free";
}

TEST(ClientConfig, SaysWhichPartOfItIsWrong) {
  const TemporaryFolder folder;
  v1::Config config;
  EXPECT_EQ(Client::open(config).error().about, "data_dir");
  config.data_dir = folder / "data";
  config.create_if_missing = false;
  EXPECT_EQ(Client::open(config).error().code, "no_identity");
  EXPECT_FALSE(std::filesystem::exists(config.data_dir));
  config.create_if_missing = true;
  config.server = "http://a";
  EXPECT_EQ(Client::open(config).error().about, "http://a");
  config.server = "ws://127.0.0.1:1";
  config.name = "Ana@1F3A";
  EXPECT_EQ(Client::open(config).error().about, "name");
  config.name = "Ana";
  config.ice_servers = {{"turn:a", {}, {}}};
  EXPECT_EQ(Client::open(config).error().about, "turn:a");
  config.ice_servers = {{"stun:127.0.0.1:1", {}, {}}};
  EXPECT_TRUE(Client::open(config));
}

TEST(Version, IsThatOfTheHeaders) {
  EXPECT_EQ(v1::version(), std::to_string(CULVER_VERSION_MAJOR) + "." +
                               std::to_string(CULVER_VERSION_MINOR) + "." +
                               std::to_string(CULVER_VERSION_PATCH));
}

}  // namespace
}  // namespace culver::library
