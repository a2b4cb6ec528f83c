// Reading X-Forwarded-For from its end.
#include "shell/net/client_address.hpp"

namespace culver::net_ {
namespace {

namespace ip = boost::asio::ip;

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string address_key(const ip::address& address) {
  const auto plain = unmapped(address);
  if (plain.is_v4()) {
    const auto bytes = plain.to_v4().to_bytes();
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = plain.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

ip::address client_address(const ip::address& peer, std::string_view forwarded_for,
                           const std::optional<ip::address>& proxy) {
  if (!proxy || unmapped(peer) != unmapped(*proxy)) return peer;
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto hop = trim(last ? forwarded_for : forwarded_for.substr(comma + 1));
    boost::system::error_code error;
    const auto address = ip::make_address(std::string(hop), error);
    if (error) return peer;
    if (unmapped(address) != unmapped(*proxy)) return address;
    forwarded_for = last ? std::string_view{} : forwarded_for.substr(0, comma);
  }
  return peer;
}

}  // namespace culver::net_
