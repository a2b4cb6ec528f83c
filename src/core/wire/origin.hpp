// Where a web page comes from, as a browser says it in the header Origin, and whose pages a server
// talks to. Source: RFC 6454 sections 6 and 7, the Fetch standard's CORS protocol.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace culver::wire {

/// Scheme, host and port; or "null", which pages without an address say.
class Origin {
 public:
  /// "https://example.org", "http://[::1]:8080", "app://desk", "null", in any case; the port that a
  /// scheme has anyway is left out. Fault::bad_config for anything else, a path behind it among it.
  static Result<Origin> parse(std::string_view text);
  const std::string& text() const { return text_; }
  bool operator==(const Origin&) const = default;

 private:
  std::string text_;
};

class AllowedOrigins {
 public:
  /// At most so many.
  static constexpr std::size_t most = 64;

  /// Nobody was named: no page of another origin may read our answers, and whatever page it likes
  /// may open a WebSocket, as every page may to every server that does not look.
  AllowedOrigins() = default;
  /// Each an origin, or "*" for every page.
  static Result<AllowedOrigins> parse(const std::vector<std::string>& texts);

  /// `said` is what the header says, which programs do not send.
  bool may_open(std::string_view said) const;
  /// The value of Access-Control-Allow-Origin for who says this, if it may read the answer.
  std::optional<std::string> answer(std::string_view said) const;
  /// The answer depends on who asks.
  bool varies() const { return !listed_.empty(); }

 private:
  bool lists(std::string_view said) const;
  bool everybody_ = false;
  std::vector<Origin> listed_;
};

}  // namespace culver::wire
