#include "tests/shell/server/client_support.hpp"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/field.hpp>

namespace culver::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

}  // namespace

TemporaryFolder::TemporaryFolder() {
  auto name = (std::filesystem::temp_directory_path() / "culver-server-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
  path = name;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

RunningServer::RunningServer(Config config, Rng rng) {
  config.sockets.listen.port(0);
  config.sockets.operators = local(0);
  if (config.data_dir.empty()) config.data_dir = folder_.path / "data";
  server_.emplace(std::move(config), nullptr, rng);
  const auto started = server_->start();
  if (!started) throw std::runtime_error(started.error().sentence);
  const auto& url = started->url;
  port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const auto& metrics = started->metrics.value();
  metrics_port_ = static_cast<std::uint16_t>(std::stoi(metrics.substr(metrics.rfind(':') + 1)));
  thread_ = std::thread([this] { end_ = server_->run(); });
}

RunningServer::~RunningServer() {
  if (!thread_.joinable()) return;
  begin_drain();
  join();
}

namespace {
std::atomic<std::int64_t> suspended_for{0};
void stand_still(int) {
  const auto milliseconds = suspended_for.load();
  timespec time{milliseconds / 1'000, milliseconds % 1'000 * 1'000'000};
  while (::nanosleep(&time, &time) != 0) {
  }
  suspended_for = 0;
  suspended_for.notify_all();
}
}  // namespace

void RunningServer::suspend(std::chrono::milliseconds time) {
  suspended_for = time.count();
  std::signal(SIGUSR2, stand_still);
  ::pthread_kill(thread_.native_handle(), SIGUSR2);
  suspended_for.wait(time.count());
}

void RunningServer::join() { thread_.join(); }

Client::Client(std::uint16_t port, std::string_view path, std::string_view forwarded_for)
    : ws_(io_) {
  ws_.next_layer().connect(local(port));
  const std::string hops(forwarded_for);
  ws_.set_option(websocket::stream_base::decorator([hops](websocket::request_type& request) {
    if (!hops.empty()) request.set("X-Forwarded-For", hops);
  }));
  ws_.control_callback([this](websocket::frame_type kind, beast::string_view) {
    if (kind == websocket::frame_type::ping) ++pings_;
  });
  ws_.handshake("127.0.0.1", beast::string_view(path.data(), path.size()));
  greeting = receive();
}

void Client::send(std::string_view text, bool binary) {
  ws_.binary(binary);
  done_ = false;
  ws_.async_write(asio::buffer(text), [this](boost::system::error_code error, std::size_t) {
    last_ = error;
    done_ = true;
  });
  wait();
}

std::string Client::receive() {
  beast::flat_buffer buffer;
  done_ = false;
  ws_.async_read(buffer, [this](boost::system::error_code error, std::size_t) {
    last_ = error;
    done_ = true;
  });
  return wait() ? std::string() : beast::buffers_to_string(buffer.data());
}

boost::system::error_code Client::wait() {
  io_.restart();
  io_.run_for(patience);
  if (!done_) throw std::runtime_error("nothing happened for too long");
  return last_;
}

std::uint16_t Client::close_code() const { return ws_.reason().code; }
std::string Client::close_reason() const { return ws_.reason().reason.c_str(); }

void Client::await_end() {
  do receive();
  while (!last_);
}

void Client::enroll(std::string_view code, std::string_view key) {
  send(R"({"type":"register","pairingCode":")" + std::string(code) + R"(","publicKey":")" +
       std::string(key) + R"("})");
}

void Client::close() {
  done_ = false;
  ws_.async_close(websocket::close_code::normal, [this](boost::system::error_code error) {
    last_ = error;
    done_ = true;
  });
  wait();
}

void Client::drop() { ws_.next_layer().close(); }

std::string talk(std::uint16_t port, std::string_view request) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect(local(port));
  asio::write(socket, asio::buffer(request));
  std::string answer;
  bool done = false;
  asio::async_read(socket, asio::dynamic_buffer(answer, 65'536),
                   [&](boost::system::error_code, std::size_t) { done = true; });
  io.run_for(Client::patience);
  if (!done) throw std::runtime_error("the server did not end the connection");
  return answer;
}

}  // namespace culver::server
