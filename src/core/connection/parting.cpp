#include "core/connection/parting.hpp"

#include "core/connection/connection.hpp"
#include "core/connection/exits.hpp"

namespace culver::connection {
namespace {

/// A goodbye is no failure, however it ends.
Closed gone(Effects& out) {
  out.emplace_back(TransportEffect{DropTransport{}});
  return Closed{std::nullopt};
}

}  // namespace

Leaving hang_up(std::variant<Unproven, Secured> from, Context& context, Effects& out) {
  out.emplace_back(TransportEffect{HangUp{}});
  return Leaving{std::move(from), context.env.now + context.timeouts.goodbye};
}

// ---- Parting ------------------------------------------------------------------------------------

/// Files have ended with our goodbye.
fsm::OneOf<Parting, Leaving, Closed> Parting::on(ChannelData&& data, Context& context,
                                                 Effects& out) && {
  if (data.channel != from.session.channels.messages) return std::move(*this);
  if (const auto fatal = from.on_message(data.bytes, context, out)) return close(*fatal, out);
  if (from.letters->is_over()) return hang_up(std::move(from), context, out);
  return std::move(*this);
}

fsm::OneOf<Parting, Leaving, Closed> Parting::on(SendLetter&& send, Context& context,
                                                 Effects& out) && {
  if (!std::holds_alternative<wire::peer::LettersHad>(send.frame)) return std::move(*this);
  if (!from.send_letter(std::move(send), out)) return close(Fault::key_worn_out, out);
  if (from.letters->is_over()) return hang_up(std::move(from), context, out);
  return std::move(*this);
}

fsm::OneOf<Parting, Closed> Parting::on(ChannelClosed&& closed, Context&, Effects& out) && {
  if (closed.channel != from.session.channels.messages) return std::move(*this);
  return gone(out);
}

/// It does not say goodbye: it is busy for long, or gone.
fsm::OneOf<Leaving> Parting::on(Tick&&, Context& context, Effects& out) && {
  return hang_up(std::move(from), context, out);
}

fsm::OneOf<Closed> Parting::on(TransportClosed&&, Context&, Effects& out) && { return gone(out); }
fsm::OneOf<Closed> Parting::on(Abandon&&, Context&, Effects& out) && { return gone(out); }

// ---- Leaving ------------------------------------------------------------------------------------

/// Whatever is wrong with it, the connection ends as it is.
fsm::OneOf<Leaving> Leaving::on(ChannelData&& data, Context& context, Effects& out) && {
  if (auto* unproven = std::get_if<Unproven>(&from)) {
    from = std::move(*unproven).leaving(std::move(data), context, out);
  } else if (auto& secured = std::get<Secured>(from);
             data.channel == secured.session.channels.messages) {
    (void)secured.on_message(data.bytes, context, out);
  }
  return std::move(*this);
}

fsm::OneOf<Leaving> Leaving::on(FramesRead&&, Context&, Effects& out) && {
  if (auto* unproven = std::get_if<Unproven>(&from)) unproven->read_on(out);
  return std::move(*this);
}

fsm::OneOf<Leaving, Closed> Leaving::on(TransportClosed&& closed, Context&, Effects& out) && {
  auto* unproven = std::get_if<Unproven>(&from);
  if (unproven == nullptr || unproven->unread.empty()) return gone(out);
  unproven->end = closed;
  return std::move(*this);
}

fsm::OneOf<Closed> Leaving::on(Tick&&, Context&, Effects& out) && { return gone(out); }
fsm::OneOf<Closed> Leaving::on(Abandon&&, Context&, Effects& out) && { return gone(out); }

// ---- Refusing -----------------------------------------------------------------------------------

fsm::OneOf<Refusing> Refusing::on(ChannelData&&, Context&, Effects&) && { return std::move(*this); }

fsm::OneOf<Closed> Refusing::on(TransportClosed&&, Context&, Effects& out) && {
  return close(fault, out);
}
fsm::OneOf<Closed> Refusing::on(Tick&&, Context&, Effects& out) && { return close(fault, out); }
fsm::OneOf<Closed> Refusing::on(Abandon&&, Context&, Effects& out) && { return close(fault, out); }

}  // namespace culver::connection
