// The insides of receive_buffer.hpp.
#include "core/transfer/receive_buffer.hpp"

#include <algorithm>
#include <utility>

namespace culver::transfer {

ReceiveBuffer::ReceiveBuffer(wire::stream::Number number, std::uint64_t size, std::uint64_t from,
                             Effects& effects)
    : number_(number),
      size_(size),
      received_(from),
      written_(from),
      granted_(std::min(size, from + stream::window)),
      progress_(size, from) {
  if (complete()) flush(effects);
}

Result<void> ReceiveBuffer::take(wire::stream::Slice bytes, Effects& effects) {
  if (bytes.size > granted_ - received_) return fail(Fault::file_protocol);
  received_ += bytes.size;
  if (bytes.size < stream::least_data && !complete()) return fail(Fault::file_protocol);
  gathered_bytes_ += bytes.size;
  gathered_.push_back(std::move(bytes));
  progress_.advance(received_, effects);
  if (complete() || gathered_bytes_ >= stream::write_batch) flush(effects);
  return {};
}

void ReceiveBuffer::written(std::size_t bytes, Effects& effects) {
  written_ += bytes;
  writes_ -= std::min<std::size_t>(writes_, 1);
  const auto grant = std::min(size_, written_ + stream::window);
  if (grant == granted_ || (grant < size_ && grant - granted_ < stream::credit_step)) return;
  granted_ = grant;
  effects.push_back(SendFrame{print(wire::stream::Credit{number_, granted_})});
}

void ReceiveBuffer::flush(Effects& effects) {
  gathered_bytes_ = 0;
  ++writes_;
  effects.push_back(WriteSlices{std::exchange(gathered_, {}), complete()});
  if (complete()) progress_.end(received_, effects);
}

}  // namespace culver::transfer
