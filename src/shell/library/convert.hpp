// From the words of the inside to those of the interface.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/dial_failure.hpp"
#include "core/engine/api.hpp"
#include "culver/result.hpp"
#include "culver/types.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/ports.hpp"

namespace culver::library {

v1::Error error_of(Fault fault, std::string about = {});
v1::Error error_of(const Failure& failure);
v1::Error error_of(const host::Trouble& trouble);
/// Of a client that is closed.
v1::Error closed_error();
v1::Error transfer_unknown(std::string_view transfer);

/// By the book's name if it is there, else by what it calls itself.
v1::Peer peer_of(std::span<const engine::Known> book, const PublicKey& key,
                 const std::optional<Plaintext>& calls_itself = {});
v1::KnownPeer known_peer_of(std::span<const engine::Known> book, const store::KnownPeer& row);
v1::Path path_of(connection::PathKind path);
std::int64_t milliseconds_of(Duration time);

}  // namespace culver::library
