// Whatever parses prints back to something that parses to the same.
#include <cstdint>
#include <cstdlib>

#include "core/wire/dcep.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace dcep = culver::wire::dcep;
  const auto message = dcep::parse(std::as_bytes(std::span(data, size)));
  if (!message) return 0;
  const auto printed = std::visit([](const auto& m) { return dcep::print(m); }, *message);
  const auto again = dcep::parse(printed);
  if (!again || *again != *message || printed.size() != size) std::abort();
  return 0;
}
