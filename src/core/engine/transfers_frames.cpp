// What a connection's frames say to its transfers, in both forms.
#include <algorithm>
#include <utility>

#include "core/engine/transfers.hpp"
#include "core/transfer/reasons.hpp"

namespace culver::engine {

using namespace wire::peer;
namespace stream = wire::stream;

bool Transfers::is_crowded(ConnectionId connection) const {
  const auto coming = std::count_if(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
    return entry.second.connection == connection && !entry.second.outgoing;
  });
  const bool is_answered = connections_.at(connection).manner.is_answered();
  return static_cast<std::size_t>(coming) >=
         (is_answered ? incoming_per_connection : incoming_unasked);
}

// ---- the first form -----------------------------------------------------------------------------

void Transfers::on_frame(ConnectionId connection, FileFrame frame, Env& env, TransferEffects& out) {
  using namespace transfer;
  std::visit(fsm::overload{
                 [&](FileStart&& start) { offer(connection, std::move(start), env, out); },
                 [&](FileComplete&& f) {
                   to_named(connection, f.id, false, PeerComplete{std::move(f.sha256)}, env, out);
                 },
                 [&](FileStartAck&& f) {
                   to_named(connection, f.id, true, PeerStartAck{f.accepted, std::move(f.reason)},
                            env, out);
                 },
                 [&](FileCompleteAck&& f) {
                   to_named(connection, f.id, true, PeerCompleteAck{f.success, std::move(f.reason)},
                            env, out);
                 },
                 // Either side may say these; a file id belongs to one direction of a connection.
                 [&](FileError&& f) {
                   to_named(connection, f.id, true, PeerFailed{fault_of(f.reason)}, env, out);
                   to_named(connection, f.id, false, PeerFailed{fault_of(f.reason)}, env, out);
                 },
                 [&](FileCancel&& f) {
                   to_named(connection, f.id, true, PeerFailed{fault_of(f.reason)}, env, out);
                   to_named(connection, f.id, false, PeerFailed{fault_of(f.reason)}, env, out);
                 },
                 [](FileChunk&&) {},  // comes opened, as on_chunk
                 [](FileIgnored&&) {},
             },
             std::move(frame));
}

void Transfers::offer(ConnectionId connection, FileStart start, Env& env, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  if (const auto living = find(connection, start.id, false); living != transfers_.end()) {
    const auto& [name, size] = std::tie(living->second.name, living->second.size);
    if (name == start.name && size == start.size) return;  // a repeated start changes nothing
    // Another file: what comes of it cannot be told from what comes of the first.
    if (files->second.manner.acks)
      envelope(connection,
               print(FileStartAck{start.id, false, transfer::reason_of(Fault::file_protocol)}),
               out);
    out.emplace_back(Tell{FileFailed{
        TransferId{next_incoming_++}, Fault::file_protocol, {}, FileOf{connection, start.name}}});
    return;
  }
  if (is_crowded(connection)) {
    envelope(connection,
             print(FileStartAck{start.id, false, transfer::reason_of(Fault::queue_full)}), out);
    envelope(connection, print(FileError{start.id, transfer::reason_of(Fault::queue_full)}), out);
    // Who does not wait for an answer does not read one either.
    if (!files->second.manner.is_answered())
      out.emplace_back(Tell{FileFailed{
          TransferId{next_incoming_++}, Fault::queue_full, {}, FileOf{connection, start.name}}});
    return;
  }
  const TransferId id{next_incoming_++};
  transfer::Effects effects;
  auto receiver = transfer::ZajelReceiver::start(
      {start, largest_file_, files->second.manner.acks, false}, env, effects);
  transfers_.insert_or_assign(
      id, Transfer{connection, start.id, false, start.name, start.size, std::move(receiver)});
  settle(id, std::move(effects), env, out);
}

void Transfers::on_chunk(ConnectionId connection, connection::ChunkArrived chunk, Env& env,
                         TransferEffects& out) {
  const auto id = chunk.id;
  transfer::OpenedChunk opened{std::move(chunk.id), chunk.index, std::move(chunk.bytes)};
  to_named(connection, id, false, std::move(opened), env, out);
}

/// The other side is told at once: it would wait otherwise for what cannot come.
void Transfers::on_refused_frame(ConnectionId connection, const connection::FileFrameRefused& frame,
                                 Env& env, TransferEffects& out) {
  envelope(connection, print(FileError{frame.id, transfer::reason_of(Fault::file_damaged)}), out);
  to_named(connection, frame.id, false, transfer::PeerFailed{Fault::file_damaged}, env, out);
  to_named(connection, frame.id, true, transfer::PeerFailed{Fault::file_protocol}, env, out);
}

// ---- the second form ----------------------------------------------------------------------------

void Transfers::on_stream(ConnectionId connection, stream::Frame frame, Env& env,
                          TransferEffects& out) {
  using namespace transfer;
  const auto to_ours = [&](stream::Number number, Event event) {
    to_named(connection, number, true, std::move(event), env, out);
  };
  const auto to_theirs = [&](stream::Number number, Event event) {
    to_named(connection, number, false, std::move(event), env, out);
  };
  std::visit(fsm::overload{
                 [&](stream::Offer&& f) { offer(connection, std::move(f), env, out); },
                 [&](stream::Batch&& f) {
                   if (const auto at = connections_.find(connection); at != connections_.end())
                     at->second.announced = f;
                 },
                 [&](stream::Names&& f) {
                   if (const auto at = connections_.find(connection); at != connections_.end())
                     at->second.named = std::move(f);
                 },
                 [&](stream::Begin&& f) { to_theirs(f.transfer, PeerBegin{f.from}); },
                 [&](stream::Data&& f) { to_theirs(f.transfer, PeerData{std::move(f.bytes)}); },
                 [&](stream::Complete&& f) { to_theirs(f.transfer, PeerComplete{f.sha256}); },
                 [&](stream::Cancel&& f) { to_theirs(f.transfer, PeerFailed{fault_of(f.reason)}); },
                 [&](stream::Accept&& f) {
                   to_ours(f.transfer, PeerAccept{f.have, f.window, f.prefix});
                 },
                 [&](stream::Credit&& f) { to_ours(f.transfer, PeerCredit{f.up_to}); },
                 [&](stream::Checked&& f) { to_ours(f.transfer, PeerChecked{}); },
                 [&](stream::Refuse&& f) { to_ours(f.transfer, PeerFailed{fault_of(f.reason)}); },
                 [&](stream::Working&& f) {
                   to_ours(f.transfer, PeerWorking{f.of, f.done});
                 },
                 [&](stream::Comparing&& f) {
                   to_theirs(f.transfer, PeerWorking{f.of, f.done});
                 },
                 [&](stream::About&& f) {
                   to_theirs(f.transfer, PeerAbout{{f.modified, f.mode}});
                 },
                 [](stream::Ignored&&) {},
             },
             std::move(frame));
}

void Transfers::offer(ConnectionId connection, stream::Offer offer, Env& env,
                      TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  if (find(connection, offer.transfer, false) != transfers_.end())
    return;  // repeated: changes nothing
  // What was said of a number before must never be taken for this one.
  if (offer.transfer <= files->second.last_number)
    return stream_frame(connection, print(stream::Refuse{offer.transfer, stream::Reason::protocol}),
                        out);
  files->second.last_number = offer.transfer;
  if (is_crowded(connection))
    return stream_frame(connection, print(stream::Refuse{offer.transfer, stream::Reason::busy}),
                        out);
  end_older_attempts(connection, offer, env, out);
  const TransferId id{next_incoming_++};
  transfer::Effects effects;
  auto receiver =
      transfer::Receiver::start({files->second.peer, offer, largest_file_}, env, effects);
  std::optional<Batch> batch;
  if (const auto announced = std::exchange(files->second.announced, {});
      announced && announced->transfer == offer.transfer)
    batch = Batch{announced->files, announced->bytes};
  if (auto named = std::exchange(files->second.named, {});
      batch && named && named->transfer == offer.transfer)
    batch->names = std::move(named->names);
  transfers_.insert_or_assign(id, Transfer{connection, offer.transfer, false, std::move(offer.name),
                                           offer.size, std::move(receiver), batch});
  settle(id, std::move(effects), env, out);
}

/// Whoever offers the same file again over another connection has lost the first one, even if we
/// have not noticed yet: what that has brought is continued.
void Transfers::end_older_attempts(ConnectionId connection, const stream::Offer& offer, Env& env,
                                   TransferEffects& out) {
  std::vector<TransferId> older;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer.connection == connection || transfer.outgoing || transfer.name != offer.name ||
        transfer.size != offer.size || !std::holds_alternative<stream::Number>(transfer.key))
      continue;
    const auto theirs = connections_.find(transfer.connection);
    if (theirs != connections_.end() && theirs->second.peer == connections_.at(connection).peer)
      older.push_back(id);
  }
  for (const auto id : older) cancel(id, Fault::replaced, env, out);
}

}  // namespace culver::engine
