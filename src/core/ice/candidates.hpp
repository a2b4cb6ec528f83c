// The candidates of both sides. Ours hang on bases, the places from which a check can be sent: a
// socket's address, or the address that a relay keeps for us. RFC 8445 section 5.1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/strong.hpp"
#include "core/ice/events.hpp"
#include "core/ice/priority.hpp"
#include "core/wire/limits.hpp"

namespace culver::ice {

using RelayId = Strong<struct RelayIdTag, std::uint32_t>;

struct Base {
  BaseId id;
  WireId wire;
  Endpoint address;
  std::uint16_t preference;
  std::uint32_t priority;  ///< of the candidate that the base itself is
  std::string foundation;
  std::optional<RelayId> relay;  ///< set: the address is the relay's
  std::uint8_t subnet_bits = 0;  ///< see WireOpened
};

/// The same text for candidates of the same type, from the same base address, by the same server:
/// RFC 8445 section 5.1.1.3. Both sides' only meet as a pair.
class Foundations {
 public:
  std::string of(wire::sdp::CandidateType type, const Endpoint& base,
                 const std::optional<Endpoint>& server);

 private:
  struct Seen {
    wire::sdp::CandidateType type;
    Endpoint base;  ///< without its port
    std::optional<Endpoint> server;
    bool operator==(const Seen&) const = default;
  };
  /// Networks that come and go for days; those beyond count as alike.
  static constexpr std::size_t most = 1'000;
  std::vector<Seen> seen_;
};

class LocalCandidates {
 public:
  static constexpr std::size_t most_bases = 32;
  static constexpr std::size_t most_candidates = 96;
  /// What servers saw leaves room for every base, relays come last and are the last hope.
  static constexpr std::size_t most_before_reflexive = most_candidates - most_bases;

  /// Nothing if the wire or the address is there already, or there is no room.
  const Base* add_host(WireId wire, const Endpoint& address, std::uint8_t subnet_bits = 0);
  const Base* add_relayed(WireId wire, RelayId relay, const Endpoint& relayed,
                          const Endpoint& server);
  /// What a server saw behind this base. False if that is no news.
  bool add_reflexive(BaseId id, const Endpoint& mapped, const Endpoint& server);
  void remove(BaseId id);

  const Base* find(BaseId id) const;
  const Base* host_of(WireId wire) const;
  const Base* relayed_by(RelayId relay) const;
  const std::vector<Base>& bases() const { return bases_; }

  struct Announced {
    BaseId base;
    wire::sdp::Candidate candidate;
  };
  /// In the order in which they came.
  const std::vector<Announced>& announced() const { return announced_; }

 private:
  bool has_room() const;
  const Base& add(Base base, wire::sdp::CandidateType type, const Endpoint& server);

  std::uint32_t last_ = 0;
  std::vector<Base> bases_;
  std::vector<Announced> announced_;
  LocalPreferences preferences_, relayed_preferences_;
  Foundations foundations_;
};

struct Remote {
  Endpoint address;
  wire::sdp::CandidateType type;
  std::uint32_t priority;
  std::string foundation;
};

/// What a signaled candidate is to the ones that are known.
enum class News : std::uint8_t { none, known_now, added };

class RemoteCandidates {
 public:
  static constexpr std::size_t most_reflexive = 32;

  /// `known_now`: it was peer-reflexive, and has a name now. If there are too many, kinds and
  /// families share the room evenly, whatever the order in which the peer names them. Not added:
  /// what no single machine has.
  News add(const wire::sdp::Candidate& candidate, const Endpoint& address);
  /// Seen in a check. False if there is no room; one that is known stays as it is.
  bool add_reflexive(const Endpoint& address, std::uint32_t priority);
  const Remote* find(const Endpoint& address) const;
  const std::vector<Remote>& all() const { return all_; }
  void clear();

 private:
  bool make_room_for(const Remote& remote);

  std::uint32_t reflexive_ = 0;  ///< ever seen, for their foundations
  std::size_t signaled_ = 0, unnamed_ = 0;
  std::vector<Remote> all_;
};

}  // namespace culver::ice
