// Answers every text with the same text, lets in whoever asks, refuses files.
// echo_bot FOLDER [SERVER]
#include <csignal>
#include <cstdio>

#include <culver/culver.hpp>

static culver::Client* running = nullptr;

static int complain(const culver::Error& error) {
  std::fprintf(stderr, "echo_bot: %s\n", error.text().c_str());
  return 1;
}

int main(int argc, char** argv) {
  culver::Config config;
  config.data_dir = argc > 1 ? argv[1] : "echo-bot";
  if (argc > 2) config.server = argv[2];
  auto client = culver::Client::open(config);
  if (!client) return complain(client.error());
  running = &*client;
  std::signal(SIGTERM, [](int) { running->wake(); });
  if (const auto online = client->go_online(); !online) return complain(online.error());
  std::printf("code %s\n", client->get_code().value_or("").c_str());
  std::fflush(stdout);
  while (const auto event = client->next()) {
    culver::visit(
        *event,
        [&](const culver::TextReceived& e) {
          if (const auto sent = client->send_text(e.peer, e.text); !sent) complain(sent.error());
        },
        [&](const culver::PairRequested& e) {
          (void)client->answer_pairing(e.pairing, e.namesake ? culver::PairingAnswer::refuse
                                                             : culver::PairingAnswer::accept);
        },
        [&](const culver::FileOffered& e) { (void)client->refuse_transfer(e.transfer); });
    client->ack(*event);
  }
  std::signal(SIGTERM, SIG_DFL);
}
