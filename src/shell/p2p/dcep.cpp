#include "shell/p2p/dcep.hpp"

#include "core/wire/dcep.hpp"

namespace culver::p2p {
namespace dcep = wire::dcep;

std::optional<ChannelId> Channels::open(std::string label) {
  if (channels_.size() >= limit) return std::nullopt;
  std::uint32_t stream = role_ == link::DtlsRole::client ? 0 : 1;
  while (channels_.contains(static_cast<std::uint16_t>(stream))) stream += 2;
  if (stream >= streams_) return std::nullopt;
  const auto id = static_cast<std::uint16_t>(stream);
  channels_.emplace(id, Channel{std::move(label), Phase::opening});
  return ChannelId{id};
}

Channels::Outcome Channels::on_control(std::uint16_t stream, ByteView bytes) {
  auto message = dcep::parse(bytes);
  if (!message) return Refused{};
  if (std::holds_alternative<dcep::Ack>(*message)) return acknowledge(stream);
  if (ours(stream) || stream >= streams_ || channels_.contains(stream)) return Refused{};
  if (channels_.size() >= limit) return Refused{};
  // Whatever reliability the peer chose is its own sending's; ours is always reliable and ordered.
  auto& open = std::get<dcep::Open>(*message);
  channels_.emplace(stream, Channel{open.label, Phase::open});
  return OpenedByPeer{ChannelId{stream}, std::move(open.label)};
}

Channels::Outcome Channels::acknowledge(std::uint16_t stream) {
  const auto found = channels_.find(stream);
  if (found == channels_.end() || !ours(stream)) return Refused{};
  if (found->second.phase != Phase::opening) return Nothing{};
  found->second.phase = Phase::open;
  return OpenedByUs{ChannelId{stream}, found->second.label};
}

Channels::Outcome Channels::on_data(std::uint16_t stream) {
  const auto found = channels_.find(stream);
  if (found == channels_.end() || found->second.phase == Phase::closing) return Refused{};
  if (found->second.phase != Phase::opening) return Nothing{};
  return acknowledge(stream);
}

Channels::Reset Channels::on_incoming_reset(std::uint16_t stream) {
  const auto found = channels_.find(stream);
  if (found == channels_.end() || found->second.phase == Phase::closing) return {};
  if (found->second.phase == Phase::left) {
    channels_.erase(found);
    return {.answer = false, .closed = true};
  }
  const bool was_open = found->second.phase == Phase::open;
  found->second.phase = Phase::closing;
  return {.answer = true, .closed = was_open};
}

void Channels::on_outgoing_reset(std::uint16_t stream) {
  // In answer to the peer's: now both have ended.
  const auto found = channels_.find(stream);
  if (found != channels_.end() && found->second.phase == Phase::closing) channels_.erase(found);
}

std::vector<std::uint16_t> Channels::close_all() {
  std::vector<std::uint16_t> all;
  for (auto& [stream, channel] : channels_) {
    if (channel.phase == Phase::closing) continue;
    channel.phase = Phase::left;
    all.push_back(stream);
  }
  return all;
}

bool Channels::takes_data(ChannelId channel) const {
  const auto found = channels_.find(channel.value);
  return found != channels_.end() && found->second.phase == Phase::open;
}

std::vector<std::uint16_t> Channels::streams() const {
  std::vector<std::uint16_t> all;
  for (const auto& [stream, channel] : channels_) all.push_back(stream);
  return all;
}

}  // namespace culver::p2p
