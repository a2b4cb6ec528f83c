// The connection machine between a claim and the first frame that opens.
#include "core/connection/connection.hpp"
#include "core/connection/exits.hpp"
#include "core/connection/proof.hpp"
#include "core/connection/signals.hpp"

namespace culver::connection {

using namespace wire::peer;
using Next = Proving::Next;

// ---- what comes in ------------------------------------------------------------------------------

Next Unproven::on(ChannelData&& data, Context& context, Effects& out) && {
  if (has_to_wait(data, context)) {
    if (!wait(std::move(data), out)) return close(Fault::queue_full, out);
    return std::move(*this);
  }
  if (data.channel == session.channels.messages)
    return std::move(*this).on_message(std::move(data.bytes), context, out);
  if (data.channel == session.channels.files)
    return std::move(*this).on_file_frame(std::move(data), context, out);
  out.emplace_back(Dropped{Fault::unknown_message, FrameKind::other_channel});
  return std::move(*this);
}

Next Unproven::on_message(ByteVector frame, Context& context, Effects& out) && {
  auto parsed = parse_messages_frame(as_text(frame));
  if (!parsed) return std::move(*this).dropped(parsed.error(), FrameKind::message, out);
  if (auto* handshake = std::get_if<Handshake>(&*parsed))
    return std::move(*this).on_late_handshake(std::move(*handshake), frame, context, out);
  if (std::holds_alternative<OtherJson>(*parsed)) return std::move(*this);
  auto opened = Proof::by_frame(session, as_text(frame), context, out);
  if (!opened) return std::move(*this).dropped(opened.error(), FrameKind::message, out);
  auto held = std::move(early);
  auto next = std::move(*this).secured(std::move(opened->proof), out);
  auto fatal = next.on_opened(opened->plaintext, out);
  if (!fatal) fatal = next.catch_up(std::move(held), context, out);
  if (fatal) return close(*fatal, out);
  return next;
}

/// A chunk that opens is as good as a text. What belongs before it has waited.
Next Unproven::on_file_frame(ChannelData&& frame, Context& context, Effects& out) && {
  auto parsed = parse_file_frame(as_text(frame.bytes));
  if (!parsed && !id_of_unreadable(as_text(frame.bytes)))
    return std::move(*this).dropped(parsed.error(), FrameKind::file_frame, out);
  auto* chunk = parsed ? std::get_if<FileChunk>(&*parsed) : nullptr;
  if (chunk == nullptr) {
    if (!early.keep(std::move(frame))) return close(Fault::queue_full, out);
    // A no is never sealed, and whoever could make one up could as well keep the file from coming.
    if (parsed &&
        (std::holds_alternative<FileError>(*parsed) || std::holds_alternative<FileCancel>(*parsed)))
      out.emplace_back(FileFrameArrived{std::move(*parsed)});
    return std::move(*this);
  }
  auto opened = Proof::by_frame(session, chunk->data, context, out);
  if (!opened) return std::move(*this).dropped(opened.error(), FrameKind::file_frame, out);
  auto held = std::move(early);
  auto next = std::move(*this).secured(std::move(opened->proof), out);
  if (const auto fatal = next.catch_up(std::move(held), context, out)) return close(*fatal, out);
  take_chunk(std::move(*chunk), opened->plaintext, out);
  return next;
}

// ---- what waits until it is known what was taken ------------------------------------------------

bool Unproven::has_to_wait(const ChannelData& data, const Context& context) const {
  if (context.seen.is_read() || !std::holds_alternative<LastingKey>(session.memory)) return false;
  if (data.channel != session.channels.messages) return true;
  const auto parsed = parse_messages_frame(as_text(data.bytes));
  return parsed && !std::holds_alternative<Handshake>(*parsed);
}

bool Unproven::wait(ChannelData&& data, Effects& out) {
  if (unread.empty()) out.emplace_back(TransportEffect{PauseReading{true}});
  return unread.keep(std::move(data));
}

void Unproven::read_on(Effects& out) {
  if (unread.empty()) return;
  out.emplace_back(TransportEffect{PauseReading{false}});
  out.emplace_back(GiveAgain{std::exchange(unread, {}).take(), std::exchange(end, {})});
}

fsm::OneOf<Unproven> Unproven::on(FramesRead&&, Context&, Effects& out) && {
  read_on(out);
  return std::move(*this);
}

// ---- what is dropped, and a handshake that comes late -------------------------------------------

Next Unproven::dropped(Fault fault, FrameKind kind, Effects& out) && {
  if (const auto fatal = session.dropped(fault, kind, out)) return close(*fatal, out);
  return std::move(*this);
}

/// As Proving would have taken it, as long as nothing stands in the way: what was sent under
/// version 1 cannot be taken back, and a path that is looked for anew has to be found first.
Next Unproven::on_late_handshake(Handshake theirs, ByteView frame, Context& context,
                                 Effects& out) && {
  auto* unheard = std::get_if<Unheard>(&said);
  if (unheard == nullptr) {
    out.emplace_back(Dropped{Fault::out_of_order, FrameKind::handshake});
    return std::move(*this);
  }
  if (const auto claim = Proof::claim(session.peer_key, theirs); !claim)
    return close(claim.error(), out);
  if (!theirs.ephemeral) {
    session.dialect = dialect_of(theirs);
    out.emplace_back(Claimed{path, theirs.username, session.terms.remote.largest_message()});
    said = Heard{std::move(theirs.username), theirs.file_acks};
    return std::move(*this);
  }
  auto* settled = std::get_if<Restart::Settled>(&session.restart);
  if (unheard->spoken || !unread.empty() || settled == nullptr)
    return close(Fault::bad_handshake, out);
  Proving proving{.match = std::move(unheard->match),
                  .terms = std::move(session.terms),
                  .candidates = std::move(settled->candidates),
                  .path = path,
                  .largest_frame = unheard->largest_frame,
                  .channels = session.channels,
                  .window = window,
                  .our_handshake = unheard->our_handshake,
                  .early = std::move(early),
                  .deadline = context.env.now + context.timeouts.handshake};
  return std::move(proving).by_handshake(std::move(theirs), frame, context, out);
}

Secured Unproven::secured(PeerKeyProven proof, Effects& out) && {
  auto* heard = std::get_if<Heard>(&said);
  out.emplace_back(Established{.path = path,
                               .username = heard ? std::move(heard->username) : std::nullopt,
                               .file_acks = heard && heard->file_acks,
                               .largest_message = session.terms.remote.largest_message()});
  return Secured{.session = std::move(session),
                 .proof = std::move(proof),
                 .stream = std::nullopt,
                 .handshake_seen = heard != nullptr,
                 .deadline = deadline};
}

fsm::OneOf<Unproven> Unproven::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !session.channels.files) session.channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Unproven, Closed> Unproven::on(ChannelClosed&& closed, Context& context,
                                          Effects& out) && {
  if (closed.channel != session.channels.messages && closed.channel != session.channels.files)
    return std::move(*this);
  return std::move(*this).on(TransportClosed{}, context, out);
}

fsm::OneOf<Unproven> Unproven::on(Window&& told, Context&, Effects& out) && {
  if (told.channel == session.channels.files) {
    window = told.bytes;
    out.emplace_back(FilesWindow{told.bytes});
  }
  return std::move(*this);
}

fsm::OneOf<Unproven> Unproven::on(AllSent&&, Context&, Effects& out) && {
  out.emplace_back(EverythingSent{});
  return std::move(*this);
}

// ---- the path below -----------------------------------------------------------------------------

Unproven Unproven::restarted(Restart::Event event, Context& context, Effects& out) && {
  session.restarted(std::move(event), context, out);
  return std::move(*this);
}

fsm::OneOf<Unproven> Unproven::on(PathReady&& ready, Context& context, Effects& out) && {
  deadline.reset();
  path = ready.path;
  return std::move(*this).restarted(ready, context, out);
}

fsm::OneOf<Unproven> Unproven::on(PathDoubted&& doubted, Context& context, Effects& out) && {
  if (!deadline) deadline = doubted.heard + context.timeouts.loss;
  return std::move(*this).restarted(doubted, context, out);
}

fsm::OneOf<Unproven, Closed> Unproven::on(Tick&&, Context& context, Effects& out) && {
  if (!deadline || context.env.now < *deadline) return std::move(*this);
  return close(Fault::peer_gone, out);
}

// ---- what goes out ------------------------------------------------------------------------------

void Unproven::spoken() {
  if (auto* unheard = std::get_if<Unheard>(&said)) unheard->spoken = true;
}

fsm::OneOf<Unproven, Closed> Unproven::on(SendText&& send, Context&, Effects& out) && {
  spoken();
  if (!session.send_text(send.text, out)) return close(Fault::key_worn_out, out);
  return std::move(*this);
}

fsm::OneOf<Unproven> Unproven::on(SendFileFrame&& send, Context&, Effects& out) && {
  spoken();
  session.send_file_frame(send.frame, out);
  return std::move(*this);
}

fsm::OneOf<Unproven, Closed> Unproven::on(SendFileChunk&& send, Context&, Effects& out) && {
  spoken();
  if (!session.send_chunk(std::move(send), out)) return close(Fault::key_worn_out, out);
  return std::move(*this);
}

// ---- the end ------------------------------------------------------------------------------------

std::variant<Unproven, Secured> Unproven::leaving(ChannelData&& data, Context& context,
                                                  Effects& out) && {
  if (data.channel != session.channels.messages) return std::move(*this);
  if (has_to_wait(data, context)) {
    (void)wait(std::move(data), out);
    return std::move(*this);
  }
  auto parsed = parse_messages_frame(as_text(data.bytes));
  if (!parsed || !std::holds_alternative<NotHandshake>(*parsed)) return std::move(*this);
  auto opened = Proof::by_frame(session, as_text(data.bytes), context, out);
  if (!opened) return std::move(*this);
  auto next = std::move(*this).secured(std::move(opened->proof), out);
  (void)next.on_opened(opened->plaintext, out);
  return next;
}

fsm::OneOf<Leaving> Unproven::on(Goodbye&&, Context& context, Effects& out) && {
  return hang_up(std::move(*this), context, out);
}

fsm::OneOf<Unproven, Closed> Unproven::on(TransportClosed&& closed, Context&, Effects& out) && {
  if (!unread.empty()) {
    end = closed;
    return std::move(*this);
  }
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{std::nullopt};
}

}  // namespace culver::connection
