// One end of a bench: a stack that is answered as the connection machine answers, and told over
// Signals what the other end says.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "bench/p2p/signals.hpp"
#include "shell/p2p/stack.hpp"

namespace culver::p2p::bench {

class End {
 public:
  End(boost::asio::io_context& io, Signals& signals, bool offers, StackConfig config);

  /// The other end must have been told to begin, too.
  void begin();
  void on_signal(char tag, const std::string& text);
  void send(const std::string& label, ByteVector bytes, bool binary);
  bool has(const std::string& label) const { return channels_.contains(label); }
  std::size_t& window(const std::string& label) { return windows_[channels_.at(label)]; }
  bool closed() const { return closed_; }
  bool all_sent() const { return all_sent_; }
  const Counters& counters() const { return stack_.counters(); }

  /// After the end itself has answered.
  std::function<void(const connection::TransportEvent&)> also;

 private:
  void perform(connection::TransportEffect effect) {
    stack_.perform(ConnectionId{1}, std::move(effect));
  }
  void on(connection::TransportEvent event);

  Signals& signals_;
  bool offers_;
  bool closed_ = false;
  bool all_sent_ = true;
  wire::sdp::Fingerprints peer_;
  std::map<std::string, ChannelId> channels_;
  std::map<ChannelId, std::size_t> windows_;
  Stack stack_;
};

}  // namespace culver::p2p::bench
