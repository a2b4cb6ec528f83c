// What every state of a connection may look at: the time, who we are, how long things may take.
#pragma once

#include <chrono>
#include <optional>

#include "core/base/env.hpp"
#include "core/base/text.hpp"
#include "core/connection/frame_memory.hpp"
#include "core/crypto/keys.hpp"

namespace culver::connection {

/// How long each step may take. The deadline belongs to the state.
struct Timeouts {
  Duration signal = std::chrono::seconds(30);
  Duration path = std::chrono::seconds(30);
  Duration dtls = std::chrono::seconds(30);
  Duration channel = std::chrono::seconds(30);
  Duration handshake = std::chrono::seconds(30);
  Duration silence = std::chrono::seconds(3);  ///< without a handshake: Zajel's page may send none
  Duration parting = std::chrono::seconds(3);  ///< for the peer's goodbye, after ours
  Duration goodbye = std::chrono::seconds(6);
  Duration loss =
      std::chrono::seconds(15);  ///< of an established connection, since the peer was heard
};

/// Who we are. Outlives every connection.
struct Self {
  const crypto::KeyPair& identity;
  std::optional<Plaintext> username;
  bool streams = true;  ///< whether the second form of files is offered
  bool letters = true;  ///< whether letters are offered
};

struct Context {
  Env env;
  const Self& self;
  const Timeouts& timeouts;
  SeenFrames& seen;  ///< of this peer's key
};

}  // namespace culver::connection
