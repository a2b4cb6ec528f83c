// Small files with a secret in them: made once, never overwritten, readable by their owner only.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/secret.hpp"
#include "core/wire/base64.hpp"
#include "shell/host/trouble.hpp"

namespace culver::host {

class PrivateFile {
 public:
  /// `what` is its name in a sentence: "identity".
  PrivateFile(std::string_view what, std::filesystem::path path)
      : what_(what), path_(std::move(path)) {}

  /// Fault::identity_unreadable and a sentence: what, path, why.
  tl::unexpected<Trouble> unusable(const std::string& why) const;
  /// Fills `content`, which must be as long as the file. If there is none, makes it from `fresh`,
  /// durably; of several processes that try at once the first one wins. Refused if the file is of
  /// another length, owner or kind, or if others can read it.
  Outcome<void> read_or_create(std::span<std::byte> content, ByteView fresh) const;

 private:
  /// False if there is no such file.
  Outcome<bool> read(std::span<std::byte> content) const;
  Outcome<void> create(ByteView content) const;

  std::string_view what_;
  std::filesystem::path path_;
};

/// Keys in text, without a copy left in freed memory.
using KeyText = Secret<wire::base64::encoded_size(32)>;
KeyText print_key(const Secret<32>& key);
std::optional<Secret<32>> parse_key(std::string_view text);

}  // namespace culver::host
