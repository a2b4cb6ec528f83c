// In the steady state a datagram costs no allocation of ours: only messages do, a few each.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "tests/shell/p2p/pair_support.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CULVER_OWN_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CULVER_OWN_NEW 0
#endif
#endif
#ifndef CULVER_OWN_NEW
#define CULVER_OWN_NEW 1
#endif

#if CULVER_OWN_NEW

namespace {
std::atomic<std::size_t> allocations{0};
}

// What C++ code allocates; usrsctp and OpenSSL call malloc and are not counted.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* room = std::malloc(size)) return room;
  throw std::bad_alloc();
}
void operator delete(void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t) noexcept { std::free(room); }

namespace culver::p2p {
namespace {

using test::frame;
using test::Pair;

TEST(Allocation, IsPerMessageAndNotPerDatagram) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto channel = pair.a.channel("messages");
  pair.b.keep_data = false;
  std::size_t left = 0;
  const auto fill = [&] {
    auto& window = pair.a.windows[channel];
    for (; left > 0 && window >= frame; --left, window -= frame) pair.a.send(channel, frame);
  };
  pair.a.also = [&](const connection::TransportEvent& event) {
    if (std::holds_alternative<connection::Window>(event)) fill();
  };
  const auto move = [&](std::size_t messages) {
    const auto goal = pair.b.received() + messages * frame;
    left = messages;
    fill();
    return pair.until([&] { return pair.b.received() == goal; }, std::chrono::seconds(120));
  };
  ASSERT_TRUE(move(64));  // until every buffer has its size
  const std::size_t messages = 256;
  const auto before = allocations.load();
  ASSERT_TRUE(move(messages));
  const auto spent = allocations.load() - before;
  // 256 messages are 15,000 datagrams and 1,000 acknowledgements.
  EXPECT_LE(spent, messages * 14);
}

}  // namespace
}  // namespace culver::p2p

#endif
