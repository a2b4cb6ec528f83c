#include "tests/shell/p2p/nice_support.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <nice/agent.h>
#include <nice/interfaces.h>

#include "core/wire/limits.hpp"
#include "tests/shell/p2p/glib_loop_support.hpp"
#include "tests/shell/p2p/inbox_support.hpp"

namespace culver::p2p::test {
namespace {

namespace sdp = wire::sdp;

constexpr guint component = 1;
constexpr std::size_t max_addresses = 16;
constexpr guint pacing_ms = 5;  // RFC 8445's floor; libnice's 20 costs 45 ms of setup

struct FreeCandidate {
  void operator()(NiceCandidate* candidate) const { nice_candidate_free(candidate); }
};
using CandidatePtr = std::unique_ptr<NiceCandidate, FreeCandidate>;

std::string text_of(const NiceAddress& address) {
  char text[NICE_ADDRESS_STRING_LEN] = {};
  nice_address_to_string(&address, text);
  return text;
}

sdp::CandidateType type_of(NiceCandidateType type) {
  switch (type) {
    case NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE:
      return sdp::CandidateType::server_reflexive;
    case NICE_CANDIDATE_TYPE_PEER_REFLEXIVE:
      return sdp::CandidateType::peer_reflexive;
    case NICE_CANDIDATE_TYPE_RELAYED:
      return sdp::CandidateType::relayed;
    case NICE_CANDIDATE_TYPE_HOST:
      break;
  }
  return sdp::CandidateType::host;
}

NiceCandidateType type_of(sdp::CandidateType type) {
  switch (type) {
    case sdp::CandidateType::server_reflexive:
      return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
    case sdp::CandidateType::peer_reflexive:
      return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
    case sdp::CandidateType::relayed:
      return NICE_CANDIDATE_TYPE_RELAYED;
    case sdp::CandidateType::host:
      break;
  }
  return NICE_CANDIDATE_TYPE_HOST;
}

sdp::Candidate to_wire(const NiceCandidate& candidate) {
  sdp::Candidate out{};
  out.foundation = candidate.foundation;
  out.priority = candidate.priority;
  out.address = text_of(candidate.addr);
  out.port = static_cast<std::uint16_t>(nice_address_get_port(&candidate.addr));
  out.type = type_of(candidate.type);
  if (candidate.type != NICE_CANDIDATE_TYPE_HOST) {
    out.related_address = text_of(candidate.base_addr);
    out.related_port = static_cast<std::uint16_t>(nice_address_get_port(&candidate.base_addr));
  }
  return out;
}

/// Null if the address is not one.
CandidatePtr from_wire(const sdp::Candidate& in, guint stream) {
  CandidatePtr out(nice_candidate_new(type_of(in.type)));
  if (!nice_address_set_from_string(&out->addr, in.address.c_str())) return nullptr;
  nice_address_set_port(&out->addr, in.port);
  out->base_addr = out->addr;
  if (nice_address_set_from_string(&out->base_addr, in.related_address.c_str()))
    nice_address_set_port(&out->base_addr, in.related_port);
  out->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  out->priority = in.priority;
  out->stream_id = stream;
  out->component_id = component;
  const auto length =
      std::min(in.foundation.size(), std::size_t{NICE_CANDIDATE_MAX_FOUNDATION - 1});
  std::memcpy(out->foundation, in.foundation.data(), length);
  out->foundation[length] = '\0';
  return out;
}

NiceRelayType relay_of(IceServer::Transport transport) {
  if (transport == IceServer::Transport::tcp) return NICE_RELAY_TYPE_TURN_TCP;
  return transport == IceServer::Transport::tls ? NICE_RELAY_TYPE_TURN_TLS
                                                : NICE_RELAY_TYPE_TURN_UDP;
}

connection::PathReady path_of(const NiceCandidate& local, const NiceCandidate& remote) {
  const bool relayed =
      local.type == NICE_CANDIDATE_TYPE_RELAYED || remote.type == NICE_CANDIDATE_TYPE_RELAYED;
  return {relayed ? connection::PathKind::relayed : connection::PathKind::direct};
}

// ---- libnice's callbacks: on GLib's thread, or on ours within a call of libnice. They only put.
// --

const std::shared_ptr<Inbox>& inbox_of(gpointer data) {
  return *static_cast<std::shared_ptr<Inbox>*>(data);
}

void on_candidate(NiceAgent*, NiceCandidate* candidate, gpointer data) {
  if (candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP) return;
  Inbox::put(inbox_of(data), PathEvent(connection::LocalCandidate{to_wire(*candidate)}));
}

void on_gathered(NiceAgent*, guint, gpointer data) {
  Inbox::put(inbox_of(data), PathEvent(connection::GatheringDone{}));
}

void on_pair(NiceAgent* agent, guint stream, guint, NiceCandidate* local, NiceCandidate* remote,
             gpointer data) {
  if (nice_agent_get_component_state(agent, stream, component) == NICE_COMPONENT_STATE_READY)
    Inbox::put(inbox_of(data), PathEvent(path_of(*local, *remote)));
}

void on_state(NiceAgent* agent, guint stream, guint, guint state, gpointer data) {
  if (state == NICE_COMPONENT_STATE_FAILED)
    Inbox::put(inbox_of(data), PathEvent(connection::PathFailed{}));
  if (state != NICE_COMPONENT_STATE_READY) return;
  NiceCandidate* local = nullptr;
  NiceCandidate* remote = nullptr;
  if (nice_agent_get_selected_pair(agent, stream, component, &local, &remote))
    Inbox::put(inbox_of(data), PathEvent(path_of(*local, *remote)));
}

void on_datagram(NiceAgent*, guint, guint, guint size, gchar* bytes, gpointer data) {
  Inbox::put(inbox_of(data), as_bytes({bytes, size}));
}

class NicePath final : public Path {
 public:
  NicePath(std::shared_ptr<GlibLoop> loop, boost::asio::io_context& io, const PathConfig& config,
           PathSink sink);
  ~NicePath() override;

  sdp::IceCredentials credentials() const override { return credentials_; }
  sdp::IceCredentials prepare_restart() override { return credentials_; }
  void restart() override {}
  void set_remote(const sdp::IceCredentials& ice) override {
    nice_agent_set_remote_credentials(agent_, stream_, ice.ufrag.c_str(), ice.pwd.c_str());
  }
  void add_candidate(const sdp::Candidate& candidate) override;
  void remote_candidates_done() override {
    nice_agent_peer_candidate_gathering_done(agent_, stream_);
  }
  void send_batch(std::span<const Datagram> batch) override;

 private:
  void set_addresses(const PathConfig& config);
  void set_servers(std::span<const IceServer> servers);
  void attach();

  std::shared_ptr<GlibLoop> loop_;
  std::shared_ptr<Inbox> inbox_;
  NiceAgent* agent_;
  guint stream_ = 0;
  bool relayed_ = false;
  sdp::IceCredentials credentials_;
};

NicePath::NicePath(std::shared_ptr<GlibLoop> loop, boost::asio::io_context& io,
                   const PathConfig& config, PathSink sink)
    : loop_(std::move(loop)),
      inbox_(Inbox::make(io, std::move(sink))),
      agent_(
          nice_agent_new_full(loop_->context(), NICE_COMPATIBILITY_RFC5245,
                              static_cast<NiceAgentOption>(NICE_AGENT_OPTION_ICE_TRICKLE |
                                                           NICE_AGENT_OPTION_REGULAR_NOMINATION |
                                                           NICE_AGENT_OPTION_CONSENT_FRESHNESS))) {
  g_object_set(agent_, "upnp", FALSE, "ice-tcp", FALSE, "ice-udp", TRUE, "keepalive-conncheck",
               TRUE, "controlling-mode", config.controlling ? TRUE : FALSE, "stun-pacing-timer",
               pacing_ms, nullptr);
  set_addresses(config);
  stream_ = nice_agent_add_stream(agent_, component);
  set_servers(config.servers);
  attach();
  gchar* ufrag = nullptr;
  gchar* pwd = nullptr;
  if (nice_agent_get_local_credentials(agent_, stream_, &ufrag, &pwd)) credentials_ = {ufrag, pwd};
  g_free(ufrag);
  g_free(pwd);
  // On GLib's thread, since the names of servers are resolved for the thread that asks.
  auto* agent = NICE_AGENT(g_object_ref(agent_));
  loop_->invoke([agent, stream = stream_, inbox = inbox_] {
    if (!nice_agent_gather_candidates(agent, stream))
      Inbox::put(inbox, PathEvent(connection::PathFailed{}));
    g_object_unref(agent);
  });
}

// The agent dies on GLib's thread, where no callback of it can be under way at that moment.
NicePath::~NicePath() {
  inbox_->close();
  loop_->invoke([agent = agent_, stream = stream_, context = loop_->context(), relayed = relayed_] {
    nice_agent_attach_recv(agent, stream, component, context, nullptr, nullptr);
    if (!relayed) {
      g_object_unref(agent);
      return;
    }
    // Frees the allocation on the TURN server before the agent goes.
    nice_agent_close_async(
        agent, [](GObject* closed, GAsyncResult*, gpointer) { g_object_unref(closed); }, nullptr);
  });
}

void NicePath::set_addresses(const PathConfig& config) {
  std::vector<std::string> addresses(config.addresses.begin(), config.addresses.end());
  if (addresses.empty() && config.loopback) {
    // Naming one address ends libnice's own search, so we name them all, but link-local ones.
    GList* found = nice_interfaces_get_local_ips(TRUE);
    for (GList* i = found; i != nullptr; i = i->next) {
      const std::string text = static_cast<const char*>(i->data);
      if (!text.starts_with("fe80:") && text != "::1") addresses.push_back(text);
    }
    g_list_free_full(found, g_free);
  }
  if (addresses.size() > max_addresses) addresses.resize(max_addresses);
  for (const auto& text : addresses) {
    NiceAddress address;
    nice_address_init(&address);
    if (nice_address_set_from_string(&address, text.c_str()))
      nice_agent_add_local_address(agent_, &address);
  }
}

void NicePath::set_servers(std::span<const IceServer> servers) {
  for (const auto& server : servers) {
    if (server.kind == IceServer::Kind::stun) {
      g_object_set(agent_, "stun-server", server.host.c_str(), "stun-server-port",
                   static_cast<guint>(server.port), nullptr);
      continue;
    }
    relayed_ = true;
    nice_agent_set_relay_info(agent_, stream_, component, server.host.c_str(), server.port,
                              server.user.c_str(), server.password.c_str(),
                              relay_of(server.transport));
  }
}

void NicePath::attach() {
  auto* inbox = new std::shared_ptr<Inbox>(inbox_);
  g_object_set_data_full(G_OBJECT(agent_), "culver-inbox", inbox, [](gpointer owned) {
    delete static_cast<std::shared_ptr<Inbox>*>(owned);
  });
  g_signal_connect(agent_, "new-candidate-full", G_CALLBACK(on_candidate), inbox);
  g_signal_connect(agent_, "candidate-gathering-done", G_CALLBACK(on_gathered), inbox);
  g_signal_connect(agent_, "new-selected-pair-full", G_CALLBACK(on_pair), inbox);
  g_signal_connect(agent_, "component-state-changed", G_CALLBACK(on_state), inbox);
  nice_agent_attach_recv(agent_, stream_, component, loop_->context(), on_datagram, inbox);
}

void NicePath::add_candidate(const sdp::Candidate& candidate) {
  const CandidatePtr converted = from_wire(candidate, stream_);
  if (!converted) return;
  GSList list{converted.get(), nullptr};
  nice_agent_set_remote_candidates(agent_, stream_, component, &list);
}

void NicePath::send_batch(std::span<const Datagram> batch) {
  std::vector<GOutputVector> buffers(batch.size());
  std::vector<NiceOutputMessage> messages(batch.size());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    buffers[i] = {batch[i].data(), batch[i].size()};
    messages[i] = {&buffers[i], 1};
  }
  // One call, one lock of the agent. A full socket buffer is packet loss.
  nice_agent_send_messages_nonblocking(agent_, stream_, component, messages.data(),
                                       static_cast<guint>(messages.size()), nullptr, nullptr);
}

}  // namespace

PathFactory nice_paths() {
  return [loop = GlibLoop::shared()](boost::asio::io_context& io, const PathConfig& config,
                                     PathSink sink) -> std::unique_ptr<Path> {
    return std::make_unique<NicePath>(loop, io, config, std::move(sink));
  };
}

}  // namespace culver::p2p::test
