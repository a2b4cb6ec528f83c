#include "shell/library/convert.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/ids.hpp"
#include "core/crypto/keys.hpp"
#include "core/engine/names.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/dial_text.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::library {

namespace {

v1::Blame blame_of(Blame blame) {
  switch (blame) {
    case Blame::us:
      return v1::Blame::us;
    case Blame::peer:
      return v1::Blame::peer;
    case Blame::world:
      break;
  }
  return v1::Blame::world;
}

}  // namespace

v1::Error error_of(Fault fault, std::string about) {
  const auto& row = info(fault);
  const auto& text = host::fault_text(fault);
  return {std::string(row.name), blame_of(row.blame), std::string(text.sentence),
          std::string(text.advice), std::move(about)};
}

v1::Error error_of(const Failure& failure) {
  auto error = error_of(failure.fault);
  if (failure.why) {
    error.sentence = host::sentence(failure.why->cause);
    error.advice = std::string(host::advice(failure.why->cause));
    error.about = host::where(*failure.why);
  }
  return error;
}

v1::Error error_of(const host::Trouble& trouble) {
  auto error = error_of(trouble.fault);
  if (!trouble.sentence.empty()) error.sentence = trouble.sentence;
  return error;
}

v1::Error closed_error() {
  return {"closed", v1::Blame::us, "This client was closed.", "Open another one.", {}};
}

v1::Error transfer_unknown(std::string_view transfer) {
  return {"transfer_unknown",
          v1::Blame::us,
          "There is no such transfer, or it is over.",
          {},
          std::string(transfer)};
}

v1::Peer peer_of(std::span<const engine::Known> book, const PublicKey& key,
                 const std::optional<Plaintext>& calls_itself) {
  const auto row = std::ranges::find(book, key, &engine::Known::key);
  if (row != book.end()) return {engine::handle(book, *row), crypto::fingerprint_digits(key)};
  std::vector<engine::Known> with(book.begin(), book.end());
  with.push_back({key, calls_itself, std::nullopt});
  return {engine::handle(with, with.back()), crypto::fingerprint_digits(key)};
}

v1::KnownPeer known_peer_of(std::span<const engine::Known> book, const store::KnownPeer& row) {
  const auto text = [](const std::optional<Plaintext>& name) {
    return name ? name->expose() : std::string();
  };
  return {
      peer_of(book, row.key),       text(row.name),  text(row.alias), host::time_of(row.first_seen),
      host::time_of(row.last_seen), row.is_verified, row.is_blocked,  false};
}

v1::Path path_of(connection::PathKind path) {
  return path == connection::PathKind::relayed ? v1::Path::relayed : v1::Path::direct;
}

std::int64_t milliseconds_of(Duration time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace culver::library
