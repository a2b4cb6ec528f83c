// Who is connected and which files are on their way: turns the engine's notices, which carry ids,
// into reports, which carry names. Remembers the first failure.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/env.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/output/reporter.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {

report::Tried tried_of(const engine::Tried& tried);

/// Such an end of a connection that nobody had asked for is told all the same: it does not pass by
/// itself, and only the owner of this machine can do something about it.
inline bool is_ours(const std::optional<Fault>& fault) {
  return fault == Fault::store_failed || fault == Fault::no_space || fault == Fault::internal ||
         fault == Fault::out_of_descriptors;
}

class Presenter {
 public:
  Presenter(Reporter& reporter, Contacts contacts)
      : reporter_(reporter), contacts_(std::move(contacts)) {}

  /// Who is being connected with, as far as that is known before.
  void expect(ConnectionId connection, const report::Peer& peer);
  /// Told once for a connection, whatever else it claims later.
  void on(const engine::Unproven& notice);
  /// Of somebody who was refused: it is told, and the peer is still looked for.
  void on(const engine::ClaimFailed& notice);
  void on(const engine::Connected& notice);
  void on(const engine::TextReceived& notice);
  void on(const engine::LetterReceived& notice, WallTime now);
  void on(const engine::TextDelivered& notice);
  void on(const engine::LetterDelivered& notice);
  void on(const engine::LettersStuck& notice);
  void on(const engine::FileOffered& notice);
  void on(const engine::FileChecking& notice);
  /// It was not even asked about.
  void refuse(const engine::FileOffered& notice);
  void on(const engine::FileStarted& notice);
  /// At most ten reports a second for each file, and the one that completes it.
  void on(const engine::FileProgress& notice, TimePoint now);
  void on(const engine::FileReceived& notice);
  void on(const engine::FileSent& notice);
  void on(const engine::FileFailed& notice);
  /// A fault is reported unless the caller expected the end.
  void on(const engine::Closed& notice, bool expected);

  /// Where the file of an outgoing transfer lies.
  void note_source(TransferId transfer, const std::filesystem::path& path);
  void fail(report::Failed failed);
  void fail(Failure fault, std::optional<Plaintext> about = std::nullopt) {
    fail(report::Failed{std::move(fault), std::move(about)});
  }
  void fail(Fault fault, std::optional<report::Peer> peer) {
    fail(report::Failed{fault, {}, std::move(peer)});
  }

  /// A refusal of ours; `otherwise` is whom it is about where it does not say.
  void fail_about(Fault fault, const std::optional<engine::Whom>& about,
                  std::optional<report::Peer> otherwise);
  /// The same of a key that was only named so far: of the peer that has it nothing is known.
  void fail_claim(Fault fault, const std::optional<engine::Whom>& about,
                  std::optional<report::Peer> otherwise);

  bool has_peers() const { return !peers_.empty(); }
  const report::Peer* peer(ConnectionId connection) const;
  /// Who is at the other end of a connection, or was to be.
  std::optional<report::Peer> at(ConnectionId connection) const;
  /// Whom the end of a connection is about: whose key was refused, or else who was at its other
  /// end.
  std::optional<report::Peer> whom(const engine::Closed& notice) const;
  std::optional<report::Peer> whom(const std::optional<engine::Whom>& about) const;
  bool has_transfers(ConnectionId connection) const;
  struct Coming {
    TransferId id;
    report::File file;
    bool is_whole;  ///< every byte of it is here
  };
  /// Files on their way to us, of which something may have come.
  std::vector<Coming> coming() const;
  /// The name of a file that a peer has left in the middle, and that goes on when it is back.
  std::optional<Plaintext> kept_of(const engine::FileFailed& notice) const;
  bool is_coming(TransferId file) const { return transfers_.contains(file); }
  /// Nothing is reported any more: of how far it is, of its end.
  void note(const engine::FileProgress& notice);
  void drop(TransferId file) { transfers_.erase(file); }
  /// 0 as long as nothing has failed.
  int exit_code() const { return first_failure_ ? host::fault_text(*first_failure_).exit_code : 0; }

 private:
  struct Transfer {
    ConnectionId connection;
    report::File file;
    std::optional<TimePoint> reported;
    bool started = false;  ///< and not only offered
    std::uint64_t bytes = 0;
    bool is_resumable = false;  ///< as was known when it started
  };
  Transfer* transfer(TransferId id);

  /// What is reported of a file that is under way; nothing, if its peer is gone.
  template <class Notice>
  std::optional<report::File> file_of(const Notice& notice) const;

  Reporter& reporter_;
  Contacts contacts_;
  std::map<ConnectionId, report::Peer> peers_;
  std::map<ConnectionId, report::Peer> expected_;
  std::map<TransferId, Transfer> transfers_;
  std::map<TransferId, Plaintext> sources_;
  std::optional<Fault> first_failure_;
};

}  // namespace culver::cli
