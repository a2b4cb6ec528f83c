// One end of a TLS 1.3 connection over TCP, AES-128-GCM; lines.mjs says how it is driven. The
// answerer listens and signals its port; --address is where the answerer is.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

template <auto free_it>
struct Free {
  template <class T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Free<SSL_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string role, address = "127.0.0.1", congestion;
  std::uint64_t bytes = 0;
  std::size_t message = 65'536;
  int setups = 0;
};

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void say(const std::string& line) { std::cout << line << std::endl; }

Context make_context(bool server) {
  Context context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_num_tickets(context.get(), 0);
  if (!server) return context;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  expect(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1, "certificate");
  expect(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1, "key");
  return context;
}

sockaddr_in address_of(const Options& options, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  expect(inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) == 1, "address");
  return address;
}

Connection over(const Context& context, int socket, bool server) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Connection connection(SSL_new(context.get()));
  SSL_set_fd(connection.get(), socket);
  expect((server ? SSL_accept : SSL_connect)(connection.get()) == 1, "handshake");
  return connection;
}

void receive(const Connection& connection, const Options& options) {
  std::vector<char> buffer(options.message);
  std::uint64_t total = 0;
  Clock::time_point told{};
  while (true) {
    const int size = SSL_read(connection.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return;
    if (total == 0) say(R"({"event":"started"})");
    total += static_cast<std::uint64_t>(size);
    const auto now = Clock::now();
    if (options.bytes != 0 && total >= options.bytes) {
      return say(R"({"event":"received","bytes":)" + std::to_string(total) + "}");
    } else if (now - told >= std::chrono::milliseconds(100)) {
      told = now;
      say(R"({"event":"progress","bytes":)" + std::to_string(total) + "}");
    }
  }
}

/// The first byte says that the handshake is complete at this end too.
void answer(const Options& options) {
  const auto context = make_context(true);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  auto address = address_of(options, 0);
  expect(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  expect(listen(listener, 16) == 0, "listen");
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  say(R"({"signal":{"port":)" + std::to_string(ntohs(address.sin_port)) + "}}");
  for (int run = 0; run < std::max(options.setups, 1); ++run) {
    const int socket = accept(listener, nullptr, nullptr);
    const auto connection = over(context, socket, true);
    SSL_write(connection.get(), "", 1);
    if (options.setups == 0) receive(connection, options);
    char last;
    SSL_read(connection.get(), &last, 1);
    close(socket);
  }
}

void send(const Connection& connection, const Options& options) {
  const std::vector<char> piece(options.message, 7);
  const auto all = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t left = options.bytes != 0 ? options.bytes : all;
  while (left > 0) {
    const auto size = std::min<std::uint64_t>(left, piece.size());
    if (SSL_write(connection.get(), piece.data(), static_cast<int>(size)) <= 0) return;
    left -= size;
  }
}

/// --setups: milliseconds from before the TCP connection to the answerer's first byte.
void offer(const Options& options) {
  std::string line;
  std::getline(std::cin, line);
  const auto digits = line.find_first_of("0123456789");
  expect(digits != std::string::npos, "a port");
  const auto address =
      address_of(options, static_cast<std::uint16_t>(std::stoi(line.substr(digits))));
  const auto context = make_context(false);
  for (int run = 0; run < std::max(options.setups, 1); ++run) {
    const auto began = Clock::now();
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const auto& control = options.congestion;
    expect(control.empty() || setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, control.data(),
                                         static_cast<socklen_t>(control.size())) == 0,
           "congestion control");
    expect(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
           "connect");
    const auto connection = over(context, socket, false);
    char first;
    SSL_read(connection.get(), &first, 1);
    const std::chrono::duration<double, std::milli> taken = Clock::now() - began;
    say(R"({"event":"opened","run":)" + std::to_string(run) + R"(,"ms":)" +
        std::to_string(taken.count()) + "}");
    if (options.setups == 0) send(connection, options);
    SSL_shutdown(connection.get());
    close(socket);
  }
  say(R"({"event":"done"})");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("One end of a TLS connection");
  Options options;
  app.add_option("--role", options.role)->required()->check(CLI::IsMember({"offer", "answer"}));
  app.add_option("--address", options.address, "of the answerer");
  app.add_option("--bytes", options.bytes, "0: until the end");
  app.add_option("--congestion", options.congestion, "control of the sender; none: the machine's");
  app.add_option("--message", options.message, "bytes in one");
  app.add_option("--setups", options.setups, "connections one after another");
  CLI11_PARSE(app, argc, argv);
  try {
    options.role == "offer" ? offer(options) : answer(options);
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << "tls_end: " << failure.what() << '\n';
    return 1;
  }
}
