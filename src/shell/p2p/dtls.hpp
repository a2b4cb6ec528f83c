// DTLS 1.2 over memory (OpenSSL): datagrams in, SCTP packets out, and the other way round. It owns
// no socket and no timer; its owner asks `timeout()` and calls `on_timeout()`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include <openssl/ssl.h>

#include "core/connection/events.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

/// Our certificate, made anew by each process, and the settings of every session.
class DtlsIdentity {
 public:
  /// Others have other curves; ours is the one that all must know (RFC 8827 section 6.5).
  explicit DtlsIdentity(const char* curve = "P-256");
  const wire::sdp::Fingerprint& fingerprint() const { return fingerprint_; }
  SSL_CTX* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  wire::sdp::Fingerprint fingerprint_;
};

/// RFC 7983: what of a datagram's first byte is DTLS.
bool looks_like_dtls(Datagram datagram);

class Dtls {
 public:
  enum class State : std::uint8_t { handshaking, up, closed, failed };

  /// Records leave through `out`, which must outlive the session.
  Dtls(const DtlsIdentity& identity, connection::DtlsRole role, Batch& out);

  /// Begins the handshake: the client's first flight goes out.
  void start();
  /// One datagram, perhaps from the peer: what cannot be its is dropped (dtls_records). Then read()
  /// until it has no more.
  void feed(Datagram datagram);
  /// The next packet that the peer sealed; valid until the next call of anything here.
  std::optional<ByteView> read();
  /// Seals one packet. Before `up` it is dropped.
  void send(ByteView packet);
  /// close_notify; nothing can be sent afterwards.
  void close();

  State state() const { return state_; }
  /// The peer's certificate, once up. Whether it is the right one is not judged here.
  std::optional<wire::sdp::PeerCertificate> peer_certificate() const;
  /// When the current flight must be repeated, if it must.
  std::optional<std::chrono::microseconds> timeout() const;
  /// Repeats the flight.
  void on_timeout();

 private:
  struct Wire {  ///< what the BIO sees: one datagram to read, a batch to write
    Datagram input;
    Batch& output;
  };
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  static BIO_METHOD* bio_method();
  void handshake();
  /// What a protected record has besides its content.
  std::size_t overhead() const;

  std::unique_ptr<Wire> wire_;
  std::unique_ptr<SSL, Free> ssl_;
  State state_ = State::handshaking;
  ByteVector buffer_;
  ByteVector admitted_;  ///< of a datagram from which something was dropped
};

}  // namespace culver::p2p
