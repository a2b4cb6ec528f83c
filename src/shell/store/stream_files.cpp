// Reading and writing with a running SHA-256.
#include "shell/store/stream_files.hpp"

#include <algorithm>

#include "core/transfer/safe_name.hpp"
#include "core/transfer/stream_terms.hpp"

namespace culver::store {
namespace {

using transfer::stream::block;
static_assert(block % direct_block == 0, "whole blocks of a part are never held back");

/// Which file a part belongs to: who sends it, its size and its name, in characters for a name.
std::string mark_of(const PublicKey& peer, std::uint64_t size, const Plaintext& name) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t length = 26;
  crypto::Sha256 hash;
  hash.update(peer.view());
  hash.update(as_bytes(std::to_string(size) + "/" + name.expose()));
  const auto digest = std::move(hash).finish();
  std::string mark;
  for (std::size_t i = 0; i < length; ++i)
    mark += alphabet[std::to_integer<std::size_t>(digest.data[i]) % alphabet.size()];
  return mark;
}

/// A part ends anywhere; whole blocks of it count.
std::uint64_t usable(std::uint64_t length, std::uint64_t size) {
  if (length > size) return 0;
  return length == size ? length : length / block * block;
}

/// READ(offset, into) for each block from `from` on, and what was read into the hash.
template <class Read>
Result<void> hash_blocks(crypto::Sha256& hash, std::uint64_t from, std::size_t bytes, Read read) {
  ByteVector buffer(std::min(bytes, block));
  for (std::size_t done = 0; done < bytes; done += buffer.size()) {
    buffer.resize(std::min(bytes - done, block));
    CHECK_OK(read(from + done, std::span<std::byte>(buffer)));
    hash.update(buffer);
  }
  return {};
}

}  // namespace

// ---- StreamSource -------------------------------------------------------------------------------

Result<transfer::PrefixHashed> StreamSource::hash(const transfer::HashPrefix& request) {
  if (request.from == 0) {
    hash_ = {};
    hashed_ = 0;
  }
  if (request.from != hashed_) return fail(Fault::internal);
  CHECK_OK(hash_blocks(hash_, hashed_, request.bytes,
                       [&](auto offset, auto into) { return file_.read_at(offset, into); }));
  hashed_ += request.bytes;
  return transfer::PrefixHashed{hashed_, hash_.so_far()};
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
  TRY(const bool unchanged, file_.is_unchanged());
  if (!ended || !unchanged) return fail(Fault::file_changed);
  answer.sha256 = hash_.so_far();
  return answer;
}

// ---- StreamTarget -------------------------------------------------------------------------------

Result<transfer::TargetFound> look_for_target(const Folder& folder,
                                              const transfer::FindTarget& request) {
  const auto part = request.peer
                        ? folder.find_part(mark_of(*request.peer, request.size, request.name))
                        : Folder::Part{};
  CHECK_OK(folder.try_out(request.size, part.on_disk));
  return transfer::TargetFound{usable(part.length, request.size)};
}

Result<StreamTarget> StreamTarget::open(const Folder& folder, const transfer::OpenTarget& request) {
  TRY(auto file, IncomingFile::resume(folder, request.name, request.size,
                                      mark_of(request.peer, request.size, request.name)));
  StreamTarget target(std::move(file));
  TRY(const auto length, target.file_.length());
  target.found_ = usable(length, request.size);
  target.length_ = target.found_;
  CHECK_OK(target.file_.cut(target.found_));
  target.length_ = 0;
  return target;
}

StreamTarget::~StreamTarget() {
  if (std::max(length_, found_) < block)
    file_.drop();
  else
    file_.keep();
}

Result<transfer::PartHashed> StreamTarget::hash(const transfer::HashPart& request) {
  if (request.bytes > found_ - length_) return fail(Fault::internal);
  const auto hashed = hash_blocks(hash_, length_, request.bytes, [&](auto offset, auto into) {
    return file_.read_at(offset, into);
  });
  if (!hashed) {
    restart();
    return transfer::PartHashed{0, hash_.so_far()};
  }
  length_ += request.bytes;
  return transfer::PartHashed{length_, hash_.so_far()};
}

void StreamTarget::restart() {
  hash_ = {};
  length_ = 0;
  found_ = 0;
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
  found_ = length_;
  if (!request.last) return answer;
  CHECK_OK(file_.flush());
  answer.sha256 = hash_.so_far();
  return answer;
}

void StreamTarget::drop() { file_.drop(); }

}  // namespace culver::store
