// The bytes of one incoming file of the second form between the connection and the disk: counted
// against the credit that was given, gathered for the disk, and turned into new credit once
// written.
#pragma once

#include <cstdint>

#include "core/base/result.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/progress.hpp"
#include "core/transfer/stream_terms.hpp"

namespace culver::transfer {

class ReceiveBuffer {
 public:
  /// `from`: where the sender begins. A file that has nothing to come is at its end at once.
  ReceiveBuffer(wire::stream::Number number, std::uint64_t size, std::uint64_t from,
                Effects& effects);

  /// Fault::file_protocol beyond the credit or the size, or for crumbs.
  Result<void> take(wire::stream::Slice bytes, Effects& effects);
  /// Room on the disk is room for the sender.
  void written(std::size_t bytes, Effects& effects);

  bool complete() const { return received_ == size_; }
  /// The disk owes an answer: that nothing comes may be because of it.
  bool waits_for_disk() const { return writes_ > 0; }

 private:
  void flush(Effects& effects);

  wire::stream::Number number_;
  std::uint64_t size_;
  std::uint64_t received_;
  std::uint64_t written_;
  std::uint64_t granted_;
  ProgressMeter progress_;
  std::vector<wire::stream::Slice> gathered_;
  std::size_t gathered_bytes_ = 0;
  std::size_t writes_ = 0;  ///< under way
};

}  // namespace culver::transfer
