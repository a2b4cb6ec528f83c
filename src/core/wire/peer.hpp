// What two peers say to each other: the handshake in clear on `messages`, the sealed texts with
// their control prefixes, and the file envelopes on `files`. docs/protocol/peer.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/wire/limits.hpp"

namespace culver::wire::peer {

// ---- handshake ----------------------------------------------------------------------------------

struct Handshake {
  PublicKey key;
  std::optional<PublicKey> ephemeral;  ///< absent: a v1 peer
  std::optional<std::int64_t> ratchet_version;
  std::optional<Plaintext> username;     ///< cut to limits::proposed_name
  std::optional<std::string> stable_id;  ///< 16 upper-case hex digits; dropped if malformed
  bool file_acks = false;                ///< "fileAcks": true, Culver's own; others ignore it
  bool operator==(const Handshake&) const = default;
};

struct NotHandshake {};  ///< sealed text, to be opened
struct OtherJson {};     ///< a JSON object with a type that we do not know: ignored
using MessagesFrame = std::variant<Handshake, NotHandshake, OtherJson>;

/// What a frame on `messages` is. Fault::bad_handshake for a handshake with broken fields,
/// too_large. Never malformed: what is not JSON is NotHandshake.
Result<MessagesFrame> parse_messages_frame(std::string_view frame);
std::string print(const Handshake& handshake);

// ---- capabilities -------------------------------------------------------------------------------

/// The first thing that two peers with `fileAcks` seal: what each of them can do, and proof that it
/// has the key and has seen the same two handshakes.
struct Capabilities {
  std::uint64_t file_form;  ///< the newest form of files that it speaks; it speaks older ones too
  std::uint64_t largest_frame;  ///< bytes of one message that it takes
  Digest handshakes;            ///< SHA-256 of (SHA-256 of the one it sent, of the one it received)
  std::uint64_t letters = 0;    ///< the newest form of letters that it speaks; 0: none
  bool operator==(const Capabilities&) const = default;
};

/// Of an opened frame. Fields that are new to us are ignored. Faults: malformed, unknown_message,
/// missing_field, wrong_type.
Result<Capabilities> parse_capabilities(std::string_view opened);
std::string print(const Capabilities& capabilities);

// ---- texts --------------------------------------------------------------------------------------

struct ChatText {
  Plaintext text;
};
struct Typing {
  bool started;
};
struct Receipt {};
struct Ratchet {};       ///< key ratchet request, zajel-peer 3.5
struct GroupControl {};  ///< ginv:, grp:, grm:
using Content = std::variant<ChatText, Typing, Receipt, Ratchet, GroupControl>;

/// Zajel's page shows and sends every text as it is; its apps, and Culver, give some prefixes a
/// meaning.
enum class Dialect : std::uint8_t { plain, prefixes };
/// The page's handshake has neither an ephemeral key nor a stable id.
Dialect dialect_of(const Handshake& handshake);

/// Sorts an opened text by its control prefix and undoes escape(). Fault::malformed if it is not
/// UTF-8.
Result<Content> parse_content(std::string opened, Dialect dialect = Dialect::prefixes);
/// Text as it must be sealed so that it arrives as text: one U+200B in front where the text begins
/// with a control prefix, or with any number of U+200B followed by one.
std::string escape(const Plaintext& text);

// ---- letters -----------------------------------------------------------------------------------

/// The letters of one process to one peer. Random; docs/protocol/outbox.md.
using SeriesId = Bytes<struct SeriesIdTag, 16>;

/// Which letter it is, of one sender to one receiver.
struct LetterName {
  SeriesId series;
  std::uint64_t number;  ///< 1..limits::letter_number
  auto operator<=>(const LetterName&) const = default;
};
struct Letter {
  LetterName name;
  std::uint64_t place;  ///< of the letters of this link, 1..limits::letter_number
  WallTime written;     ///< by the sender's clock, not negative
  Plaintext text;       ///< UTF-8, at most limits::text bytes
  bool operator==(const Letter&) const = default;
};
/// Everything of the series up to this one is kept.
struct LettersHad {
  LetterName up_to;
  bool operator==(const LettersHad&) const = default;
};
/// The sender says nothing more on this link but that letters have come, and hangs up when the
/// other side has said the same.
struct Goodbye {
  bool operator==(const Goodbye&) const = default;
};
/// Why the sender ends the link although it is proven.
enum class Refusal {
  unwanted,  ///< the key is not wanted under that name, or at all; also a reason we do not know
  store,     ///< it cannot write down whom it has met
  replaced,  ///< it has a newer connection with the same key
};
struct Refused {
  Refusal why;
  bool operator==(const Refused&) const = default;
};
struct LetterIgnored {};  ///< a type that we do not know
using LetterFrame = std::variant<Letter, LettersHad, Goodbye, Refused, LetterIgnored>;

/// The first byte of an opened frame of this kind. No text begins with it.
inline constexpr char letter_mark = '\xff';
inline bool is_letter_frame(std::string_view opened) { return opened.starts_with(letter_mark); }

/// Of an opened frame with its mark. Faults: too_large, malformed, missing_field, wrong_type.
Result<LetterFrame> parse_letter_frame(std::string_view opened);
std::string print(const Letter&);
std::string print(const LettersHad&);
std::string print(const Goodbye&);
std::string print(const Refused&);

// ---- files --------------------------------------------------------------------------------------

/// The sender's name for a transfer, 1..100 bytes of printable ASCII.
class FileId {
 public:
  static Result<FileId> parse(std::string_view text);
  /// A UUID version 4 from 16 random bytes.
  static FileId from_random(std::array<std::byte, 16> random);
  const std::string& text() const { return text_; }
  auto operator<=>(const FileId&) const = default;

 private:
  std::string text_;
};

struct FileStart {
  FileId id;
  Plaintext name;  ///< as sent, 1..255 bytes, NOT safe as a file name
  std::uint64_t size;
  std::uint64_t chunks;  ///< consistent: 0 iff size 0 (1 is accepted too), else <= size
};
struct FileChunk {
  FileId id;
  std::uint64_t index;
  std::string data;  ///< sealed, base64, see link/sealed_channel.hpp
};
struct FileComplete {
  FileId id;
  std::optional<Digest> sha256;  ///< from "sha256" (hex) or "fileHash" (hex or base64)
};
struct FileError {
  FileId id;
  std::string reason;
};
struct FileStartAck {
  FileId id;
  bool accepted;
  std::string reason;  ///< Fault name or free text, <= 100 bytes
};
struct FileCompleteAck {
  FileId id;
  bool success;
  std::string reason;
};
struct FileCancel {
  FileId id;
  std::string reason;
};
struct FileIgnored {};  ///< chunk_ack, chunk_retry and types that we do not know
using FileFrame = std::variant<FileStart, FileChunk, FileComplete, FileError, FileStartAck,
                               FileCompleteAck, FileCancel, FileIgnored>;

/// Faults: too_large, malformed, missing_field, wrong_type, file_protocol (numbers out of range or
/// inconsistent).
Result<FileFrame> parse_file_frame(std::string_view frame);
/// The transfer that a frame of a known type names, although the rest of it cannot be read.
std::optional<FileId> id_of_unreadable(std::string_view frame);
std::string print(const FileStart&);
std::string print(const FileChunk&);
/// Writes "sha256" and "fileHash", both lower-case hex.
std::string print(const FileComplete&);
std::string print(const FileError&);
std::string print(const FileStartAck&);
std::string print(const FileCompleteAck&);
std::string print(const FileCancel&);

}  // namespace culver::wire::peer
