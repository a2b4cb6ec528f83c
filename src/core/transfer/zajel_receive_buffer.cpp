// The insides of zajel_receive_buffer.hpp.
#include "core/transfer/zajel_receive_buffer.hpp"

namespace culver::transfer {

ZajelReceiveBuffer::ZajelReceiveBuffer(const wire::peer::FileStart& start, bool accepted)
    : order_(start.size, start.chunks), progress_(start.size), accepted_(accepted) {}

Result<void> ZajelReceiveBuffer::take(OpenedChunk chunk, Effects& effects) {
  CHECK_OK(order_.take(chunk.index, chunk.bytes.size()));
  hash_.update(chunk.bytes);
  if (pending_.size() + chunk.bytes.size() > block_size) flush(effects);
  if (pending_.empty()) pending_.reserve(block_size);
  pending_.insert(pending_.end(), chunk.bytes.begin(), chunk.bytes.end());
  if (pending_.size() == block_size) flush(effects);
  if (accepted_) progress_.advance(order_.received(), effects);
  settle(effects);
  return {};
}

void ZajelReceiveBuffer::written(std::size_t bytes, Effects& effects) {
  unwritten_ -= std::min(bytes, unwritten_);
  settle(effects);
}

void ZajelReceiveBuffer::accept(Effects& effects) {
  accepted_ = true;
  progress_.advance(order_.received(), effects);
  settle(effects);
}

Result<Arrived> ZajelReceiveBuffer::complete(const std::optional<Digest>& expected,
                                             Effects& effects) {
  if (!order_.complete()) return fail(Fault::file_protocol);
  const Digest sha256 = std::move(hash_).finish();
  if (expected && !crypto::equal_in_constant_time(sha256.view(), expected->view()))
    return fail(Fault::file_damaged);
  flush(effects);
  release(effects);
  if (accepted_) progress_.end(order_.received(), effects);
  return Arrived{sha256, expected.has_value(), unwritten_};
}

void ZajelReceiveBuffer::release(Effects& effects) {
  if (paused_) effects.push_back(PauseConnection{false});
  paused_ = false;
}

void ZajelReceiveBuffer::flush(Effects& effects) {
  if (pending_.empty()) return;
  unwritten_ += pending_.size();
  effects.push_back(WriteBlock{std::exchange(pending_, {})});
}

void ZajelReceiveBuffer::settle(Effects& effects) {
  if (unwritten_ > high_water) disk_behind_ = true;
  if (unwritten_ < low_water) disk_behind_ = false;
  const bool wanted = disk_behind_ || (!accepted_ && order_.received() >= spool_limit);
  if (wanted == paused_) return;
  paused_ = wanted;
  effects.push_back(PauseConnection{paused_});
}

}  // namespace culver::transfer
