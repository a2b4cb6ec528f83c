// The ways in which a peer shows the key that it paired with. Nothing else makes a PeerKeyProven.
#pragma once

#include "core/base/result.hpp"
#include "core/link/link.hpp"
#include "core/wire/peer.hpp"

namespace culver::link {

struct Proof {
  /// The handshake names the key from pairing. Constant time. Fault::key_mismatch. Possession of
  /// the private half shows with the first sealed frame, since the session key depends on it.
  static Result<PeerKeyProven> by_handshake(const PublicKey& paired,
                                            const wire::peer::Handshake& handshake);

  /// The first sealed frame of a Culver, which speaks of the handshakes that we know too. Faults:
  /// key_mismatch for what does not open or knows other handshakes, bad_handshake.
  struct Confirmed {
    PeerKeyProven proof;
    wire::peer::Capabilities capabilities;
  };
  static Result<Confirmed> by_confirmation(SealedChannel& v2, const Digest& handshakes,
                                           std::string_view frame);

  /// A frame that opens under the v1 session of the pairing keys: a peer that never sends its
  /// handshake. The opened frame comes with it.
  struct OpenedFrame {
    PeerKeyProven proof;
    ByteVector plaintext;
  };
  static Result<OpenedFrame> by_frame(SealedChannel& v1, std::string_view frame);
};

}  // namespace culver::link
