#include "core/dcep/channels.hpp"

#include <optional>
#include <utility>

#include "core/wire/dcep.hpp"

namespace culver::dcep {
namespace {

/// What a payload protocol identifier says of a message that is data.
struct Form {
  bool binary;
  bool empty;  ///< SCTP has no empty messages: one byte stands for none
};

std::optional<Form> form_of(std::uint32_t ppid) {
  switch (ppid) {
    case wire::dcep::ppid_string:
      return Form{.binary = false, .empty = false};
    case wire::dcep::ppid_string_empty:
      return Form{.binary = false, .empty = true};
    case wire::dcep::ppid_binary:
      return Form{.binary = true, .empty = false};
    case wire::dcep::ppid_binary_empty:
      return Form{.binary = true, .empty = true};
    default:
      return std::nullopt;
  }
}

std::uint32_t ppid_of(Form form) {
  if (form.binary) return form.empty ? wire::dcep::ppid_binary_empty : wire::dcep::ppid_binary;
  return form.empty ? wire::dcep::ppid_string_empty : wire::dcep::ppid_string;
}

template <class E>
Effects only(E effect) {
  Effects out;
  out.emplace_back(std::move(effect));
  return out;
}

}  // namespace

Effects Channels::open(std::string label) {
  if (channels_.size() >= limit) return {};
  std::uint32_t stream = association_.ours == Ids::even ? 0 : 1;
  while (channels_.contains(static_cast<std::uint16_t>(stream))) stream += 2;
  if (stream >= association_.streams) return {};
  const auto id = static_cast<std::uint16_t>(stream);
  wire::dcep::Open open;
  open.label = label;
  channels_.emplace(id, Opening{std::move(label)});
  return only(SendOnStream{id, wire::dcep::ppid_dcep, wire::dcep::print(open)});
}

Effects Channels::send(ChannelId channel, ByteVector bytes, bool binary) {
  const auto found = channels_.find(channel.value);
  if (found == channels_.end() || !std::holds_alternative<Open>(found->second))
    return only(Dropped{Dropped::What::data});  // the peer closed it a moment ago
  const auto most = association_.largest_sent;
  if (most != 0 && bytes.size() > most) return only(TooLarge{});
  const Form form{binary, bytes.empty()};
  if (form.empty) bytes.push_back(std::byte{0});
  return only(SendOnStream{channel.value, ppid_of(form), std::move(bytes)});
}

Effects Channels::take(std::uint16_t stream, std::uint32_t ppid, ByteVector bytes) {
  if (ppid == wire::dcep::ppid_dcep) return take_control(stream, bytes);
  const auto form = form_of(ppid);
  const auto found = channels_.find(stream);
  if (!form || found == channels_.end()) return only(Dropped{Dropped::What::data});
  const auto* left = std::get_if<Left>(&found->second);
  if (std::holds_alternative<Closing>(found->second) || (left && !left->was_open))
    return only(Dropped{Dropped::What::data});
  Effects out;
  // It counts as an ACK: RFC 8832 section 6 lets the peer send before its ACK arrives.
  become_open(*found, out);
  if (form->empty) bytes.clear();
  out.emplace_back(Data{ChannelId{stream}, std::move(bytes), form->binary});
  return out;
}

Effects Channels::take_control(std::uint16_t stream, ByteView bytes) {
  auto message = wire::dcep::parse(bytes);
  if (!message) return only(Dropped{Dropped::What::control});
  if (std::holds_alternative<wire::dcep::Ack>(*message)) return take_ack(stream);
  return take_open(stream, std::move(std::get<wire::dcep::Open>(*message).label));
}

/// Whatever reliability the peer chose is its own sending's; ours is always reliable and ordered.
Effects Channels::take_open(std::uint16_t stream, std::string label) {
  if (ours(stream) || stream >= association_.streams || channels_.contains(stream) ||
      channels_.size() >= limit)
    return only(Dropped{Dropped::What::control});
  channels_.emplace(stream, Open{});
  Effects out;
  out.emplace_back(
      SendOnStream{stream, wire::dcep::ppid_dcep, wire::dcep::print(wire::dcep::Ack{})});
  out.emplace_back(Opened{ChannelId{stream}, std::move(label)});
  return out;
}

/// A second one, or one behind data, changes nothing.
Effects Channels::take_ack(std::uint16_t stream) {
  const auto found = channels_.find(stream);
  if (found == channels_.end() || !ours(stream)) return only(Dropped{Dropped::What::control});
  Effects out;
  become_open(*found, out);
  return out;
}

void Channels::become_open(Table::value_type& entry, Effects& out) {
  auto* opening = std::get_if<Opening>(&entry.second);
  if (!opening) return;
  out.emplace_back(Opened{ChannelId{entry.first}, std::move(opening->label)});
  entry.second = Open{};
}

std::vector<std::uint16_t> Channels::meant(std::vector<std::uint16_t> streams) const {
  if (!streams.empty()) return streams;
  for (const auto& [stream, channel] : channels_) streams.push_back(stream);
  return streams;
}

Effects Channels::on_incoming_reset(std::vector<std::uint16_t> streams) {
  Effects out;
  for (const auto stream : meant(std::move(streams))) on_incoming_reset(stream, out);
  return out;
}

void Channels::on_incoming_reset(std::uint16_t stream, Effects& out) {
  const auto found = channels_.find(stream);
  if (found == channels_.end() || std::holds_alternative<Closing>(found->second)) return;
  bool was_open = std::holds_alternative<Open>(found->second);
  if (const auto* left = std::get_if<Left>(&found->second)) {
    was_open = left->was_open;
    channels_.erase(found);
  } else {
    found->second = Closing{};
    out.emplace_back(ResetStream{stream});
  }
  if (was_open) out.emplace_back(Closed{ChannelId{stream}});
}

/// In answer to the peer's: now both have ended.
void Channels::on_outgoing_reset(std::vector<std::uint16_t> streams) {
  for (const auto stream : meant(std::move(streams))) {
    const auto found = channels_.find(stream);
    if (found != channels_.end() && std::holds_alternative<Closing>(found->second))
      channels_.erase(found);
  }
}

std::vector<ResetStream> Channels::close_all() {
  std::vector<ResetStream> out;
  for (auto& [stream, channel] : channels_) {
    const bool was_open = std::holds_alternative<Open>(channel);
    if (!was_open && !std::holds_alternative<Opening>(channel)) continue;
    channel = Left{was_open};
    out.push_back({stream});
  }
  return out;
}

}  // namespace culver::dcep
