// What a link's frames say to its transfers, in both forms.
#include <algorithm>
#include <utility>

#include "core/engine/transfers.hpp"
#include "core/transfer/reasons.hpp"

namespace culver::engine {

using namespace wire::peer;
namespace stream = wire::stream;

bool Transfers::is_crowded(LinkId link) const {
  const auto coming = std::count_if(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
    return entry.second.link == link && !entry.second.outgoing;
  });
  const bool is_answered = links_.at(link).manner.is_answered();
  return static_cast<std::size_t>(coming) >= (is_answered ? incoming_per_link : incoming_unasked);
}

// ---- the first form -----------------------------------------------------------------------------

void Transfers::on_frame(LinkId link, FileFrame frame, Env& env, TransferEffects& out) {
  using namespace transfer;
  std::visit(
      fsm::overload{
          [&](FileStart&& start) { offer(link, std::move(start), env, out); },
          [&](FileComplete&& f) {
            to_named(link, f.id, false, PeerComplete{std::move(f.sha256)}, env, out);
          },
          [&](FileStartAck&& f) {
            to_named(link, f.id, true, PeerStartAck{f.accepted, std::move(f.reason)}, env, out);
          },
          [&](FileCompleteAck&& f) {
            to_named(link, f.id, true, PeerCompleteAck{f.success, std::move(f.reason)}, env, out);
          },
          // Either side may say these; a file id belongs to one direction of a link.
          [&](FileError&& f) {
            to_named(link, f.id, true, PeerFailed{fault_of(f.reason)}, env, out);
            to_named(link, f.id, false, PeerFailed{fault_of(f.reason)}, env, out);
          },
          [&](FileCancel&& f) {
            to_named(link, f.id, true, PeerFailed{fault_of(f.reason)}, env, out);
            to_named(link, f.id, false, PeerFailed{fault_of(f.reason)}, env, out);
          },
          [](FileChunk&&) {},  // comes opened, as on_chunk
          [](FileIgnored&&) {},
      },
      std::move(frame));
}

void Transfers::offer(LinkId link, FileStart start, Env& env, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  if (const auto living = find(link, start.id, false); living != transfers_.end()) {
    const auto& [name, size] = std::tie(living->second.name, living->second.size);
    if (name == start.name && size == start.size) return;  // a repeated start changes nothing
    // Another file: what comes of it cannot be told from what comes of the first.
    if (files->second.manner.acks)
      envelope(link,
               print(FileStartAck{start.id, false, transfer::reason_of(Fault::file_protocol)}),
               out);
    out.emplace_back(Tell{FileFailed{
        TransferId{next_incoming_++}, Fault::file_protocol, {}, FileOf{link, start.name}}});
    return;
  }
  if (is_crowded(link)) {
    envelope(link, print(FileStartAck{start.id, false, transfer::reason_of(Fault::queue_full)}),
             out);
    envelope(link, print(FileError{start.id, transfer::reason_of(Fault::queue_full)}), out);
    // Who does not wait for an answer does not read one either.
    if (!files->second.manner.is_answered())
      out.emplace_back(Tell{FileFailed{
          TransferId{next_incoming_++}, Fault::queue_full, {}, FileOf{link, start.name}}});
    return;
  }
  const TransferId id{next_incoming_++};
  transfer::Effects effects;
  auto receiver = transfer::ZajelReceiver::start(
      {start, largest_file_, files->second.manner.acks, false}, env, effects);
  transfers_.insert_or_assign(
      id, Transfer{link, start.id, false, start.name, start.size, std::move(receiver)});
  settle(id, std::move(effects), env, out);
}

void Transfers::on_chunk(LinkId link, link::ChunkArrived chunk, Env& env, TransferEffects& out) {
  const auto id = chunk.id;
  transfer::OpenedChunk opened{std::move(chunk.id), chunk.index, std::move(chunk.bytes)};
  to_named(link, id, false, std::move(opened), env, out);
}

/// The other side is told at once: it would wait otherwise for what cannot come.
void Transfers::on_refused_frame(LinkId link, const link::FileFrameRefused& frame, Env& env,
                                 TransferEffects& out) {
  envelope(link, print(FileError{frame.id, transfer::reason_of(Fault::file_damaged)}), out);
  to_named(link, frame.id, false, transfer::PeerFailed{Fault::file_damaged}, env, out);
  to_named(link, frame.id, true, transfer::PeerFailed{Fault::file_protocol}, env, out);
}

// ---- the second form ----------------------------------------------------------------------------

void Transfers::on_stream(LinkId link, stream::Frame frame, Env& env, TransferEffects& out) {
  using namespace transfer;
  const auto to_ours = [&](stream::Number number, Event event) {
    to_named(link, number, true, std::move(event), env, out);
  };
  const auto to_theirs = [&](stream::Number number, Event event) {
    to_named(link, number, false, std::move(event), env, out);
  };
  std::visit(fsm::overload{
                 [&](stream::Offer&& f) { offer(link, std::move(f), env, out); },
                 [&](stream::Batch&& f) {
                   if (const auto at = links_.find(link); at != links_.end())
                     at->second.announced = f;
                 },
                 [&](stream::Names&& f) {
                   if (const auto at = links_.find(link); at != links_.end())
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

void Transfers::offer(LinkId link, stream::Offer offer, Env& env, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  if (find(link, offer.transfer, false) != transfers_.end()) return;  // repeated: changes nothing
  // What was said of a number before must never be taken for this one.
  if (offer.transfer <= files->second.last_number)
    return stream_frame(link, print(stream::Refuse{offer.transfer, stream::Reason::protocol}), out);
  files->second.last_number = offer.transfer;
  if (is_crowded(link))
    return stream_frame(link, print(stream::Refuse{offer.transfer, stream::Reason::busy}), out);
  end_older_attempts(link, offer, env, out);
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
  transfers_.insert_or_assign(id, Transfer{link, offer.transfer, false, std::move(offer.name),
                                           offer.size, std::move(receiver), batch});
  settle(id, std::move(effects), env, out);
}

/// Whoever offers the same file again over another link has lost the first one, even if we have not
/// noticed yet: what that has brought is continued.
void Transfers::end_older_attempts(LinkId link, const stream::Offer& offer, Env& env,
                                   TransferEffects& out) {
  std::vector<TransferId> older;
  for (const auto& [id, transfer] : transfers_) {
    if (transfer.link == link || transfer.outgoing || transfer.name != offer.name ||
        transfer.size != offer.size || !std::holds_alternative<stream::Number>(transfer.key))
      continue;
    const auto theirs = links_.find(transfer.link);
    if (theirs != links_.end() && theirs->second.peer == links_.at(link).peer) older.push_back(id);
  }
  for (const auto id : older) cancel(id, Fault::replaced, env, out);
}

}  // namespace culver::engine
