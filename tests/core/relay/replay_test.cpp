// The recorded conversations of Zajel's own server, replayed: the same frames in, and our answers
// beside the recorded ones. Every difference is listed here, with its reason.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "tests/core/relay/hub_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"
#include "tests/support/places.hpp"

namespace culver::relay {
namespace {

namespace json = boost::json;

struct Step {
  std::string scenario, connection, direction, frame;
  long t_ms;
};

std::vector<Step> steps_of(const std::string& server) {
  std::ifstream file(culver::test::source_dir() + "/../shared/recordings/zajel-server.jsonl");
  std::vector<Step> steps;
  const auto text = [](const json::object& row, const char* name) {
    const auto* value = row.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  for (std::string line; std::getline(file, line);) {
    const auto row = json::parse(line).as_object();
    if (text(row, "server") != server) continue;
    const auto* time = row.if_contains("t_ms");
    steps.push_back({text(row, "scenario").substr(0, 2), text(row, "conn"), text(row, "direction"),
                     text(row, "frame"), time && time->is_int64() ? time->get_int64() : 0});
  }
  return steps;
}

/// What is compared: names of the server and wordings of errors are its own business.
std::string essence(const std::string& frame) {
  boost::system::error_code error;
  const auto value = json::parse(frame, error);
  if (error || !value.is_object()) return frame;
  auto object = value.get_object();
  const std::string type(object["type"].as_string());
  if (type == "error" || type == "server_info" || type == "server_identity") return type;
  object.erase("serverId");
  return json::serialize(object);
}

/// The type alone, since codes differ from recording to recording.
std::string label(const std::string& essential) {
  boost::system::error_code error;
  const auto value = json::parse(essential, error);
  if (error || !value.is_object()) return essential;
  const auto& object = value.get_object();
  std::string name(object.at("type").as_string());
  if (const auto* initiator = object.if_contains("isInitiator"))
    name += initiator->as_bool() ? " as initiator" : " as responder";
  return name;
}

/// Only what both servers are there for: no device link, relay registry, channels (11 to 13), no
/// scenario whose frames were left out of the recording (15 to 18), no HTTP, no shutdown.
bool is_comparable(const std::string& scenario) {
  static const std::set<std::string> left_out{"11", "12", "13", "15", "16", "17", "18", "20", "35"};
  return !left_out.contains(scenario);
}

/// Recorded one by one against a fresh server, without a line for the opening of a connection.
bool is_defect_run(const std::string& scenario) { return scenario >= "30"; }

class Replay {
 public:
  /// "scenario connection: recorded X, ours Y", where a side without an answer has a dash.
  std::set<std::string> differences(const std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!is_comparable(steps[i].scenario)) continue;
      // Connections of before live on; a new scenario starts with nothing to compare.
      if (steps[i].scenario != scenario_) flush(steps[i].scenario);
      if (is_defect_run(steps[i].scenario) && !sockets_.contains(steps[i].connection))
        open(steps[i].connection);
      play(steps[i]);
      EXPECT_EQ(broken(fixture_.hub), "");
    }
    flush({});
    return std::move(differences_);
  }

 private:
  void open(const std::string& connection) {
    sockets_[connection] = fixture_.accept();
    fixture_.deliver(SocketOpened{sockets_[connection], "home"});
  }

  void play(const Step& step) {
    const auto at = start_ + std::chrono::milliseconds(step.t_ms);
    if (at > fixture_.now) fixture_.pass(at - fixture_.now);
    if (step.direction == "open") {
      open(step.connection);
    } else if (step.direction == "close" && sockets_.contains(step.connection)) {
      fixture_.hang_up(sockets_[step.connection], false);
    } else if (step.direction == "client->server") {
      auto frame = step.frame;
      if (const auto note = frame.find(" (as BINARY"); note != std::string::npos)
        frame.resize(note);
      fixture_.say(sockets_[step.connection], frame);
    } else if (step.direction == "server->client") {
      if (const auto what = essence(step.frame); what != "server_identity")
        recorded_[step.connection].push_back(what);
    }
  }

  void flush(const std::string& next) {
    for (const auto& [connection, socket] : sockets_) {
      std::vector<std::string> ours;
      const auto all = fixture_.read(socket);
      for (std::size_t from = 0, end; (end = all.find('\n', from)) != std::string::npos;
           from = end + 1)
        ours.push_back(essence(all.substr(from, end - from)));
      compare(connection, recorded_[connection], ours);
    }
    recorded_.clear();
    scenario_ = next;
    if (!is_defect_run(next)) return;
    for (const auto& [connection, socket] : sockets_) fixture_.hang_up(socket);
    sockets_.clear();
  }

  void compare(const std::string& connection, std::vector<std::string> recorded,
               std::vector<std::string> ours) {
    const auto where = scenario_ + " " + connection + ": ";
    for (const auto& frame : recorded) {
      const auto same = std::find(ours.begin(), ours.end(), frame);
      if (same == ours.end())
        differences_.insert(where + "only theirs " + label(frame));
      else
        ours.erase(same);
    }
    for (const auto& frame : ours) differences_.insert(where + "only ours " + label(frame));
  }

  HubFixture fixture_;
  TimePoint start_ = fixture_.now;
  std::string scenario_;
  std::map<std::string, SocketId> sockets_;
  std::map<std::string, std::vector<std::string>> recorded_;
  std::set<std::string> differences_;
};

struct Era {
  const char* server;
  std::set<std::string> also;  ///< differences of this era alone
};

const std::set<std::string> both_eras{
    // Z 19.2 c: nothing is relayed between strangers; 19 F2 only has the code of a former peer.
    "09 A: only theirs offer",
    "09 C: only ours error",
    "19 F2: only theirs offer",
    "19 E: only ours error",
    // Z 19.2 e: a side that leaves is reported, and the end of a request is told to both.
    "19 E: only ours pair_timeout",
    "21 H: only ours pair_timeout",
    "33 I: only ours pair_timeout",
    // Z 19.2 a: the first code is free after a second register, so that D can take it; it is then
    // D's own code, which nobody can ask to pair with.
    "30 C: only theirs pair_incoming",
    "30 D: only theirs code_collision",
    "30 D: only ours registered",
    "30 D: only ours pair_error",
    // Z 19.2 b: the same key takes its code back.
    "31 E2: only theirs code_collision",
    "31 E2: only ours registered",
    // Z 19.2 d: the second request is the acceptance; answers after it are too late.
    "32 F: only theirs pair_incoming",
    "32 F: only theirs pair_matched as responder",
    "32 F: only ours pair_error",
    "32 G: only theirs pair_matched as initiator",
    "32 G: only ours pair_error",
};

class Recorded : public testing::TestWithParam<Era> {};

TEST_P(Recorded, AnswersAgreeButForTheDefects) {
  const auto steps = steps_of(GetParam().server);
  if (steps.empty()) GTEST_SKIP() << "the recordings are not beside the sources";
  const auto found = Replay().differences(steps);
  auto expected = both_eras;
  expected.insert(GetParam().also.begin(), GetParam().also.end());
  EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Eras, Recorded,
    testing::Values(
        Era{"main-2026-02-16",
            // Z 19.2 g: "no" is no consent.
            {"34 J: only theirs pair_matched as initiator",
             "34 K: only theirs pair_matched as responder", "34 K: only ours error"}},
        // Z 19.2 a once more: an offer to the code that is now its own; theirs vanishes.
        Era{"plan05-2026-03-01", {"30 D: only ours error"}}));

}  // namespace
}  // namespace culver::relay
