#include "shell/library/engine_thread.hpp"

#include <csignal>
#include <new>

#include <gtest/gtest.h>

#include "shell/library/answer.hpp"
#include "shell/library/quiet_log.hpp"

namespace culver::library {
namespace {

constexpr auto patience_of_test = std::chrono::seconds(30);

template <class Ask>
auto on(EngineThread& thread, Ask ask) {
  Answer<decltype(ask())> answer;
  thread.post([&] { answer.set(ask()); });
  return *answer.wait(patience_of_test).value();
}

TEST(EngineThread, IsOneForTheProcessAndAnotherWhenNobodyHasIt) {
  auto one = EngineThread::get();
  EXPECT_EQ(one, EngineThread::get());
  const auto id = on(*one, [] { return std::this_thread::get_id(); });
  EXPECT_NE(id, std::this_thread::get_id());
  one.reset();
  const auto other = EngineThread::get();
  EXPECT_TRUE(on(*other, [] { return true; }));
}

TEST(EngineThread, TakesNoSignalOfTheProgram) {
  const auto thread = EngineThread::get();
  EXPECT_TRUE(on(*thread, [] {
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGINT) == 1;
  }));
  sigset_t ours;
  pthread_sigmask(SIG_SETMASK, nullptr, &ours);
  EXPECT_EQ(sigismember(&ours, SIGTERM), 0);
}

TEST(EngineThread, AnExceptionEndsThoseWhoAreThereAndNotTheThread) {
  be_quiet_at_first();
  const auto thread = EngineThread::get();
  int told = 0;
  auto here = on(*thread, [&] { return thread->when_failed([&] { ++told; }); });
  auto gone = on(*thread, [&] { return thread->when_failed([&] { told += 100; }); });
  gone.reset();
  thread->post([] { throw std::bad_alloc(); });
  EXPECT_EQ(on(*thread, [&] { return told; }), 1);
  here.reset();
}

TEST(Answer, TheFirstOneCounts) {
  Answer<int> answer;
  EXPECT_FALSE(answer.wait(std::chrono::milliseconds(0)));
  answer.set(1);
  answer.set(2);
  EXPECT_EQ(**answer.wait(patience_of_test), 1);
}

}  // namespace
}  // namespace culver::library
