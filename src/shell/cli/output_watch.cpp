#include "shell/cli/output_watch.hpp"

#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culver::cli {
namespace {

bool has_reader_that_may_leave(int descriptor) {
  struct stat what {};
  return fstat(descriptor, &what) == 0 && (S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode));
}

bool has_left(int descriptor) {
  pollfd output{descriptor, 0, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

OutputWatch::OutputWatch(boost::asio::io_context& loop, std::function<void()> left)
    : output_(loop) {
  if (!has_reader_that_may_leave(STDOUT_FILENO)) return;
  const int ours = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (ours < 0) return;
  boost::system::error_code error;
  output_.assign(ours, error);
  if (error) {
    ::close(ours);
    return;
  }
  output_.async_wait(output_.wait_error,
                     [left = std::move(left), ours](const boost::system::error_code& failed) {
                       if (!failed && has_left(ours)) left();
                     });
}

}  // namespace culver::cli
