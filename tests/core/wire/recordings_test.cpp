// Every frame that was recorded between Zajel's server and its clients, read in the direction in
// which it travelled.
#include <map>
#include <set>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "core/wire/signaling.hpp"
#include "tests/core/vectors_support.hpp"

namespace culver::wire::signaling {
namespace {

using Outcomes = std::map<std::string, std::set<std::string>>;  ///< by type of message

/// The type of a frame, or what it is instead of a message.
std::string type_of(const std::string& frame) {
  boost::json::error_code error;
  const auto value = boost::json::parse(frame, error);
  if (error) return "(no JSON)";
  if (!value.is_object()) return "(no object)";
  const auto* type = value.get_object().if_contains("type");
  if (type == nullptr) return "(no type)";
  return type->is_string() ? std::string(type->get_string()) : "(odd type)";
}

template <class Parse>
Outcomes outcomes(const std::vector<std::string>& lines, std::string_view direction, Parse parse) {
  Outcomes found;
  for (const auto& line : lines) {
    const auto record = boost::json::parse(line);
    if (record.at("direction").as_string() != direction) continue;
    const auto frame = culver::testing::text_at(record, "frame");
    found[type_of(frame)].insert(parse(frame));
  }
  return found;
}

std::string client_outcome(const std::string& frame) {
  const auto message = parse_client(frame);
  return std::string(message ? "read" : info(message.error()).name);
}

std::string server_outcome(const std::string& frame) {
  const auto message = parse_server(frame);
  if (!message) return std::string(info(message.error()).name);
  return std::holds_alternative<Ignored>(*message) ? "ignored" : "read";
}

/// Messages that only Zajel's other registries and channels have.
const std::set<std::string> elsewhere{
    "attest_request",  "channel-owner-register", "channel-subscribe", "chunk_announce",
    "chunk_push",      "chunk_request",          "get_relays",        "handshake",
    "heartbeat",       "link_request",           "link_response",     "nope",
    "stream-end",      "stream-frame",           "stream-start",      "update_load",
    "upstream-message"};

TEST(Recordings, OfClientsAreReadOrRefusedForTheRightReason) {
  const auto lines = culver::testing::shared_lines("recordings/zajel-server.jsonl");
  SKIP_UNLESS(lines);
  Outcomes expected{
      {"(no JSON)", {"malformed"}},
      {"(no object)", {"malformed"}},
      {"(no type)", {"missing_field"}},
      {"(odd type)", {"wrong_type"}},
      {"answer", {"read"}},
      {"call_answer", {"read"}},
      {"call_hangup", {"read"}},
      {"call_reject", {"read"}},
      {"call_ice", {"read", "bad_call"}},                     // 1,025 characters
      {"call_offer", {"read", "bad_call", "missing_field"}},  // the web client's has no target
      {"ice_candidate", {"read"}},
      {"offer", {"read", "bad_pairing_code", "missing_field"}},
      {"pair_request", {"read", "bad_pairing_code", "missing_field"}},
      {"pair_response", {"read", "wrong_type"}},  // "no" is not a no
      {"ping", {"read"}},
      {"register_rendezvous", {"read"}},
      {"register",  // without a code: a relay
       {"read", "bad_pairing_code", "bad_public_key", "missing_field", "unknown_message"}},
  };
  for (const auto& type : elsewhere) expected[type] = {"unknown_message"};
  EXPECT_EQ(outcomes(*lines, "client->server", client_outcome), expected);
}

TEST(Recordings, OfServersAreReadOrIgnored) {
  const auto lines = culver::testing::shared_lines("recordings/zajel-server.jsonl");
  SKIP_UNLESS(lines);
  const std::set<std::string> ours{"answer",
                                   "call_answer",
                                   "call_hangup",
                                   "call_ice",
                                   "call_offer",
                                   "call_reject",
                                   "code_collision",
                                   "error",
                                   "ice_candidate",
                                   "pair_error",
                                   "pair_expiring",
                                   "pair_incoming",
                                   "pair_matched",
                                   "pair_rejected",
                                   "pair_timeout",
                                   "pong",
                                   "rendezvous_partial",
                                   "rendezvous_result",
                                   "server_info"};
  std::size_t read = 0;
  for (const auto& [type, what] : outcomes(*lines, "server->client", server_outcome)) {
    std::set<std::string> expected{"ignored"};
    if (ours.contains(type)) expected = {"read"};
    // The answer to a relay's registration has no code; nor have the relays of the recorded
    // matches.
    if (type == "registered") expected = {"read", "ignored"};
    // Offers without a payload, or with a text for one: the server passes on anything.
    if (type == "offer") expected = {"read", "missing_field", "wrong_type"};
    EXPECT_EQ(what, expected) << type;
    read += ours.contains(type);
  }
  EXPECT_EQ(read, ours.size());
}

}  // namespace
}  // namespace culver::wire::signaling
