// How the two fuzz targets of the gateway handshake read their bytes and spoil good frames.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "fuzz/input.hpp"
#include "tests/support/handshake.hpp"

namespace culver::fuzz {

/// A good frame with some of its bytes replaced, cut out or put in.
inline std::string spoiled(Input& input, std::string frame) {
  const std::size_t place = std::size_t{input.byte()} << 8 | input.byte();
  const std::string put = input.text();
  const std::size_t from = place % (frame.size() + 1);
  return frame.replace(from, std::min<std::size_t>(input.byte() % 64, frame.size() - from), put);
}

/// Both sides as the bytes want them: old or new, and what the client knows of the server.
struct Pair {
  explicit Pair(Input& input, std::uint8_t choice)
      : world(input.byte()),
        server(world, identity, choice & 1 ? 1 : 2),
        client(world, account, pin_of(choice), choice & 2 ? 1 : 2) {}

  test::client::Pin pin_of(std::uint8_t choice) const {
    test::client::Pin pin;
    if (choice & 4) pin.identity = identity.key.verify_key();
    if (choice & 8) pin.version = 2;
    return pin;
  }

  test::World world;
  const test::server::Identity identity = test::server_identity(1);
  const test::client::Account account = test::client_account(2);
  const TimePoint deadline = world.now + test::client::handshake_time;
  test::ServerEnd server;
  test::ClientEnd client;
};

/// Over is over, and until then the deadline stands.
template <class End>
class Watch {
 public:
  void look(const End& end, TimePoint now, TimePoint deadline) {
    const auto name = fsm::name_of(end.state);
    const bool is_over = name == "Established" || name == "Rejected";
    require(fsm::deadline_of(end.state) == (is_over ? std::nullopt : std::optional(deadline)));
    require(before_.empty() || before_ == name);
    if (before_.empty() && name == "Established") require(now < deadline);
    if (is_over) before_ = name;
  }

 private:
  std::string before_;
};

}  // namespace culver::fuzz
