#include "core/ice/pair.hpp"

namespace culver::ice::pair {

using fsm::OneOf;
using None = std::monostate;

OneOf<Waiting> Frozen::on(Thaw&&, Env&, None&) && { return Waiting{}; }
OneOf<Waiting> Frozen::on(Trigger&&, Env&, None&) && { return Waiting{}; }

OneOf<Failed> Frozen::on(GivenUp&&, Env&, None&) && { return Failed{}; }
OneOf<Succeeded> Frozen::on(Answered&& event, Env&, None&) && { return Succeeded{event.at}; }

OneOf<InProgress> Waiting::on(CheckSent&&, Env&, None&) && { return InProgress{}; }
OneOf<Succeeded> Waiting::on(Answered&& event, Env&, None&) && { return Succeeded{event.at}; }
OneOf<Failed> Waiting::on(GivenUp&&, Env&, None&) && { return Failed{}; }
OneOf<Frozen> Waiting::on(Halt&&, Env&, None&) && { return Frozen{}; }

OneOf<Waiting> InProgress::on(Trigger&&, Env&, None&) && { return Waiting{}; }
OneOf<Succeeded> InProgress::on(Answered&& event, Env&, None&) && { return Succeeded{event.at}; }
OneOf<Failed> InProgress::on(GivenUp&&, Env&, None&) && { return Failed{}; }
OneOf<Frozen> InProgress::on(Halt&&, Env&, None&) && { return Frozen{}; }

OneOf<Succeeded> Succeeded::on(Answered&& event, Env&, None&) && { return Succeeded{event.at}; }
OneOf<Failed> Succeeded::on(GivenUp&&, Env&, None&) && { return Failed{}; }

OneOf<Waiting> Failed::on(Trigger&&, Env&, None&) && { return Waiting{}; }
OneOf<Succeeded> Failed::on(Answered&& event, Env&, None&) && { return Succeeded{event.at}; }

}  // namespace culver::ice::pair
