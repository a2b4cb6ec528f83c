// ICE candidate lines, RFC 8839 section 5.1.
#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include <arpa/inet.h>

#include "core/wire/limits.hpp"
#include "core/wire/sdp.hpp"
#include "core/wire/tokens.hpp"

namespace culver::wire::sdp {
namespace {

constexpr std::array<std::pair<std::string_view, CandidateType>, 4> types{{
    {"host", CandidateType::host},
    {"srflx", CandidateType::server_reflexive},
    {"prflx", CandidateType::peer_reflexive},
    {"relay", CandidateType::relayed},
}};

constexpr std::size_t longest_name = 253;  // RFC 1035
constexpr std::uint16_t largest_component = 256;

/// inet_pton reads a text and touches no network.
bool is_literal_address(const std::string& text) {
  in6_addr unused;
  return inet_pton(AF_INET, text.c_str(), &unused) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &unused) == 1;
}

bool is_host_name(std::string_view text) {
  constexpr auto is_name_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= longest_name &&
         std::all_of(text.begin(), text.end(), is_name_char);
}

std::optional<CandidateType> type_of(std::string_view word) {
  for (const auto& [name, type] : types)
    if (equal_ignoring_case(word, name)) return type;
  return std::nullopt;
}

std::string_view name(CandidateType type) { return types[static_cast<std::size_t>(type)].first; }

/// What follows the type: pairs of a name and a value, of which two are of use. Related addresses
/// only inform, so one that is hidden or broken is taken as absent.
void read_extensions(std::string_view rest, Candidate& candidate) {
  while (!rest.empty()) {
    const std::string_view key = take_word(rest);
    const std::string_view value = take_word(rest);
    if (key == "raddr" && is_literal_address(std::string(value)))
      candidate.related_address = value;
    else if (key == "rport")
      candidate.related_port = number<std::uint16_t>(value).value_or(0);
  }
  if (candidate.related_address.empty()) candidate.related_port = 0;
}

}  // namespace

Result<ParsedCandidate> parse_candidate(std::string_view line) {
  const auto bad = fail(Fault::bad_candidate);
  if (line.size() > limits::candidate || line.find('\0') != std::string_view::npos) return bad;
  if (line.starts_with("a=")) line.remove_prefix(2);
  if (!line.starts_with("candidate:")) return bad;
  take(line, ':');
  const std::string_view foundation = take(line, ' ');
  const auto component = number<std::uint16_t>(take_word(line));
  const std::string_view transport = take_word(line);
  const auto priority = number<std::uint32_t>(take_word(line));
  std::string address(take_word(line));
  const auto port = number<std::uint16_t>(take_word(line));
  if (!equal_ignoring_case(take_word(line), "typ")) return bad;
  const std::string_view type_word = take_word(line);
  if (!is_ice_text(foundation, 1, 32) || !component || *component == 0 ||
      *component > largest_component || transport.empty() || !priority || !port ||
      type_word.empty())
    return bad;

  const auto type = type_of(type_word);
  const bool literal = is_literal_address(address);
  if (!literal && !is_host_name(address)) return bad;
  if (!literal || !type || *component != 1 || !equal_ignoring_case(transport, "udp"))
    return ParsedCandidate{true, {}};
  if (*port == 0) return bad;
  Candidate candidate{std::string(foundation), *priority, std::move(address), *port, *type, {}, 0};
  read_extensions(line, candidate);
  return ParsedCandidate{false, std::move(candidate)};
}

std::string print(const Candidate& candidate) {
  std::string line = "candidate:" + candidate.foundation + " 1 udp " +
                     std::to_string(candidate.priority) + ' ' + candidate.address + ' ' +
                     std::to_string(candidate.port) + " typ ";
  line += name(candidate.type);
  if (!candidate.related_address.empty())
    line +=
        " raddr " + candidate.related_address + " rport " + std::to_string(candidate.related_port);
  return line;
}

void keep_evenly(std::vector<Candidate>& candidates, Candidate candidate) {
  if (candidates.size() >= limits::candidates) {
    const auto kind = [](const Candidate& of) {
      return std::pair(of.address.find(':') != std::string::npos, of.type);
    };
    std::map<std::pair<bool, CandidateType>, std::size_t> count;
    for (const auto& each : candidates) ++count[kind(each)];
    auto largest = kind(candidate);
    const auto own = count[largest];
    for (const auto& [of, size] : count)
      if (size > count[largest]) largest = of;
    if (count[largest] <= own + 1) return;
    const auto last = std::find_if(candidates.rbegin(), candidates.rend(),
                                   [&](const Candidate& each) { return kind(each) == largest; });
    candidates.erase(std::next(last).base());
  }
  candidates.push_back(std::move(candidate));
}

}  // namespace culver::wire::sdp
