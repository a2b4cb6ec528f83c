#include "shell/cli/output/output_watch.hpp"

#include <utility>

#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culver::cli {
namespace {

bool has_reader_that_may_leave(int descriptor) {
  struct stat what {};
  return fstat(descriptor, &what) == 0 && (S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode));
}

}  // namespace

OutputWatch::OutputWatch(boost::asio::io_context& loop, std::function<void()> left)
    : leaving_(loop) {
  if (!has_reader_that_may_leave(STDOUT_FILENO)) return;
  // The loop would make the output itself non-blocking, for everybody who has it: whoever reads
  // slowly would lose lines. It waits for a set that the output is in instead.
  const int set = epoll_create1(EPOLL_CLOEXEC);
  if (set < 0) return;
  boost::system::error_code error;
  leaving_.assign(set, error);
  if (error) {
    ::close(set);
    return;
  }
  epoll_event ends{};  // errors and hang-ups are always told
  if (epoll_ctl(set, EPOLL_CTL_ADD, STDOUT_FILENO, &ends) != 0) return;
  leaving_.async_wait(leaving_.wait_read,
                      [left = std::move(left)](const boost::system::error_code& failed) {
                        if (!failed) left();
                      });
}

void OutputWatch::cancel() {
  boost::system::error_code ignored;
  leaving_.close(ignored);
}

}  // namespace culver::cli
