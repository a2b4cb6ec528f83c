// WebSocket frames as a server reads and writes them, RFC 6455 sections 5 and 7, without
// extensions. Bytes in any pieces go in, whole messages come out. It holds nothing between two
// messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace culver::wire::websocket {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10
};

// Close codes of RFC 6455 section 7.4.1 that are ours to give.
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t no_status = 1005;  ///< never on the wire
inline constexpr std::uint16_t not_utf8 = 1007;

inline constexpr std::size_t control_payload = 125;

/// All frames of one message, text or binary. A text is valid UTF-8.
struct Message {
  std::string bytes;
};
/// A message became longer than allowed; the rest of it, and every later one, is thrown away.
struct TooLong {};
/// To be answered by a pong with the same payload.
struct PingFrame {
  std::string payload;
};
struct PongFrame {};
/// The client says goodbye, or answers ours. no_status if it gave none.
struct CloseFrame {
  std::uint16_t code;
};
/// The client broke the protocol: nothing after this can be read. To be closed with this code.
struct Broken {
  std::uint16_t code;
};
using Incoming = std::variant<Message, TooLong, PingFrame, PongFrame, CloseFrame, Broken>;

/// The frames of one client, which masks them.
class Reader {
 public:
  explicit Reader(std::size_t longest_message) : longest_(longest_message) {}

  /// The next thing that `input` completes, and takes what it has used off its front; nullopt once
  /// all is used up. Not to be called again after Broken.
  std::optional<Incoming> next(std::string_view& input);
  /// Bytes of a message that is not complete.
  std::size_t held() const { return message_.size(); }

 private:
  static constexpr std::size_t longest_header = 14;

  /// False while bytes of it are missing.
  bool take_header(std::string_view& input);
  std::size_t header_size() const;
  /// Why this frame may not be, if so.
  std::optional<Broken> open_frame();
  /// True when the frame is complete.
  bool take_payload(std::string_view& input);
  void append_unmasked(std::string_view piece, std::string& out);
  std::optional<Incoming> close_frame();
  std::optional<Incoming> end_message();

  std::size_t longest_;
  std::array<std::uint8_t, longest_header> header_{};
  std::uint8_t header_have_ = 0;
  bool in_payload_ = false;
  std::uint64_t left_ = 0;   ///< of the payload of this frame
  std::uint8_t masked_ = 0;  ///< position in the masking key
  bool in_message_ = false;  ///< of several frames
  bool is_text_ = false;
  bool too_long_ = false;
  bool told_too_long_ = false;
  std::string message_;
  std::string control_;
};

/// The head of an unmasked frame that is a message of its own; the payload follows.
std::string print_header(Opcode opcode, std::size_t payload);
/// A whole close frame. The reason is cut at the longest that may be.
std::string print_close(std::uint16_t code, std::string_view reason);

}  // namespace culver::wire::websocket
