// Finding what others left and who is there, and leaving one's own.
#include "core/relay/rendezvous.hpp"

#include <chrono>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/base/fsm.hpp"

namespace culver::relay {
namespace {

namespace sig = wire::signaling;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::size_t bytes_of(std::string_view key, std::string_view relay_id, std::string_view text) {
  return key.size() + relay_id.size() + text.size();
}

void find_drops(const Rendezvous::Drops& drops, const Rendezvous::Peer& peer,
                const std::string& point, sig::RendezvousResult& result) {
  for (const auto& [owner, kept] : drops.at(point)) {
    if (owner.key == peer.claimant.key) continue;
    const auto& drop = kept.value;
    result.drops.push_back({drop.code, drop.text, drop.relay_id, point});
  }
}

void find_live(const Rendezvous::Live& live, const Rendezvous::Peer& peer,
               const std::string& relay_id, const std::string& token, Rendezvous::Found& found) {
  for (const auto& [code, kept] : live.at(token)) {
    if (kept.value.key == peer.claimant.key) continue;
    found.result.live.push_back({code, kept.value.relay_id, token});
    found.pushes.push_back({code, {{peer.code, relay_id, token}}});
  }
}

}  // namespace

Rendezvous::Rendezvous(const Limits& limits)
    : drop_life_(limits.dead_drop_life),
      token_life_(limits.rendezvous_token_life),
      drops_(limits.dead_drops),
      live_(limits.rendezvous_tokens) {}

Rendezvous::Found Rendezvous::visit(const Peer& peer, const sig::RegisterRendezvous& asked,
                                    TimePoint now, RunTime ran) {
  sweep(now);
  Found found;
  for (const auto& point : asked.points) find_drops(drops_, peer, point, found.result);
  for (const auto& token : asked.tokens) find_live(live_, peer, asked.relay_id, token, found);

  const auto owner = owner_of(peer.claimant);
  for (const auto& [point, text] : asked.drops) {
    const auto bytes = bytes_of(point, asked.relay_id, text);
    Drops::Entry kept{{peer.code, asked.relay_id, text}, peer.address, bytes, now + drop_life_};
    if (!drops_.put(point, owner, std::move(kept))) {
      found.is_full = true;
      continue;
    }
    // What was left without a proof goes as well.
    if (const Owner unproven{owner.key, Unproven{}}; owner.is_proven())
      drops_.erase_one(point, unproven);
    found.kept.push_back({point, owner, peer.code, asked.relay_id, text,
                          ran + duration_cast<milliseconds>(drop_life_).count()});
  }
  for (const auto& token : asked.tokens) {
    const auto bytes = bytes_of(token, asked.relay_id, {});
    Live::Entry kept{{peer.claimant.key, asked.relay_id}, peer.address, bytes, now + token_life_};
    if (!live_.put(token, peer.code, std::move(kept))) found.is_full = true;
  }
  return found;
}

/// Nothing lives longer than if it were new.
void Rendezvous::restore(const StoredDrop& drop, TimePoint now, RunTime ran) {
  if (drop.expires_at <= ran) return;
  const auto longest = duration_cast<milliseconds>(drop_life_);
  const auto left =
      drop.expires_at - ran < longest.count() ? milliseconds(drop.expires_at - ran) : longest;
  const auto bytes = bytes_of(drop.point, drop.relay_id, drop.text);
  Drops::Entry kept{{drop.code, drop.relay_id, drop.text}, {}, bytes, now + left};
  std::ignore = drops_.put(drop.point, drop.owner, std::move(kept));
}

void Rendezvous::sweep(TimePoint now) {
  drops_.sweep(now);
  live_.sweep(now);
}

std::optional<TimePoint> Rendezvous::deadline() const {
  return fsm::earlier(drops_.deadline(), live_.deadline());
}

}  // namespace culver::relay
