#include "shell/p2p/turn_streams.hpp"

#include <utility>

namespace culver::p2p {

std::size_t TurnStreams::dial(boost::asio::io_context& io, std::span<const IceServer> servers) {
  for (const auto& server : servers) {
    if (server.transport == IceServer::Transport::udp) continue;
    const ice::WireId wire{first_stream + static_cast<std::uint32_t>(relays_.size())};
    TurnStreamConfig config;
    config.host = server.host;
    config.port = server.port;
    config.tls = server.transport == IceServer::Transport::tls;
    config.extra_ca_file = server.extra_ca_file;
    TurnStreamSink sink;
    sink.on_event = [this, wire](const TurnStreamEvent& event) { on_event(wire, event); };
    sink.on_message = [this, wire](ByteView message) {
      if (const auto& address = relay(wire).address) sink_.on_message(wire, *address, message);
    };
    auto stream = std::make_unique<TurnStream>(io, std::move(config), std::move(sink));
    relays_.push_back({server, std::move(stream), std::nullopt});
  }
  return relays_.size();
}

void TurnStreams::on_event(ice::WireId wire, const TurnStreamEvent& event) {
  auto& [server, stream, address] = relay(wire);
  if (const auto* opened = std::get_if<TurnStreamOpened>(&event)) {
    address = opened->server;
    sink_.on_opened(wire, server, *address);
  } else if (address) {
    sink_.on_lost(wire);
  } else {
    sink_.on_failed(server, std::get<TurnStreamLost>(event).fault);
  }
}

TurnStream* TurnStreams::find(ice::WireId wire) {
  if (wire.value < first_stream || wire.value - first_stream >= relays_.size()) return nullptr;
  return relay(wire).stream.get();
}

}  // namespace culver::p2p
