// ICE's short-term credentials (RFC 8445 section 5.3, RFC 8489 section 9.1): who may ask and whose
// answers count. It knows no pair and no path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/env.hpp"
#include "core/wire/sdp.hpp"
#include "core/wire/stun.hpp"

namespace culver::ice {

/// 8 and 24 ice-chars: 48 and 144 bits of randomness.
wire::sdp::IceCredentials make_credentials(Rng& rng);

/// What one side is called, and the key that proves it.
struct Identity {
  explicit Identity(wire::sdp::IceCredentials credentials)
      : ice(std::move(credentials)), key(wire::stun::Key::short_term(ice.pwd)) {}
  wire::sdp::IceCredentials ice;
  wire::stun::Key key;
};

/// USERNAME of a check: of whom it is asked, and who asks.
std::string username(std::string_view asked, std::string_view asking);

struct Username {
  std::string_view asked, asking;
};
/// At the first colon. Nothing if there is none.
std::optional<Username> split_username(std::string_view username);

/// A message that somebody with the key made. Only verify() makes one.
class Authentic {
 public:
  const wire::stun::Message& message() const { return received_->message; }
  const wire::stun::Received& received() const { return *received_; }

 private:
  friend std::optional<Authentic> verify(const wire::stun::Received&, const wire::stun::Key&);
  explicit Authentic(const wire::stun::Received& received) : received_(&received) {}
  const wire::stun::Received* received_;  // for the step in which it came
};

/// FINGERPRINT is required of everything that ICE says, RFC 8445 section 7.1.
std::optional<Authentic> verify(const wire::stun::Received& received, const wire::stun::Key& key);

}  // namespace culver::ice
