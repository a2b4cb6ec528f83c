// The second form of files: what two Culvers say on `files` once their capabilities agree on it.
// Binary frames of fixed layout, numbers big-endian; docs/protocol/files.md. A frame is held in one
// buffer from its printing to the channel, and back again: the byte that names the form, what is
// sealed, and room for the seal's tag. It knows no key.
#pragma once

#include <cstdint>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/wire/limits.hpp"

namespace culver::wire::stream {

/// The first byte of every frame, in clear. Frames of the first form begin with '{'.
inline constexpr std::byte form{0x02};
inline constexpr std::size_t tag_size = 16;
/// Form, kind and transfer, in front of the bytes of a Data frame.
inline constexpr std::size_t data_head = 6;
inline constexpr std::size_t data_overhead = data_head + tag_size;

/// Part of a frame that owns its buffer, so that a file's bytes are never copied out of it.
struct Slice {
  ByteVector frame;
  std::size_t begin = 0;
  std::size_t size = 0;
  ByteView view() const { return ByteView(frame).subspan(begin, size); }
};

/// Why a transfer ends early. Bytes that we do not know count as `other`.
enum class Reason : std::uint8_t {
  other,
  declined,
  no_space,
  too_large,
  damaged,
  timeout,
  cancelled,
  changed,
  busy,
  protocol,
  folder,
};

/// The sender's number of a file, never used again on this link.
using Number = std::uint32_t;

// ---- from the sender ----------------------------------------------------------------------------

struct Offer {
  Number transfer;
  std::uint64_t size;  ///< at most limits::file_size
  Plaintext name;      ///< 1..255 bytes of UTF-8, NOT safe as a file name
};
/// That the offer of this number is the first of several: of how many files, and how large they are
/// together. Comes before it.
struct Batch {
  Number transfer;
  std::uint32_t files;
  std::uint64_t bytes;
};
/// What the first of them are called, this one before the others. Comes before its offer as well.
struct Names {
  Number transfer;
  std::vector<Plaintext> names;  ///< 1..limits::batch_names, each as that of an offer
};
/// Data follows from this offset: 0, or what the receiver has.
struct Begin {
  Number transfer;
  std::uint64_t from;
};
/// The next bytes of the file, at least one.
struct Data {
  Number transfer;
  Slice bytes;
};
struct Complete {
  Number transfer;
  Digest sha256;  ///< of the whole file
};
struct Cancel {
  Number transfer;
  Reason reason;
};
/// What the file has beside its bytes: somewhere between Begin and Complete.
struct About {
  Number transfer;
  std::int64_t modified;  ///< nanoseconds since 1970, UTC
  std::uint16_t mode;     ///< rwxrwxrwx
};

/// Before Begin, as Working: the sender reads as much of its own file.
struct Comparing {
  Number transfer;
  std::uint64_t of;
  std::uint64_t done;
};

// ---- from the receiver --------------------------------------------------------------------------

struct Accept {
  Number transfer;
  std::uint64_t have;    ///< bytes of an earlier attempt, from the beginning of the file
  std::uint32_t window;  ///< how many bytes may follow Begin before the first Credit
  Digest prefix;         ///< SHA-256 of those bytes
};
/// The sender may send up to this offset of the file. Never less than before.
struct Credit {
  Number transfer;
  std::uint64_t up_to;
};
/// The file is whole, durable, and has its name.
struct Checked {
  Number transfer;
};
/// The receiver takes no more of it, at any time.
struct Refuse {
  Number transfer;
  Reason reason;
};

/// Before Accept: what an earlier attempt has brought is being read again, so much of it is done.
struct Working {
  Number transfer;
  std::uint64_t of;
  std::uint64_t done;  ///< at most `of`
};

struct Ignored {};  ///< a kind that we do not know

using Frame = std::variant<Offer, Batch, Names, Begin, Data, Complete, Cancel, Accept, Credit,
                           Checked, Refuse, Working, About, Comparing, Ignored>;

/// A frame that was opened: the form byte and what was sealed, without the tag. Fault::malformed
/// for a wrong length or value.
Result<Frame> parse(ByteVector opened);

/// With room for the tag at the end, still to be filled.
ByteVector print(const Offer&);
ByteVector print(const Batch&);
ByteVector print(const Names&);
ByteVector print(const Begin&);
ByteVector print(const Complete&);
ByteVector print(const Cancel&);
ByteVector print(const Accept&);
ByteVector print(const Credit&);
ByteVector print(const Checked&);
ByteVector print(const Refuse&);
ByteVector print(const Working&);
ByteVector print(const About&);
ByteVector print(const Comparing&);
/// Fills the head of a Data frame whose bytes are in their place already, between `data_head` bytes
/// in front and `tag_size` behind.
void print_data_head(Number transfer, ByteVector& frame);

}  // namespace culver::wire::stream
