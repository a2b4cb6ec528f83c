// What every question is answered by when the store fails.
#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "core/relay/directory.hpp"

namespace culver::store {

template <class Asked, class... OneOf>
inline constexpr bool is_any = (std::is_same_v<Asked, OneOf> || ...);

/// store_failed, in the type that answers a question of type Asked; none if nothing answers it.
template <class Asked>
std::optional<relay::Answer> failed() {
  using namespace relay;
  constexpr auto store_failed = Fault::store_failed;
  if constexpr (is_any<Asked, SaveCursor, Prune, KeepTime>)
    return std::nullopt;
  else if constexpr (is_any<Asked, AppendEvent>)
    return tl::expected<Appended, AppendRefused>(tl::unexpect, AppendRefused{store_failed, {}});
  else if constexpr (is_any<Asked, AdmitDevice, LinkDevice>)
    return Result<Admission>(tl::unexpect, store_failed);
  else if constexpr (is_any<Asked, FetchPage>)
    return Result<Page>(tl::unexpect, store_failed);
  else if constexpr (is_any<Asked, ListDevices>)
    return Result<std::vector<DeviceRecord>>(tl::unexpect, store_failed);
  else if constexpr (is_any<Asked, FindEvent>)
    return Result<EventFound>(tl::unexpect, store_failed);
  else if constexpr (is_any<Asked, KeepDrops>)
    return Result<DropsKept>(tl::unexpect, store_failed);
  else if constexpr (is_any<Asked, ListDrops>)
    return Result<std::vector<StoredDrop>>(tl::unexpect, store_failed);
  else
    return Result<DeviceRecord>(tl::unexpect, store_failed);
}

inline std::optional<relay::Answer> failed_answer(const relay::Question& question) {
  return std::visit([](const auto& asked) { return failed<std::decay_t<decltype(asked)>>(); },
                    question);
}

}  // namespace culver::store
