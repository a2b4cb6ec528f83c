// The engine's part in letters: Letters says what to write down, to send and to tell.
#include "core/engine/engine.hpp"

namespace culver::engine {

void Engine::obey(QueueText&& post, Env& env, Effects& out) {
  LetterEffects effects;
  letters_.post(std::move(post), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::obey(ShowHeld&&, Env&, Effects& out) { out.emplace_back(LoadHeld{}); }

void Engine::obey(Displayed&& shown, Env&, Effects& out) {
  out.emplace_back(MarkDisplayed{shown.held});
}

void Engine::on(OutboxChanged&&, Env& env, Effects& out) {
  LetterEffects effects;
  letters_.on_change(env, effects);
  perform(std::move(effects), env, out);
}

void Engine::on(LetterStored&& stored, Env& env, Effects& out) {
  LetterEffects effects;
  letters_.on(std::move(stored), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::on(LettersLoaded&& loaded, Env& env, Effects& out) {
  LetterEffects effects;
  letters_.on(std::move(loaded), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::on(LetterKept&& kept, Env& env, Effects& out) {
  LetterEffects effects;
  letters_.on(std::move(kept), env, effects);
  perform(std::move(effects), env, out);
}

void Engine::on(HeldLoaded&& loaded, Env&, Effects& out) {
  for (auto& letter : loaded.letters)
    tell({letter.id, letter.key, std::nullopt, letter.name, letter.written, std::move(letter.text)},
         out);
  if (loaded.fault) out.emplace_back(Tell{LettersStuck{std::nullopt, *loaded.fault}});
}

void Engine::tell(LetterReceived letter, Effects& out) const {
  if (const auto* known = directory_.find(letter.key)) {
    if (known->is_blocked) return;
    letter.name = known->called();
  }
  out.emplace_back(Tell{std::move(letter)});
}

void Engine::perform(LetterEffects effects, Env&, Effects& out) {
  for (auto& effect : effects)
    std::visit(
        fsm::overload{
            [&](ToLetterConnection&& e) {
              std::visit([&](auto&& c) { to_connection(e.connection, std::move(c)); },
                         std::move(e.command));
            },
            [&](EndConnection&& e) { to_connection(e.connection, connection::Abandon{e.fault}); },
            [&](Tell&& e) {
              if (auto* letter = std::get_if<LetterReceived>(&e.notice))
                tell(std::move(*letter), out);
              else
                out.emplace_back(std::move(e));
            },
            [&](auto&& e) { out.emplace_back(std::move(e)); },
        },
        std::move(effect));
}

}  // namespace culver::engine
