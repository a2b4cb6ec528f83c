// A file drop box: takes files into a folder, and tells where each one is. Who is not known yet may
// pair if DROP_BOX_OPEN is set; whoever has paired once is known.
// drop_box DATA FOLDER [SERVER]
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <culver/culver.hpp>

namespace {

constexpr std::uint64_t largest = std::uint64_t{1} << 30;  // bytes

culver::Client* running = nullptr;

int give_up(const culver::Error& error) {
  std::fprintf(stderr, "drop_box: %s\n", error.text().c_str());
  return 1;
}

void report(const culver::Result<void>& done) {
  if (!done) std::fprintf(stderr, "drop_box: %s\n", done.error().text().c_str());
}

void handle(culver::Client& client, const culver::Event& event) {
  using namespace culver;
  visit(
      event,
      [&](const FileOffered& e) {
        report(e.size <= largest ? client.accept_transfer(e.transfer)
                                 : client.refuse_transfer(e.transfer));
      },
      [](const FileReceived& e) {
        std::printf("received %s %s %s\n", e.peer.fingerprint.c_str(), e.sha256.c_str(),
                    e.path.c_str());
      },
      [](const TransferFailed& e) {
        std::fprintf(stderr, "drop_box: of %s: %s\n", e.peer.fingerprint.c_str(),
                     e.error.text().c_str());
      },
      [&](const PairRequested& e) {
        const bool is_open = std::getenv("DROP_BOX_OPEN") != nullptr;
        const bool is_let_in = is_open && !e.namesake;
        report(client.answer_pairing(e.pairing,
                                     is_let_in ? PairingAnswer::accept : PairingAnswer::refuse));
      },
      [](const Online& e) { std::printf("code %s\n", e.code.c_str()); },
      [](const Offline& e) { std::fprintf(stderr, "drop_box: %s\n", e.error.text().c_str()); });
  std::fflush(stdout);
  client.ack(event);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: drop_box DATA FOLDER [SERVER]\n"), 1;
  culver::Config config;
  config.data_dir = argv[1];
  config.download_dir = argv[2];
  if (argc > 3) config.server = argv[3];
  std::error_code failed;
  std::filesystem::create_directories(config.download_dir, failed);
  auto client = culver::Client::open(config);
  if (!client) return give_up(client.error());
  running = &*client;
  std::signal(SIGTERM, [](int) { running->wake(); });
  std::signal(SIGINT, [](int) { running->wake(); });
  if (const auto online = client->go_online(); !online) return give_up(online.error());
  while (const auto event = client->next()) handle(*client, *event);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  client->close();
}
