// What programs read: each event is one line of JSON, {"v":1,"type":...,"data":{...}}, and each
// answer of a verb one object or array. Field names and their order stand here and nowhere else.
// Whoever reads them ignores fields and types that it does not know: more come with time, within
// the same `v`. docs/protocol/command-line.md.
//
// Always valid UTF-8: other bytes become U+FFFD. Code points that would drive a terminal are
// written as \u escapes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "shell/cli/output/report.hpp"

namespace culver::cli {

/// Events, without their newline.
std::string json_of(const report::Event& event);
std::string json_of(const report::LinkOffer& offer);
std::string json_of(const report::LinkRequest& request);
std::string json_of(const report::LinkedDevice& linked);
std::string json_of(const report::LinkedAccount& linked);

/// A program's answer to a question: {"question":1,"isAccepted":true}.
struct Answer {
  report::QuestionId question;
  bool is_accepted;
};
Result<Answer> parse_answer(std::string_view line);

std::string json_of(const report::KnownPeer& known);
std::string json_of(std::span<const report::KnownPeer> peers);
std::string json_of(const report::Waits& text);
std::string json_of(std::span<const report::Waits> texts);
std::string json_of(const report::Identity& identity);
std::string json_of(const report::Server& server);
std::string json_of(const report::Device& device);
std::string json_of(std::span<const report::Device> devices);
std::string json_of(const report::Backup& backup);
std::string json_of(const report::Lock& lock);
std::string json_of(const report::OwnName& own);
std::string json_of_version(std::string_view version);

}  // namespace culver::cli
