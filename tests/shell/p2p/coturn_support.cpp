#include "tests/shell/p2p/coturn_support.hpp"

#include <array>
#include <chrono>
#include <future>
#include <stdexcept>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace culver::p2p::test {
namespace {

namespace asio = boost::asio;

constexpr const char* program = "/usr/bin/turnserver";

/// A port that is free now, for TCP and for UDP.
std::uint16_t free_port() {
  asio::io_context io;
  const auto here = asio::ip::address_v4::loopback();
  for (int tries = 0; tries < 20; ++tries) {
    const asio::ip::tcp::acceptor tcp(io, {here, 0});
    asio::ip::udp::socket udp(io, asio::ip::udp::v4());
    boost::system::error_code taken;
    udp.bind({here, tcp.local_endpoint().port()}, taken);
    if (!taken) return tcp.local_endpoint().port();
  }
  throw std::runtime_error("no free port");
}

std::size_t count(const std::string& text, std::string_view word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

/// Reads to the end. Says true as soon as all three listeners are open, false if that is not so at
/// the end.
void read_all(int output, std::promise<bool> open) {
  std::string text;
  bool told = false;
  std::array<char, 4096> some{};
  for (ssize_t size = 0; (size = read(output, some.data(), some.size())) > 0;) {
    if (told) continue;
    text.append(some.data(), static_cast<std::size_t>(size));
    if (count(text, "listener opened") < 3) continue;
    open.set_value(told = true);
  }
  if (!told) open.set_value(false);
  close(output);
}

}  // namespace

bool coturn_is_installed() { return access(program, X_OK) == 0; }

Coturn::Coturn() {
  const auto certificate = make_certificate("localhost");
  write_file(folder_ / "certificate.pem", certificate.certificate_pem);
  write_file(folder_ / "key.pem", certificate.key_pem);
  for (int tries = 0; tries < 5; ++tries) {
    port_ = free_port();
    tls_port_ = free_port();
    if (port_ != tls_port_ && start()) return;
    stop();
  }
  throw std::runtime_error("turnserver does not start");
}

Coturn::~Coturn() { stop(); }

bool Coturn::start() {
  const auto in_folder = [this](const char* name) { return (folder_ / name).string(); };
  const std::vector<std::string> words{
      program,
      "-n",
      "-v",
      "--no-cli",
      "--no-dtls",
      "--relay-threads=1",
      "--lt-cred-mech",
      "--fingerprint",
      "--allow-loopback-peers",
      "--log-file=stdout",
      "--simple-log",
      "--listening-ip=127.0.0.1",
      "--relay-ip=127.0.0.1",
      "--realm=relay.example",
      "--listening-port=" + std::to_string(port_),
      "--tls-listening-port=" + std::to_string(tls_port_),
      "--user=" + std::string(coturn_user) + ":" + std::string(coturn_password),
      "--denied-peer-ip=" + std::string(coturn_denied),
      "--cert=" + in_folder("certificate.pem"),
      "--pkey=" + in_folder("key.pem"),
      "--pidfile=" + in_folder("pid"),
      "--userdb=" + in_folder("db")};
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  std::array<int, 2> output{};
  if (pipe2(output.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(120);  // survives exec: no test lasts that long
    dup2(output[1], STDOUT_FILENO);
    dup2(output[1], STDERR_FILENO);
    execv(program, arguments.data());
    _exit(127);
  }
  close(output[1]);
  if (process_ < 0) throw std::runtime_error("fork");
  std::promise<bool> open;
  auto opened = open.get_future();
  reader_ = std::thread(read_all, output[0], std::move(open));
  return opened.wait_for(std::chrono::seconds(10)) == std::future_status::ready && opened.get();
}

void Coturn::stop() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  if (reader_.joinable()) reader_.join();
}

}  // namespace culver::p2p::test
