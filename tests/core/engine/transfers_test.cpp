// Transfers by themselves: what a peer may call its files, and how many it may announce.
#include "core/engine/transfers.hpp"

#include <gtest/gtest.h>

#include "core/wire/stream.hpp"
#include "tests/support/seeded.hpp"

namespace culver::engine {
namespace {

namespace stream = wire::stream;
const ConnectionId only_connection{1};

class TransfersOfAConnection : public testing::Test {
 protected:
  TransfersOfAConnection() {
    transfers_.open(only_connection, PublicKey{}, {true, wire::limits::channel_frame_out});
  }

  void hear(stream::Frame frame) {
    effects_.clear();
    Env env{TimePoint{}, random_.rng(), 0};
    transfers_.on_stream(only_connection, std::move(frame), env, effects_);
  }
  /// What was refused with the last frame.
  std::optional<stream::Refuse> refused() const {
    for (const auto& effect : effects_) {
      const auto* to_connection = std::get_if<ToConnection>(&effect);
      const auto* sent = to_connection
                             ? std::get_if<connection::SendStreamFrame>(&to_connection->command)
                             : nullptr;
      if (sent == nullptr) continue;
      auto opened = sent->frame;
      opened.resize(opened.size() - stream::tag_size);
      const auto frame = stream::parse(std::move(opened));
      if (frame && std::holds_alternative<stream::Refuse>(*frame))
        return std::get<stream::Refuse>(*frame);
    }
    return std::nullopt;
  }
  static stream::Offer offer(stream::Number number) {
    return {number, 5, Plaintext("a" + std::to_string(number))};
  }

  Transfers transfers_{std::uint64_t{1} << 30};
  TransferEffects effects_;
  test::SeededRng random_{1};
};

TEST_F(TransfersOfAConnection, WhoIsAskedHearsTheFirstNamesOfABatch) {
  hear(stream::Names{1, {Plaintext("stale")}});
  hear(stream::Batch{2, 3, 15});
  hear(stream::Names{2, {Plaintext("a2"), Plaintext("b")}});
  hear(offer(2));
  effects_.clear();
  Env env{TimePoint{}, random_.rng(), 0};
  transfers_.on_disk(TransferId{Transfers::first_incoming}, transfer::TargetFound{0}, env,
                     effects_);
  const FileOffered* asked = nullptr;
  for (const auto& effect : effects_)
    if (const auto* tell = std::get_if<Tell>(&effect))
      if (const auto* offered = std::get_if<FileOffered>(&tell->notice)) asked = offered;
  ASSERT_NE(asked, nullptr);
  ASSERT_TRUE(asked->batch);
  EXPECT_EQ(asked->batch->names, (std::vector{Plaintext("a2"), Plaintext("b")}));
}

TEST_F(TransfersOfAConnection, WhatFailsBeforeItIsOfferedIsToldWithItsNameAndItsConnection) {
  const auto failed = [&]() -> const FileFailed* {
    for (const auto& effect : effects_)
      if (const auto* tell = std::get_if<Tell>(&effect))
        if (const auto* found = std::get_if<FileFailed>(&tell->notice)) return found;
    return nullptr;
  };
  hear(offer(1));
  hear(stream::Cancel{1, stream::Reason::cancelled});
  ASSERT_TRUE(failed() && failed()->of);
  EXPECT_EQ(failed()->of->connection, only_connection);
  EXPECT_EQ(failed()->of->name, Plaintext("a1"));
  hear(stream::Offer{2, std::uint64_t{1} << 31, Plaintext("huge")});
  ASSERT_TRUE(failed() && failed()->of) << "refused at once";
  EXPECT_EQ(failed()->of->name, Plaintext("huge"));
}

TEST_F(TransfersOfAConnection, AnswersWhatItCannotRead) {
  const auto id = *wire::peer::FileId::parse("theirs");
  Env env{TimePoint{}, random_.rng(), 0};
  transfers_.on_frame(only_connection, wire::peer::FileStart{id, Plaintext("a"), 5, 1}, env,
                      effects_);
  ASSERT_EQ(transfers_.live(), 1u);
  effects_.clear();
  transfers_.on_refused_frame(only_connection, {id, Fault::file_protocol}, env, effects_);
  EXPECT_EQ(transfers_.live(), 0u);
  const auto* answer = std::get_if<ToConnection>(&effects_.at(0));
  ASSERT_TRUE(answer && std::holds_alternative<connection::SendFileFrame>(answer->command));
  EXPECT_NE(std::get<connection::SendFileFrame>(answer->command).frame.find("file_error"),
            std::string::npos);
}

TEST_F(TransfersOfAConnection, NumbersOfThePeersFilesRise) {
  hear(offer(1));
  EXPECT_FALSE(refused());
  EXPECT_EQ(transfers_.live(), 1u);
  hear(offer(1));
  EXPECT_EQ(transfers_.live(), 1u) << "said twice, it changes nothing";
  hear(offer(5));
  EXPECT_FALSE(refused());
  for (const stream::Number number : {0u, 3u}) {
    hear(offer(number));
    ASSERT_TRUE(refused()) << number;
    EXPECT_EQ(refused()->transfer, number);
    EXPECT_EQ(refused()->reason, stream::Reason::protocol);
  }
  EXPECT_EQ(transfers_.live(), 2u);
  hear(stream::Cancel{5, stream::Reason::cancelled});
  EXPECT_EQ(transfers_.live(), 1u);
  hear(offer(5));
  EXPECT_TRUE(refused()) << "what was said of the one that has ended may still be on its way";
}

/// A peer that waits for no answer sends one file behind the other, as fast as the line is.
TEST(TransfersUnasked, FilesThatComeFasterThanTheDiskWait) {
  Transfers transfers(1'000);
  transfers.open(only_connection, PublicKey{}, {false});
  test::SeededRng random{1};
  TransferEffects effects;
  std::vector<bool> paused;
  std::vector<TransferId> finishing;
  const auto act = [&](auto work) {
    effects.clear();
    Env env{TimePoint{}, random.rng(), 0};
    work(env);
    for (const auto& effect : effects) {
      if (const auto* pause = std::get_if<PauseConnection>(&effect))
        paused.push_back(pause->paused);
      if (const auto* told = std::get_if<Tell>(&effect)) {
        EXPECT_FALSE(std::holds_alternative<FileFailed>(told->notice));
      }
      if (const auto* disk = std::get_if<ToDisk>(&effect))
        if (std::holds_alternative<transfer::FinishTarget>(disk->effect))
          finishing.push_back(disk->transfer);
    }
  };
  for (std::uint32_t n = 0; n < 60; ++n) {
    const auto id = wire::peer::FileId::from_random(random.rng().bytes<16>());
    act([&](Env& env) {
      transfers.on_frame(only_connection, wire::peer::FileStart{id, Plaintext("x"), 0, 0}, env,
                         effects);
    });
    act([&](Env& env) {
      transfers.decide(TransferId{Transfers::first_incoming + n}, true, env, effects);
    });
    act([&](Env& env) {
      transfers.on_frame(only_connection, wire::peer::FileComplete{id, {}}, env, effects);
    });
    ASSERT_EQ(finishing.size(), n + 1) << "none is refused";
    EXPECT_EQ(paused.size(), n + 1 >= Transfers::unasked_at_the_disk ? 1u : 0u);
  }
  for (std::size_t n = 0; n < finishing.size(); ++n) {
    act([&](Env& env) {
      transfers.on_disk(finishing[n], transfer::TargetFinished{"/x"}, env, effects);
    });
    const auto left = finishing.size() - n - 1;
    EXPECT_EQ(paused.size(), left < Transfers::unasked_at_the_disk ? 2u : 1u) << n;
  }
  EXPECT_EQ(paused, (std::vector<bool>{true, false}));
}

TEST(TransfersUnasked, OneTooManyIsToldHereSinceThePeerReadsNoRefusal) {
  Transfers transfers(1'000);
  transfers.open(only_connection, PublicKey{}, {false});
  test::SeededRng random{1};
  Env env{TimePoint{}, random.rng(), 0};
  TransferEffects effects;
  for (std::size_t n = 0; n <= Transfers::incoming_unasked; ++n) {
    effects.clear();
    const auto id = wire::peer::FileId::from_random(random.rng().bytes<16>());
    transfers.on_frame(only_connection, wire::peer::FileStart{id, Plaintext("x"), 1, 1}, env,
                       effects);
    const auto is_failure = [](const TransferEffect& effect) {
      const auto* told = std::get_if<Tell>(&effect);
      const auto* failed = told ? std::get_if<FileFailed>(&told->notice) : nullptr;
      return failed && failed->fault == Fault::queue_full && failed->of &&
             failed->of->name == Plaintext("x");
    };
    EXPECT_EQ(std::ranges::any_of(effects, is_failure), n == Transfers::incoming_unasked) << n;
  }
}

TEST(TransfersOfTheFirstForm, AnotherFileUnderALivingIdIsRefusedAndTold) {
  for (const bool acks : {false, true}) {
    Transfers transfers(1'000);
    transfers.open(only_connection, PublicKey{}, {acks});
    test::SeededRng random{1};
    Env env{TimePoint{}, random.rng(), 0};
    const auto id = wire::peer::FileId::from_random(random.rng().bytes<16>());
    const auto start = [&](const char* name) {
      TransferEffects effects;
      transfers.on_frame(only_connection, wire::peer::FileStart{id, Plaintext(name), 1, 1}, env,
                         effects);
      return effects;
    };
    ASSERT_FALSE(start("one").empty());
    EXPECT_TRUE(start("one").empty()) << "said again";
    const auto told = [](const TransferEffect& effect) {
      const auto* tell = std::get_if<Tell>(&effect);
      const auto* failed = tell ? std::get_if<FileFailed>(&tell->notice) : nullptr;
      return failed && failed->fault == Fault::file_protocol && failed->of &&
             failed->of->name == Plaintext("two");
    };
    const auto effects = start("two");
    EXPECT_TRUE(std::ranges::any_of(effects, told));
    EXPECT_EQ(effects.size(), acks ? 2u : 1u) << "and the peer, if it waits for an answer";
  }
}

}  // namespace
}  // namespace culver::engine
