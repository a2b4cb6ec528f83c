// Handing on what was gathered.
#include "shell/net/gathering_socket.hpp"

#include "shell/net/ws_connection.hpp"

namespace culver::net_ {

void GatheringSocket::gather(asio::const_buffer bytes) {
  owner_.gather({static_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace culver::net_
