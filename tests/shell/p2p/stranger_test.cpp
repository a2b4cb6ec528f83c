// Somebody who holds no key and knows only the ports of a connection, or tries them all.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "shell/host/file_descriptor.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::Pair;

struct Stranger {
  Stranger() : socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

  /// Notes where the ends are, and what they say goes on to `also`.
  void watch(Pair& pair, const std::function<void()>& at_each_event) {
    for (auto* end : {&pair.a, &pair.b})
      end->also = [this, at_each_event](const connection::TransportEvent& event) {
        if (const auto* local = std::get_if<connection::LocalCandidate>(&event))
          ports.push_back(local->candidate.port);
        at_each_event();
      };
  }
  void say(const ByteVector& datagram) {
    for (const auto port : ports) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      ::sendto(socket.get(), datagram.data(), datagram.size(), 0,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  }
  /// A record of DTLS 1.2, never with the same number twice.
  ByteVector record(unsigned type, unsigned epoch, const ByteVector& body) {
    ++sequence;
    ByteVector bytes(13);
    const std::size_t fields[] = {type,
                                  0xfe,
                                  0xfd,
                                  0,
                                  epoch,
                                  0,
                                  0,
                                  0,
                                  0,
                                  sequence >> 8,
                                  sequence & 255,
                                  body.size() >> 8,
                                  body.size() & 255};
    std::transform(std::begin(fields), std::end(fields), bytes.begin(),
                   [](std::size_t field) { return static_cast<std::byte>(field); });
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }

  host::FileDescriptor socket;
  std::vector<std::uint16_t> ports;
  std::size_t sequence = 0;
};

ByteVector fatal_alert() { return {std::byte{2}, std::byte{40}}; }

/// A message that no handshake has a place for: OpenSSL gives up.
ByteVector absurd_handshake() {
  ByteVector message(12 + 4);
  message[0] = std::byte{99};
  message[3] = message[11] = std::byte{4};
  return message;
}

TEST(Stranger, CannotEndAHandshake) {
  for (int round = 0; round < 4; ++round) {
    Pair pair;
    Stranger stranger;
    stranger.watch(pair, [&] {
      stranger.say(stranger.record(21, 0, fatal_alert()));
      stranger.say(stranger.record(22, 0, absurd_handshake()));
      stranger.say(stranger.record(23, 1, ByteVector(4)));
    });
    ASSERT_TRUE(pair.open());
    EXPECT_FALSE(pair.a.saw("DtlsFailed") || pair.b.saw("DtlsFailed"));
  }
}

TEST(Stranger, CannotEndAConnection) {
  Pair pair;
  Stranger stranger;
  stranger.watch(pair, [] {});
  ASSERT_TRUE(pair.open());
  for (std::size_t body = 0; body < 40; ++body)
    for (unsigned type : {20u, 21u, 22u, 23u})
      for (unsigned epoch : {0u, 1u, 2u})
        stranger.say(stranger.record(type, epoch, ByteVector(body)));
  pair.a.send(pair.a.channel("messages"), 5);
  pair.b.send(pair.b.channel("messages"), 5);
  ASSERT_TRUE(pair.until([&] { return !pair.a.data.empty() && !pair.b.data.empty(); }));
  EXPECT_FALSE(pair.a.saw("TransportClosed") || pair.b.saw("TransportClosed"));
}

}  // namespace
}  // namespace culver::p2p
