// The addresses of STUN and TURN servers: literal ones at once, names all at the same time, each
// with a look-up of its own.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include <boost/asio/io_context.hpp>

#include "core/base/endpoint.hpp"
#include "shell/host/name_lookup.hpp"
#include "shell/p2p/path.hpp"

namespace culver::p2p {

class ServerNames {
 public:
  /// At most one IPv4 and one IPv6 address for each server. Neither may destroy this.
  using Found = std::function<void(const IceServer&, const Endpoint&)>;
  using Done = std::function<void()>;

  explicit ServerNames(boost::asio::io_context& io, host::LookUp look_up = host::system_look_up);
  ~ServerNames();  ///< before the loop; nothing is called afterwards
  ServerNames(const ServerNames&) = delete;
  ServerNames& operator=(const ServerNames&) = delete;

  /// Once, at most ice_server_limit of them. TURN servers over a stream are left out: the stream
  /// dials by name. `done` is called once, after 5 s at the latest, perhaps from within this call.
  void resolve(std::span<const IceServer> servers, Found found, Done done);

 private:
  class Search;
  std::shared_ptr<Search> search_;
};

}  // namespace culver::p2p
