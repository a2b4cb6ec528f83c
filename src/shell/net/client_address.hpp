// Whom a connection is counted as: the TCP peer, or whoever a trusted proxy says it speaks for.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

namespace culver::net_ {

/// The bytes that stand for an address in counting: four of an IPv4 address (also when it is mapped
/// or translated into IPv6), the first eight of an IPv6 address, since one household owns a whole
/// /64; of a link-local one all sixteen, since there a /64 is everybody.
std::string address_key(const boost::asio::ip::address& address);

/// "10.0.0.1", "10.0.0.0/8", "2001:db8::/32".
class Network {
 public:
  /// Nothing if it is no such thing, or everybody.
  static std::optional<Network> parse(std::string_view text);
  bool contains(const boost::asio::ip::address& address) const;

 private:
  std::string bytes_;  ///< four or sixteen
  unsigned bits_ = 0;
};
using Proxies = std::vector<Network>;

bool is_proxy(const boost::asio::ip::address& peer, const Proxies& proxies);

/// What a proxy writes for the one that it speaks for: an IPv4 or IPv6 address, bare, quoted or in
/// brackets, with a zone or not, with a port or not. Nothing for all else, "unknown" among it.
std::optional<boost::asio::ip::address> parse_hop(std::string_view text);

/// The last of the hops that is no proxy; earlier ones are hearsay. The first if all are proxies.
/// Nothing if that hop cannot be read, or there is none.
std::optional<boost::asio::ip::address> client_address(std::span<const std::string> hops,
                                                       const Proxies& proxies);

}  // namespace culver::net_
