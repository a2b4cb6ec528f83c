// A chat of two terminals: one shows a code, the other one types it. Both wait for the terminal and
// for the client in one poll().
// chat DATA [SERVER]         shows a code and waits
// chat DATA SERVER CODE      asks whoever shows that code
#include <cctype>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>

#include <culver/culver.hpp>
#include <poll.h>
#include <unistd.h>

namespace {

/// Texts and names come from others: nothing of them may steer a terminal.
std::string shown(const std::string& text) {
  std::string out;
  for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out;
}

struct Chat {
  culver::Client& client;
  std::optional<culver::Peer> other = {};

  void on(const culver::Event& event) {
    using namespace culver;
    visit(
        event, [](const Online& e) { std::cout << "* your code: " << e.code << std::endl; },
        [&](const PairRequested& e) {
          std::cout << "* " << shown(e.name) << " (" << e.fingerprint.substr(0, 8) << ") comes in"
                    << std::endl;
          (void)client.answer_pairing(e.pairing,
                                      e.namesake ? PairingAnswer::refuse : PairingAnswer::accept);
        },
        [&](const PeerConnected& e) {
          other = e.peer;
          std::cout << "* " << shown(e.peer.name) << " is here" << std::endl;
        },
        [&](const PeerDisconnected& e) {
          std::cout << "* " << shown(e.peer.name) << " has left" << std::endl;
        },
        [](const PairEnded& e) { std::cout << "* " << e.error.text() << std::endl; },
        [](const TextReceived& e) {
          std::cout << shown(e.peer.name) << ": " << shown(e.text) << std::endl;
        });
    client.ack(event);
  }

  void say(const std::string& line) {
    if (!other) return void(std::cout << "* nobody is here yet" << std::endl);
    if (const auto sent = client.send_text(*other, line); !sent)
      std::cout << "* " << sent.error().text() << std::endl;
  }
};

/// Until the input ends.
void talk(Chat& chat) {
  std::string typed;
  for (;;) {
    pollfd waited[] = {{STDIN_FILENO, POLLIN, 0}, {chat.client.fd(), POLLIN, 0}};
    if (poll(waited, 2, -1) < 0) continue;
    while (const auto event = chat.client.next(std::chrono::milliseconds(0))) chat.on(*event);
    if (!chat.client.is_open()) return;
    if (waited[0].revents == 0) continue;
    char buffer[4096];
    const auto got = read(STDIN_FILENO, buffer, sizeof buffer);
    if (got <= 0) return;
    typed.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end; (end = typed.find('\n')) != std::string::npos; typed.erase(0, end + 1))
      chat.say(typed.substr(0, end));
  }
}

int give_up(const culver::Error& error) {
  std::cerr << "chat: " << error.text() << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "usage: chat DATA [SERVER [CODE]]\n", 1;
  culver::Config config;
  config.data_dir = argv[1];
  if (argc > 2) config.server = argv[2];
  auto client = culver::Client::open(config);
  if (!client) return give_up(client.error());
  if (const auto online = client->go_online(); !online) return give_up(online.error());
  Chat chat{*client};
  if (argc > 3)
    if (const auto asked = client->start_pairing(argv[3]); !asked) return give_up(asked.error());
  talk(chat);
  client->close();  // what was said last arrives
}
