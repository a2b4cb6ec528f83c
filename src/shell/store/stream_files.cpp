// Reading and writing with a running SHA-256.
#include "shell/store/stream_files.hpp"

#include <algorithm>

#include "core/transfer/stream_terms.hpp"

namespace culver::store {
namespace {

using transfer::stream::block;
static_assert(block % direct_block == 0, "whole blocks of a part are never held back");

/// Which file a part belongs to: who sends it, its size and its name, in characters for a name.
std::string mark_of(const transfer::OpenTarget& target) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t length = 26;
  crypto::Sha256 hash;
  hash.update(target.peer.view());
  hash.update(as_bytes(std::to_string(target.size) + "/" + target.name.expose()));
  const auto digest = std::move(hash).finish();
  std::string mark;
  for (std::size_t i = 0; i < length; ++i)
    mark += alphabet[std::to_integer<std::size_t>(digest.data[i]) % alphabet.size()];
  return mark;
}

/// READ(offset, into) for each block of the first `bytes`, and what was read into the hash.
template <class Read>
Result<void> hash_blocks(crypto::Sha256& hash, std::uint64_t bytes, Read read) {
  ByteVector buffer(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, block)));
  for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
    buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bytes - at, block)));
    CHECK_OK(read(at, std::span<std::byte>(buffer)));
    hash.update(buffer);
  }
  return {};
}

}  // namespace

// ---- StreamSource -------------------------------------------------------------------------------

Result<transfer::PrefixHashed> StreamSource::hash_prefix(std::uint64_t bytes) {
  hash_ = {};
  CHECK_OK(hash_blocks(hash_, bytes,
                       [&](auto offset, auto into) { return file_.read_at(offset, into); }));
  hashed_ = bytes;
  return transfer::PrefixHashed{hash_.so_far()};
}

Result<transfer::FramesRead> StreamSource::read(const transfer::ReadFrames& request) {
  if (request.offset == 0) {
    hash_ = {};
    hashed_ = 0;
  }
  if (request.offset != hashed_) return fail(Fault::internal);
  transfer::FramesRead answer;
  const auto piece = transfer::stream::even_piece(request.bytes, request.frame);
  for (std::size_t left = request.bytes; left > 0;) {
    const auto size = std::min(left, piece);
    auto& frame = answer.frames.emplace_back(wire::stream::data_overhead + size);
    const auto bytes = std::span(frame).subspan(wire::stream::data_head, size);
    CHECK_OK(file_.read_at(hashed_, bytes));
    hash_.update(bytes);
    hashed_ += size;
    left -= size;
  }
  if (!request.last) return answer;
  TRY(const bool ended, file_.ends_at(hashed_));
  if (!ended) return fail(Fault::file_changed);
  answer.sha256 = hash_.so_far();
  return answer;
}

// ---- StreamTarget -------------------------------------------------------------------------------

Result<StreamTarget> StreamTarget::open(const Folder& folder, const transfer::OpenTarget& request) {
  TRY(auto file, IncomingFile::resume(folder, request.name, request.size, mark_of(request)));
  StreamTarget target(std::move(file));
  TRY(const auto length, target.file_.length());
  // A part ends anywhere; whole blocks of it count.
  if (length > request.size ||
      !target.hash(length == request.size ? length : length / block * block))
    CHECK_OK(target.hash(0));
  CHECK_OK(target.file_.cut(target.length_));
  return target;
}

StreamTarget::~StreamTarget() {
  if (length_ < block)
    file_.drop();
  else
    file_.keep();
}

Result<void> StreamTarget::hash(std::uint64_t length) {
  hash_ = {};
  length_ = length;
  return hash_blocks(hash_, length,
                     [&](auto offset, auto into) { return file_.read_at(offset, into); });
}

void StreamTarget::restart() {
  hash_ = {};
  length_ = 0;
  (void)file_.cut(0);
}

Result<transfer::BlockWritten> StreamTarget::write(const transfer::WriteSlices& request) {
  transfer::BlockWritten answer{0};
  for (const auto& slice : request.slices) {
    hash_.update(slice.view());
    CHECK_OK(file_.write(slice.view()));
    answer.bytes += slice.size;
  }
  length_ += answer.bytes;
  if (!request.last) return answer;
  CHECK_OK(file_.flush());
  answer.sha256 = hash_.so_far();
  return answer;
}

void StreamTarget::drop() { file_.drop(); }

}  // namespace culver::store
