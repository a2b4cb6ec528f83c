#include "core/engine/transfers.hpp"

#include <algorithm>
#include <concepts>

#include "core/transfer/chunks.hpp"
#include "core/wire/utf8.hpp"

namespace culver::engine {
namespace {

/// Stands for the files of a connection together; no transfer has this id.
constexpr TransferId of_all{0xFFFF'FFFF};

template <class Machine>
bool ended(const Machine& machine) {
  return std::visit([](const auto& m) { return m.ended(); }, machine);
}

template <class Machine>
std::optional<TimePoint> deadline_of(const Machine& machine) {
  return std::visit([](const auto& m) { return m.deadline(); }, machine);
}

/// What could not be told is asked about file by file.
void announce(wire::stream::Number number, const Batch& batch, transfer::Effects& effects) {
  using namespace wire;
  if (batch.files > limits::batch_files || batch.bytes > limits::batch_bytes) return;
  effects.push_back(transfer::SendFrame{print(stream::Batch{number, batch.files, batch.bytes})});
  stream::Names names{number, {}};
  for (const auto& name : batch.names) {
    const auto& text = name.expose();
    const bool fits = !text.empty() && text.size() <= limits::file_name && utf8::is_valid(text);
    if (!fits || names.names.size() == limits::batch_names) break;
    names.names.push_back(name);
  }
  if (!names.names.empty()) effects.push_back(transfer::SendFrame{print(names)});
}

}  // namespace

// ---- connections
// --------------------------------------------------------------------------------------

void Transfers::open(ConnectionId connection, const PublicKey& peer, Manner manner) {
  auto& files = connections_[connection];
  files.peer = peer;
  files.manner = manner;
}

void Transfers::close(ConnectionId connection, Fault cause, Env& env, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  for (const auto& file : files->second.waiting) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    out.emplace_back(Tell{FileFailed{file.transfer, cause, {}, FileOf{connection, file.name}}});
  }
  files->second.waiting.clear();
  std::vector<TransferId> theirs;
  for (const auto& [id, transfer] : transfers_)
    if (transfer.connection == connection) theirs.push_back(id);
  // Told while the connection has its entry: if it can still speak, the peer hears of it.
  for (const auto id : theirs) cancel(id, cause, env, out);
  connections_.erase(connection);
}

bool Transfers::has(ConnectionId connection) const {
  const auto files = connections_.find(connection);
  if (files != connections_.end() && !files->second.waiting.empty()) return true;
  return std::ranges::any_of(transfers_,
                             [&](const auto& at) { return at.second.connection == connection; });
}

// ---- commands -----------------------------------------------------------------------------------

void Transfers::send(const SendFile& file, Env& env, TransferEffects& out) {
  const auto files = connections_.find(file.connection);
  if (files == connections_.end() || files->second.waiting.size() >= queued_per_connection) {
    out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
    const bool unknown = files == connections_.end();
    const auto why = unknown ? Fault::not_connected : Fault::queue_full;
    out.emplace_back(Tell{FileFailed{file.transfer, why, {}, FileOf{file.connection, file.name}}});
    return;
  }
  files->second.waiting.push_back(file);
  send_next(file.connection, env, out);
}

void Transfers::send_next(ConnectionId connection, Env& env, TransferEffects& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  auto& files = found->second;
  // Without a window the channel is not open yet: `messages` may be some moments ahead of it.
  if (files.sending || files.waiting.empty() || files.window == 0) return;
  const auto file = std::move(files.waiting.front());
  files.waiting.pop_front();
  files.sending = file.transfer;
  const auto credit = files.credit;
  transfer::Effects effects;
  transfers_.insert_or_assign(file.transfer, outgoing(connection, files, file, env, effects));
  settle(file.transfer, std::move(effects), env, out);
  if (const auto at = transfers_.find(file.transfer); at != transfers_.end())
    to(at, transfer::ChannelRoom{credit}, env, out);
}

Transfers::Transfer Transfers::outgoing(ConnectionId connection, Files& files, const SendFile& file,
                                        Env& env, transfer::Effects& effects) {
  if (files.manner.stream_frame > 0) {
    const auto number = files.next_number++;
    if (file.batch) announce(number, *file.batch, effects);
    auto sender = transfer::Sender::start(
        {number, file.name, file.size, files.manner.stream_frame, file.attributes}, env, effects);
    return {connection, number, true, file.name, file.size, std::move(sender)};
  }
  auto id = wire::peer::FileId::from_random(env.rng.bytes<16>());
  auto sender = transfer::ZajelSender::start(
      {id, file.name, file.size, files.manner.acks, files.manner.largest_message}, env, effects);
  return {connection, std::move(id), true, file.name, file.size, std::move(sender)};
}

void Transfers::decide(TransferId id, bool accepted, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at != transfers_.end()) to(at, transfer::Decision{accepted}, env, out);
}

void Transfers::cancel(TransferId id, Fault cause, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at != transfers_.end()) to(at, transfer::Cancel{cause}, env, out);
}

void Transfers::cancel_all(Fault cause, Env& env, TransferEffects& out) {
  for (auto& [connection, files] : connections_) {
    for (const auto& file : files.waiting) {
      out.emplace_back(ToDisk{file.transfer, transfer::DropSource{}});
      out.emplace_back(Tell{FileFailed{file.transfer, cause, {}, FileOf{connection, file.name}}});
    }
    files.waiting.clear();
  }
  std::vector<TransferId> all;
  for (const auto& [id, transfer] : transfers_) all.push_back(id);
  for (const auto id : all) cancel(id, cause, env, out);
}

// ---- the channel, the disk and the clock --------------------------------------------------------

void Transfers::on_window(ConnectionId connection, std::size_t bytes, Env& env,
                          TransferEffects& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  auto& files = found->second;
  files.window = std::max(files.window, bytes);
  files.credit = bytes;
  if (!files.sending) return send_next(connection, env, out);
  if (const auto at = transfers_.find(*files.sending); at != transfers_.end())
    to(at, transfer::ChannelRoom{bytes}, env, out);
}

void Transfers::on_everything_sent(ConnectionId connection, Env& env, TransferEffects& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  // The buffer is empty: files that never filled it get no other word of that.
  on_window(connection, found->second.window, env, out);
  const auto sending = connections_.at(connection).sending;
  if (!sending) return;
  if (const auto at = transfers_.find(*sending); at != transfers_.end())
    to(at, transfer::Flushed{}, env, out);
}

void Transfers::on_disk(TransferId id, FromDisk::Event event, Env& env, TransferEffects& out) {
  const auto at = transfers_.find(id);
  if (at == transfers_.end()) return;  // a late answer
  std::visit([&](auto&& e) { to(at, std::move(e), env, out); }, std::move(event));
}

void Transfers::on_tick(Env& env, TransferEffects& out) {
  std::vector<TransferId> due;
  while (const auto id = deadlines_.take_due(env.now)) due.push_back(*id);
  for (const auto id : due)
    if (const auto at = transfers_.find(id); at != transfers_.end())
      to(at, transfer::Tick{}, env, out);
}

// ---- routing ------------------------------------------------------------------------------------

Transfers::Transferring::iterator Transfers::find(ConnectionId connection, const Key& key,
                                                  bool outgoing) {
  return std::find_if(transfers_.begin(), transfers_.end(), [&](const auto& entry) {
    const auto& transfer = entry.second;
    return transfer.connection == connection && transfer.outgoing == outgoing &&
           transfer.key == key;
  });
}

void Transfers::to_named(ConnectionId connection, const Key& key, bool outgoing, Event event,
                         Env& env, TransferEffects& out) {
  if (const auto at = find(connection, key, outgoing); at != transfers_.end())
    to(at, std::move(event), env, out);
}

void Transfers::to(Transferring::iterator at, Event event, Env& env, TransferEffects& out) {
  const auto id = at->first;
  transfer::Effects effects;
  std::visit(
      [&](auto& machine, auto&& e) {
        using Expected = typename std::remove_cvref_t<decltype(machine)>::Event;
        if constexpr (std::constructible_from<Expected, decltype(e)>)
          machine.on(Expected{std::move(e)}, env, effects);
      },
      at->second.machine, std::move(event));
  settle(id, std::move(effects), env, out);
}

void Transfers::settle(TransferId id, transfer::Effects effects, Env& env, TransferEffects& out) {
  auto& transfer = transfers_.at(id);
  for (auto& effect : effects) address(id, transfer, std::move(effect), out);
  const auto connection = transfer.connection;
  if (!ended(transfer.machine)) {
    deadlines_.set(id, deadline_of(transfer.machine));
    return wait_for_disk(connection, out);
  }
  transfers_.erase(id);
  deadlines_.erase(id);
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  pause(connection, id, false, out);
  wait_for_disk(connection, out);
  if (files->second.sending == id) {
    files->second.sending.reset();
    send_next(connection, env, out);
  }
}

void Transfers::address(TransferId id, Transfer& at, transfer::Effect effect,
                        TransferEffects& out) {
  const auto connection = at.connection;
  std::visit(
      fsm::overload{
          [&](transfer::SendEnvelope&& e) {
            envelope(connection, std::visit([](const auto& f) { return print(f); }, e.envelope),
                     out);
          },
          [&](transfer::SendChunk&& e) {
            const auto files = connections_.find(connection);
            if (files == connections_.end()) return;
            const auto cost = transfer::wire_cost(e.bytes.size());
            files->second.credit -= std::min(files->second.credit, cost);
            connection::SendFileChunk chunk{std::move(e.id), e.index, std::move(e.bytes)};
            out.emplace_back(ToConnection{connection, std::move(chunk)});
          },
          [&](transfer::PauseConnection&& e) { pause(connection, id, e.paused, out); },
          [&](transfer::SendFrame&& e) { stream_frame(connection, std::move(e.frame), out); },
          [&](transfer::Offered&& e) {
            out.emplace_back(Tell{FileOffered{connection, id, at.name, at.size, e.have, at.batch}});
          },
          [&](transfer::Checking&& e) {
            out.emplace_back(
                Tell{FileChecking{connection, id, at.outgoing, at.name, at.size, e.have, e.bytes}});
          },
          [&](transfer::Started&& e) {
            out.emplace_back(
                Tell{FileStarted{connection, id, at.outgoing, at.name, at.size, e.from}});
          },
          [&](transfer::Progress&& e) {
            out.emplace_back(Tell{FileProgress{id, e.bytes}});
          },
          [&](transfer::Finished&& e) {
            if (at.outgoing)
              out.emplace_back(Tell{FileSent{id, e.sha256, e.confirmed}});
            else
              out.emplace_back(Tell{FileReceived{id, Plaintext(std::move(e.path)), e.sha256}});
          },
          [&](transfer::Failed&& e) {
            out.emplace_back(Tell{FileFailed{id, e.fault, e.room, FileOf{connection, at.name}}});
          },
          [&](auto&& to_disk) {
            out.emplace_back(ToDisk{id, std::move(to_disk)});
          },
      },
      std::move(effect));
}

void Transfers::envelope(ConnectionId connection, std::string frame, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  files->second.credit -= std::min(files->second.credit, frame.size());
  out.emplace_back(ToConnection{connection, connection::SendFileFrame{std::move(frame)}});
}

void Transfers::stream_frame(ConnectionId connection, ByteVector frame, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  files->second.credit -= std::min(files->second.credit, frame.size());
  out.emplace_back(ToConnection{connection, connection::SendStreamFrame{std::move(frame)}});
}

/// Files may come faster than the disk gives them their names.
void Transfers::wait_for_disk(ConnectionId connection, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end() || files->second.manner.is_answered()) return;
  const auto waiting = std::ranges::count_if(transfers_, [&](const auto& entry) {
    const auto* receiver = std::get_if<transfer::ZajelReceiver>(&entry.second.machine);
    return receiver != nullptr && entry.second.connection == connection &&
           receiver->waits_for_disk();
  });
  pause(connection, of_all, static_cast<std::size_t>(waiting) >= unasked_at_the_disk, out);
}

void Transfers::pause(ConnectionId connection, TransferId id, bool paused, TransferEffects& out) {
  const auto files = connections_.find(connection);
  if (files == connections_.end()) return;
  auto& pausing = files->second.pausing;
  const bool before = !pausing.empty();
  if (paused)
    pausing.insert(id);
  else
    pausing.erase(id);
  if (before != !pausing.empty()) out.emplace_back(PauseConnection{connection, !pausing.empty()});
}

}  // namespace culver::engine
