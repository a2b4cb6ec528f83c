#include "shell/host/signals.hpp"

#include <gtest/gtest.h>

namespace culver::host {
namespace {

Fault first_signal(int number) {
  boost::asio::io_context loop;
  Fault seen = Fault::internal;
  Signals* self = nullptr;
  Signals signals(loop, [&](Fault fault) {
    seen = fault;
    self->cancel();
  });
  self = &signals;
  std::raise(number);
  loop.run();
  return seen;
}

TEST(Signals, BecomeFaults) {
  EXPECT_EQ(first_signal(SIGINT), Fault::interrupted);
  EXPECT_EQ(first_signal(SIGTERM), Fault::terminated);
  EXPECT_EQ(first_signal(SIGHUP), Fault::hung_up);
  EXPECT_EQ(first_signal(SIGQUIT), Fault::quit);
}

TEST(Signals, PassASecondOfAPersonOn) {
  boost::asio::io_context loop;
  int again = 0;
  Signals* self = nullptr;
  Signals signals(
      loop, [](Fault) { std::raise(SIGINT); },
      [&] {
        ++again;
        self->cancel();
      });
  self = &signals;
  std::raise(SIGINT);
  loop.run();
  EXPECT_EQ(again, 1);
}

TEST(Signals, EndTheProcessAtTheSecond) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto twice = [](int number) {
    boost::asio::io_context loop;
    const Signals signals(loop, [number](Fault) { std::raise(number); });
    std::raise(SIGINT);
    loop.run();
  };
  EXPECT_EXIT(twice(SIGINT), testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(twice(SIGTERM), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace culver::host
