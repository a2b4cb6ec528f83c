// Tells what it receives. Of what it was told not to acknowledge it acknowledges nothing.
// ledger DATA SERVER ack|keep
#include <csignal>
#include <cstdio>
#include <cstring>

#include <culver/culver.hpp>

namespace {
culver::Client* running = nullptr;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  culver::Config config;
  config.data_dir = argv[1];
  config.server = argv[2];
  const bool is_acknowledged = std::strcmp(argv[3], "ack") == 0;
  auto client = culver::Client::open(config);
  if (!client) return std::printf("error %s\n", client.error().code.c_str()), 1;
  running = &*client;
  std::signal(SIGTERM, [](int) { running->wake(); });
  if (!client->go_online()) return 3;
  while (const auto event = client->next()) {
    culver::visit(
        *event, [](const culver::Online& e) { std::printf("code %s\n", e.code.c_str()); },
        [&](const culver::PairRequested& e) {
          (void)client->answer_pairing(e.pairing, e.namesake ? culver::PairingAnswer::refuse
                                                             : culver::PairingAnswer::accept);
        },
        [&](const culver::TextReceived& e) {
          std::printf("text %s %s %s\n", e.message.c_str(),
                      event->is_redelivered ? "again" : "first", e.text.c_str());
        });
    std::fflush(stdout);
    if (is_acknowledged) client->ack(*event);
  }
  client->close();
}
