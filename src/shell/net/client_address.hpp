// Whom a connection is counted as: the TCP peer, or whoever a trusted proxy says it speaks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace culver::net_ {

/// The bytes that stand for an address in counting: four of an IPv4 address (also when it is mapped
/// into IPv6), the first eight of an IPv6 address, since one household owns a whole /64.
std::string address_key(const boost::asio::ip::address& address);

/// The last hop of X-Forwarded-For that is not the proxy itself. Earlier hops are hearsay. The peer
/// itself if it is no trusted proxy, or if the header says nothing usable.
boost::asio::ip::address client_address(const boost::asio::ip::address& peer,
                                        std::string_view forwarded_for,
                                        const std::optional<boost::asio::ip::address>& proxy);

}  // namespace culver::net_
