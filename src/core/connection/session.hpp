// A session: what seals, opens and carries on a connection from the moment when its key is known,
// whether the peer is proven or not yet.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/connection/context.hpp"
#include "core/connection/frame_memory.hpp"
#include "core/connection/restart.hpp"
#include "core/connection/sealed_channel.hpp"
#include "core/connection/words.hpp"

namespace culver::connection {

struct Channels {
  ChannelId messages;
  std::optional<ChannelId> files;
};

/// The key is that of all connections with the peer. What was taken under it outlives this one, and
/// is in the context.
struct LastingKey {};

using wire::peer::Dialect;

struct Session {
  /// So many frames in a row that cannot be opened end the connection: the keys do not agree.
  static constexpr int tolerated_failures = 16;

  PublicKey peer_key;
  SealedChannel sealed;
  std::variant<FrameMemory, LastingKey> memory;
  Dialect dialect;
  Channels channels;
  Terms terms;
  Restart::State restart;  ///< of ICE, while everything above it lives on
  int failures = 0;        ///< frames in a row that could not be opened

  /// Version 2, a key of this connection.
  static Session fresh(const SessionKey&, const PublicKey& peer_key, Channels, Terms,
                       Candidates::State, Context&);
  /// Version 1. Fault::weak_public_key.
  static Result<Session> lasting(const PublicKey& peer_key, Dialect, Channels, Terms,
                                 Candidates::State, Context&);

  /// Opens a frame and takes it. Faults as of SealedChannel::open and of FrameMemory::take.
  Result<ByteVector> open(std::string_view wire, Context&, Effects&);
  /// A frame was dropped: the fault that ends the connection, if it was one too many.
  std::optional<Fault> dropped(Fault fault, FrameKind kind, Effects&);

  /// False: the session is worn out.
  [[nodiscard]] bool send_text(const Plaintext& text, Effects&);
  void send_file_frame(const std::string& frame, Effects&) const;
  [[nodiscard]] bool send_chunk(SendFileChunk&& chunk, Effects&);

  void restarted(Restart::Event event, Context&, Effects&);
};

}  // namespace culver::connection
