// Any order of frames, answers and ticks at the server's side of the gateway handshake. A real
// client makes good frames, so that spoiled ones reach every state, and a dishonest one seals
// whatever it likes with the right key.
#include <optional>

#include "fuzz/handshake_input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using test::client::AwaitingServerHello;

class Server {
 public:
  Server(Input& input, std::uint8_t choice)
      : pair_(input, choice),
        ephemeral_(pair_.client.in<AwaitingServerHello>()->ephemeral.expose()) {}

  void act(Input& input) {
    auto& server = pair_.server;
    const auto& client = pair_.client;
    const auto what = input.byte();
    switch (what % 10) {
      case 0:
        return server.hear(client.hello);
      case 1:
        return server.hear(spoiled(input, client.hello));
      case 2:
        return server.hear(auth());
      case 3:
        return server.hear(spoiled(input, auth()));
      case 4:
        return server.hear(input.text());
      case 5:
        return server.hear(sealed(input.text()));
      case 6:
        return answer(input.byte());
      case 7:
        pair_.world.now += std::chrono::milliseconds(200 * input.byte());
        return what & 16 ? server.tick() : void();
      default:
        return server.hear(sealed(spoiled(input, print(wire::gateway::ClientAuth{}))));
    }
  }

  void check() {
    const auto& server = pair_.server;
    require(server.asked.size() <= 1);
    for (const auto& frame : server.sent) require(frame == server.sent[0]);
    watch_.look(server, pair_.world.now, pair_.deadline);
    if (!std::holds_alternative<test::server::Established>(server.state)) return;
    // Only the account that has signed, and only if it was admitted.
    require(server.asked.size() == 1 && admitted_);
    require(std::get<test::server::Established>(server.state).proof.key() == pair_.account.user);
  }

 private:
  /// The client's, once it could make one.
  std::string auth() {
    auto& client = pair_.client;
    if (client.sent.empty() && !pair_.server.sent.empty()) client.hear(pair_.server.sent[0]);
    return client.sent.empty() ? "" : client.sent[0].frame;
  }

  void answer(std::uint8_t how) {
    using Answer = test::server::DeviceAnswer;
    const bool asked = std::holds_alternative<test::server::CheckingDevice>(pair_.server.state);
    admitted_ = admitted_ || (asked && how % 2 == 0);
    pair_.server.feed(how % 2 == 0 ? Answer{test::admission_of(pair_.account.user)}
                                   : Answer{fail(Fault::device_revoked)});
  }

  /// Any text, sealed as client_auth is sealed.
  std::string sealed(const std::string& text) {
    if (pair_.server.sent.empty()) return text;
    const auto said = test::read_as<wire::gateway::ServerHello>(pair_.server.sent[0]);
    handshake::Transcript transcript;
    transcript.add_client_hello(pair_.client.hello);
    transcript.add_server_hello(said);
    const auto secret = crypto::p256_ecdh(ephemeral_, said.ephemeral.value.data);
    auto keys = handshake::handshake_keys(*secret, transcript);
    return handshake::RecordSealer(std::move(keys.client_auth)).seal(text);
  }

  Pair pair_;
  Secret<32> ephemeral_;
  bool admitted_ = false;
  Watch<test::ServerEnd> watch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  const auto choice = input.byte();
  Server server(input, choice);
  for (int i = 0; i < 12 && !input.empty(); ++i) {
    server.act(input);
    server.check();
  }
  return 0;
}
