// Small files with a secret in them, readable by their owner only. Each change is whole, durable
// and in one step; writers of one folder hold flock(2) on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/secret.hpp"
#include "core/wire/base64.hpp"
#include "shell/host/trouble.hpp"

namespace culver::host {

class PrivateFile {
 public:
  /// What is put there for us may be root's, and its group may read it: an access list for us looks
  /// like that.
  enum class From : std::uint8_t { us, us_or_root };

  /// `what` is its name in a sentence: "identity".
  PrivateFile(std::string_view what, std::filesystem::path path, From from = From::us)
      : what_(what), path_(std::move(path)), from_(from) {}

  const std::filesystem::path& path() const { return path_; }
  /// A sentence: what, path, why.
  tl::unexpected<Trouble> unusable(const std::string& why,
                                   Fault fault = Fault::identity_unreadable) const;

  // Troubles: identity_unreadable; no_space of what is written.

  /// Nothing if there is no such file. Refused if it has more than `most` bytes (at most 1024), is
  /// of another owner or kind, or if others can read it.
  Outcome<std::optional<SecretBytes>> read(std::size_t most) const;
  /// Makes it, in a folder that is there. Of several processes that try at once the first one wins:
  /// read what has become of it.
  Outcome<void> create(ByteView content) const;
  /// Puts `content` in the place of `before`. False if the file is not that any more.
  Outcome<bool> replace(ByteView before, ByteView content) const;
  /// Removes what a replacing process has left that was killed.
  void sweep() const;

 private:
  std::string what_;
  std::filesystem::path path_;
  From from_;
};

/// Keys in text, without a copy left in freed memory.
using KeyText = Secret<wire::base64::encoded_size(32)>;
KeyText print_key(const Secret<32>& key);
std::optional<Secret<32>> parse_key(std::string_view text);

}  // namespace culver::host
