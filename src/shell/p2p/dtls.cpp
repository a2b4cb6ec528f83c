#include "shell/p2p/dtls.hpp"

#include <algorithm>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "shell/p2p/dtls_records.hpp"

namespace culver::p2p {
namespace {

// 1200-byte datagrams pass everywhere that IPv6's minimum MTU passes, tunnels included.
constexpr long link_mtu = 1200;
constexpr unsigned first_timeout_us = 100'000;  // OpenSSL's own is 1 s: a lost flight would cost it
constexpr unsigned last_timeout_us = 2'000'000;
constexpr std::size_t record_size = 16'384;
constexpr long certificate_days = 30;

// AES-128-GCM first, since every machine of today has instructions for it; RSA for the certificates
// of other implementations.
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

Certificate self_signed(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  require(certificate != nullptr, "X509_new");
  std::uint64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "RAND_bytes");
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial >> 1);
  // A day back, since the peer's clock may be behind; it should not look, but some do.
  X509_gmtime_adj(X509_getm_notBefore(x), -24L * 3600);
  X509_gmtime_adj(X509_getm_notAfter(x), certificate_days * 24 * 3600);
  X509_set_pubkey(x, key);
  X509_NAME* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("culver"), -1, -1, 0);
  X509_set_issuer_name(x, subject);
  require(X509_sign(x, key, EVP_sha256()) > 0, "X509_sign");
  return certificate;
}

template <class F>
F digest_of(const X509* certificate, const EVP_MD* hash) {
  F digest;
  unsigned length = 0;
  require(X509_digest(certificate, hash, reinterpret_cast<unsigned char*>(digest.data.data()),
                      &length) == 1 &&
              length == F::size,
          "X509_digest");
  return digest;
}

wire::sdp::PeerCertificate digests_of(const X509* certificate) {
  using namespace wire::sdp;
  return {digest_of<Fingerprint>(certificate, EVP_sha256()),
          digest_of<Fingerprint384>(certificate, EVP_sha384()),
          digest_of<Fingerprint512>(certificate, EVP_sha512())};
}

// 0 asks for the first timeout of a flight.
unsigned next_timeout(SSL*, unsigned microseconds) {
  return microseconds == 0 ? first_timeout_us : std::min(microseconds * 2, last_timeout_us);
}

// SSL_get_error looks at the thread's queue of errors, so it must be empty before each call. That
// it is not is rare, and looking costs a tenth of clearing.
void forget_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

DtlsIdentity::DtlsIdentity(const char* curve) : context_(SSL_CTX_new(DTLS_method())) {
  require(context_ != nullptr, "SSL_CTX_new");
  const Key key(EVP_EC_gen(curve));
  require(key != nullptr, "EVP_EC_gen");
  const Certificate certificate = self_signed(key.get());
  fingerprint_ = digests_of(certificate.get()).sha256;
  SSL_CTX* context = context_.get();
  require(SSL_CTX_use_certificate(context, certificate.get()) == 1, "certificate");
  require(SSL_CTX_use_PrivateKey(context, key.get()) == 1, "key");
  require(SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1, "version");
  require(SSL_CTX_set_cipher_list(context, ciphers) == 1, "ciphers");
  // The last two are for the certificates of others, whose curve must be among these as well.
  require(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") == 1, "groups");
  // There is no chain to verify: the certificate is judged by its fingerprint, above.
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
}

bool looks_like_dtls(Datagram datagram) {
  return !datagram.empty() && datagram[0] >= std::byte{20} && datagram[0] <= std::byte{63};
}

BIO_METHOD* Dtls::bio_method() {
  // One for the process, never freed: OpenSSL has no more than 128 BIO types.
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    require(made != nullptr, "BIO_meth_new");
    BIO_meth_set_write(made, [](BIO* bio, const char* data, int size) {
      auto* wire = static_cast<Wire*>(BIO_get_data(bio));
      wire->output.append(as_bytes({data, static_cast<std::size_t>(size)}));
      return size;
    });
    BIO_meth_set_read(made, [](BIO* bio, char* data, int size) {
      auto* wire = static_cast<Wire*>(BIO_get_data(bio));
      BIO_clear_retry_flags(bio);
      if (wire->input.empty()) {
        BIO_set_retry_read(bio);
        return -1;
      }
      const auto datagram = std::exchange(wire->input, {});
      const auto taken = std::min(datagram.size(), static_cast<std::size_t>(size));
      std::copy_n(datagram.begin(), taken, reinterpret_cast<std::byte*>(data));
      return static_cast<int>(taken);
    });
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT;
    });
    return made;
  }();
  return method;
}

Dtls::Dtls(const DtlsIdentity& identity, connection::DtlsRole role, Batch& out)
    : wire_(new Wire{{}, out}), ssl_(SSL_new(identity.context())), buffer_(record_size) {
  require(ssl_ != nullptr, "SSL_new");
  BIO* bio = BIO_new(bio_method());
  require(bio != nullptr, "BIO_new");
  BIO_set_data(bio, wire_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  DTLS_set_link_mtu(ssl_.get(), link_mtu);
  DTLS_set_timer_cb(ssl_.get(), next_timeout);
  if (role == connection::DtlsRole::client)
    SSL_set_connect_state(ssl_.get());
  else
    SSL_set_accept_state(ssl_.get());
}

void Dtls::start() { handshake(); }

void Dtls::handshake() {
  forget_errors();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    state_ = State::up;
    return;
  }
  const int error = SSL_get_error(ssl_.get(), done);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) state_ = State::failed;
}

/// Before there is a cipher, that of most: nothing that a handshake says is shorter.
std::size_t Dtls::overhead() const {
  const auto* cipher = state_ == State::up ? SSL_get_current_cipher(ssl_.get()) : nullptr;
  const bool chacha = cipher && SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305;
  return chacha ? chacha_overhead : gcm_overhead;
}

void Dtls::feed(Datagram datagram) {
  wire_->input = admitted(datagram, {state_ == State::up, overhead()}, admitted_);
  if (wire_->input.empty()) return;
  if (state_ == State::handshaking) handshake();
}

std::optional<ByteView> Dtls::read() {
  if (state_ != State::up) return std::nullopt;
  // Asking OpenSSL for a record that cannot be there costs a quarter of reading one.
  if (wire_->input.empty() && SSL_has_pending(ssl_.get()) == 0) return std::nullopt;
  forget_errors();
  const int size = SSL_read(ssl_.get(), buffer_.data(), static_cast<int>(buffer_.size()));
  if (size > 0) return ByteView(buffer_).first(static_cast<std::size_t>(size));
  wire_->input = {};  // what OpenSSL did not take is dropped with its datagram
  const int error = SSL_get_error(ssl_.get(), size);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) state_ = State::closed;
  return std::nullopt;
}

void Dtls::send(ByteView packet) {
  if (state_ != State::up || packet.empty()) return;
  forget_errors();
  // A record that cannot be made is a lost packet to SCTP, which repeats it.
  SSL_write(ssl_.get(), packet.data(), static_cast<int>(packet.size()));
}

void Dtls::close() {
  if (state_ == State::failed || SSL_in_init(ssl_.get())) return;
  forget_errors();
  SSL_shutdown(ssl_.get());
  state_ = State::closed;
}

std::optional<wire::sdp::PeerCertificate> Dtls::peer_certificate() const {
  const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (state_ != State::up || !certificate) return std::nullopt;
  return digests_of(certificate.get());
}

std::optional<std::chrono::microseconds> Dtls::timeout() const {
  timeval left{};
  if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

void Dtls::on_timeout() {
  forget_errors();
  if (DTLSv1_handle_timeout(ssl_.get()) < 0 && state_ == State::handshaking) state_ = State::failed;
}

}  // namespace culver::p2p
