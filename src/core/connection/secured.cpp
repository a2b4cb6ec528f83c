// The connection machine from the peer's proof to the goodbye.
#include "core/connection/connection.hpp"
#include "core/connection/exits.hpp"
#include "core/connection/proof.hpp"
#include "core/connection/signals.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"

namespace culver::connection {

using namespace wire::peer;

// ---- Secured: what comes in ---------------------------------------------------------------------

// The helpers return a fault only where it ends the connection; what is merely dropped is an
// effect.

fsm::OneOf<Secured, Closed> Secured::on(ChannelData&& data, Context& context, Effects& out) && {
  std::optional<Fault> fatal;
  if (data.channel == session.channels.messages)
    fatal = on_message(data.bytes, context, out);
  else if (data.channel == session.channels.files)
    fatal = on_file_frame(std::move(data.bytes), context, out);
  else
    out.emplace_back(Dropped{Fault::unknown_message, FrameKind::other_channel});
  if (fatal) return close(*fatal, out);
  return std::move(*this);
}

std::optional<Fault> Secured::on_message(ByteView frame, Context& context, Effects& out) {
  auto parsed = parse_messages_frame(as_text(frame));
  if (!parsed) return session.dropped(parsed.error(), FrameKind::message, out);
  if (const auto* handshake = std::get_if<Handshake>(&*parsed))
    return on_late_handshake(*handshake, out);
  if (std::holds_alternative<OtherJson>(*parsed)) return std::nullopt;
  const auto opened = session.open(as_text(frame), context, out);
  if (!opened) return session.dropped(opened.error(), FrameKind::message, out);
  return on_opened(*opened, out);
}

namespace {

Fault fault_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::store:
      return Fault::peer_store_failed;
    case Refusal::replaced:
      return Fault::peer_replaced;
    case Refusal::unwanted:
      break;
  }
  return Fault::pair_refused;
}

}  // namespace

std::optional<Fault> Secured::on_opened(ByteView plaintext, Effects& out) {
  if (letters && is_letter_frame(as_text(plaintext)))
    return on_letter_frame(as_text(plaintext), out);
  auto content = parse_content(std::string(as_text(plaintext)), session.dialect);
  if (!content)
    out.emplace_back(Dropped{content.error(), FrameKind::message});
  else if (auto* chat = std::get_if<ChatText>(&*content))
    out.emplace_back(TextArrived{std::move(chat->text)});
  return std::nullopt;
}

/// Where one is missing, the next must not pass for it: the sender begins anew on another
/// connection.
std::optional<Fault> Secured::on_letter_frame(std::string_view opened, Effects& out) {
  auto frame = parse_letter_frame(opened);
  if (!frame) return frame.error();
  if (auto* letter = std::get_if<Letter>(&*frame)) {
    if (letter->place != ++letters->received) return Fault::out_of_order;
    out.emplace_back(LetterArrived{std::move(*letter)});
  } else if (const auto* had = std::get_if<LettersHad>(&*frame)) {
    out.emplace_back(LettersHadArrived{*had});
  } else if (std::holds_alternative<wire::peer::Goodbye>(*frame)) {
    if (!std::exchange(letters->peer_said_goodbye, true)) out.emplace_back(GoodbyeArrived{});
  } else if (const auto* refused = std::get_if<Refused>(&*frame)) {
    return fault_of(refused->why);
  }
  return std::nullopt;
}

/// A connection has one session: a handshake can confirm it, never change it.
std::optional<Fault> Secured::on_late_handshake(const Handshake& theirs, Effects& out) {
  if (handshake_seen) {
    out.emplace_back(Dropped{Fault::out_of_order, FrameKind::handshake});
    return std::nullopt;
  }
  if (auto claim = Proof::claim(session.peer_key, theirs); !claim) return claim.error();
  // It spoke v1 before, so a handshake that asks for v2 now would be a downgrade in hindsight.
  if (theirs.ephemeral) return Fault::bad_handshake;
  handshake_seen = true;
  session.dialect = dialect_of(theirs);
  return std::nullopt;
}

std::optional<Fault> Secured::catch_up(WaitingFrames early, Context& context, Effects& out) {
  auto frames = std::move(early).take();
  for (auto& frame : frames)
    if (const auto fatal = on_file_frame(std::move(frame.bytes), context, out)) return fatal;
  return std::nullopt;
}

std::optional<Fault> Secured::on_file_frame(ByteVector bytes, Context& context, Effects& out) {
  if (stream && !bytes.empty() && bytes.front() == wire::stream::form)
    return on_stream_frame(std::move(bytes), out);
  // What was agreed does not fall back: these frames are not sealed.
  if (stream) return session.dropped(Fault::file_protocol, FrameKind::file_frame, out);
  auto parsed = parse_file_frame(as_text(bytes));
  if (!parsed) {
    if (auto id = id_of_unreadable(as_text(bytes)))
      out.emplace_back(FileFrameRefused{std::move(*id), parsed.error()});
    return session.dropped(parsed.error(), FrameKind::file_frame, out);
  }
  if (auto* chunk = std::get_if<FileChunk>(&*parsed))
    return on_chunk(std::move(*chunk), context, out);
  if (!std::holds_alternative<FileIgnored>(*parsed))
    out.emplace_back(FileFrameArrived{std::move(*parsed)});
  return std::nullopt;
}

/// What does not open ends the connection: nothing after it would open either.
std::optional<Fault> Secured::on_stream_frame(ByteVector bytes, Effects& out) {
  if (auto opened = stream->open(bytes); !opened) return opened.error();
  auto frame = wire::stream::parse(std::move(bytes));
  if (!frame) return frame.error();
  if (!std::holds_alternative<wire::stream::Ignored>(*frame))
    out.emplace_back(StreamFrameArrived{std::move(*frame)});
  return std::nullopt;
}

std::optional<Fault> Secured::on_chunk(FileChunk chunk, Context& context, Effects& out) {
  const auto opened = session.open(chunk.data, context, out);
  if (!opened) {
    // A replay changes nothing; what is not authentic ends its transfer.
    if (opened.error() == Fault::not_authentic || opened.error() == Fault::malformed)
      out.emplace_back(FileFrameRefused{std::move(chunk.id), opened.error()});
    return session.dropped(opened.error(), FrameKind::file_frame, out);
  }
  take_chunk(std::move(chunk), *opened, out);
  return std::nullopt;
}

void take_chunk(FileChunk chunk, ByteView opened, Effects& out) {
  auto content = wire::base64::decode(as_text(opened));
  if (!content || content->size() > wire::limits::chunk_in)
    out.emplace_back(FileFrameRefused{std::move(chunk.id), Fault::file_protocol});
  else
    out.emplace_back(ChunkArrived{std::move(chunk.id), chunk.index, std::move(*content)});
}

fsm::OneOf<Secured> Secured::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !session.channels.files) session.channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Secured, Closed> Secured::on(ChannelClosed&& closed, Context&, Effects& out) && {
  if (closed.channel != session.channels.messages && closed.channel != session.channels.files)
    return std::move(*this);
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{std::nullopt};
}

fsm::OneOf<Secured> Secured::on(Window&& told, Context&, Effects& out) && {
  if (told.channel == session.channels.files) out.emplace_back(FilesWindow{told.bytes});
  return std::move(*this);
}

fsm::OneOf<Secured> Secured::on(AllSent&&, Context&, Effects& out) && {
  out.emplace_back(EverythingSent{});
  return std::move(*this);
}

// ---- Secured: the path below --------------------------------------------------------------------

Secured Secured::restarted(Restart::Event event, Context& context, Effects& out) && {
  session.restarted(std::move(event), context, out);
  return std::move(*this);
}

fsm::OneOf<Secured> Secured::on(PathReady&& ready, Context& context, Effects& out) && {
  deadline.reset();
  return std::move(*this).restarted(ready, context, out);
}

fsm::OneOf<Secured> Secured::on(PathDoubted&& doubted, Context& context, Effects& out) && {
  if (!deadline) deadline = doubted.heard + context.timeouts.loss;
  return std::move(*this).restarted(doubted, context, out);
}

fsm::OneOf<Secured, Closed> Secured::on(Tick&&, Context& context, Effects& out) && {
  if (!deadline || context.env.now < *deadline) return std::move(*this);
  return close(Fault::peer_gone, out);
}

// ---- Secured: what goes out ---------------------------------------------------------------------

fsm::OneOf<Secured, Closed> Secured::on(SendText&& send, Context&, Effects& out) && {
  if (!session.send_text(send.text, out)) return close(Fault::key_worn_out, out);
  return std::move(*this);
}

bool Secured::send_letter(SendLetter&& send, Effects& out) {
  if (!letters) return true;
  if (auto* letter = std::get_if<Letter>(&send.frame)) letter->place = ++letters->sent;
  if (std::holds_alternative<LettersHad>(send.frame)) ++letters->answered;
  const auto plaintext = std::visit([](const auto& frame) { return print(frame); }, send.frame);
  const auto frame = session.sealed.seal(as_bytes(plaintext));
  if (frame) send_on(session.channels.messages, *frame, out);
  return frame.has_value();
}

fsm::OneOf<Secured, Closed> Secured::on(SendLetter&& send, Context&, Effects& out) && {
  if (!send_letter(std::move(send), out)) return close(Fault::key_worn_out, out);
  return std::move(*this);
}

fsm::OneOf<Secured> Secured::on(SendFileFrame&& send, Context&, Effects& out) && {
  session.send_file_frame(send.frame, out);
  return std::move(*this);
}

fsm::OneOf<Secured, Closed> Secured::on(SendFileChunk&& send, Context&, Effects& out) && {
  if (!session.send_chunk(std::move(send), out)) return close(Fault::key_worn_out, out);
  return std::move(*this);
}

fsm::OneOf<Secured> Secured::on(SendStreamFrame&& send, Context&, Effects& out) && {
  if (!session.channels.files || !stream) return std::move(*this);
  stream->seal(send.frame);
  out.emplace_back(TransportEffect{SendOn{*session.channels.files, std::move(send.frame), true}});
  return std::move(*this);
}

// ---- The end ------------------------------------------------------------------------------------

/// Who says when everything is said is waited for: what it sends meanwhile has to be answered.
fsm::OneOf<Parting, Leaving, Closed> Secured::on(Goodbye&& goodbye, Context& context,
                                                 Effects& out) && {
  if (!letters || !letters->goodbyes || !goodbye.waits)
    return hang_up(std::move(*this), context, out);
  if (!send_letter(SendLetter{wire::peer::Goodbye{}}, out)) return close(Fault::key_worn_out, out);
  if (letters->is_over()) return hang_up(std::move(*this), context, out);
  return Parting{std::move(*this), context.env.now + context.timeouts.parting};
}

fsm::OneOf<Closed> Secured::on(TransportClosed&&, Context&, Effects& out) && {
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{std::nullopt};
}

namespace {

/// What the other side is told of why we end it: nothing of what is ours alone.
std::optional<wire::peer::Refusal> refusal_of(Fault fault) {
  switch (fault) {
    case Fault::store_failed:
      return wire::peer::Refusal::store;
    case Fault::replaced:
      return wire::peer::Refusal::replaced;
    case Fault::peer_key_changed:
    case Fault::name_of_another:
    case Fault::peer_not_known:
    case Fault::peer_blocked:
    case Fault::pair_refused:
      return wire::peer::Refusal::unwanted;
    default:
      return std::nullopt;
  }
}

}  // namespace

fsm::OneOf<Refusing, Closed> Secured::on(Abandon&& abandon, Context& context, Effects& out) && {
  const auto why = letters ? refusal_of(abandon.fault) : std::nullopt;
  if (!why || !send_letter(SendLetter{wire::peer::Refused{*why}}, out))
    return close(abandon.fault, out);
  out.emplace_back(TransportEffect{HangUp{}});
  return Refusing{abandon.fault, context.env.now + context.timeouts.goodbye};
}

}  // namespace culver::connection
