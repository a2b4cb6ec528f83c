// Any order of sockets, frames, words and ticks at the client's server_channel. A real server makes
// good frames, so that spoiled ones reach every state. Whatever comes: nothing passes a server
// channel that is not open, and of a server that is known the server channel opens only for the
// proof.
#include "core/engine/server_channel.hpp"
#include "core/wire/signaling.hpp"
#include "fuzz/handshake_input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
namespace server_channel = engine::server_channel;

std::string server_info(unsigned version) {
  return wire::signaling::print(wire::signaling::ServerInfo{"id", "ws://x", std::nullopt, version});
}

class Client {
 public:
  Client(Input& input, std::uint8_t choice)
      : pair_(input, choice), pin_(pair_.pin_of(choice)), version_(choice & 1 ? 1 : 2) {}

  void act(Input& input) {
    const auto what = input.byte();
    switch (what % 16) {
      case 0:
        return what & 16 ? step(server_channel::Lost{Fault::server_lost})
                         : step(server_channel::HungUp{});
      case 1:
        return open();
      case 2:
        return frame(server_info(what >> 6));
      case 3:
        return frame(spoiled(input, server_info(2)));
      case 4:
      case 5:
        return frame(hello());
      case 6:
        return frame(spoiled(input, hello()));
      case 7:
      case 8:
        return frame(greeting());
      case 9:
        return frame(spoiled(input, greeting()));
      case 10:
        return frame(input.text());
      case 11:
        return frame(said(input.text()));
      case 12:
        return frame(spoiled(input, said(input.text())));
      case 13:
        return step(server_channel::Say{input.text()});
      default:
        pair_.world.now += std::chrono::milliseconds(200 * input.byte());
        return what & 16 ? step(server_channel::Tick{}) : void();
    }
  }

 private:
  /// A socket is opened once the one before is gone.
  void open() {
    if (std::exchange(is_connected_, true)) return;
    opened_ = pair_.world.now;
    is_authenticated_ = is_ready_ = false;
    greeting_.clear();
    server_.emplace(pair_.world, pair_.identity, version_);
    step(server_channel::Opened{});
  }

  void frame(std::string bytes) { step(server_channel::Frame{std::move(bytes)}); }

  void step(server_channel::Event event) {
    const bool is_end = std::holds_alternative<server_channel::Lost>(event) ||
                        std::holds_alternative<server_channel::HungUp>(event);
    const bool says = std::holds_alternative<server_channel::Say>(event);
    Env env = pair_.world.env();
    server_channel::Context context{env, pair_.account, pin_};
    server_channel::Effects effects;
    state_ =
        fsm::step<server_channel::Machine>(std::move(state_), std::move(event), context, effects);
    for (const auto& effect : effects) std::visit([&](const auto& e) { look(e, says); }, effect);
    if (is_end) is_connected_ = false;
    const bool is_closed = std::holds_alternative<server_channel::Closed>(state_);
    require(is_closed || is_connected_);
    const auto deadline = fsm::deadline_of(state_);
    require(deadline.has_value() == server_channel::is_opening(state_));
    require(!deadline ||
            *deadline <= opened_ + server_channel::greeting_time + test::client::handshake_time);
    require(is_closed || server_channel::is_opening(state_) == !is_ready_);
  }

  void look(const server_channel::Transmit& transmit, bool says) {
    require(is_connected_);
    if (says) require(is_ready_);
    if (says && std::holds_alternative<server_channel::Sealed>(state_)) require(transmit.binary);
    if (!server_ || is_ready_) return;
    server_->hear(transmit.frame);
    if (!server_->asked.empty()) server_->admit();
  }
  /// Nobody here can sign but the server.
  void look(const server_channel::Authenticated& met, bool) {
    require(met.identity == pair_.identity.key.verify_key() && met.version >= pin_.version);
    require(!is_authenticated_ && !is_ready_);
    is_authenticated_ = true;
  }
  void look(const server_channel::Ready&, bool) {
    require(!is_ready_ && (is_authenticated_ || !pin_.identity));
    is_ready_ = true;
  }
  void look(const server_channel::Deliver&, bool) { require(is_ready_); }
  void look(const server_channel::Ended& ended, bool) {
    require(std::holds_alternative<server_channel::Closed>(state_));
    if (ended.hang_up) is_connected_ = false;
  }
  void look(const server_channel::Ignored&, bool) { require(is_ready_); }

  // What the server at the other end has to say.
  std::string hello() { return server_ && !server_->sent.empty() ? server_->sent[0] : ""; }
  std::string greeting() {
    auto* done = server_ ? server_->in<test::server::Established>() : nullptr;
    if (done && greeting_.empty()) greeting_ = server_->greet();
    return greeting_;
  }
  std::string said(const std::string& text) {
    auto* done = server_ ? server_->in<test::server::Established>() : nullptr;
    return done && done->records ? done->records->out.seal(text) : text;
  }

  Pair pair_;
  server_channel::Pin pin_;
  const unsigned version_;
  server_channel::Machine::State state_{server_channel::Closed{}};
  std::optional<test::ServerEnd> server_;
  std::string greeting_;  ///< as it was sealed, once
  TimePoint opened_{};
  bool is_connected_ = false, is_authenticated_ = false, is_ready_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  Client client(input, input.byte());
  for (int i = 0; i < 64 && !input.empty(); ++i) client.act(input);
  return 0;
}
