// The ways in which a peer shows the key that it paired with. Nothing else makes a PeerKeyProven.
#pragma once

#include "core/base/result.hpp"
#include "core/connection/connection.hpp"
#include "core/wire/peer.hpp"

namespace culver::connection {

struct Proof {
  /// The handshake names the key from pairing: a claim, which everybody can make. Constant time.
  /// Fault::key_mismatch.
  static Result<void> claim(const PublicKey& paired, const wire::peer::Handshake& handshake);

  /// The first sealed frame of a Culver, which speaks of the handshakes that we know too. Faults:
  /// key_mismatch for what does not open or knows other handshakes, bad_handshake.
  struct Confirmed {
    PeerKeyProven proof;
    wire::peer::Capabilities capabilities;
  };
  static Result<Confirmed> by_confirmation(Session& session, const Digest& handshakes,
                                           std::string_view frame, Context&, Effects&);

  /// A frame that opens, and was never taken before, of a peer that does not confirm. The opened
  /// frame comes with it. Faults as of Session::open.
  struct OpenedFrame {
    PeerKeyProven proof;
    ByteVector plaintext;
  };
  static Result<OpenedFrame> by_frame(Session& session, std::string_view frame, Context&, Effects&);
};

}  // namespace culver::connection
