// Lines of the log among those of the screen, as long as this lives: on a terminal they would stand
// behind a bar or a question otherwise.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "shell/cli/output/screen.hpp"
#include "shell/host/log.hpp"

namespace culver::cli {

class LogLines {
 public:
  LogLines(boost::asio::io_context& loop, Screen& screen) : screen_(screen) {
    if (!screen.abilities().err_terminal) return;
    log::redirect([this, &loop, alive = std::weak_ptr(alive_)](std::string line) {
      {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(line));
      }
      boost::asio::post(loop, [this, alive] {
        if (!alive.expired()) show();
      });
    });
  }
  ~LogLines() {
    log::redirect(nullptr);
    alive_.reset();
    show();
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

 private:
  void show() {
    std::vector<std::string> lines;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(waiting_);
    }
    for (const auto& line : lines) screen_.complain(line);
  }

  Screen& screen_;
  std::mutex mutex_;
  std::vector<std::string> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace culver::cli
