// Layouts of the frames, one reader and one writer each.
#include "core/wire/stream.hpp"

#include <string>

#include "core/wire/utf8.hpp"

namespace culver::wire::stream {
namespace {

enum class Kind : std::uint8_t {
  offer = 1,
  begin = 2,
  data = 3,
  complete = 4,
  cancel = 5,
  accept = 6,
  credit = 7,
  checked = 8,
  refuse = 9,
  working = 10,
  about = 11,
  comparing = 12,
  batch = 13,
  names = 14,
};

constexpr std::uint16_t most_mode = 0777;
constexpr auto last_reason = static_cast<std::uint64_t>(Reason::folder);

// ---- writing ------------------------------------------------------------------------------------

template <class Integer>
void put(Integer value, std::byte* at) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    at[i] = static_cast<std::byte>(value >> 8 * (sizeof value - 1 - i) & 0xFF);
}

class Writer {
 public:
  Writer(Kind kind, Number transfer) {
    frame_.reserve(64);
    frame_.push_back(form);
    number(static_cast<std::uint8_t>(kind));
    number(transfer);
  }
  template <class Integer>
  Writer& number(Integer value) {
    frame_.resize(frame_.size() + sizeof value);
    put(value, frame_.data() + frame_.size() - sizeof value);
    return *this;
  }
  Writer& bytes(ByteView bytes) {
    frame_.insert(frame_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  ByteVector finish() {
    frame_.resize(frame_.size() + tag_size);
    return std::move(frame_);
  }

 private:
  ByteVector frame_;
};

// ---- reading ------------------------------------------------------------------------------------

/// What was read past the end is zero, and makes the whole malformed in the end.
class Reader {
 public:
  explicit Reader(ByteView rest) : rest_(rest) {}

  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const auto byte : take(size)) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
  }
  Number transfer() { return static_cast<Number>(number(4)); }
  std::uint64_t offset() {
    const auto value = number(8);
    good_ = good_ && value <= limits::file_size;
    return value;
  }
  Reason reason() {
    const auto value = number(1);
    return value <= last_reason ? static_cast<Reason>(value) : Reason::other;
  }
  Digest digest() { return Digest::from(take(Digest::size)).value_or(Digest{}); }
  Plaintext name() {
    std::string text(as_text(take(rest_.size())));
    good_ = good_ && !text.empty() && text.size() <= limits::file_name && utf8::is_valid(text);
    return Plaintext(std::move(text));
  }

  std::vector<Plaintext> names() {
    std::vector<Plaintext> names;
    while (good_ && !rest_.empty() && names.size() < limits::batch_names) {
      std::string name(as_text(take(static_cast<std::size_t>(number(1)))));
      good_ = good_ && !name.empty() && utf8::is_valid(name);
      names.emplace_back(std::move(name));
    }
    good_ = good_ && !names.empty();
    return names;
  }

  /// The frame, if everything was there and nothing more.
  Result<Frame> finish(Frame frame) const {
    if (!good_ || !rest_.empty()) return fail(Fault::malformed);
    return frame;
  }

 private:
  ByteView take(std::size_t size) {
    if (rest_.size() < size) {
      good_ = false;
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  ByteView rest_;
  bool good_ = true;
};

Result<Frame> parse_data(ByteVector frame) {
  if (frame.size() <= data_head) return fail(Fault::malformed);
  Reader head(ByteView(frame).subspan(2, 4));
  const auto transfer = head.transfer();
  const auto size = frame.size() - data_head;
  return Data{transfer, Slice{std::move(frame), data_head, size}};
}

}  // namespace

Result<Frame> parse(ByteVector opened) {
  if (opened.size() < 2 || opened[0] != form) return fail(Fault::malformed);
  const auto kind = static_cast<Kind>(opened[1]);
  if (kind == Kind::data) return parse_data(std::move(opened));
  // Braces, since their order is that of the layout.
  Reader in(ByteView(opened).subspan(2));
  switch (kind) {
    case Kind::offer: {
      Offer offer{in.transfer(), in.offset(), in.name()};
      return in.finish(std::move(offer));
    }
    case Kind::batch: {
      const Batch batch{in.transfer(), static_cast<std::uint32_t>(in.number(4)), in.number(8)};
      if (batch.files == 0 || batch.files > limits::batch_files ||
          batch.bytes > limits::batch_bytes)
        return fail(Fault::malformed);
      return in.finish(batch);
    }
    case Kind::names: {
      Names names{in.transfer(), in.names()};
      return in.finish(std::move(names));
    }
    case Kind::begin: {
      const Begin begin{in.transfer(), in.offset()};
      return in.finish(begin);
    }
    case Kind::complete: {
      const Complete complete{in.transfer(), in.digest()};
      return in.finish(complete);
    }
    case Kind::cancel: {
      const Cancel cancel{in.transfer(), in.reason()};
      return in.finish(cancel);
    }
    case Kind::accept: {
      const Accept accept{in.transfer(), in.offset(), static_cast<std::uint32_t>(in.number(4)),
                          in.digest()};
      return in.finish(accept);
    }
    case Kind::credit: {
      const Credit credit{in.transfer(), in.offset()};
      return in.finish(credit);
    }
    case Kind::checked: {
      const Checked checked{in.transfer()};
      return in.finish(checked);
    }
    case Kind::refuse: {
      const Refuse refuse{in.transfer(), in.reason()};
      return in.finish(refuse);
    }
    case Kind::working: {
      const Working working{in.transfer(), in.offset(), in.offset()};
      if (working.done > working.of) return fail(Fault::malformed);
      return in.finish(working);
    }
    case Kind::comparing: {
      const Comparing comparing{in.transfer(), in.offset(), in.offset()};
      if (comparing.done > comparing.of) return fail(Fault::malformed);
      return in.finish(comparing);
    }
    case Kind::about: {
      const About about{in.transfer(), static_cast<std::int64_t>(in.number(8)),
                        static_cast<std::uint16_t>(in.number(2))};
      if (about.mode > most_mode) return fail(Fault::malformed);
      return in.finish(about);
    }
    case Kind::data:
      break;
  }
  return Ignored{};
}

ByteVector print(const Offer& offer) {
  Writer out(Kind::offer, offer.transfer);
  return out.number(offer.size).bytes(as_bytes(offer.name.expose())).finish();
}
ByteVector print(const Batch& batch) {
  return Writer(Kind::batch, batch.transfer).number(batch.files).number(batch.bytes).finish();
}
ByteVector print(const Names& names) {
  Writer out(Kind::names, names.transfer);
  for (const auto& name : names.names)
    out.number(static_cast<std::uint8_t>(name.expose().size())).bytes(as_bytes(name.expose()));
  return out.finish();
}
ByteVector print(const Begin& begin) {
  return Writer(Kind::begin, begin.transfer).number(begin.from).finish();
}
ByteVector print(const Complete& complete) {
  return Writer(Kind::complete, complete.transfer).bytes(complete.sha256.view()).finish();
}
ByteVector print(const Cancel& cancel) {
  const auto reason = static_cast<std::uint8_t>(cancel.reason);
  return Writer(Kind::cancel, cancel.transfer).number(reason).finish();
}
ByteVector print(const Accept& accept) {
  Writer out(Kind::accept, accept.transfer);
  return out.number(accept.have).number(accept.window).bytes(accept.prefix.view()).finish();
}
ByteVector print(const Credit& credit) {
  return Writer(Kind::credit, credit.transfer).number(credit.up_to).finish();
}
ByteVector print(const Checked& checked) {
  return Writer(Kind::checked, checked.transfer).finish();
}
ByteVector print(const Refuse& refuse) {
  const auto reason = static_cast<std::uint8_t>(refuse.reason);
  return Writer(Kind::refuse, refuse.transfer).number(reason).finish();
}

ByteVector print(const Working& working) {
  Writer out(Kind::working, working.transfer);
  return out.number(working.of).number(working.done).finish();
}
ByteVector print(const Comparing& comparing) {
  Writer out(Kind::comparing, comparing.transfer);
  return out.number(comparing.of).number(comparing.done).finish();
}
ByteVector print(const About& about) {
  Writer out(Kind::about, about.transfer);
  return out.number(about.modified).number(about.mode).finish();
}

void print_data_head(Number transfer, ByteVector& frame) {
  frame[0] = form;
  frame[1] = static_cast<std::byte>(Kind::data);
  put(transfer, frame.data() + 2);
}

}  // namespace culver::wire::stream
