// The table: a row for each ASCII character, with what looks like it.
#include "core/base/look_alikes.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace culver::unicode {
namespace {

struct Row {
  char32_t latin;
  std::u32string_view alike;
};

constexpr Row capitals[] = {
    {U'E', U"Ε"}, {U'H', U"Η"}, {U'M', U"Μ"}, {U'N', U"Ν"},
    {U'S', U"Տ"}, {U'Y', U"Υ"}, {U'Z', U"Ζ"},
};

/// By turns Latin, Greek, Cyrillic, Armenian, Cherokee and Lisu; then what is round or upright in
/// other scripts.
constexpr Row small[] = {
    {U'a', U"ɑᴀαаᎪꓮ"},
    {U'b', U"ʙβвьᏴᏏꓐ"},
    {U'c', U"ᴄϲсҁᏟꓚⲥ"},
    {U'd', U"ᴅԁԃᎠꓓ"},
    {U'e', U"ᴇεеҽᎬꓰ"},
    {U'f', U"ꜰքꓝ"},
    {U'g', U"ɡɢցԍᏀꓖ"},
    {U'h', U"ʜнһћհᎻꓧ"},
    {U'j', U"ᴊϳјյᎫꓙ"},
    {U'k', U"ᴋκкᏦꓗⲕ"},
    {U'l', U"ıɩɪʟǀιіӏլւᏞꓡꓲⲓᎥ∣│׀וןا١۱"},
    {U'm', U"ᴍмᎷꓟⲙ"},
    {U'n', U"ɴηпոռꓠⲛ"},
    {U'o', U"ᴏοσоօꓳⲟס०০੦૦୦௦౦೦൦๐໐၀០ه٥ە〇"},
    {U'p', U"ᴘρрᏢꓑⲣ"},
    {U'q', U"ԛզգ"},
    {U'r', U"ʀгᎡᏒꓣ"},
    {U's', U"ꜱѕᏚᏕꓢ"},
    {U't', U"ᴛτтᎢꓔⲧ"},
    {U'u', U"ᴜʋμυսꓴ"},
    {U'v', U"ᴠνѵᏙꓦ"},
    {U'w', U"ᴡωԝѡաᎳꓪ"},
    {U'x', U"×χхꓫⲭ"},
    {U'y', U"ʏɣγуүᎩꓬ"},
    {U'z', U"ᴢζᏃꓜ"},
    {U'3', U"зʒӡვ"},
    {U'4', U"ч"},
    {U'6', U"бᏮ"},
    {U'-', U"‐‑‒–—―−˗⁃➖"},
    {U'\'', U"‘’‛ʹʻʼʽˈ′`"},
    {U':', U"ː˸։׃܃܄ः፡፥᛬⁚∶⁝꞉ꓽ"},
    {U'(', U"[{❨❪❬❮❰❲❴⟦⟨⟪⟬⟮⦃⦅⦇⦗⸨〈《「『【〔〖〘"},
    {U')', U"]}❩❫❭❯❱❳❵⟧⟩⟫⟭⟯⦄⦆⦈⦘⸩〉》」』】〕〗〙"},
};

using Table = std::vector<std::pair<char32_t, char32_t>>;

template <std::size_t N>
Table table_of(const Row (&rows)[N]) {
  Table table;
  for (const auto& row : rows)
    for (const auto c : row.alike) table.emplace_back(c, row.latin);
  std::ranges::sort(table);
  return table;
}

char32_t look_up(const Table& table, char32_t c) {
  const auto found = std::ranges::lower_bound(table, c, {}, &Table::value_type::first);
  return found != table.end() && found->first == c ? found->second : c;
}

}  // namespace

char32_t capital_in_latin(char32_t c) {
  static const Table table = table_of(capitals);
  return look_up(table, c);
}

char32_t small_in_latin(char32_t c) {
  static const Table table = table_of(small);
  return look_up(table, c);
}

}  // namespace culver::unicode
