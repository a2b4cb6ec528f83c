#include "core/engine/transfers.hpp"

#include <algorithm>
#include <concepts>

#include "core/transfer/chunks.hpp"
#include "core/transfer/reasons.hpp"

namespace culver::engine {
namespace {

using transfer::Receiver;
using transfer::Sender;
using namespace wire::peer;

bool ended(const std::variant<Sender, Receiver>& machine) {
  return std::visit([](const auto& m) { return m.ended(); }, machine);
}

std::optional<TimePoint> deadline_of(const std::variant<Sender, Receiver>& machine) {
  return std::visit([](const auto& m) { return m.deadline(); }, machine);
}

}  // namespace

// ---- links --------------------------------------------------------------------------------------

void Transfers::open(LinkId link, bool acks) { links_[link].acks = acks; }

void Transfers::close(LinkId link, Fault cause, Env& env, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  for (const auto& file : files->second.waiting) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    out.emplace_back(Tell{FileFailed{file.transfer, cause}});
  }
  files->second.waiting.clear();
  std::vector<TransferId> theirs;
  for (const auto& [id, transfer] : transfers_)
    if (transfer.link == link) theirs.push_back(id);
  // Told while the link has its entry: if it can still speak, the peer hears of it.
  for (const auto id : theirs) cancel(id, cause, env, out);
  links_.erase(link);
}

// ---- commands -----------------------------------------------------------------------------------

void Transfers::send(const SendFile& file, Env& env, TransferEffects& out) {
  const auto files = links_.find(file.link);
  if (files == links_.end() || files->second.waiting.size() >= queued_per_link) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    const bool unknown = files == links_.end();
    out.emplace_back(
        Tell{FileFailed{file.transfer, unknown ? Fault::not_connected : Fault::queue_full}});
    return;
  }
  files->second.waiting.push_back(file);
  send_next(file.link, env, out);
}

void Transfers::send_next(LinkId link, Env& env, TransferEffects& out) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  auto& files = found->second;
  // Without a window the channel is not open yet: `messages` may be some moments ahead of it.
  if (files.sending || files.waiting.empty() || files.window == 0) return;
  auto file = std::move(files.waiting.front());
  files.waiting.pop_front();
  files.sending = file.transfer;

  auto id = FileId::from_random(env.rng.bytes<16>());
  transfer::Effects effects;
  auto sender = Sender::start({id, file.name, file.size, files.acks}, env, effects);
  const auto credit = files.credit;
  transfers_.insert_or_assign(file.transfer, Transfer{link, std::move(id), std::move(file.name),
                                                      file.size, std::move(sender)});
  settle(file.transfer, std::move(effects), env, out);
  if (const auto at = transfers_.find(file.transfer); at != transfers_.end())
    to_any(at, transfer::Credit{credit}, env, out);
}

void Transfers::decide(TransferId id, bool accepted, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at != transfers_.end()) to_any(at, transfer::Decision{accepted}, env, out);
}

void Transfers::cancel(TransferId id, Fault cause, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at != transfers_.end()) to_any(at, transfer::Cancel{cause}, env, out);
}

// ---- from the link ------------------------------------------------------------------------------

void Transfers::on_frame(LinkId link, FileFrame frame, Env& env, TransferEffects& out) {
  using namespace transfer;
  std::visit(fsm::overload{
                 [&](FileStart&& start) { offer(link, std::move(start), env, out); },
                 [&](FileComplete&& f) {
                   to_receiver(link, f.id, PeerComplete{std::move(f.sha256)}, env, out);
                 },
                 [&](FileStartAck&& f) {
                   to_sender(link, f.id, PeerStartAck{f.accepted, std::move(f.reason)}, env, out);
                 },
                 [&](FileCompleteAck&& f) {
                   to_sender(link, f.id, PeerCompleteAck{f.success, std::move(f.reason)}, env, out);
                 },
                 // Either side may say these; a file id belongs to one direction of a link.
                 [&](FileError&& f) {
                   to_sender(link, f.id, PeerFailed{fault_of(f.reason)}, env, out);
                   to_receiver(link, f.id, PeerFailed{fault_of(f.reason)}, env, out);
                 },
                 [&](FileCancel&& f) {
                   to_sender(link, f.id, PeerFailed{fault_of(f.reason)}, env, out);
                   to_receiver(link, f.id, PeerFailed{fault_of(f.reason)}, env, out);
                 },
                 [](FileChunk&&) {},  // comes opened, as on_chunk
                 [](FileIgnored&&) {},
             },
             std::move(frame));
}

void Transfers::offer(LinkId link, FileStart start, Env& env, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  if (find(link, start.id, false) != transfers_.end()) return;  // a repeated start changes nothing
  std::size_t incoming = 0;
  for (const auto& [id, transfer] : transfers_)
    incoming += transfer.link == link && std::holds_alternative<Receiver>(transfer.machine);
  if (incoming >= incoming_per_link) {
    envelope(link, print(FileStartAck{start.id, false, transfer::reason_of(Fault::queue_full)}),
             out);
    envelope(link, print(FileError{start.id, transfer::reason_of(Fault::queue_full)}), out);
    return;
  }
  const TransferId id{next_incoming_++};
  transfer::Effects effects;
  auto receiver = Receiver::start({start, largest_file_, files->second.acks, false}, env, effects);
  transfers_.insert_or_assign(
      id, Transfer{link, start.id, start.name, start.size, std::move(receiver)});
  settle(id, std::move(effects), env, out);
}

void Transfers::on_chunk(LinkId link, link::ChunkArrived chunk, Env& env, TransferEffects& out) {
  const auto id = chunk.id;
  transfer::OpenedChunk opened{std::move(chunk.id), chunk.index, std::move(chunk.bytes)};
  to_receiver(link, id, std::move(opened), env, out);
}

void Transfers::on_refused_chunk(LinkId link, const link::ChunkRefused& chunk, Env& env,
                                 TransferEffects& out) {
  const auto at = find(link, chunk.id, false);
  if (at == transfers_.end()) return;
  envelope(link, print(FileError{chunk.id, transfer::reason_of(Fault::file_damaged)}), out);
  to_any(at, transfer::PeerFailed{Fault::file_damaged}, env, out);
}

void Transfers::on_window(LinkId link, std::size_t bytes, Env& env, TransferEffects& out) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  auto& files = found->second;
  files.window = std::max(files.window, bytes);
  files.credit = bytes;
  if (!files.sending) return send_next(link, env, out);
  if (const auto at = transfers_.find(*files.sending); at != transfers_.end())
    to_any(at, transfer::Credit{bytes}, env, out);
}

void Transfers::on_everything_sent(LinkId link, Env& env, TransferEffects& out) {
  const auto found = links_.find(link);
  if (found == links_.end()) return;
  // The buffer is empty: files that never filled it get no other word of that.
  on_window(link, found->second.window, env, out);
  const auto sending = links_.at(link).sending;
  if (!sending) return;
  if (const auto at = transfers_.find(*sending); at != transfers_.end())
    to_any(at, transfer::Flushed{}, env, out);
}

// ---- from the disk and the clock ----------------------------------------------------------------

void Transfers::on_disk(TransferId id, FromDisk::Event event, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at == transfers_.end()) return;  // a late answer
  std::visit([&](auto&& e) { to_any(at, std::move(e), env, out); }, std::move(event));
}

void Transfers::on_tick(Env& env, TransferEffects& out) {
  std::vector<TransferId> due;
  for (const auto& [id, transfer] : transfers_)
    if (const auto deadline = deadline_of(transfer.machine); deadline && *deadline <= env.now)
      due.push_back(id);
  for (const auto id : due)
    if (const auto at = transfers_.find(id); at != transfers_.end())
      to_any(at, transfer::Tick{}, env, out);
}

std::optional<TimePoint> Transfers::deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [id, transfer] : transfers_)
    next = fsm::earlier(next, deadline_of(transfer.machine));
  return next;
}

// ---- routing ------------------------------------------------------------------------------------

Transfers::Transferring::iterator Transfers::find(LinkId link, const FileId& id, bool outgoing) {
  for (auto at = transfers_.begin(); at != transfers_.end(); ++at)
    if (at->second.link == link && at->second.id == id &&
        std::holds_alternative<Sender>(at->second.machine) == outgoing)
      return at;
  return transfers_.end();
}

template <class Event>
void Transfers::to_sender(LinkId link, const FileId& id, Event event, Env& env,
                          TransferEffects& out) {
  if (const auto at = find(link, id, true); at != transfers_.end())
    to_any(at, std::move(event), env, out);
}

template <class Event>
void Transfers::to_receiver(LinkId link, const FileId& id, Event event, Env& env,
                            TransferEffects& out) {
  if (const auto at = find(link, id, false); at != transfers_.end())
    to_any(at, std::move(event), env, out);
}

template <class Event>
void Transfers::to_any(Transferring::iterator at, Event event, Env& env, TransferEffects& out) {
  const auto id = at->first;
  transfer::Effects effects;
  std::visit(
      [&](auto& machine) {
        using Machine = std::remove_cvref_t<decltype(machine)>;
        if constexpr (std::constructible_from<typename Machine::Event, Event>)
          machine.on(typename Machine::Event{std::move(event)}, env, effects);
      },
      at->second.machine);
  settle(id, std::move(effects), env, out);
}

void Transfers::settle(TransferId id, transfer::Effects effects, Env& env, TransferEffects& out) {
  auto& transfer = transfers_.at(id);
  for (auto& effect : effects) address(id, transfer, std::move(effect), out);
  if (!ended(transfer.machine)) return;
  const auto link = transfer.link;
  transfers_.erase(id);
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  pause(link, id, false, out);
  if (files->second.sending == id) {
    files->second.sending.reset();
    send_next(link, env, out);
  }
}

void Transfers::address(TransferId id, Transfer& at, transfer::Effect effect,
                        TransferEffects& out) {
  const auto link = at.link;
  const bool outgoing = std::holds_alternative<Sender>(at.machine);
  const auto to_disk = [&](auto&& e) { out.emplace_back(ToDisk{id, std::move(e)}); };
  std::visit(
      fsm::overload{
          [&](transfer::SendEnvelope&& e) {
            envelope(link, std::visit([](const auto& f) { return print(f); }, e.envelope), out);
          },
          [&](transfer::SendChunk&& e) {
            const auto files = links_.find(link);
            if (files == links_.end()) return;
            const auto cost = transfer::wire_cost(e.bytes.size());
            files->second.credit -= std::min(files->second.credit, cost);
            link::SendFileChunk chunk{std::move(e.id), e.index, std::move(e.bytes)};
            out.emplace_back(ToLink{link, std::move(chunk)});
          },
          [&](transfer::PauseLink&& e) { pause(link, id, e.paused, out); },
          [&](transfer::ReadBlock&& e) { to_disk(std::move(e)); },
          [&](transfer::CreateTarget&& e) { to_disk(std::move(e)); },
          [&](transfer::WriteBlock&& e) { to_disk(std::move(e)); },
          [&](transfer::FinishTarget&& e) { to_disk(std::move(e)); },
          [&](transfer::DropSource&& e) { to_disk(std::move(e)); },
          [&](transfer::DropTarget&& e) { to_disk(std::move(e)); },
          [&](transfer::Offered&&) {
            out.emplace_back(Tell{FileOffered{link, id, at.name, at.size}});
          },
          [&](transfer::Started&&) {
            out.emplace_back(Tell{FileStarted{link, id, outgoing, at.name, at.size}});
          },
          [&](transfer::Progress&& e) {
            out.emplace_back(Tell{FileProgress{id, e.bytes}});
          },
          [&](transfer::Finished&& e) {
            if (outgoing)
              out.emplace_back(Tell{FileSent{id, e.sha256, e.confirmed}});
            else
              out.emplace_back(Tell{FileReceived{id, Plaintext(std::move(e.path)), e.sha256}});
          },
          [&](transfer::Failed&& e) {
            out.emplace_back(Tell{FileFailed{id, e.fault}});
          },
      },
      std::move(effect));
}

void Transfers::envelope(LinkId link, std::string frame, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  files->second.credit -= std::min(files->second.credit, frame.size());
  out.emplace_back(ToLink{link, link::SendFileFrame{std::move(frame)}});
}

void Transfers::pause(LinkId link, TransferId id, bool paused, TransferEffects& out) {
  const auto files = links_.find(link);
  if (files == links_.end()) return;
  auto& pausing = files->second.pausing;
  const bool before = !pausing.empty();
  if (paused)
    pausing.insert(id);
  else
    pausing.erase(id);
  if (before != !pausing.empty()) out.emplace_back(PauseLink{link, !pausing.empty()});
}

}  // namespace culver::engine
