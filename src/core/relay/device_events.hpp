// What can happen to the session of a device.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "core/base/fsm.hpp"
#include "core/relay/directory.hpp"
#include "core/relay/link_codes.hpp"
#include "core/wire/gateway.hpp"

namespace culver::relay::device_session {

using fsm::Origin;
namespace gateway = wire::gateway;

struct EventCame {
  static constexpr std::string_view name = "event";
  static constexpr Origin origin = Origin::peer;
  gateway::NewEvent message;
};
struct AckCame {
  static constexpr std::string_view name = "ack";
  static constexpr Origin origin = Origin::peer;
  gateway::AckReceived message;
};
struct ReplayAsked {
  static constexpr std::string_view name = "replay_request";
  static constexpr Origin origin = Origin::peer;
  gateway::ReplayRequest message;
};
struct PingCame {
  static constexpr std::string_view name = "ping";
  static constexpr Origin origin = Origin::peer;
};
struct ScratchpadCame {
  static constexpr std::string_view name = "scratchpad_sync";
  static constexpr Origin origin = Origin::peer;
  gateway::ScratchpadSync message;
};
struct CodeAsked {
  static constexpr std::string_view name = "initiate_pairing";
  static constexpr Origin origin = Origin::peer;
  gateway::InitiatePairing message;
};
struct AnswerCame {
  static constexpr std::string_view name = "answer_pairing";
  static constexpr Origin origin = Origin::peer;
  gateway::AnswerPairing message;
};
struct CodeCame {
  static constexpr std::string_view name = "complete_pairing";
  static constexpr Origin origin = Origin::peer;
  gateway::CompletePairing message;
};
/// A frame that could not be read, or that came too soon after others.
struct BadFrame {
  static constexpr std::string_view name = "BadFrame";
  static constexpr Origin origin = Origin::peer;
  gateway::Refusal refusal;
  Duration retry_after{};
};
/// What became of an event of this session.
struct EventStored {
  static constexpr std::string_view name = "EventStored";
  static constexpr Origin origin = Origin::ours;
  EventId event;
  std::uint64_t device_seq;
  std::size_t bytes;
};
struct EventRefused {
  static constexpr std::string_view name = "EventRefused";
  static constexpr Origin origin = Origin::ours;
  EventId event;
  std::uint64_t device_seq;
  std::size_t bytes;
  AppendRefused why;
};
/// Whether the account holds an event that this session has sent back.
struct EchoAnswered {
  static constexpr std::string_view name = "EchoAnswered";
  static constexpr Origin origin = Origin::ours;
  EventId event;
  std::uint64_t device_seq;
  std::size_t bytes;
  Result<EventFound> answer;
};
/// Another device of the account has stored an event. The frame lives as long as the step.
struct Delivery {
  static constexpr std::string_view name = "Delivery";
  static constexpr Origin origin = Origin::ours;
  std::uint64_t cursor;
  std::uint64_t device_seq;
  std::string_view frame;
};
struct PageCame {
  static constexpr std::string_view name = "PageCame";
  static constexpr Origin origin = Origin::ours;
  Result<Page> page;
};
/// The device that was asked about this one lets it in.
struct LetIn {
  static constexpr std::string_view name = "LetIn";
  static constexpr Origin origin = Origin::ours;
  LinkCodes::Request request;
};
/// It does not, or it is not there any more.
struct TurnedAway {
  static constexpr std::string_view name = "TurnedAway";
  static constexpr Origin origin = Origin::ours;
};
struct LinkAnswered {
  static constexpr std::string_view name = "LinkAnswered";
  static constexpr Origin origin = Origin::ours;
  Result<Admission> answer;
};
struct Renamed {
  static constexpr std::string_view name = "Renamed";
  static constexpr Origin origin = Origin::ours;
  std::optional<Plaintext> device_name;
};
/// Anything at all arrived, before it is looked at.
struct Heard {
  static constexpr std::string_view name = "Heard";
  static constexpr Origin origin = Origin::ours;
};
struct Due {
  static constexpr std::string_view name = "Due";
  static constexpr Origin origin = Origin::ours;
};
/// By a newer connection of the same device.
struct Replaced {
  static constexpr std::string_view name = "Replaced";
  static constexpr Origin origin = Origin::ours;
};
struct Revoked {
  static constexpr std::string_view name = "Revoked";
  static constexpr Origin origin = Origin::ours;
};
/// The connection is gone, or is being closed for a reason of somebody else's.
struct Gone {
  static constexpr std::string_view name = "Gone";
  static constexpr Origin origin = Origin::ours;
};

using Event =
    std::variant<EventCame, AckCame, ReplayAsked, PingCame, ScratchpadCame, CodeAsked, AnswerCame,
                 CodeCame, BadFrame, EventStored, EventRefused, EchoAnswered, Delivery, PageCame,
                 LetIn, TurnedAway, LinkAnswered, Renamed, Heard, Due, Replaced, Revoked, Gone>;

}  // namespace culver::relay::device_session
