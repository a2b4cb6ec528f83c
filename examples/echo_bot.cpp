// Answers every text with the same text, lets in whoever asks, refuses files.
// echo_bot FOLDER [SERVER]
#include <csignal>
#include <cstdio>

#include <culver/culver.hpp>

namespace {

culver::Client* running = nullptr;

int give_up(const culver::Error& error) {
  std::fprintf(stderr, "echo_bot: %s\n", error.text().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  culver::Config config;
  config.data_dir = argc > 1 ? argv[1] : "echo-bot";
  if (argc > 2) config.server = argv[2];
  auto client = culver::Client::open(config);
  if (!client) return give_up(client.error());
  running = &*client;
  std::signal(SIGTERM, [](int) { running->wake(); });
  if (const auto online = client->go_online(); !online) return give_up(online.error());
  std::printf("code %s\n", client->get_code().value_or("").c_str());
  std::fflush(stdout);
  while (const auto event = client->next()) {
    culver::visit(
        *event, [&](const culver::TextReceived& e) { (void)client->send_text(e.peer, e.text); },
        [&](const culver::PairRequested& e) {
          (void)client->answer_pairing(e.pairing, !e.namesake);
        },
        [&](const culver::FileOffered& e) { (void)client->refuse_transfer(e.transfer); });
    client->ack(*event);
  }
}
