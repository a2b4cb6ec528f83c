// Who wants to pair with whom: at most one ask of ours, and a bounded book of the requests of
// others. It sorts the server's messages by the code that they name, and drops what fits nothing.
#pragma once

#include <optional>
#include <vector>

#include "core/signaling/attempt.hpp"
#include "core/wire/signaling.hpp"

namespace culver::signaling {

/// Requests of others that wait for our answer; further ones are declined.
inline constexpr std::size_t requests_at_once = 10;
/// Those and the accepted ones whose match is on its way.
inline constexpr std::size_t pairings_at_once = 1'000;

class Pairing {
 public:
  /// Asks the machine that shows this code. It ends in exactly one Matched or Failed for that code,
  /// unless the same code is being asked already: then it joins that attempt. To ask a code whose
  /// request waits for our answer is to accept it. Where two requests had crossed, a second Matched
  /// may follow, which is marked as such.
  [[nodiscard]] PairingEffects ask(const PairingCode& target, std::optional<Plaintext> own_name,
                                   TimePoint now);
  bool is_asking() const { return std::holds_alternative<Asking>(ask_); }
  /// Stops waiting for an ask, without a word to anybody: a match that still comes fits nothing.
  void let_go(const PairingCode& target) {
    if (asking(target)) ask_ = Settled{};
  }
  /// Answers a Requested. Acceptance ends in one Matched or Failed, also when it comes too late.
  [[nodiscard]] PairingEffects answer(const PairingCode& from, bool accepted, TimePoint now);
  /// Who has asked under this code, and is not settled with.
  std::optional<PublicKey> key_of(const PairingCode& from) const;
  /// Who waits for our answer.
  std::vector<PairingCode> undecided() const;
  /// What the session announces as Received; messages that are not about pairing change nothing.
  [[nodiscard]] PairingEffects on(const wire::signaling::ServerMessage& message, TimePoint now);

  /// The session went online under this code. What was running under another place has failed.
  [[nodiscard]] PairingEffects online(const PairingCode& own);
  /// The session went offline or was stopped.
  [[nodiscard]] PairingEffects offline();

  [[nodiscard]] PairingEffects tick(TimePoint now);
  std::optional<TimePoint> deadline() const;
  /// Our code, while online.
  const std::optional<PairingCode>& own() const { return own_; }

 private:
  using Message = wire::signaling::ServerMessage;

  Asking* asking();
  Asking* asking(const PairingCode& target);
  Request::State* find(const PairingCode& from);

  /// Nothing happens where nothing is being asked.
  void to_ask(Ask::Event event, TimePoint now, PairingEffects& effects);
  void to_request(const PairingCode& from, Request::Event event, TimePoint now,
                  PairingEffects& effects);
  void end(const PairingCode& peer, Fault fault, TimePoint now, PairingEffects& effects);

  void on(const wire::signaling::PairIncoming&, TimePoint, PairingEffects&);
  void on(const wire::signaling::PairMatched&, TimePoint, PairingEffects&);
  void on(const wire::signaling::PairError&, TimePoint, PairingEffects&);
  void on(const wire::signaling::Error&, TimePoint, PairingEffects&);

  /// What the second match of two crossing requests would be: the same peer, the other role.
  struct Twin {
    PairingCode peer;
    PublicKey key;
    bool initiator;
    TimePoint until;
  };
  bool is_twin(const wire::signaling::PairMatched&, TimePoint now) const;

  std::optional<PairingCode> own_;  ///< while online
  Ask::State ask_ = Settled{};
  std::vector<Request::State> requests_;  ///< none is Settled
  std::optional<Twin> twin_;              ///< of the last match whose requests had crossed
};

}  // namespace culver::signaling
