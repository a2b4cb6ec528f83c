// Two clients in one process, through what the interface has: pair, texts, files, the peer book.
// both FOLDER SERVER; exits 0, or says what was not as it should be.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <culver/culver.hpp>

namespace {

using namespace culver;
using std::chrono::seconds;

constexpr seconds bound(60);

[[noreturn]] void give_up(int line, const std::string& why) {
  std::fprintf(stderr, "both.cpp:%d: %s\n", line, why.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result, int line = __builtin_LINE()) {
  if (!result) give_up(line, result.error().code + ": " + result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <class T>
void must_fail(const Result<T>& result, const std::string& code, int line = __builtin_LINE()) {
  if (result) give_up(line, "went well");
  if (result.error().code != code) give_up(line, result.error().code);
}

void check(bool is_so, int line = __builtin_LINE()) {
  if (!is_so) give_up(line, "is not so");
}

/// The next event of that kind; those before it are acknowledged unseen.
template <class T>
T expect(Client& client, int line = __builtin_LINE()) {
  while (const auto event = client.next(bound)) {
    client.ack(*event);
    if (const auto* data = std::get_if<T>(&event->data)) return *data;
  }
  give_up(line, "did not happen");
}

Client open(const std::filesystem::path& folder, const char* server, const char* name) {
  Config config;
  config.data_dir = folder / name;
  config.server = server;
  config.name = name;
  config.download_dir = folder;
  return must(Client::open(config));
}

void pair(Client& ana, Client& ben) {
  const auto code = must(ana.get_code());
  must_fail(ben.start_pairing("ABC"), "bad_pairing_code");
  const auto refused = must(ben.start_pairing(code));
  must(ana.answer_pairing(expect<PairRequested>(ana).pairing, PairingAnswer::refuse));
  must_fail(ben.finish_pairing(refused.pairing, bound), "pair_refused");
  must_fail(ben.finish_pairing(refused.pairing, bound), "pair_unknown");
  const auto asked = must(ben.start_pairing(code));
  const auto request = expect<PairRequested>(ana);
  check(must(ana.list_pairings()).front().pairing == request.pairing);
  check(request.name == "ben" && request.fingerprint == must(ben.get_identity()).fingerprint);
  must(ana.answer_pairing(request.pairing, PairingAnswer::accept));
  check(must(ana.list_pairings()).empty());
  must_fail(ana.answer_pairing(request.pairing, PairingAnswer::accept), "pair_unknown");
  check(must(ben.finish_pairing(asked.pairing, bound)).name == "ana");
  check(expect<PeerPaired>(ana).peer.fingerprint == request.fingerprint);
  check(must(ana.connect_peer("ben", bound)).peer.fingerprint == request.fingerprint);
  check(must(ana.get_status()).connected == 1);
}

void talk(Client& ana, Client& ben) {
  const auto sent = must(ana.send_text("ben", "hello"));
  check(expect<TextReceived>(ben).text == "hello");
  const auto delivered = expect<TextDelivered>(ana);
  check(delivered.message == sent.message && delivered.is_confirmed);
  must_fail(ana.send_text("ben", std::string(60'000, 'x')), "text_too_long");
}

void send(const std::filesystem::path& folder, Client& ana, Client& ben) {
  const auto file = folder / "what.bin";
  std::ofstream(file, std::ios::binary) << std::string(3'000'000, 'x');
  must_fail(ana.send_files("ben", {file, folder / "none"}), "file_unreadable");
  const auto sent = must(ana.send_files("ben", {file, file}));
  check(sent.size() == 2);
  const auto offered = expect<FileOffered>(ben);
  const auto waiting = must(ben.list_transfers());
  check(waiting.size() == 1 && waiting.front().is_offered && !waiting.front().is_outgoing);
  check(offered.name == "what.bin" && offered.size == 3'000'000 && offered.files == 2);
  must(ben.accept_transfer(offered.transfer));
  must_fail(ben.accept_transfer(offered.transfer), "transfer_unknown");
  const auto received = expect<FileReceived>(ben);
  check(std::filesystem::file_size(received.path) == 3'000'000);
  const auto done = expect<FileSent>(ana);
  check(done.transfer == sent.front().transfer && done.sha256 == received.sha256);
  must(ben.refuse_transfer(expect<FileOffered>(ben).transfer));
  const auto refused = expect<TransferFailed>(ana);
  check(must(ana.list_transfers()).empty());
  check(refused.transfer == sent.back().transfer && refused.error.code == "file_refused");
}

void part(Client& ana, Client& ben) {
  must(ana.block_peer("ben"));
  check(!expect<PeerDisconnected>(ana).peer.name.empty());
  (void)expect<PeerDisconnected>(ben);
  must_fail(ana.connect_peer("ben", seconds(1)), "peer_blocked");
  must(ana.unblock_peer("ben"));
  check(expect<PeerConnected>(ana).peer.name == "ben");
  (void)expect<PeerConnected>(ben);
  ben.close();
  check(!expect<PeerDisconnected>(ana).error);
  const auto kept = must(ana.send_text("ben", "later"));
  check(must(ana.list_outbox(OutboxText::read)).front().message == kept.message);
  must(ana.go_offline());
  must_fail(ana.get_code(), "not_connected");
  check(must(ana.go_online(bound)).is_online);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::filesystem::path folder(argv[1]);
  auto ana = open(folder, argv[2], "ana");
  auto ben = open(folder, argv[2], "ben");
  must(ana.go_online(bound));
  must(ben.go_online(bound));
  pair(ana, ben);
  talk(ana, ben);
  send(folder, ana, ben);
  part(ana, ben);
}
