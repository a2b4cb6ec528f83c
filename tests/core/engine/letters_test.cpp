// Letters by itself: what it asks of the store, what it sends, and when it has had enough.
#include "core/engine/letters.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::engine {
namespace {

using namespace std::chrono_literals;
using wire::peer::Letter;
using wire::peer::LetterName;
using wire::peer::LettersHad;
using wire::peer::SeriesId;

const ConnectionId connection{1};
const PublicKey peer{};
const SeriesId series{};

class LettersMachine : public testing::Test {
 protected:
  Env env() { return {now_, random_.rng(), 1'764'000'000'000}; }
  template <class Act>
  void act(Act work) {
    effects_.clear();
    auto world = env();
    work(world, effects_);
  }
  void open(bool spoken = true) { open_to(connection::no_limit, spoken); }
  void open_to(std::size_t largest_message, bool spoken = true) {
    act([&](Env& e, LetterEffects& out) {
      letters_.open(connection, peer, spoken, largest_message, e, out);
    });
  }
  /// The store answers with so many letters from this number on.
  void load(std::size_t count, std::uint64_t first = 1, std::optional<Fault> fault = {}) {
    LettersLoaded loaded{connection, {}, fault};
    for (std::uint64_t n = first; n < first + count; ++n)
      loaded.letters.push_back(
          {LetterId{static_cast<std::int64_t>(n)}, {series, n}, 5, Plaintext(std::to_string(n))});
    act([&](Env& e, LetterEffects& out) { letters_.on(std::move(loaded), e, out); });
  }
  void had(std::uint64_t number) {
    act([&](Env& e, LetterEffects& out) {
      letters_.on_had(connection, LettersHad{{series, number}}, e, out);
    });
  }
  void arrive(std::uint64_t number) {
    act([&](Env& e, LetterEffects& out) {
      letters_.on_letter(connection, Letter{{series, number}, number, 5, Plaintext("x")}, e, out);
    });
  }
  void kept(LetterKept answer) {
    act([&](Env& e, LetterEffects& out) { letters_.on(answer, e, out); });
  }
  void pass(Duration time) {
    now_ += time;
    act([&](Env& e, LetterEffects& out) { letters_.on_tick(e, out); });
  }
  template <class Effect>
  std::vector<Effect> all() const {
    std::vector<Effect> found;
    for (const auto& effect : effects_)
      if (const auto* match = std::get_if<Effect>(&effect)) found.push_back(*match);
    return found;
  }
  template <class Notice>
  std::vector<Notice> told() const {
    std::vector<Notice> found;
    for (const auto& tell : all<Tell>())
      if (const auto* match = std::get_if<Notice>(&tell.notice)) found.push_back(*match);
    return found;
  }
  Letters letters_;
  LetterEffects effects_;
  TimePoint now_{1h};
  test::SeededRng random_{1};
};

TEST_F(LettersMachine, ASecondHalfOfTheWindowIsLoadedWhenTheFirstIsHad) {
  open();
  EXPECT_EQ(all<LoadLetters>().at(0).most, Letters::window);
  EXPECT_EQ(all<LoadLetters>().at(0).after, LetterId{0});
  load(Letters::window);
  EXPECT_EQ(all<ToLetterConnection>().size(), Letters::window);
  EXPECT_TRUE(all<LoadLetters>().empty()) << "no more than a window is under way";
  had(7);
  EXPECT_EQ(all<RemoveLetters>().at(0).letters.size(), 7u);
  EXPECT_EQ(told<LetterDelivered>().size(), 7u);
  EXPECT_TRUE(all<LoadLetters>().empty());
  had(8);
  EXPECT_EQ(all<LoadLetters>().at(0).after, LetterId{16});
  EXPECT_EQ(all<LoadLetters>().at(0).most, 8u);
  load(0);
  EXPECT_TRUE(told<NothingWaits>().empty()) << "half a window is not acknowledged";
  had(16);
  EXPECT_EQ(told<NothingWaits>().size(), 1u);
  EXPECT_FALSE(letters_.deadline());
}

TEST_F(LettersMachine, ALetterThatThePeersTransportDoesNotTakeIsHeldWithThoseBehindIt) {
  open_to(65'536);
  const std::string short_text(30'000, 'a'), long_text(40'000, 'a');
  const auto letter = [](std::uint64_t n, const std::string& text) {
    return WaitingLetter{LetterId{static_cast<std::int64_t>(n)}, {series, n}, 5, Plaintext(text)};
  };
  const auto load_long = [&] {
    LettersLoaded loaded{connection, {}, {}};
    loaded.letters.push_back(letter(2, long_text));
    loaded.letters.push_back(letter(3, short_text));
    act([&](Env& e, LetterEffects& out) { letters_.on(std::move(loaded), e, out); });
  };
  LettersLoaded first{connection, {}, {}};
  first.letters.push_back(letter(1, short_text));
  act([&](Env& e, LetterEffects& out) { letters_.on(std::move(first), e, out); });
  EXPECT_EQ(all<ToLetterConnection>().size(), 1u);
  act([&](Env& e, LetterEffects& out) { letters_.on_change(e, out); });
  ASSERT_EQ(all<LoadLetters>().size(), 1u);
  load_long();
  EXPECT_TRUE(all<ToLetterConnection>().empty()) << "the peer would take its number for one it had";
  ASSERT_EQ(told<LettersStuck>().size(), 1u);
  EXPECT_EQ(told<LettersStuck>()[0].fault, Fault::text_too_long);
  had(1);
  EXPECT_EQ(told<LetterDelivered>().size(), 1u);
  EXPECT_TRUE(told<NothingWaits>().empty());
  act([&](Env& e, LetterEffects& out) { letters_.on_change(e, out); });
  ASSERT_EQ(all<LoadLetters>().size(), 1u);
  EXPECT_EQ(all<LoadLetters>()[0].after, LetterId{1});
  load_long();
  EXPECT_TRUE(told<LettersStuck>().empty()) << "once is enough";
}

TEST_F(LettersMachine, WhatATransportTakesIsReckonedWithItsEnvelopeAndTheSeal) {
  open_to(65'536);
  EXPECT_TRUE(letters_.takes(connection, Plaintext(std::string(36'000, 'a'))));
  EXPECT_FALSE(letters_.takes(connection, Plaintext(std::string(37'000, 'a'))));
  open_to(65'536, false);
  EXPECT_TRUE(letters_.takes(connection, Plaintext(std::string(49'124, 'a'))))
      << "as a text it fits";
  EXPECT_FALSE(letters_.takes(connection, Plaintext(std::string(49'125, 'a'))));
  open_to(connection::no_limit);
  EXPECT_TRUE(letters_.takes(connection, Plaintext(std::string(49'124, '"'))));
}

TEST_F(LettersMachine, WhatWasNotSentCannotBeAcknowledged) {
  open();
  load(3);
  act([&](Env& e, LetterEffects& out) {
    SeriesId other;
    other.data[0] = std::byte{1};
    letters_.on_had(connection, LettersHad{{other, 3}}, e, out);
  });
  EXPECT_TRUE(all<RemoveLetters>().empty());
  ASSERT_EQ(all<Dropped>().size(), 1u);
  EXPECT_EQ(all<Dropped>()[0].connection, connection);
  EXPECT_EQ(all<Dropped>()[0].kind, FrameKind::acknowledgement);
  had(3);
  had(3);
  EXPECT_TRUE(all<RemoveLetters>().empty());
}

/// Texts of this process, which are in no queue.
class LettersTexts : public LettersMachine {
 protected:
  void open_empty(ConnectionId on) {
    act([&](Env& e, LetterEffects& out) {
      letters_.open(on, peer, true, connection::no_limit, e, out);
    });
  }
  /// The letter that goes out for it, if one does at once.
  std::optional<Letter> send(ConnectionId on, std::uint64_t id, std::string text = "x") {
    act([&](Env& e, LetterEffects& out) {
      letters_.send({on, TextId{id}, Plaintext(std::move(text))}, e, out);
    });
    for (const auto& sent : all<ToLetterConnection>())
      return std::get<Letter>(std::get<connection::SendLetter>(sent.command).frame);
    return std::nullopt;
  }
  void had_on(ConnectionId on, const LetterName& name) {
    act([&](Env& e, LetterEffects& out) { letters_.on_had(on, LettersHad{name}, e, out); });
  }
  std::vector<std::uint64_t> delivered() const {
    std::vector<std::uint64_t> ids;
    for (const auto& text : told<TextDelivered>()) ids.push_back(text.id.value);
    return ids;
  }
  static constexpr ConnectionId second{2}, third{3};
};

TEST_F(LettersTexts, OneIsDeliveredWhenThePeerHasIt) {
  open_empty(connection);
  const auto one = send(connection, 7), two = send(connection, 9);
  EXPECT_EQ(one->name.series, two->name.series);
  EXPECT_LT(one->name.number, two->name.number);
  EXPECT_EQ(one->written, 1'764'000'000'000);
  had_on(connection, one->name);
  EXPECT_EQ(delivered(), (std::vector<std::uint64_t>{7}));
  EXPECT_TRUE(told<TextDelivered>().at(0).confirmed);
  had_on(connection, one->name);
  EXPECT_EQ(delivered(), (std::vector<std::uint64_t>{}));
  had_on(connection, two->name);
  EXPECT_EQ(delivered(), (std::vector<std::uint64_t>{9}));
}

TEST_F(LettersTexts, OneThatIsSentAgainIsStillTheSame) {
  open_empty(connection);
  const auto before = send(connection, 1);
  letters_.close(connection);
  open_empty(second);
  EXPECT_EQ(send(second, 1)->name, before->name);
  EXPECT_GT(send(second, 2)->name.number, before->name.number);
}

// The peer has the second, perhaps: then it takes nothing for new that has a smaller number.
TEST_F(LettersTexts, OneThatWasPassedOverIsAnotherOneLater) {
  open_empty(connection);
  const auto one = send(connection, 1);
  const auto two = send(connection, 2);
  letters_.close(connection);
  open_empty(second);
  EXPECT_EQ(send(second, 2)->name, two->name);
  EXPECT_GT(send(second, 1)->name.number, two->name.number);
  letters_.close(second);
  open_empty(third);
  const auto again = send(third, 1);
  EXPECT_GT(again->name.number, two->name.number);
  EXPECT_NE(again->name, one->name);
}

TEST_F(LettersTexts, NoMoreThanAWindowIsUnderWayAndNoMoreThanAFewWait) {
  open_empty(connection);
  std::vector<LetterName> sent;
  for (std::uint64_t id = 1; id <= Letters::texts; ++id)
    if (const auto letter = send(connection, id)) sent.push_back(letter->name);
  EXPECT_EQ(sent.size(), Letters::window);
  EXPECT_FALSE(send(connection, 1'000));
  EXPECT_EQ(told<TextFailed>().at(0).fault, Fault::queue_full);
  had_on(connection, sent.at(9));
  EXPECT_EQ(delivered().size(), 10u);
  EXPECT_EQ(all<ToLetterConnection>().size(), 10u) << "those that come next";
  had_on(connection, {sent[0].series, 1'000'000});
  EXPECT_EQ(delivered().size(), Letters::window) << "no more than was sent";
}

TEST_F(LettersTexts, OneThatIsNoTextIsNotSent) {
  open_empty(connection);
  EXPECT_FALSE(send(connection, 1, "\xff"));
  EXPECT_EQ(told<TextFailed>().at(0).fault, Fault::malformed);
}

TEST_F(LettersMachine, TextsAreDeliveredWhenEverythingIsSent) {
  open(false);
  load(2);
  for (const auto& sent : all<ToLetterConnection>())
    EXPECT_TRUE(std::holds_alternative<connection::SendText>(sent.command));
  had(2);
  EXPECT_TRUE(all<RemoveLetters>().empty()) << "such a peer acknowledges nothing";
  act([&](Env& e, LetterEffects& out) { letters_.on_everything_sent(connection, e, out); });
  EXPECT_EQ(all<RemoveLetters>().at(0).letters.size(), 2u);
  EXPECT_FALSE(told<LetterDelivered>().at(0).confirmed);
}

TEST_F(LettersMachine, LettersAreNotDeliveredWhenEverythingIsSent) {
  open();
  load(2);
  act([&](Env& e, LetterEffects& out) { letters_.on_everything_sent(connection, e, out); });
  EXPECT_TRUE(effects_.empty());
}

TEST_F(LettersMachine, ANewConnectionBeginsAtTheHeadAgain) {
  open();
  load(3);
  letters_.close(connection);
  had(3);
  EXPECT_TRUE(effects_.empty()) << "of a connection that is gone";
  open();
  EXPECT_EQ(all<LoadLetters>().at(0).after, LetterId{0});
}

TEST_F(LettersMachine, OneThatCannotBeReadStopsTheQueueAndIsToldOnce) {
  open();
  load(2, 1, Fault::letter_unreadable);
  EXPECT_EQ(all<ToLetterConnection>().size(), 2u);
  EXPECT_EQ(told<LettersStuck>().at(0).fault, Fault::letter_unreadable);
  had(2);
  EXPECT_TRUE(told<NothingWaits>().empty());
  act([&](Env& e, LetterEffects& out) { letters_.on_change(e, out); });
  load(0, 1, Fault::letter_unreadable);
  EXPECT_TRUE(told<LettersStuck>().empty());
  act([&](Env& e, LetterEffects& out) { letters_.on_change(e, out); });
  load(1, 4);
  EXPECT_EQ(all<ToLetterConnection>().size(), 1u) << "it was dropped";
}

TEST_F(LettersMachine, ALetterIsAcknowledgedOnlyWhenItIsKept) {
  open();
  load(0);
  arrive(1);
  arrive(2);
  EXPECT_TRUE(all<KeepLetter>().empty()) << "one at a time";
  kept({2, HeldId{9}, std::nullopt});
  EXPECT_TRUE(effects_.empty()) << "an answer to nothing";
}

TEST_F(LettersMachine, KeptOnesAreToldAndHadOnesAreNot) {
  open();
  arrive(1);
  const auto first = all<KeepLetter>().at(0).request;
  arrive(2);
  kept({first, HeldId{9}, std::nullopt});
  EXPECT_EQ(told<LetterReceived>().at(0).held, HeldId{9});
  EXPECT_EQ(all<ToLetterConnection>().size(), 1u);
  const auto second = all<KeepLetter>().at(0).request;
  kept({second, std::nullopt, std::nullopt});
  EXPECT_TRUE(told<LetterReceived>().empty());
  const auto sent = std::get<connection::SendLetter>(all<ToLetterConnection>().at(0).command);
  EXPECT_EQ(std::get<LettersHad>(sent.frame).up_to.number, 2u) << "acknowledged again";
}

TEST_F(LettersMachine, WhatWasKeptAfterItsConnectionHasGoneIsTold) {
  open();
  arrive(1);
  const auto request = all<KeepLetter>().at(0).request;
  letters_.close(connection);
  kept({request, HeldId{9}, std::nullopt});
  EXPECT_EQ(told<LetterReceived>().size(), 1u);
  EXPECT_TRUE(all<ToLetterConnection>().empty());
}

TEST_F(LettersMachine, AStoreThatFailsOrIsSilentEndsTheConnection) {
  open();
  load(0);
  arrive(1);
  const auto request = all<KeepLetter>().at(0).request;
  kept({request, std::nullopt, Fault::store_failed});
  EXPECT_EQ(all<EndConnection>().at(0).fault, Fault::store_failed);

  open();
  EXPECT_EQ(letters_.deadline(), now_ + Letters::patience);
  pass(Letters::patience);
  EXPECT_EQ(all<EndConnection>().size(), 1u);
  letters_.close(connection);

  open();
  load(0);
  arrive(2);
  pass(Letters::patience);
  EXPECT_EQ(all<EndConnection>().size(), 1u);
}

TEST_F(LettersMachine, WhoSendsFasterThanTheDiskEndsTheConnection) {
  open();
  for (std::size_t n = 0; n <= Letters::queued; ++n) arrive(n + 1);
  EXPECT_TRUE(all<EndConnection>().empty());
  arrive(Letters::queued + 2);
  EXPECT_EQ(all<EndConnection>().at(0).fault, Fault::queue_full);
}

TEST_F(LettersMachine, APostIsAnsweredOnce) {
  const auto post = [&] {
    act([&](Env& e, LetterEffects& out) { letters_.post({peer, Plaintext("x")}, e, out); });
    return all<StoreLetter>().at(0).request;
  };
  const auto stored = [&](LetterStored answer) {
    act([&](Env& e, LetterEffects& out) { letters_.on(answer, e, out); });
  };
  auto request = post();
  stored({request, LetterId{3}, std::nullopt});
  EXPECT_EQ(told<TextQueued>().at(0).letter, LetterId{3});
  request = post();
  stored({request, {}, Fault::outbox_full});
  EXPECT_EQ(told<TextNotQueued>().at(0).fault, Fault::outbox_full);
  request = post();
  pass(Letters::patience);
  EXPECT_EQ(told<TextNotQueued>().at(0).fault, Fault::store_failed);
  stored({request, LetterId{4}, std::nullopt});
  EXPECT_TRUE(effects_.empty());
  EXPECT_FALSE(letters_.deadline());
}

TEST_F(LettersMachine, APostForWhoIsThereIsLoadedAtOnce) {
  open();
  load(0);
  act([&](Env& e, LetterEffects& out) { letters_.post({peer, Plaintext("x")}, e, out); });
  const auto request = all<StoreLetter>().at(0).request;
  act([&](Env& e, LetterEffects& out) {
    letters_.on(LetterStored{request, LetterId{3}, std::nullopt}, e, out);
  });
  EXPECT_EQ(all<LoadLetters>().size(), 1u);
}

}  // namespace
}  // namespace culver::engine
