// Session descriptions for data channels: read from whatever a browser or a library writes,
// written in one form.
#include "core/wire/sdp.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/ids.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/tokens.hpp"

namespace culver::wire::sdp {
namespace {

constexpr std::array<std::string_view, 3> setup_names{"actpass", "active", "passive"};
constexpr std::size_t longest_mid = 100;

/// The attributes that may stand at session level for the media section.
struct Transport {
  std::optional<std::string> ufrag;
  std::optional<std::string> pwd;
  std::optional<Fingerprint> fingerprint;
  std::optional<Setup> setup;
};

enum class Level { session, ours, other_media };

/// What has been read so far. A broken line of the section that we use makes `broken` true.
struct Reading {
  Level level = Level::session;
  bool seen_ours = false;
  bool broken = false;
  Transport session;
  Transport media;
  SessionDescription description;
};

/// `sha-256 AB:CD:...`; nullopt for other algorithms too, `broken` if it is sha-256 gone wrong.
std::optional<Fingerprint> read_fingerprint(std::string_view value, bool& broken) {
  if (!equal_ignoring_case(take_word(value), "sha-256")) return std::nullopt;
  const std::string_view text = take_word(value);
  constexpr std::size_t length = Fingerprint::size * 3 - 1;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 != 2)
      digits += text[i];
    else if (text[i] != ':')
      broken = true;
  }
  const auto fingerprint = parse_hex<Fingerprint>(digits);
  if (text.size() != length || !fingerprint) broken = true;
  return broken ? std::nullopt : fingerprint;
}

std::optional<Setup> read_setup(std::string_view value) {
  for (std::size_t i = 0; i < setup_names.size(); ++i)
    if (setup_names[i] == value) return static_cast<Setup>(i);
  return std::nullopt;
}

/// True if the attribute is one of those that both levels may have.
bool read_transport_attribute(std::string_view key, std::string_view value, Transport& transport,
                              bool& broken) {
  if (key == "ice-ufrag") {
    transport.ufrag = value;
  } else if (key == "ice-pwd") {
    transport.pwd = value;
  } else if (key == "fingerprint") {
    const auto fingerprint = read_fingerprint(value, broken);
    if (!transport.fingerprint) transport.fingerprint = fingerprint;
  } else if (key == "setup") {
    transport.setup = read_setup(value);
    broken |= !transport.setup;
  } else {
    return false;
  }
  return true;
}

bool is_token(std::string_view text) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?=";
  return !text.empty() && text.size() <= longest_mid &&
         std::all_of(text.begin(), text.end(), [&](char c) {
           return c > 0x20 && c < 0x7f && separators.find(c) == std::string_view::npos;
         });
}

void read_candidate(std::string_view attribute, std::vector<Candidate>& candidates) {
  if (candidates.size() == limits::candidates) return;
  auto parsed = parse_candidate(attribute);
  if (parsed && !parsed->skipped) candidates.push_back(std::move(parsed->candidate));
}

/// RFC 8841 lets a peer name more than 32 bits; we never send that much.
std::optional<std::uint32_t> read_message_size(std::string_view value) {
  const auto size = number<std::uint64_t>(value);
  if (!size) return std::nullopt;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(*size, std::numeric_limits<std::uint32_t>::max()));
}

void read_media_attribute(std::string_view attribute, std::string_view key, std::string_view value,
                          Reading& reading) {
  SessionDescription& description = reading.description;
  if (key == "mid") {
    description.mid = value;
    reading.broken |= !is_token(value);
  } else if (key == "sctp-port") {
    const auto port = number<std::uint16_t>(value);
    description.sctp_port = port.value_or(0);
    reading.broken |= !port;
  } else if (key == "max-message-size") {
    const auto size = read_message_size(value);
    description.max_message_size = size.value_or(0);
    reading.broken |= !size;
  } else if (key == "candidate") {
    read_candidate(attribute, description.candidates);
  }
}

void read_attribute(std::string_view attribute, Reading& reading) {
  std::string_view value = attribute;
  const std::string_view key = take(value, ':');
  if (reading.level == Level::other_media) return;
  const bool in_session = reading.level == Level::session;
  Transport& transport = in_session ? reading.session : reading.media;
  if (read_transport_attribute(key, value, transport, reading.broken)) return;
  if (key == "end-of-candidates") reading.description.end_of_candidates = true;
  if (!in_session) read_media_attribute(attribute, key, value, reading);
}

/// `application PORT PROTO FORMAT`. The old form names the SCTP port as its format.
void read_media_line(std::string_view line, Reading& reading) {
  const bool is_application = take_word(line) == "application";
  reading.level = is_application && !reading.seen_ours ? Level::ours : Level::other_media;
  if (reading.level != Level::ours) return;
  reading.seen_ours = true;
  const auto port = number<std::uint16_t>(take_word(line));
  const std::string_view protocol = take_word(line);
  const std::string_view format = take_word(line);
  if (!port || *port == 0) {
    reading.broken = true;  // port 0: the section is refused
  } else if (protocol == "DTLS/SCTP") {
    const auto sctp_port = number<std::uint16_t>(format);
    reading.description.legacy = true;
    reading.description.sctp_port = sctp_port.value_or(0);
    reading.broken |= !sctp_port;
  } else {
    reading.broken |= protocol != "UDP/DTLS/SCTP" && protocol != "TCP/DTLS/SCTP";
    reading.broken |= format != "webrtc-datachannel";
  }
}

template <class T>
std::optional<T> either(std::optional<T>& media, std::optional<T>& session) {
  return std::move(media ? media : session);
}

Result<SessionDescription> conclude(Reading reading) {
  auto ufrag = either(reading.media.ufrag, reading.session.ufrag);
  auto pwd = either(reading.media.pwd, reading.session.pwd);
  const auto fingerprint = either(reading.media.fingerprint, reading.session.fingerprint);
  const auto setup = either(reading.media.setup, reading.session.setup);
  if (reading.broken || !reading.seen_ours || !ufrag || !pwd || !fingerprint || !setup ||
      !is_ice_text(*ufrag, 4, 256) || !is_ice_text(*pwd, 22, 256) ||
      reading.description.sctp_port == 0)
    return fail(Fault::bad_description);
  SessionDescription description = std::move(reading.description);
  description.ice = {std::move(*ufrag), std::move(*pwd)};
  description.fingerprint = *fingerprint;
  description.setup = *setup;
  return description;
}

std::string colon_hex(const Fingerprint& fingerprint) {
  const std::string digits = print_upper_hex(fingerprint.view());
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += ':';
    text += digits[i];
  }
  return text;
}

/// RFC 8866 wants a number that others are unlikely to use; half of the certificate's digest is.
std::string session_id(const Fingerprint& fingerprint) {
  std::uint64_t id = 0;
  for (const std::byte byte : fingerprint.view().first<7>())
    id = id << 8 | std::to_integer<std::uint64_t>(byte);
  return std::to_string(id);
}

std::string media_lines(const SessionDescription& description) {
  const std::string port = std::to_string(description.sctp_port);
  if (description.legacy)
    return "m=application 9 DTLS/SCTP " + port +
           "\r\nc=IN IP4 0.0.0.0\r\na=mid:" + description.mid + "\r\na=sctpmap:" + port +
           " webrtc-datachannel 65535\r\n";
  return "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:" +
         description.mid + "\r\na=sctp-port:" + port + "\r\n";
}

}  // namespace

Result<SessionDescription> parse(std::string_view text) {
  if (text.size() > limits::sdp) return fail(Fault::too_large);
  Reading reading;
  for (std::size_t lines = 0; !text.empty(); ++lines) {
    if (lines == limits::sdp_lines) return fail(Fault::too_large);
    std::string_view line = take(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (lines == 0 && line != "v=0") return fail(Fault::bad_description);
    if (line.starts_with("m="))
      read_media_line(line.substr(2), reading);
    else if (line.starts_with("a="))
      read_attribute(line.substr(2), reading);
  }
  return conclude(std::move(reading));
}

std::string print(const SessionDescription& description) {
  std::string text = "v=0\r\no=- " + session_id(description.fingerprint) +
                     " 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE " + description.mid +
                     "\r\na=msid-semantic: WMS\r\n";
  text += media_lines(description);
  text += "a=max-message-size:" + std::to_string(description.max_message_size) + "\r\na=setup:";
  text += setup_names[static_cast<std::size_t>(description.setup)];
  text += "\r\na=fingerprint:sha-256 " + colon_hex(description.fingerprint) +
          "\r\na=ice-ufrag:" + description.ice.ufrag + "\r\na=ice-pwd:" + description.ice.pwd +
          "\r\na=ice-options:trickle\r\n";
  for (const Candidate& candidate : description.candidates)
    text += "a=" + print(candidate) + "\r\n";
  if (description.end_of_candidates) text += "a=end-of-candidates\r\n";
  return text;
}

}  // namespace culver::wire::sdp
