// Any order of frames and ticks at the client's side of the gateway handshake. A real server makes
// good frames, so that spoiled ones reach every state; a dishonest one signs and seals whatever it
// likes with the right keys.
#include "fuzz/handshake_input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using wire::gateway::ServerHello;

class Client {
 public:
  Client(Input& input, std::uint8_t choice) : pair_(input, choice) {}

  void act(Input& input) {
    auto& client = pair_.client;
    const auto what = input.byte();
    switch (what % 8) {
      case 0:
        return client.hear(hello());
      case 1:
        return client.hear(spoiled(input, hello()));
      case 2:
        return client.hear(greeting());
      case 3:
        return client.hear(spoiled(input, greeting()));
      case 4:
        return client.hear(input.text());
      case 5:
        return client.hear(signed_as(input.byte(), input.byte()));
      case 6:
        return say_instead(input.text());
      default:
        pair_.world.now += std::chrono::milliseconds(200 * input.byte());
        return what & 16 ? client.tick() : void();
    }
  }

  void check() {
    auto& client = pair_.client;
    require(client.sent.size() <= 1);
    watch_.look(client, pair_.world.now, pair_.deadline);
    if (const auto* waiting = client.in<test::client::AwaitingEstablished>()) check(waiting->proof);
    if (const auto* done = client.in<test::client::Established>()) {
      require(client.sent.size() == 1);
      check(done->proof);
      require(done->session.device_text == print_uuid(pair_.account.device.data));
    }
  }

 private:
  /// Nobody here can sign but the server.
  void check(const test::client::ServerVerified& proof) {
    require(proof.identity() == pair_.identity.key.verify_key());
    require(proof.version() >= pair_.client.pin.version);
  }

  std::string hello() {
    auto& server = pair_.server;
    if (server.sent.empty()) server.hear(pair_.client.hello);
    return server.sent.empty() ? "" : server.sent[0];  // not if its time is over
  }

  /// A server_hello with these versions, well signed; its confirmation is that of the true one.
  std::string signed_as(unsigned version, unsigned client_version) {
    const std::string frame = hello();
    if (frame.empty()) return frame;
    auto said = test::read_as<ServerHello>(frame);
    said.version = version % 4;
    said.client_version = client_version % 4;
    handshake::Transcript transcript;
    transcript.add_client_hello(pair_.client.hello);
    transcript.add_server_hello(said);
    const auto& nonce = test::read_as<wire::gateway::ClientHello>(pair_.client.hello).nonce.text;
    const Digest digest = said.version < 2
                              ? handshake::server_digest_v1(said.identity.text, said.ephemeral.text,
                                                            nonce, said.nonce.text)
                              : handshake::server_digest_v2(transcript);
    said.signature = pair_.identity.key.sign(digest.data);
    return print(said);
  }

  /// The server with the client's answer, once there is one.
  test::server::Established* established() {
    auto& server = pair_.server;
    if (!pair_.client.sent.empty() && !heard_) server.hear(pair_.client.sent[0].frame);
    heard_ = !pair_.client.sent.empty();
    if (server.in<test::server::CheckingDevice>()) server.admit();
    return server.in<test::server::Established>();
  }

  /// Sealed if version 2 is spoken: the first is in its place, every other out of it.
  std::string greeting() { return established() ? pair_.server.greet() : ""; }

  /// Any text in the place of session_established.
  void say_instead(std::string text) {
    if (auto* done = established()) {
      done->greeting = std::move(text);
      pair_.client.hear(pair_.server.greet());
    }
  }

  Pair pair_;
  bool heard_ = false;
  Watch<test::ClientEnd> watch_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  const auto choice = input.byte();
  Client client(input, choice);
  for (int i = 0; i < 12 && !input.empty(); ++i) {
    client.act(input);
    client.check();
  }
  return 0;
}
