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

/// The attributes that may stand at session level for the media section, or in the section that
/// speaks for its bundle.
struct Transport {
  std::optional<std::string> ufrag;
  std::optional<std::string> pwd;
  Fingerprints fingerprints;
  std::optional<Setup> setup;
  bool broken = false;
};

/// One m= line and what follows it. `broken` counts only where the section is used.
struct Section {
  bool is_data = false;
  bool bundle_only = false;
  bool has_port = true;
  bool broken = false;
  Transport transport;
  SessionDescription description;
  bool has_mid = false;
};

/// What has been read so far.
struct Reading {
  Transport session;
  bool end_of_candidates = false;
  std::optional<std::string> bundle_tag;
  std::vector<std::string> bundled;
  std::vector<Section> sections;
};

/// Two digits for each byte and colons between them.
template <class F>
std::optional<F> read_digest(std::string_view text) {
  if (text.size() != F::size * 3 - 1) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 3 != 2)
      digits += text[i];
    else if (text[i] != ':')
      return std::nullopt;
  }
  return parse_hex<F>(digits);
}

/// `sha-256 AB:CD:...`. Of the hash functions that we do not need, what is wrong is ignored.
void read_fingerprint(std::string_view value, Transport& transport) {
  const auto hash = take_word(value);
  const auto text = take_word(value);
  auto& known = transport.fingerprints;
  if (equal_ignoring_case(hash, "sha-256")) {
    const auto digest = read_digest<Fingerprint>(text);
    if (digest) known.sha256.push_back(*digest);
    transport.broken |= !digest;
  } else if (equal_ignoring_case(hash, "sha-384")) {
    if (const auto digest = read_digest<Fingerprint384>(text)) known.sha384.push_back(*digest);
  } else if (equal_ignoring_case(hash, "sha-512")) {
    if (const auto digest = read_digest<Fingerprint512>(text)) known.sha512.push_back(*digest);
  }
}

std::optional<Setup> read_setup(std::string_view value) {
  for (std::size_t i = 0; i < setup_names.size(); ++i)
    if (equal_ignoring_case(value, setup_names[i])) return static_cast<Setup>(i);
  return std::nullopt;  // holdconn: no connection is wanted
}

/// True if the attribute is one of those that both levels may have.
bool read_transport_attribute(std::string_view key, std::string_view value, Transport& transport) {
  if (key == "ice-ufrag") {
    transport.ufrag = value;
  } else if (key == "ice-pwd") {
    transport.pwd = value;
  } else if (key == "fingerprint") {
    read_fingerprint(value, transport);
  } else if (key == "setup") {
    transport.setup = read_setup(value);
    transport.broken |= !transport.setup;
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
  auto parsed = parse_candidate(attribute);
  if (parsed && !parsed->skipped) keep_evenly(candidates, std::move(parsed->candidate));
}

/// RFC 8841 lets a peer name more than 32 bits; we never send that much.
std::optional<std::uint32_t> read_message_size(std::string_view value) {
  const auto size = number<std::uint64_t>(value);
  if (!size) return std::nullopt;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(*size, std::numeric_limits<std::uint32_t>::max()));
}

void read_media_attribute(std::string_view attribute, std::string_view key, std::string_view value,
                          Section& section) {
  SessionDescription& description = section.description;
  if (key == "mid") {
    description.mid = value;
    section.has_mid = true;
    section.broken |= !is_token(value);
  } else if (key == "sctp-port") {
    const auto port = number<std::uint16_t>(value);
    description.sctp_port = port.value_or(0);
    section.broken |= !port;
  } else if (key == "max-message-size") {
    const auto size = read_message_size(value);
    description.max_message_size = size.value_or(0);
    section.broken |= !size;
  } else if (key == "candidate") {
    read_candidate(attribute, description.candidates);
  } else if (key == "end-of-candidates") {
    description.end_of_candidates = true;
  } else if (key == "bundle-only") {
    section.bundle_only = true;
  }
}

/// `BUNDLE 0 1`: the first speaks for all.
void read_group(std::string_view value, Reading& reading) {
  if (take_word(value) != "BUNDLE" || reading.bundle_tag) return;
  while (!value.empty())
    if (const auto mid = take_word(value); !mid.empty()) reading.bundled.emplace_back(mid);
  if (!reading.bundled.empty()) reading.bundle_tag = reading.bundled.front();
}

void read_attribute(std::string_view attribute, Reading& reading) {
  std::string_view value = attribute;
  const std::string_view key = take(value, ':');
  const bool in_session = reading.sections.empty();
  auto& transport = in_session ? reading.session : reading.sections.back().transport;
  if (read_transport_attribute(key, value, transport)) return;
  if (!in_session) return read_media_attribute(attribute, key, value, reading.sections.back());
  if (key == "end-of-candidates") reading.end_of_candidates = true;
  if (key == "group") read_group(value, reading);
}

/// `application PORT PROTO FORMAT`. The old form names the SCTP port as its format.
void read_media_line(std::string_view line, Reading& reading) {
  auto& section = reading.sections.emplace_back();
  if (take_word(line) != "application") return;
  const auto port = number<std::uint16_t>(take_word(line));
  const std::string_view protocol = take_word(line);
  const std::string_view format = take_word(line);
  section.has_port = port != std::uint16_t{0};
  section.broken = !port;
  if (protocol == "DTLS/SCTP") {
    const auto sctp_port = number<std::uint16_t>(format);
    section.is_data = true;
    section.description.legacy = true;
    section.description.sctp_port = sctp_port.value_or(0);
    section.broken |= !sctp_port;
  } else {
    section.is_data = (protocol == "UDP/DTLS/SCTP" || protocol == "TCP/DTLS/SCTP") &&
                      format == "webrtc-datachannel";
  }
}

/// Port 0 says that the section is refused, or that it lives by its bundle only.
Section* find_ours(Reading& reading) {
  const auto at = std::find_if(reading.sections.begin(), reading.sections.end(), [](auto& section) {
    return section.is_data && (section.has_port || section.bundle_only);
  });
  return at == reading.sections.end() ? nullptr : &*at;
}

/// The section that speaks for the bundle that ours is part of, if that is another one.
const Section* find_tagged(const Reading& reading, const Section& ours) {
  const auto& mids = reading.bundled;
  const auto& own = ours.description.mid;
  if (!ours.has_mid || std::find(mids.begin(), mids.end(), own) == mids.end()) return nullptr;
  for (const auto& section : reading.sections)
    if (&section != &ours && section.has_mid && section.description.mid == reading.bundle_tag)
      return &section;
  return nullptr;
}

void take_what_is_missing(Transport& transport, const Transport& from) {
  if (!transport.ufrag) transport.ufrag = from.ufrag;
  if (!transport.pwd) transport.pwd = from.pwd;
  if (transport.fingerprints.empty()) transport.fingerprints = from.fingerprints;
  if (!transport.setup) transport.setup = from.setup;
  transport.broken |= from.broken;
}

Result<SessionDescription> conclude(Reading reading) {
  auto* ours = find_ours(reading);
  if (!ours) return fail(Fault::bad_description);
  auto& transport = ours->transport;
  SessionDescription& description = ours->description;
  if (const auto* tagged = find_tagged(reading, *ours); tagged && !transport.ufrag) {
    take_what_is_missing(transport, tagged->transport);
    if (description.candidates.empty()) description.candidates = tagged->description.candidates;
    description.end_of_candidates |= tagged->description.end_of_candidates;
  }
  take_what_is_missing(transport, reading.session);
  const auto& [ufrag, pwd, fingerprints, setup, broken] = transport;
  if (broken || ours->broken || !ufrag || !pwd || fingerprints.empty() ||
      !is_ice_text(*ufrag, 4, longest_ufrag) || !is_ice_text(*pwd, 22, 256) ||
      description.sctp_port == 0)
    return fail(Fault::bad_description);
  description.ice = {*ufrag, *pwd};
  description.fingerprint = fingerprints;
  description.setup = setup.value_or(Setup::unstated);
  description.end_of_candidates |= reading.end_of_candidates;
  return std::move(description);
}

std::string colon_hex(ByteView digest) {
  const std::string digits = print_upper_hex(digest);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += ':';
    text += digits[i];
  }
  return text;
}

std::string fingerprint_lines(const Fingerprints& fingerprints) {
  std::string lines;
  const auto add = [&](std::string_view hash, const auto& digests) {
    for (const auto& digest : digests)
      lines.append("a=fingerprint:").append(hash) += ' ' + colon_hex(digest.view()) + "\r\n";
  };
  add("sha-256", fingerprints.sha256);
  add("sha-384", fingerprints.sha384);
  add("sha-512", fingerprints.sha512);
  return lines;
}

/// RFC 8866 wants a number that others are unlikely to use; half of the certificate's digest is.
std::string session_id(const Fingerprints& fingerprints) {
  const ByteView digest = !fingerprints.sha256.empty()   ? fingerprints.sha256.front().view()
                          : !fingerprints.sha384.empty() ? fingerprints.sha384.front().view()
                          : !fingerprints.sha512.empty() ? fingerprints.sha512.front().view()
                                                         : ByteView();
  std::uint64_t id = 0;
  for (const std::byte byte : digest.first(std::min<std::size_t>(digest.size(), 7)))
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

template <class F>
bool have_one_in_common(const std::vector<F>& some, const std::vector<F>& others) {
  return std::any_of(some.begin(), some.end(), [&](const F& digest) {
    return std::find(others.begin(), others.end(), digest) != others.end();
  });
}

}  // namespace

bool Fingerprints::share_one_with(const Fingerprints& other) const {
  if (!sha256.empty() && !other.sha256.empty()) return have_one_in_common(sha256, other.sha256);
  if (!sha384.empty() && !other.sha384.empty()) return have_one_in_common(sha384, other.sha384);
  return have_one_in_common(sha512, other.sha512);
}

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
  text += "a=max-message-size:" + std::to_string(description.max_message_size) + "\r\n";
  if (description.setup != Setup::unstated)
    text.append("a=setup:")
        .append(setup_names[static_cast<std::size_t>(description.setup)])
        .append("\r\n");
  text += fingerprint_lines(description.fingerprint) + "a=ice-ufrag:" + description.ice.ufrag +
          "\r\na=ice-pwd:" + description.ice.pwd + "\r\na=ice-options:trickle\r\n";
  for (const Candidate& candidate : description.candidates)
    text += "a=" + print(candidate) + "\r\n";
  if (description.end_of_candidates) text += "a=end-of-candidates\r\n";
  return text;
}

}  // namespace culver::wire::sdp
