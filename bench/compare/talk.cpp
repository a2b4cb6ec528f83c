// How long texts take from one Culver to another, alone or beside a file: the client as culver
// builds it, in two processes that share a clock. One side shows its code, the other asks, sends a
// text that names its time every few milliseconds, and the first tells the delays as one line of
// JSON.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/fsm.hpp"
#include "shell/client/client.hpp"

namespace {

using namespace culver;
using fsm::overload;
using std::chrono::steady_clock;

struct Options {
  std::string server, data_dir, download_dir = ".", code, file;
  int texts = 1'000, interval_ms = 5;
};

std::int64_t now_ns() {
  return std::chrono::nanoseconds(steady_clock::now().time_since_epoch()).count();
}

class Talker {
 public:
  explicit Talker(Options options) : options_(std::move(options)), timer_(loop_) {
    client::Config config;
    config.server_url = options_.server;
    config.download_dir = options_.download_dir;
    auto vault = host::Vault::open(options_.data_dir, std::nullopt, nullptr);
    if (!vault) throw std::runtime_error(vault.error().sentence);
    auto client =
        client::Client::open(loop_, *vault, config, [this](engine::Notice n) { hear(n); });
    if (!client) throw std::runtime_error(client.error().sentence);
    client_ = std::move(*client);
    client_->command(engine::GoOnline{});
  }

  int run() {
    loop_.run();
    return exit_code_;
  }

 private:
  bool asks() const { return !options_.code.empty(); }

  void hear(const engine::Notice& notice) {
    std::visit(overload{[&](const engine::Online& n) { on(n); },
                        [&](const engine::PairRequested& n) {
                          client_->command(engine::AnswerPair{n.from, true});
                        },
                        [&](const engine::FileOffered& n) {
                          client_->command(engine::AnswerFile{n.transfer, true});
                        },
                        [&](const engine::Connected& n) { on(n); },
                        [&](const engine::FileStarted&) {
                          if (asks()) send_next();
                        },
                        [&](const engine::FileSent&) { file_over_ = true; },
                        [&](const engine::FileReceived&) { file_over_ = true; },
                        [&](const engine::FileFailed&) { file_over_ = true; },
                        [&](const engine::TextReceived& n) { arrived(n.text); },
                        [&](const engine::LetterReceived& n) {
                          arrived(n.text);
                          client_->command(engine::Displayed{n.held});
                        },
                        [&](const engine::GoodbyeReceived& n) {
                          client_->command(engine::CloseConnection{n.connection});
                        },
                        [&](const engine::PairFailed&) { end(1); },
                        [&](const engine::Closed&) { end(asks() ? sent_ == 0 : delays_.empty()); },
                        [](const auto&) {}},
               notice);
  }

  void on(const engine::Online& notice) {
    if (!asks()) {
      std::cout << R"({"event":"code","code":")" << notice.code.text() << "\"}" << std::endl;
    } else if (const auto code = PairingCode::parse(options_.code)) {
      client_->command(engine::Pair{*code});
    }
  }

  void on(const engine::Connected& notice) {
    link_ = notice.connection;
    if (!asks()) return;
    if (options_.file.empty()) return send_next();
    const auto file = client_->open_file(options_.file);
    if (!file) return end(1);
    client_->command(engine::SendFile{*link_, file->id, file->name, file->size});
  }

  /// Until there are enough, or the file that they go beside is through.
  void send_next() {
    if (sent_ == options_.texts || file_over_) {
      client_->command(engine::CloseConnection{*link_});
      return;
    }
    ++sent_;
    const TextId id{static_cast<std::uint64_t>(sent_)};
    client_->command(engine::SendText{*link_, id, Plaintext(std::to_string(now_ns()))});
    timer_.expires_after(std::chrono::milliseconds(options_.interval_ms));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) send_next();
    });
  }

  void arrived(const Plaintext& text) {
    delays_.push_back(static_cast<double>(now_ns() - std::stoll(text.expose())) / 1e6);
  }

  void end(int exit_code) {
    if (std::exchange(ended_, true)) return;
    exit_code_ = exit_code;
    if (!delays_.empty()) print();
    boost::asio::post(loop_, [this] { client_->shut_down([this] { loop_.stop(); }); });
  }

  void print() {
    std::sort(delays_.begin(), delays_.end());
    const auto at = [&](double share) {
      const auto last = static_cast<double>(delays_.size() - 1);
      return delays_[static_cast<std::size_t>(share * last)];
    };
    std::cout << R"({"event":"delays","texts":)" << delays_.size() << R"(,"p50":)" << at(0.5)
              << R"(,"p99":)" << at(0.99) << R"(,"max":)" << at(1) << "}" << std::endl;
  }

  Options options_;
  boost::asio::io_context loop_{1};
  boost::asio::steady_timer timer_;
  std::unique_ptr<client::Client> client_;
  std::optional<ConnectionId> link_;
  std::vector<double> delays_;  ///< ms
  int sent_ = 0;
  int exit_code_ = 1;
  bool file_over_ = false;
  bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures the delay of texts");
  Options options;
  app.add_option("--server", options.server)->required();
  app.add_option("--data-dir", options.data_dir)->required();
  app.add_option("--out", options.download_dir, "where a file goes");
  app.add_option("--code", options.code, "ask this one and send; without it: show a code");
  app.add_option("--texts", options.texts, "at most");
  app.add_option("--interval", options.interval_ms, "ms from one text to the next");
  app.add_option("--file", options.file, "send it meanwhile; texts end with it");
  CLI11_PARSE(app, argc, argv);
  try {
    return Talker(options).run();
  } catch (const std::exception& failure) {
    std::cerr << "talk: " << failure.what() << '\n';
    return 1;
  }
}
