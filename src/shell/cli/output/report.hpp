// What the command line reports while it runs, and what its verbs answer: values that know neither
// the engine nor how they are shown. Printed for people by report_text and the files of the verbs,
// for programs by json_output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/dial_failure.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/crypto/sign.hpp"

namespace culver::cli::report {

struct Peer {
  std::optional<Plaintext> name;  ///< as the peer calls itself: never proof of who it is
  PublicKey key;
  bool is_verified = false;  ///< a person has compared the safety number of this key
};
/// The first 16 digits of the fingerprint, in groups of 4.
std::string short_fingerprint(const PublicKey& key);
/// The peer's name, or else its short fingerprint.
std::string display_name(const Peer& peer);

struct File {
  Peer peer;
  Plaintext name;
  std::uint64_t size;
  std::optional<Plaintext> path;  ///< on this machine, as far as it is known
  bool outgoing;                  ///< not printed: a program knows which verb it has started
};

struct Code {
  PairingCode code;
};
/// Of a question that a program may answer.
using QuestionId = std::uint64_t;
struct PairRequest {
  Peer peer;
  std::optional<PublicKey> namesake = {};  ///< of a known peer that is called so
  std::optional<QuestionId> id = {};       ///< absent: the answer is known already
};
/// A peer that has proven its key calls itself like a known one that has another.
struct NameQuestion {
  Peer peer;
  PublicKey namesake;
  QuestionId id;
};
struct FileQuestion {
  File file;                   ///< the first of them
  std::uint64_t files, bytes;  ///< in all
  QuestionId id;
};
/// A file that was refused because this verb takes none.
struct FileRefused {
  File file;
};
/// A known peer is looked for.
struct Waiting {
  Peer peer;
  std::uint64_t seconds;  ///< at most
};
/// There is a session with somebody who claims this key, and has not shown that it has it.
struct Unproven {
  Peer peer;
  bool relayed;
};
struct Connected {
  Peer peer;
  bool relayed;
  std::uint64_t setup_ms = 0;                   ///< from the match to both keys being proven
  std::optional<PublicKey> instead_of = {};     ///< the key that had this name before
  bool is_culver = false;                       ///< it has confirmed the handshakes
  std::optional<Plaintext> called_before = {};  ///< if it calls itself otherwise now
};
/// Which letter a text came as: what is shown again by a later process has the same name.
struct OfLetter {
  std::string name;  ///< series and number
  WallTime written;  ///< by the sender's clock
  bool is_of_now;    ///< written within the last minute
};
struct Text {
  Peer peer;
  Plaintext text;
  std::optional<OfLetter> letter = {};
};
/// A text of ours has arrived.
struct TextSent {
  Peer peer;
  bool confirmed;  ///< the other side has it on its disk; otherwise its transport has it
};
/// A text of ours waits in the outbox.
struct LetterKept {
  Peer peer;
  std::uint64_t id;
};
/// It does not wait any more.
struct LetterDelivered {
  Peer peer;
  std::uint64_t id;
  bool confirmed;  ///< the peer has it on its disk
};
struct FileStarted {
  File file;
  std::uint64_t from = 0;  ///< what an earlier attempt has brought; printed unless it is 0
};
/// What an earlier attempt has brought is being read again on this side, before it is continued.
struct FileChecking {
  File file;
  std::uint64_t of;     ///< bytes that are there
  std::uint64_t bytes;  ///< so far
};
struct FileProgress {
  File file;
  std::uint64_t bytes;
};
struct FileReceived {
  File file;
  Digest sha256;
};
struct FileSent {
  File file;
  Digest sha256;
  bool confirmed;  ///< the other side has checked the digest too
};
/// The candidates that there were, counted.
struct Tried {
  std::uint32_t own, own_relayed, peers, peers_relayed;
};
struct Failed {
  Failure fault;
  std::optional<Plaintext> about;          ///< the file that it concerns
  std::optional<Peer> peer = {};           ///< the peer that it concerns
  std::optional<std::uint64_t> room = {};  ///< bytes that there are, where they are too few
  std::optional<Tried> tried = {};         ///< where no path was found
  /// What is to be said instead of the fault's own words, because it names what they cannot.
  std::optional<std::string> sentence = {};
  std::optional<QuestionId> question = {};  ///< that nobody is there to answer
};
struct Closed {
  Peer peer;
};
/// A TURN server was of no use. Told once for each.
struct RelayFailed {
  std::string host;
  std::uint16_t port;
  Failure fault;
};

using Event =
    std::variant<Code, PairRequest, NameQuestion, FileQuestion, FileRefused, Waiting, Unproven,
                 Connected, Text, TextSent, LetterKept, LetterDelivered, FileChecking, FileStarted,
                 FileProgress, FileReceived, FileSent, Failed, Closed, RelayFailed>;

/// A row of the peer book.
struct KnownPeer {
  Peer peer;                       ///< with its own name
  std::optional<Plaintext> alias;  ///< ours for it
  std::string handle;              ///< what a verb takes for NAME
  std::string safety_number;       ///< 60 digits
  WallTime first_seen;
  WallTime last_seen;
  bool is_verified = false;
  bool is_blocked = false;
  bool is_culver = false;
  std::vector<PublicKey> offered = {};  ///< wait for trust, newest last
};
/// The alias, or else as display_name(Peer).
std::string display_name(const KnownPeer& known);

/// What waits for a peer.
struct Waits {
  Peer peer;  ///< as the book calls it
  std::uint64_t id;
  WallTime written;
  std::optional<std::uint64_t> characters;  ///< none: it cannot be read
  std::optional<Plaintext> text = {};       ///< if it is to be shown
};

struct Identity {
  PublicKey key;
  UserId account;
  DeviceId device;
};

/// What trust-server has found, and what came of it.
struct Server {
  std::string url;
  crypto::VerifyKey identity;
  unsigned version;
  std::optional<crypto::VerifyKey> known_identity;  ///< before
  std::optional<unsigned> known_version;
  bool trusted;  ///< from now on
};

struct Device {
  DeviceId device;
  std::optional<Plaintext> name;
  std::string_view type;  ///< empty if it has not said
  WallTime registered;
  WallTime last_seen;
  bool is_this;  ///< machine's
  bool is_online;
  bool is_revoked;
};

/// What was exported, or imported.
struct Backup {
  PublicKey identity;
  std::size_t peers, servers;
  std::optional<Plaintext> kept;  ///< where the folder is that was there before
};
/// What lock and unlock have left.
struct Lock {
  bool locked;
  Plaintext key_file;
};
/// What devices link and link report, a line each.
struct LinkOffer {
  LinkCode code;
  WallTime expires;
  bool asks;  ///< before somebody comes in by it
};
/// A device that has used the code wants to come in.
struct LinkRequest {
  DeviceId device;
  std::optional<Plaintext> name;  ///< as it calls itself: never proof of which one it is
  UserId account;                 ///< that its own key has founded
  QuestionId id;
};
struct LinkedDevice {
  DeviceId device;
  std::optional<Plaintext> name;  ///< as far as it is known
};
struct LinkedAccount {
  UserId account;
  DeviceId device;  ///< this one
};
/// What peers are told as our name.
struct OwnName {
  Plaintext name;
  bool is_chosen;  ///< and not made of the host's
};

}  // namespace culver::cli::report
