// Letters and what is said about them: a mark and a JSON object in a sealed frame of `messages`.
#include <algorithm>
#include <array>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::peer {
namespace {

using json::Fields;

constexpr std::string_view letter_type = "letter";
constexpr std::string_view had_type = "letters_had";
constexpr std::string_view goodbye_type = "goodbye";
constexpr std::string_view refused_type = "refused";

struct RefusalName {
  Refusal refusal;
  std::string_view name;
};
constexpr std::array<RefusalName, 3> refusals{
    {{Refusal::unwanted, "unwanted"}, {Refusal::store, "store"}, {Refusal::replaced, "replaced"}}};

Refusal refusal_of(std::string_view name) {
  const auto* const row = std::ranges::find(refusals, name, &RefusalName::name);
  return row == refusals.end() ? Refusal::unwanted : row->refusal;
}

Result<LetterName> read_name(const Fields& fields) {
  TRY(const auto series_text, fields.text("series"));
  TRY(const auto number, fields.number("number", limits::letter_number, Fault::wrong_type));
  const auto series = parse_hex<SeriesId>(series_text);
  if (!series || number == 0) return fail(Fault::wrong_type);
  return LetterName{*series, number};
}

Result<LetterFrame> read_letter(const Fields& fields) {
  TRY(const auto name, read_name(fields));
  TRY(const auto place, fields.number("place", limits::letter_number, Fault::wrong_type));
  TRY(const auto written, fields.number("written", limits::letter_number, Fault::wrong_type));
  TRY(const auto coded, fields.text("text"));
  const auto text = base64::decode(coded);
  if (!text || text->size() > limits::text || !utf8::is_valid(as_text(*text)))
    return fail(Fault::wrong_type);
  if (place == 0) return fail(Fault::wrong_type);
  return Letter{name, place, static_cast<WallTime>(written),
                Plaintext(std::string(as_text(*text)))};
}

/// With the mark and the fields that both have.
std::string finish(json::Writer out) { return letter_mark + std::move(out).finish(); }

}  // namespace

Result<LetterFrame> parse_letter_frame(std::string_view opened) {
  if (!is_letter_frame(opened)) return fail(Fault::malformed);
  if (opened.size() > limits::letter_frame) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(opened.substr(1)));
  TRY(const auto type, fields.text("type"));
  if (type == letter_type) return read_letter(fields);
  if (type == goodbye_type) return Goodbye{};
  if (type == refused_type) {
    TRY(const auto why, fields.text("reason"));
    return Refused{refusal_of(why)};
  }
  if (type != had_type) return LetterIgnored{};
  TRY(const auto up_to, read_name(fields));
  return LettersHad{up_to};
}

std::string print(const Letter& letter) {
  json::Writer out(192 + base64::encoded_size(letter.text.expose().size()));
  out.text("type", letter_type)
      .text("series", print_hex(letter.name.series.view()))
      .number("number", letter.name.number)
      .number("place", letter.place)
      .number("written", static_cast<std::uint64_t>(letter.written))
      .text("text", base64::encode(as_bytes(letter.text.expose())));
  return finish(std::move(out));
}

std::string print(const LettersHad& had) {
  json::Writer out;
  out.text("type", had_type)
      .text("series", print_hex(had.up_to.series.view()))
      .number("number", had.up_to.number);
  return finish(std::move(out));
}

std::string print(const Goodbye&) {
  json::Writer out;
  out.text("type", goodbye_type);
  return finish(std::move(out));
}

std::string print(const Refused& refused) {
  json::Writer out;
  out.text("type", refused_type)
      .text("reason", std::ranges::find(refusals, refused.why, &RefusalName::refusal)->name);
  return finish(std::move(out));
}

}  // namespace culver::wire::peer
