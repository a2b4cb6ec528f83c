#include <thread>

#include <gtest/gtest.h>

#include "tests/shell/p2p/inbox_support.hpp"

namespace culver::p2p::test {
namespace {

TEST(Inbox, HandsOverWhatAnotherThreadLeftInOrderAndInBatches) {
  boost::asio::io_context io;
  std::vector<std::string> got;
  std::size_t batches = 0, events = 0;
  auto inbox = Inbox::make(io, {[&](PathEvent) { ++events; },
                                [&](std::span<const Datagram> batch) {
                                  ++batches;
                                  for (auto d : batch) got.emplace_back(as_text(d));
                                }});
  std::thread foreign([inbox] {
    Inbox::put(inbox, PathEvent(connection::GatheringDone{}));
    for (int i = 0; i < 1'000; ++i) Inbox::put(inbox, as_bytes(std::to_string(i)));
  });
  while (got.size() < 1'000) io.run_one();
  foreign.join();
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(got[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_EQ(events, 1u);
  EXPECT_LE(batches, 1'000u);
  inbox->close();
}

TEST(Inbox, OneWakeUpServesAll) {
  boost::asio::io_context io;
  std::size_t batches = 0;
  auto inbox = Inbox::make(io, {[](PathEvent) {}, [&](auto) { ++batches; }});
  for (int i = 0; i < 100; ++i) Inbox::put(inbox, as_bytes("x"));
  io.poll();
  EXPECT_EQ(batches, 1u);
  inbox->close();
}

TEST(Inbox, IsBounded) {
  boost::asio::io_context io;
  std::size_t bytes = 0, events = 0;
  auto inbox = Inbox::make(io, {[&](PathEvent) { ++events; },
                                [&](std::span<const Datagram> batch) {
                                  for (auto d : batch) bytes += d.size();
                                }});
  const ByteVector datagram(1'200);
  for (int i = 0; i < 10'000; ++i) Inbox::put(inbox, datagram);
  for (int i = 0; i < 10'000; ++i) Inbox::put(inbox, PathEvent(connection::GatheringDone{}));
  io.poll();
  EXPECT_LE(bytes, std::size_t{4} << 20);
  EXPECT_LE(events, 1'024u);
  inbox->close();
}

TEST(Inbox, IsSilentOnceClosedAndLetsTheLoopEnd) {
  boost::asio::io_context io;
  auto inbox = Inbox::make(io, {[](PathEvent) { FAIL(); }, [](auto) { FAIL(); }});
  Inbox::put(inbox, as_bytes("before"));
  inbox->close();
  Inbox::put(inbox, as_bytes("after"));
  Inbox::put(inbox, PathEvent(connection::GatheringDone{}));
  io.run();
}

}  // namespace
}  // namespace culver::p2p::test
