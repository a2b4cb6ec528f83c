// Asking and being answered in order.
#include "core/relay/questions.hpp"

namespace culver::relay {
namespace {

std::size_t bytes_of(const Purpose& purpose) {
  if (const auto* event = std::get_if<ForEvent>(&purpose)) return event->bytes;
  if (const auto* echo = std::get_if<ForEcho>(&purpose)) return echo->bytes;
  const auto* drops = std::get_if<ForDrops>(&purpose);
  return drops ? drops->bytes : 0;
}

}  // namespace

Ask Questions::ask(Question question, Purpose purpose) {
  bytes_ += bytes_of(purpose);
  waiting_.push_back({++last_, std::move(purpose)});
  return {last_, std::move(question)};
}

std::optional<Purpose> Questions::answered(std::uint64_t number) {
  if (waiting_.empty() || waiting_.front().number != number) return std::nullopt;
  auto purpose = std::move(waiting_.front().purpose);
  waiting_.pop_front();
  bytes_ -= bytes_of(purpose);
  return purpose;
}

}  // namespace culver::relay
