// Questions to an event log as tests write them, and answers as text, so that they can be compared
// and a failure can be read.
#pragma once

#include <string>
#include <vector>

#include "core/base/fault.hpp"
#include "shell/store/ports.hpp"

namespace culver::store::test {

template <class Id>
Id numbered(int number) {
  Id id;
  id.data[0] = static_cast<std::byte>(number >> 8);
  id.data[1] = static_cast<std::byte>(number);
  return id;
}
inline UserId user(int number) { return numbered<UserId>(number); }
inline DeviceId device(int number) { return numbered<DeviceId>(number); }
inline EventId event(int number) { return numbered<EventId>(number); }

inline relay::AdmitDevice admit(int key, int device_number, const char* name = nullptr,
                                WallTime now = 0) {
  std::optional<Plaintext> wish;
  if (name) wish.emplace(name);
  return {user(key), device(device_number), wish, std::nullopt, now, 4};
}
inline relay::AppendEvent append(int user_number, int device_number, int number, WallTime now = 0) {
  return {user(user_number),
          device(device_number),
          event(number),
          static_cast<std::uint64_t>(number),
          "notes",
          "body " + std::to_string(number),
          10,
          std::nullopt,
          now,
          1'000'000,
          1'000'000};
}
inline relay::FetchPage fetch(int user_number, int device_number, std::uint64_t after = 0,
                              WallTime now = 0) {
  return {user(user_number), device(device_number), after, 0, 0, 1'000, 1'000'000, now};
}

/// Of somebody unproven, if no prover is named.
inline relay::StoredDrop drop(std::string point, int from, std::string body, WallTime expires_at,
                              int prover = 0) {
  relay::Owner owner{numbered<PublicKey>(from), relay::Unproven{}};
  if (prover > 0) owner.prover = user(prover);
  return {std::move(point),
          owner,
          *PairingCode::parse("AAAAA" + std::string(1, static_cast<char>('A' + from % 8))),
          "rly",
          std::move(body),
          expires_at};
}

inline std::string text(Fault fault) { return std::string(info(fault).name); }
inline std::string text(const relay::DeviceRecord& r) {
  return "device " + std::to_string(std::to_integer<int>(r.device.data[1])) + " of " +
         std::to_string(std::to_integer<int>(r.user.data[1])) + " '" +
         (r.name ? r.name->expose() : "") + "' type " +
         (r.type ? std::to_string(static_cast<int>(*r.type)) : "-") + " since " +
         std::to_string(r.registered) + " seen " + std::to_string(r.last_seen) +
         (r.revoked ? " revoked" : "");
}
inline std::string text(const relay::Admission& a) {
  return text(a.device) + ", seq " + std::to_string(a.last_device_seq) + " cursor " +
         std::to_string(a.cursor) + " head " + std::to_string(a.head);
}
inline std::string text(const wire::gateway::StoredEvent& e) {
  return std::to_string(e.cursor) + "/" + std::to_string(e.stream_seq) + " " + e.body;
}
inline std::string text(const relay::Appended& a) {
  return text(a.event) + (a.is_duplicate ? "duplicate" : "");
}
inline std::string text(const relay::AppendRefused& r) {
  return text(r.fault) + (r.retry_at ? " until " + std::to_string(*r.retry_at) : "");
}
inline std::string text(const relay::Page& page) {
  std::string all;
  for (const auto& e : page.events) all += text(e) + ", ";
  return all + "cursor " + std::to_string(page.cursor) + (page.has_more ? " and more" : "") +
         (page.lost ? " lost " + std::to_string(*page.lost) : "");
}
inline std::string text(const std::vector<relay::DeviceRecord>& devices) {
  std::string all;
  for (const auto& d : devices) all += text(d) + "; ";
  return all;
}
inline std::string text(const relay::DropsKept&) { return "kept"; }
inline std::string text(const relay::EventFound& found) {
  return found.is_held ? "held" : "not held";
}
inline std::string text(const std::vector<relay::StoredDrop>& drops) {
  std::string all;
  for (const auto& drop : drops)
    all += drop.point + "/" + std::to_string(std::to_integer<int>(drop.owner.key.data[1])) +
           (drop.owner.is_proven() ? "!" : "") + " " + std::string(drop.code.text()) + " " +
           drop.relay_id + " '" + drop.text + "' until " + std::to_string(drop.expires_at) + "; ";
  return all;
}
inline std::string text(const std::optional<relay::Answer>& answer) {
  if (!answer) return "";
  return std::visit([](const auto& a) { return a ? text(*a) : text(a.error()); }, *answer);
}

/// One question, in a batch of its own.
template <class Log>
std::string ask(Log& log, const relay::Question& question) {
  return text(log.answer({&question, 1}).front());
}

}  // namespace culver::store::test
