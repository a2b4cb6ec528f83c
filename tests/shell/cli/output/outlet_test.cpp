// A reader that does not read: the loop goes on, and nothing is lost or out of order.
#include "shell/cli/output/outlet.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shell/cli/output/report_json.hpp"
#include "shell/cli/output/screen.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::cli {
namespace {

/// No file grows beyond so many bytes.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{size, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

class OutletOfAPipe : public testing::Test {
 protected:
  OutletOfAPipe() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
    fcntl(ends_[1], F_SETPIPE_SZ, 4'096);
    outlet_.emplace(loop_, ends_[1], ends_[1]);
  }
  ~OutletOfAPipe() override {
    stop_reading();
    outlet_.reset();
    close(ends_[1]);
  }
  void stop_reading() {
    if (ends_[0] >= 0) close(std::exchange(ends_[0], -1));
  }
  std::string read(std::size_t size) {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const auto more = ::read(ends_[0], text.data() + got, size - got);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    return text.substr(0, got);
  }
  /// Far more than the pipe holds, and less than what may wait.
  std::string fill() {
    std::string all;
    for (int i = 0; i < 100; ++i) {
      const auto line = std::to_string(i) + std::string(1'000, 'x') + "\n";
      (i % 2 == 0 ? outlet_->out() : outlet_->error()) << line << std::flush;
      all += line;
    }
    return all;
  }

  boost::asio::io_context loop_;
  int ends_[2] = {-1, -1};
  std::optional<Outlet> outlet_;
};

TEST_F(OutletOfAPipe, WritesAtOnceWhileItIsRead) {
  outlet_->out() << "line\n" << std::flush;
  EXPECT_FALSE(outlet_->is_behind());
  EXPECT_EQ(read(5), "line\n");
  bool taken = false;
  outlet_->when_taken([&] { taken = true; });
  EXPECT_TRUE(taken);
}

TEST_F(OutletOfAPipe, LetsNobodyWaitAndKeepsTheOrder) {
  const auto all = fill();  // with a stream of its own this would never return
  EXPECT_TRUE(outlet_->is_behind());
  bool taken = false;
  outlet_->when_taken([&] { taken = true; });
  loop_.poll();
  EXPECT_FALSE(taken) << "nobody has read it yet";
  EXPECT_EQ(read(all.size()), all);
  outlet_.reset();
  loop_.restart();
  loop_.poll();
  EXPECT_TRUE(taken);
}

TEST_F(OutletOfAPipe, IsSettledBehindWhatWasTakenBefore) {
  const auto all = fill();
  std::string order;
  outlet_->when_taken([&] { order += 't'; });
  outlet_->when_settled([&] { order += 's'; });
  EXPECT_EQ(read(all.size()), all);
  outlet_.reset();
  loop_.poll();
  EXPECT_EQ(order, "ts");
}

TEST_F(OutletOfAPipe, IsSettledAlsoIfNobodyTookIt) {
  fill();
  std::string order;
  outlet_->when_taken([&] { order += 't'; });
  outlet_->when_settled([&] { order += 's'; });
  stop_reading();
  outlet_.reset();
  loop_.poll();
  EXPECT_EQ(order, "s");
}

TEST_F(OutletOfAPipe, LeavesTheFileAsItIs) { EXPECT_EQ(fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0); }

TEST_F(OutletOfAPipe, ProgressThatWouldBeOldIsNotPrinted) {
  Screen screen(outlet_->out(), outlet_->error(), {});
  screen.ask_whether_behind([&] { return outlet_->is_behind(); });
  JsonReport report(screen);
  const auto all = fill();
  report.report(report::FileProgress{});
  screen.say("the end");
  EXPECT_EQ(read(all.size() + 8), all + "the end\n");
}

TEST_F(OutletOfAPipe, WhoeverLeavesIsNoticed) {
  Screen screen(outlet_->out(), outlet_->error(), {});
  fill();
  bool taken = false;
  outlet_->when_taken([&] { taken = true; });
  stop_reading();
  outlet_->drain();
  screen.settle();
  EXPECT_EQ(screen.exit_code(0), host::fault_text(Fault::output_gone).exit_code);
  outlet_.reset();
  loop_.poll();
  EXPECT_FALSE(taken) << "it was not";
}

TEST_F(OutletOfAPipe, NothingStandsBehindAnOpenQuestion) {
  Screen screen(outlet_->out(), outlet_->error(), {true, true, false});
  screen.open_question("Accept? ");
  screen.say("Cy: hi");
  screen.complain("Waiting.");
  const std::string all = "Accept? \r\x1b[KCy: hi\nAccept? \r\x1b[KWaiting.\nAccept? ";
  EXPECT_EQ(read(all.size()), all);
}

/// A disk that fills up in the middle of a line.
TEST(OutletOfAFile, WhatWasCutWasNotTaken) {
  char name[] = "/tmp/culver-outlet-XXXXXX";
  const host::FileDescriptor file(mkostemp(name, O_CLOEXEC));
  unlink(name);
  boost::asio::io_context loop;
  Outlet outlet(loop, file.get(), file.get());
  Screen screen(outlet.out(), outlet.error(), {});
  int taken = 0;
  screen.say("whole");
  outlet.when_taken([&] { ++taken; });
  EXPECT_EQ(taken, 1);
  {
    const SmallFiles limit(10);
    screen.say("cut in the middle");
    outlet.when_taken([&] { ++taken; });
  }
  EXPECT_EQ(lseek(file.get(), 0, SEEK_END), 10);
  EXPECT_TRUE(screen.is_lost());
  outlet.when_taken([&] { ++taken; });
  EXPECT_EQ(taken, 1) << "not even when there is room again: nothing is printed any more";
}

}  // namespace
}  // namespace culver::cli
