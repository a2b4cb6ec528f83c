// The content of a backup as bytes, before it is sealed and after it was opened.
#pragma once

#include <span>

#include "core/format/backup.hpp"

namespace culver::format::backup {

std::size_t printed_size(const Content& content);
/// Fills `out`, which has that size.
void print(const Content& content, std::span<std::byte> out);
/// Fault::malformed for whatever print() would not have written.
Result<Content> parse(ByteView bytes);

}  // namespace culver::format::backup
