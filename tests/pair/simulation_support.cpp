#include <algorithm>

#include "core/crypto/hash.hpp"
#include "core/transfer/safe_name.hpp"
#include "core/transfer/stream_terms.hpp"
#include "tests/core/relay/door_support.hpp"
#include "tests/support/simulation.hpp"

namespace culver::test {

using connection::TransportEvent;

namespace {

std::string new_ufrag(SeededRng& random) {
  std::string ufrag;
  for (const auto byte : random.rng().bytes<8>())
    ufrag += "abcdefghijklmnop"[std::to_integer<int>(byte) % 16];
  return ufrag;
}

relay::session::ServerName server_name() { return {"server", "ws://simulation", {}}; }

}  // namespace

// ---- Node ---------------------------------------------------------------------------------------

Node::Node(Simulation& in, std::string called, std::uint64_t seed, bool streams)
    : simulation(in),
      name(std::move(called)),
      random(seed),
      streams_(streams),
      identity_(random.rng().secret<32>()),
      account_(random.rng().secret<32>()) {
  make_engine();
}

void Node::make_engine() {
  crypto::SigningKey key{Secret<32>(account_.expose())};
  const UserId user{key.verify_key().data};
  DeviceId device{random.rng().bytes<DeviceId::size>()};
  device.data[6] = std::byte{0x40};  // a UUID of version 4
  device.data[8] = std::byte{0x80};
  engine::Config config{.identity = crypto::KeyPair::from_private(Secret<32>(identity_.expose())),
                        .account = {std::move(key), user, device, Plaintext(name), {}},
                        .server = {},
                        .username = Plaintext(name),
                        .streams = streams_,
                        .letters = speaks_letters,
                        .only_one = only_one,
                        .pair_requests = pair_requests};
  if (claims) config.identity.shared = *claims;
  for (const auto& [peer, known] : book) config.known.push_back(known);
  engine = std::make_unique<engine::Engine>(std::move(config));
  order_.restart();
}

void Node::crash() {
  ++crashes;
  simulation.forget_answers(name);
  letters.writing.clear();
  restart();
  if (reborn) reborn(*this);
}

void Node::restart() {
  vanish();
  simulation.socket_closed(*this);
  events_.clear();
  notices.clear();
  make_engine();
}

void Node::take_identity_of(const Node& other) {
  identity_ = Secret<32>(other.identity_.expose());
  make_engine();
}

void Node::feed(engine::Event event) {
  events_.push_back(std::move(event));
  if (pumping_) return;
  pumping_ = true;
  while (!events_.empty()) {
    auto next = std::move(events_.front());
    events_.pop_front();
    auto env = simulation.env(random);
    engine::Effects effects;
    engine->step(std::move(next), env, effects);
    for (auto& effect : effects) {
      if (dies_after && (*dies_after)-- == 0) {
        dies_after.reset();
        crash();
        break;
      }
      perform(std::move(effect));
    }
  }
  pumping_ = false;
}

void Node::perform(engine::Effect effect) {
  std::visit(fsm::overload{
                 [&](engine::DialServer&&) { simulation.socket_opened(*this); },
                 [&](engine::SendToServer&& e) {
                   const auto to = socket;
                   simulation.later(name + " up", [this, to, frame = std::move(e.frame)] {
                     if (to && socket == to) simulation.to_server(*this, frame);
                   });
                 },
                 [&](engine::HangUpServer&&) { simulation.socket_closed(*this); },
                 [&](engine::ToTransport&& e) {
                   order_.watch(e);
                   on_transport(e.connection, std::move(e.effect));
                 },
                 [&](engine::ToDisk&& e) { on_disk(std::move(e)); },
                 [&](engine::Remember&& e) { on_book(std::move(e)); },
                 [&](engine::KeepOffered&& e) { offered[e.of] = e; },
                 [&](engine::RememberServer&& e) { server = e.identity; },
                 [&](engine::StoreLetter&& e) { on_letters(std::move(e)); },
                 [&](engine::LoadLetters&& e) { on_letters(e); },
                 [&](engine::RemoveLetters&& e) { on_letters(e); },
                 [&](engine::KeepLetter&& e) { on_letters(std::move(e)); },
                 [&](engine::LoadHeld&&) {
                   simulation.later(name + " disk", [this] {
                     engine::HeldLoaded loaded;
                     for (const auto& [id, letter] : letters.held) loaded.letters.push_back(letter);
                     feed(std::move(loaded));
                   });
                 },
                 [&](engine::MarkDisplayed&& e) {
                   simulation.later(name + " disk", [this, e] { letters.held.erase(e.held); });
                 },
                 [&](engine::LoadFrames&& e) {
                   frames_asked.push_back(e);
                   if (!reads_frames_late)
                     simulation.later(name + " disk", [this] { read_frames(); });
                 },
                 [&](engine::KeepFrame&& e) {
                   if (keeps_frames_late) return frames_to_keep.push_back(e);
                   simulation.later(name + " disk", [this, e] {
                     const bool is_new = frames[e.key].insert(e.nonce).second;
                     feed(engine::FrameKept{e.key, e.nonce, is_new && !another_takes_frames});
                   });
                 },
                 [](engine::LendIceServers&&) {},
                 [&](engine::Tell&& e) {
                   order_.watch(e.notice);
                   notices.push_back(e.notice);
                   if (react) react(*this, notices.back());
                 },
                 [&](engine::Dropped&&) { ++dropped; },
             },
             std::move(effect));
}

void Node::read_frames(std::optional<Fault> fault) {
  for (const auto& asked : std::exchange(frames_asked, {})) {
    const auto& taken = frames[asked.key];
    feed(engine::FramesLoaded{asked.key, {taken.begin(), taken.end()}, fault});
  }
}

/// The other end, while both ends know each other.
Node* Node::other_end(ConnectionId connection, ConnectionId& theirs) {
  const auto& mine = transports.at(connection);
  if (mine.peer) {
    theirs = mine.peer->second;
    const auto at = mine.peer->first->transports.find(theirs);
    if (at == mine.peer->first->transports.end()) return nullptr;
    // One that was started again has given the id anew.
    return at->second.peer == std::pair{this, connection} ? mine.peer->first : nullptr;
  }
  Node* node = mine.remote_ufrag ? simulation.owner_of(*mine.remote_ufrag, theirs) : nullptr;
  return node && node->transports.at(theirs).remote_ufrag == mine.ufrag ? node : nullptr;
}

/// There is a path as soon as each has the other's credentials, of one generation.
void Node::set_remote(ConnectionId connection, std::string ufrag) {
  auto& mine = transports.at(connection);
  mine.remote_ufrag = std::move(ufrag);
  ConnectionId theirs{};
  Node* peer = simulation.owner_of(*mine.remote_ufrag, theirs);
  if (!peer || mine.path_told) return;
  auto& other = peer->transports.at(theirs);
  if (other.remote_ufrag != mine.ufrag) return;
  mine.path_told = other.path_told = true;
  mine.peer = {peer, theirs};
  other.peer = {this, connection};
  const auto tell = [this](Node* node, ConnectionId id) {
    simulation.later(node->name + " transport", [node, id] {
      if (node->transports.contains(id))
        node->feed(engine::FromTransport{id, connection::PathReady{connection::PathKind::direct}});
    });
  };
  tell(this, connection);
  tell(peer, theirs);
}

void Node::doubt() {
  std::vector<ConnectionId> all;
  for (const auto& transport : transports) all.push_back(transport.first);
  for (const auto id : all)
    feed(engine::FromTransport{id, connection::PathDoubted{simulation.now}});
}

/// Frees our end; the other one hears of it, after what is on its way to it.
void Node::end(ConnectionId connection) {
  ConnectionId theirs{};
  Node* peer = other_end(connection, theirs);
  transports.erase(connection);
  if (peer)
    simulation.later(peer->name + " transport", [peer, theirs] { peer->closed_by_peer(theirs); });
}

/// Takes what waited while reading was paused, as far as it is not paused anew.
void Node::read_on(ConnectionId connection) {
  for (;;) {
    const auto at = transports.find(connection);
    if (at == transports.end() || at->second.reading_paused) return;
    if (at->second.unread.empty()) {
      if (at->second.peer_left) closed_by_peer(connection);
      return;
    }
    auto event = std::move(at->second.unread.front());
    at->second.unread.pop_front();
    feed(engine::FromTransport{connection, std::move(event)});
  }
}

/// What came before is read first, however long reading is paused.
void Node::closed_by_peer(ConnectionId connection) {
  const auto at = transports.find(connection);
  if (at == transports.end()) return;
  if (!at->second.unread.empty()) {
    at->second.peer_left = true;
    return;
  }
  transports.erase(at);
  feed(engine::FromTransport{connection, connection::TransportClosed{}});
}

void Node::on_transport(ConnectionId connection, connection::TransportEffect effect) {
  const auto tell = [this, connection](TransportEvent event) {
    simulation.later(name + " transport", [this, connection, event = std::move(event)]() mutable {
      const auto at = transports.find(connection);
      if (at == transports.end()) return;
      const bool closed = std::holds_alternative<connection::TransportClosed>(event);
      if (at->second.keeps_waiting() && std::holds_alternative<connection::ChannelData>(event)) {
        at->second.unread.push_back(std::move(event));
        return;
      }
      if (closed) end(connection);
      feed(engine::FromTransport{connection, std::move(event)});
    });
  };
  const auto fails = [&](TransportEvent failure) {
    if (!simulation.should_fail()) return false;
    if (!simulation.silent) tell(std::move(failure));
    return true;
  };
  const auto other = [&](ConnectionId& theirs) { return other_end(connection, theirs); };
  /// Tells both ends, once both have come to the same point.
  const auto meet = [&](bool Transport::*started, bool Transport::*told, auto event_for) {
    ConnectionId theirs{};
    Node* peer = other(theirs);
    if (!peer) return;
    auto& a = transports.at(connection);
    auto& b = peer->transports.at(theirs);
    if (!(a.*started) || !(b.*started) || a.*told) return;
    a.*told = b.*told = true;
    tell(event_for(b));
    auto to_peer = event_for(a);
    simulation.later(peer->name + " transport", [peer, theirs, to_peer]() mutable {
      if (peer->transports.contains(theirs))
        peer->feed(engine::FromTransport{theirs, std::move(to_peer)});
    });
  };
  const auto dtls_if_ready = [&] {
    ConnectionId theirs{};
    Node* peer = other(theirs);
    if (!peer || !transports.at(connection).path_told) return;
    meet(&Transport::dtls_started, &Transport::dtls_told, [this](const Transport& t) {
      auto seen = t.certificate;
      if (tamper_certificate) seen.data[0] ^= std::byte{1};
      return TransportEvent{connection::DtlsUp{seen}};
    });
  };

  if (std::holds_alternative<connection::StartIce>(effect)) {
    Transport transport;
    transport.ufrag = new_ufrag(random);
    random.rng().fill(transport.certificate.data);
    const auto& made = transports.insert_or_assign(connection, transport).first->second;
    if (fails(connection::PathFailed{})) return;
    tell(connection::LocalDescription{{made.ufrag, "aPasswordOf22Characters"}, made.certificate});
    tell(connection::LocalCandidate{
        {"1", 100, "192.0.2.1", 4'000, wire::sdp::CandidateType::host, "", 0}});
    tell(connection::GatheringDone{});
    return;
  }
  const auto at = transports.find(connection);
  if (at == transports.end()) return;
  auto& mine = at->second;
  std::visit(
      fsm::overload{
          [](connection::StartIce&&) {},
          [&](connection::PrepareRestart&&) {
            mine.prepared_ufrag = new_ufrag(random);
            tell(connection::LocalDescription{{mine.prepared_ufrag, "aPasswordOf22Characters"},
                                              mine.certificate});
          },
          [&](connection::RestartIce&&) {
            ++restarts;
            mine.ufrag = mine.prepared_ufrag;
            mine.path_told = false;
            tell(connection::LocalCandidate{
                {"1", 100, "192.0.2.1", 4'001, wire::sdp::CandidateType::host, "", 0}});
          },
          [&](connection::SetRemoteIce&& e) {
            if (fails(connection::PathFailed{})) return;
            set_remote(connection, std::move(e.ice.ufrag));
            dtls_if_ready();
          },
          [](connection::AddCandidate&&) {},
          [](connection::RemoteCandidatesDone&&) {},
          [&](connection::StartDtls&&) {
            mine.dtls_started = true;
            if (!fails(connection::DtlsFailed{})) dtls_if_ready();
          },
          [&](connection::StartSctp&&) {
            mine.sctp_started = true;
            if (fails(connection::TransportClosed{})) return;
            meet(&Transport::sctp_started, &Transport::sctp_told,
                 [](const Transport&) { return TransportEvent{connection::SctpUp{}}; });
          },
          [&](connection::OpenChannel&& e) {
            if (fails(connection::TransportClosed{})) return;
            // OPEN and its ACK travel on the stream that they are about, ahead of its data.
            const ChannelId id{static_cast<std::uint16_t>(e.label == "messages" ? 0 : 2)};
            const auto stream = " stream " + std::to_string(id.value);
            ConnectionId theirs{};
            Node* peer = other(theirs);
            if (!peer) return;
            const auto to = peer->transports.at(theirs).certificate;
            simulation.later(name + stream, [this, connection, peer, theirs, id, stream,
                                             label = e.label, to, from = mine.certificate] {
              simulation.later(peer->name + stream, [this, connection, id, label, from] {
                const auto here = transports.find(connection);
                if (here == transports.end() || here->second.certificate != from) return;
                feed(engine::FromTransport{connection, connection::ChannelOpen{id, label}});
                feed(engine::FromTransport{connection, connection::Window{id, 1 << 20}});
              });
              const auto there = peer->transports.find(theirs);
              if (there == peer->transports.end() || there->second.certificate != to) return;
              peer->feed(engine::FromTransport{theirs, connection::ChannelOpen{id, label}});
              peer->feed(engine::FromTransport{theirs, connection::Window{id, 1 << 20}});
            });
          },
          [&](connection::SendOn&& e) {
            if (fails(connection::TransportClosed{})) return;
            ConnectionId theirs{};
            Node* peer = other(theirs);
            if (!peer) return;
            ++mine.in_flight;
            if (tamper) tamper(e);
            // One lane per stream: SCTP keeps the order within a stream only.
            const auto lane = name + " stream " + std::to_string(e.channel.value);
            // Whoever was started again may have given an id anew.
            const auto to = peer->transports.at(theirs).certificate;
            simulation.later(lane, [this, connection, peer, theirs, to, from = mine.certificate,
                                    e = std::move(e)]() mutable {
              // What nobody gets, nobody acknowledges.
              const auto there = peer->transports.find(theirs);
              if (there == peer->transports.end() || there->second.certificate != to) return;
              connection::ChannelData data{e.channel, std::move(e.bytes), e.binary};
              if (there->second.keeps_waiting())
                there->second.unread.emplace_back(std::move(data));
              else
                peer->feed(engine::FromTransport{theirs, std::move(data)});
              const auto here = transports.find(connection);
              if (here == transports.end() || here->second.certificate != from) return;
              if (--here->second.in_flight > 0) return;
              if (here->second.leaving) {
                transports.erase(here);
                feed(engine::FromTransport{connection, connection::TransportClosed{}});
                peer->closed_by_peer(theirs);
                return;
              }
              feed(engine::FromTransport{connection, connection::Window{ChannelId{2}, 1 << 20}});
              feed(engine::FromTransport{connection, connection::AllSent{}});
            });
          },
          [&](connection::PauseReading&& e) {
            mine.reading_paused = e.paused;
            if (!e.paused)
              simulation.later(name + " transport", [this, connection] { read_on(connection); });
          },
          [](connection::AcknowledgeSeldom&&) {},
          [&](connection::HangUp&&) {
            mine.leaving = true;
            if (mine.in_flight > 0) return;
            ConnectionId theirs{};
            Node* peer = other(theirs);
            tell(connection::TransportClosed{});
            if (peer)
              simulation.later(peer->name + " transport",
                               [peer, theirs] { peer->closed_by_peer(theirs); });
          },
          [&](connection::DropTransport&&) {
            ConnectionId theirs{};
            Node* peer = other(theirs);
            transports.erase(connection);
            if (peer)
              simulation.later(peer->name + " transport",
                               [peer, theirs] { peer->closed_by_peer(theirs); });
          },
      },
      std::move(effect));
}

void Node::on_book(engine::Remember peer) {
  const bool fails = simulation.should_fail() || book_is_broken;
  const auto fault = fails ? std::optional(Fault::store_failed) : std::nullopt;
  if (fault && simulation.silent) return;
  if (!fault) {
    remembered.push_back(peer.key);
    auto& row = book.try_emplace(peer.key, engine::Known{peer.key, {}, {}}).first->second;
    if (peer.name) row.name = peer.name;
    row.is_culver = row.is_culver || peer.is_culver;
  }
  simulation.later(name + " disk", [this, id = peer.connection, fault] {
    feed(engine::Remembered{id, fault});
  });
}

std::vector<std::string> Node::texts() const {
  std::vector<std::string> all;
  for (const auto& notice : notices) {
    if (const auto* text = std::get_if<engine::TextReceived>(&notice))
      all.push_back(text->text.expose());
    if (const auto* letter = std::get_if<engine::LetterReceived>(&notice))
      all.push_back(letter->text.expose());
  }
  return all;
}

// ---- letters ------------------------------------------------------------------------------------

// What is asked happens when the disk gets to it, not before.

void Node::on_letters(engine::StoreLetter request) {
  if (simulation.should_fail() && simulation.silent) return;
  simulation.later(name + " disk", [this, e = std::move(request)]() mutable {
    if (!book.contains(e.key))
      return feed(engine::LetterStored{e.request, {}, Fault::no_such_peer});
    auto& writing = letters.writing[e.key];
    if (writing.number == 0) random.rng().fill(writing.series.data);
    ++writing.number;
    const LetterId id{letters.next++};
    letters.queue.push_back({e.key, {id, writing, e.written, std::move(e.text)}});
    feed(engine::LetterStored{e.request, id, std::nullopt});
  });
}

void Node::on_letters(const engine::LoadLetters& request) {
  const bool fails = simulation.should_fail();
  if (fails && simulation.silent) return;
  simulation.later(name + " disk", [this, request, fails] {
    engine::LettersLoaded loaded{request.connection, {}, std::nullopt};
    if (fails) loaded.fault = Fault::store_failed;
    for (const auto& [key, letter] : letters.queue)
      if (!fails && key == request.key && letter.id > request.after &&
          loaded.letters.size() < request.most)
        loaded.letters.push_back(letter);
    feed(std::move(loaded));
  });
}

void Node::on_letters(const engine::RemoveLetters& request) {
  if (simulation.should_fail()) return;
  simulation.later(name + " disk", [this, request] {
    for (const auto id : request.letters)
      std::erase_if(letters.queue, [&](const auto& row) { return row.letter.id == id; });
  });
}

void Node::on_letters(engine::KeepLetter request) {
  const bool fails = simulation.should_fail();
  if (fails && simulation.silent) return;
  simulation.later(name + " disk", [this, e = std::move(request), fails] {
    if (fails) return feed(engine::LetterKept{e.request, std::nullopt, Fault::store_failed});
    auto& last = letters.heard[{e.key, e.letter.name.series}];
    if (e.letter.name.number <= last)
      return feed(engine::LetterKept{e.request, std::nullopt, std::nullopt});
    last = e.letter.name.number;
    const HeldId id{letters.next++};
    letters.held[id] = {id, e.key, e.letter.name, e.letter.written, e.letter.text};
    feed(engine::LetterKept{e.request, id, std::nullopt});
  });
}

void Node::on_disk(engine::ToDisk request) {
  const auto id = request.transfer;
  const auto answer = [this, id](engine::FromDisk::Event event) {
    if (simulation.silent && std::holds_alternative<transfer::DiskFailed>(event)) return;
    simulation.later(name + " disk", [this, id, event = std::move(event)]() mutable {
      feed(engine::FromDisk{id, std::move(event)});
    });
  };
  std::visit(fsm::overload{
                 [&](transfer::ReadBlock& r) {
                   if (simulation.should_fail())
                     return answer(transfer::DiskFailed{Fault::file_unreadable});
                   const auto piece = sources[id].substr(read[id], r.bytes);
                   read[id] += piece.size();
                   const auto bytes = as_bytes(piece);
                   answer(transfer::BlockRead{{bytes.begin(), bytes.end()}});
                 },
                 [&](transfer::CreateTarget&) {
                   if (simulation.should_fail())
                     return answer(transfer::DiskFailed{Fault::no_space});
                   partial[id].clear();
                   answer(transfer::TargetCreated{});
                 },
                 [&](transfer::WriteBlock& w) {
                   if (simulation.should_fail())
                     return answer(transfer::DiskFailed{Fault::no_space});
                   partial[id] += as_text(w.bytes);
                   answer(transfer::BlockWritten{w.bytes.size()});
                 },
                 [&](transfer::FinishTarget&) {
                   if (simulation.should_fail())
                     return answer(transfer::DiskFailed{Fault::file_unwritable});
                   received.push_back(std::move(partial[id]));
                   partial.erase(id);
                   answer(transfer::TargetFinished{"/downloads/file"});
                 },
                 [&](transfer::DropSource&) { sources.erase(id); },
                 [&](transfer::DropTarget&) {
                   partial.erase(id);
                   if (marks.contains(id)) kept.erase(marks[id]);
                   marks.erase(id);
                 },
                 [&](auto&) { on_stream_disk(id, request.effect, answer); },
             },
             request.effect);
}

namespace {

Digest hash_of(std::string_view text) { return crypto::sha256(as_bytes(text)); }

std::string mark_of(const PublicKey& peer, std::uint64_t size, const Plaintext& name) {
  return std::string(as_text(peer.view())) + std::to_string(size) + "/" + name.expose();
}

std::size_t whole_blocks(std::string_view part) {
  return part.size() / transfer::stream::block * transfer::stream::block;
}

}  // namespace

void Node::on_stream_disk(TransferId id, engine::ToDisk::Effect& effect,
                          const std::function<void(engine::FromDisk::Event)>& answer) {
  const auto fails = [&](Fault fault) {
    if (!simulation.should_fail()) return false;
    answer(transfer::DiskFailed{fault});
    return true;
  };
  if (auto* read_frames = std::get_if<transfer::ReadFrames>(&effect)) {
    if (fails(Fault::file_unreadable)) return;
    const auto& file = sources[id];
    if (file.size() < read_frames->offset + read_frames->bytes ||
        (read_frames->last && file.size() > read_frames->offset + read_frames->bytes))
      return answer(transfer::DiskFailed{Fault::file_changed});
    transfer::FramesRead frames;
    const auto piece = transfer::stream::even_piece(read_frames->bytes, read_frames->frame);
    for (std::size_t at = 0; at < read_frames->bytes; at += piece) {
      const auto size = std::min(piece, read_frames->bytes - at);
      auto& frame = frames.frames.emplace_back(wire::stream::data_overhead + size);
      const auto bytes = as_bytes(std::string_view(file).substr(read_frames->offset + at, size));
      std::copy(bytes.begin(), bytes.end(), frame.begin() + wire::stream::data_head);
    }
    if (read_frames->last) frames.sha256 = hash_of(file);
    answer(std::move(frames));
  } else if (auto* prefix = std::get_if<transfer::HashPrefix>(&effect)) {
    if (fails(Fault::file_unreadable)) return;
    const auto bytes = prefix->from + prefix->bytes;
    answer(transfer::PrefixHashed{bytes, hash_of(std::string_view(sources[id]).substr(0, bytes))});
  } else if (auto* find = std::get_if<transfer::FindTarget>(&effect)) {
    if (fails(Fault::folder_read_only)) return;
    const auto part =
        find->peer ? kept.find(mark_of(*find->peer, find->size, find->name)) : kept.end();
    answer(transfer::TargetFound{part == kept.end() ? 0 : whole_blocks(part->second)});
  } else if (auto* part = std::get_if<transfer::HashPart>(&effect)) {
    if (fails(Fault::file_unwritable)) return;
    const auto bytes = hashed[id] += part->bytes;
    answer(transfer::PartHashed{bytes, hash_of(std::string_view(partial[id]).substr(0, bytes))});
  } else if (auto* open = std::get_if<transfer::OpenTarget>(&effect)) {
    if (fails(Fault::no_space)) return;
    auto mark = mark_of(open->peer, open->size, open->name);
    partial[id] = std::exchange(kept[mark], {});
    partial[id].resize(whole_blocks(partial[id]));
    hashed[id] = 0;
    kept.erase(mark);
    marks[id] = std::move(mark);
    answer(transfer::TargetOpened{partial[id].size()});
  } else if (std::holds_alternative<transfer::RestartTarget>(effect)) {
    partial[id].clear();
  } else if (auto* write = std::get_if<transfer::WriteSlices>(&effect)) {
    if (fails(Fault::no_space)) return;
    std::size_t bytes = 0;
    for (const auto& slice : write->slices) {
      partial[id] += as_text(slice.view());
      bytes += slice.size;
    }
    unwritten += bytes;
    most_unwritten = std::max(most_unwritten, unwritten);
    transfer::BlockWritten written{bytes};
    if (write->last) written.sha256 = hash_of(partial[id]);
    writes.push_back([this, written, answer] {
      unwritten -= written.bytes;
      answer(written);
    });
    if (!slow_disk) write_one();
  } else if (std::holds_alternative<transfer::KeepTarget>(effect)) {
    if (marks.contains(id) && partial[id].size() >= transfer::stream::block)
      kept[marks[id]] = std::move(partial[id]);
    marks.erase(id);
    partial.erase(id);
  }
}

void Node::write_one() {
  if (writes.empty()) return;
  const auto write = std::move(writes.front());
  writes.pop_front();
  write();
}

// ---- Simulation
// -------------------------------------------------------------------------------------

Simulation::Simulation(std::uint64_t seed, const relay::Limits& limits)
    : random(seed),
      now(std::chrono::hours(1)),
      hub_(std::make_unique<relay::Hub>(server_name(), limits, relay::test_door())) {}

Env Simulation::env(SeededRng& rng) const {
  constexpr WallTime began = 1'764'000'000'000;  // on the hour, as Simulation::now begins
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  return {now, rng.rng(), began + since.count()};
}

Node& Simulation::add(const std::string& name, bool streams) {
  nodes.push_back(std::make_unique<Node>(*this, name, random.below(1u << 30), streams));
  return *nodes.back();
}

void Simulation::forget_answers(const std::string& node) {
  for (const auto* source : {" disk", " transport", " down"}) lanes_.erase(node + source);
}

void Simulation::later(const std::string& lane, std::function<void()> happening) {
  lanes_[lane].push_back(std::move(happening));
}

bool Simulation::happen() {
  std::vector<const std::string*> busy;
  for (const auto& [lane, queue] : lanes_)
    if (!queue.empty()) busy.push_back(&lane);
  if (busy.empty()) return false;
  auto& queue = lanes_[*busy[random.below(busy.size())]];
  auto happening = std::move(queue.front());
  queue.pop_front();
  happening();
  return true;
}

void Simulation::settle(std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i)
    if (!happen()) return;
}

void Simulation::tick_all() {
  for (auto& node : nodes)
    if (const auto due = node->engine->deadline(); due && *due <= now) node->feed(engine::Tick{});
  if (const auto due = hub_->deadline(); due && *due <= now) {
    auto env = this->env(random);
    perform(hub_->step(relay::Tick{}, env));
  }
}

void Simulation::pass(Duration duration) {
  const auto until = now + duration;
  for (;;) {
    settle();
    auto next = hub_->deadline();
    for (const auto& node : nodes) next = fsm::earlier(next, node->engine->deadline());
    if (!next || *next > until) break;
    now = std::max(now, *next);
    tick_all();
  }
  now = until;
  settle();
}

Node* Simulation::owner_of(const std::string& ufrag, ConnectionId& connection) {
  for (auto& node : nodes)
    for (const auto& [id, transport] : node->transports)
      if (transport.ufrag == ufrag) {
        connection = id;
        return node.get();
      }
  return nullptr;
}

std::size_t Simulation::live_transports() const {
  std::size_t live = 0;
  for (const auto& node : nodes) live += node->transports.size();
  return live;
}

void Simulation::cut_all_connections() {
  for (auto& node : nodes)
    for (const auto& [id, transport] : std::exchange(node->transports, {}))
      node->feed(engine::FromTransport{id, connection::PathFailed{}});
}

void Simulation::socket_opened(Node& node) {
  if (const bool fails = should_fail(); fails || server_down) {
    if (fails && silent) return;
    later(node.name + " down",
          [&node] { node.feed(engine::ServerLost{Fault::server_unreachable}); });
    return;
  }
  const relay::SocketId socket{next_socket_++};
  node.socket = socket;
  if (other_server)
    return later(node.name + " down", [&node] { node.feed(engine::ServerOpened{}); });
  later(node.name + " up", [this, &node, socket] {
    if (node.socket != socket) return;
    auto env = this->env(random);
    perform(hub_->step(relay::Accepted{socket, node.address}, env));
    later(node.name + " down", [&node, socket] {
      if (node.socket == socket) node.feed(engine::ServerOpened{});
    });
    perform(hub_->step(relay::SocketOpened{socket, node.address}, env));
  });
}

void Simulation::say(Node& node, std::string text) {
  later(node.name + " down", [&node, text = std::move(text)]() mutable {
    node.feed(engine::ServerFrame{std::move(text)});
  });
}

void Simulation::socket_closed(Node& node) {
  if (!node.socket) return;
  const auto socket = *std::exchange(node.socket, std::nullopt);
  later(node.name + " up", [this, socket] {
    auto env = this->env(random);
    perform(hub_->step(relay::SocketClosed{socket, true}, env));
  });
}

void Simulation::restart_server() {
  hub_ = std::make_unique<relay::Hub>(server_name(), relay::Limits{}, relay::test_door());
  for (auto& node : nodes)
    if (node->socket) {
      node->socket.reset();
      node->feed(engine::ServerLost{Fault::server_lost});
    }
}

void Simulation::to_server(Node& from, const std::string& frame) {
  from.said.push_back(now);
  if (other_server) return other_server(from, frame);
  auto env = this->env(random);
  if (should_fail()) {
    const auto socket = *std::exchange(from.socket, std::nullopt);
    if (silent) return;  // half of a connection: each side finds out for itself
    perform(hub_->step(relay::SocketClosed{socket, false}, env));
    later(from.name + " down", [&from] { from.feed(engine::ServerLost{Fault::server_lost}); });
    return;
  }
  if (frame.starts_with('{') && !wire::gateway::is_handshake(frame)) ++in_the_clear;
  perform(hub_->step(relay::Frame{*from.socket, frame}, env));
}

Node* Simulation::node_of(relay::SocketId socket) {
  for (auto& node : nodes)
    if (node->socket == socket) return node.get();
  return nullptr;
}

void Simulation::perform(relay::Effects effects) {
  for (auto& effect : effects) {
    if (auto* send = std::get_if<relay::SendToSocket>(&effect)) {
      if (auto* node = node_of(send->socket))
        later(node->name + " down",
              [node, socket = send->socket, text = std::move(send->text)]() mutable {
                if (node->socket == socket) node->feed(engine::ServerFrame{std::move(text)});
              });
    } else if (auto* close = std::get_if<relay::Close>(&effect)) {
      auto* node = node_of(close->socket);
      const auto socket = close->socket;
      if (node) node->socket.reset();
      later("hub", [this, socket] {
        auto env = this->env(random);
        perform(hub_->step(relay::SocketClosed{socket, false}, env));
      });
      if (node)
        later(node->name + " down", [node] { node->feed(engine::ServerLost{Fault::server_lost}); });
    } else if (auto* ask = std::get_if<relay::Ask>(&effect)) {
      store_.ask(std::move(*ask));
      later("store", [this] {
        store_.is_failing = should_fail();
        auto env = this->env(random);
        if (auto answered = store_.answer()) perform(hub_->step(std::move(*answered), env));
      });
    } else if (auto* ping = std::get_if<relay::Ping>(&effect)) {
      if (node_of(ping->socket))
        later("hub", [this, socket = ping->socket] {
          auto env = this->env(random);
          perform(hub_->step(relay::Alive{socket}, env));
        });
    }
  }
}

}  // namespace culver::test
