// libqrencode's matrix as text.
#include "shell/cli/output/qr.hpp"

#include <memory>

#include <qrencode.h>

namespace culver::cli {
namespace {

constexpr int quiet_zone = 4;  // ISO/IEC 18004 section 5.3.8

struct Free {
  void operator()(QRcode* code) const { QRcode_free(code); }
};

bool is_light(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return true;
  return (code.data[y * code.width + x] & 1) == 0;
}

const char* block(bool upper, bool lower) {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

}  // namespace

std::string qr_code(std::string_view text, std::size_t columns) {
  const std::unique_ptr<QRcode, Free> code(
      QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1));
  if (!code || static_cast<std::size_t>(code->width + 2 * quiet_zone) > columns) return {};
  std::string out;
  for (int y = -quiet_zone; y < code->width + quiet_zone; y += 2) {
    for (int x = -quiet_zone; x < code->width + quiet_zone; ++x)
      out += block(is_light(*code, x, y), is_light(*code, x, y + 1));
    out += '\n';
  }
  return out;
}

void show_qr(Screen& screen, std::string_view text) {
  if (!screen.abilities().out_terminal) return;
  const auto drawn = qr_code(text, static_cast<std::size_t>(screen.abilities().columns()));
  if (!drawn.empty()) screen.say(drawn);
}

}  // namespace culver::cli
