// A client as it lives on the engine's thread: commands go in, notices become events of the
// interface, and whoever waits for the outcome of something gets it. All of it on that thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "culver/config.hpp"
#include "culver/events.hpp"
#include "culver/types.hpp"
#include "shell/client/client.hpp"
#include "shell/host/vault.hpp"
#include "shell/library/answer.hpp"
#include "shell/library/engine_thread.hpp"
#include "shell/library/event_queue.hpp"

namespace culver::library {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(EngineThread& thread, std::shared_ptr<EventQueue> events, const v1::Config& config)
      : thread_(thread),
        events_(std::move(events)),
        server_(config.server),
        has_folder_(!config.download_dir.empty()) {}

  /// Nothing has to be asked before this has gone well.
  host::Outcome<void> open(const host::Vault& vault, client::Config config);
  bool is_open() const { return client_ != nullptr; }
  /// Says goodbye for so long, ends, and calls `done`.
  void close(std::chrono::milliseconds patience, std::function<void()> done);
  /// Ends at once.
  void end();

  // Each is answered once, now or later; what is asked of a client that is closed, at once.

  template <class T>
  using Asker = std::shared_ptr<Answer<T>>;

  void go_online(const Asker<v1::Status>& asker);
  void go_offline(const Asker<void>& asker);
  void get_status(const Asker<v1::Status>& asker);
  void get_identity(const Asker<v1::Identity>& asker);
  void start_pairing(const PairingCode& code, const Asker<v1::StartedPairing>& asker);
  void finish_pairing(const std::string& pairing, const Asker<v1::Peer>& asker);
  void answer_pairing(const std::string& pairing, v1::PairingAnswer answer,
                      const Asker<void>& asker);
  void list_pairings(const Asker<std::vector<v1::PairRequested>>& asker);
  void list_transfers(const Asker<std::vector<v1::Transfer>>& asker);
  /// Their fingerprints.
  void list_connected(const Asker<std::vector<std::string>>& asker);
  void connect_peer(const PublicKey& key, const Asker<v1::Connection>& asker);
  /// One at a time.
  void send_text(const PublicKey& key, std::string text, const Asker<v1::SentText>& asker);
  void send_files(const PublicKey& key, const std::vector<std::filesystem::path>& files,
                  const Asker<std::vector<v1::SentFile>>& asker);
  void answer_transfer(const std::string& transfer, bool is_accepted, const Asker<void>& asker);
  void cancel_transfer(const std::string& transfer, const Asker<void>& asker);
  void displayed(const std::vector<HeldId>& held);

 private:
  template <class T>
  using Askers = std::vector<std::weak_ptr<Answer<T>>>;

  struct Connection {
    std::optional<PairingCode> code;  ///< by which the match was made
    PublicKey key;
    std::optional<v1::Connection> connected;  ///< told as that
  };
  struct Pairing {
    enum class Kind : std::uint8_t { ours, asked, accepted, name_conflict } kind;
    std::optional<PairingCode> code;
    std::optional<ConnectionId> connection;         ///< of a name conflict
    std::optional<v1::PairRequested> request = {};  ///< that waits for our answer
    Askers<v1::Peer> askers = {};
    std::optional<v1::Result<v1::Peer>> outcome = {};  ///< of ours, until it is asked for
  };
  using Pairings = std::map<std::uint64_t, Pairing>;
  static constexpr std::size_t outcomes_at_most = 64;
  struct Transfer {
    ConnectionId connection;
    v1::Peer peer;
    std::string name;
    std::uint64_t size;
    bool is_outgoing;
    std::uint64_t bytes = 0;
    bool is_offered = false;  ///< it waits for our answer
    std::optional<v1::TransferPhase> phase = {};
    TimePoint told = {};
  };

  void on(const engine::Notice& notice);
  void handle(const engine::Online& notice);
  void handle(const engine::Offline& notice);
  void handle(const engine::PairRequested& notice);
  void handle(const engine::PairWithdrawn& notice);
  void handle(const engine::PairFailed& notice);
  void handle(const engine::Connecting& notice);
  void handle(const engine::NameTaken& notice);
  void handle(const engine::PeerBookChanged& notice);
  void handle(const engine::RefusedByPeer& notice);
  void handle(const engine::ClaimFailed& notice);
  void handle(const engine::Unproven& notice);
  void handle(const engine::Connected& notice);
  void handle(const engine::TextReceived& notice);
  void handle(const engine::GoodbyeReceived& notice);
  void handle(const engine::TextQueued& notice);
  void handle(const engine::TextNotQueued& notice);
  void handle(const engine::LetterDelivered& notice);
  void handle(const engine::LettersStuck& notice);
  void handle(const engine::LetterReceived& notice);
  void handle(const engine::FileOffered& notice);
  void handle(const engine::FileChecking& notice);
  void handle(const engine::FileStarted& notice);
  void handle(const engine::FileProgress& notice);
  void handle(const engine::FileReceived& notice);
  void handle(const engine::FileSent& notice);
  void handle(const engine::FileFailed& notice);
  void handle(const engine::Closed& notice);

  void tell(v1::EventData data);
  void command(engine::Command command) { client_->command(std::move(command)); }
  v1::Status status() const;
  v1::Peer peer(const PublicKey& key, const std::optional<Plaintext>& name = {}) const;
  v1::Peer peer(ConnectionId connection) const;
  Pairings::iterator pairing_of(const PairingCode& code);
  std::string add(Pairing pairing);
  void ask(Pairing pairing, const std::optional<Plaintext>& name, const PublicKey& key,
           const std::optional<PublicKey>& namesake);
  void conclude(Pairings::iterator at, v1::Result<v1::Peer> outcome);
  void forget_outcomes();
  Transfer& transfer_of(ConnectionId connection, TransferId id, const Plaintext& name,
                        std::uint64_t size, bool is_outgoing);
  void tell_phase(TransferId id, Transfer& transfer, v1::TransferPhase phase);
  void answer_all_with_end();

  EngineThread& thread_;
  std::shared_ptr<EventQueue> events_;
  std::string server_;
  bool has_folder_;
  std::unique_ptr<client::Client> client_;
  std::shared_ptr<EngineThread::Failed> failed_;
  std::set<PublicKey> known_;  ///< of others PeerPaired is told when they connect
  std::string code_;           ///< empty: offline
  bool is_wanted_online_ = false;
  bool was_anybody_here_ = false;  ///< what was kept before is told before anybody comes
  std::map<ConnectionId, Connection> connections_;
  Pairings pairings_;
  std::uint64_t next_pairing_ = 1;
  std::map<TransferId, Transfer> transfers_;
  Askers<v1::Status> going_online_;
  std::map<PublicKey, Askers<v1::Connection>> connecting_;
  Asker<v1::SentText> sending_;
};

/// Whoever waits no longer is left out.
template <class T>
void answer_all(std::vector<std::weak_ptr<Answer<T>>>& askers, const v1::Result<T>& result) {
  for (const auto& asker : std::exchange(askers, {}))
    if (const auto waits = asker.lock()) waits->set(result);
}

}  // namespace culver::library
