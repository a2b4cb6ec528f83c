// What can befall a process on its way: it dies, or the system refuses, at each of its system calls
// in turn.
#pragma once

#include <functional>
#include <optional>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace culver {

enum class Mishap { killed, refused };

namespace detail {

/// Lets it run to its next system call, or out of one. False if it has ended.
inline bool goes_on(pid_t child) {
  long signal = 0;
  while (ptrace(PTRACE_SYSCALL, child, nullptr, signal) == 0) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return false;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80)) return true;
    signal = WSTOPSIG(status);  // it gets what it would have got
  }
  return false;
}

/// Its call becomes one that there is not, which has failed for want of space. Only close() never
/// fails without having closed.
inline bool refuse_call(pid_t child) {
#if defined(__x86_64__)
  user_regs_struct registers{};
  if (ptrace(PTRACE_GETREGS, child, nullptr, &registers) != 0) return false;
  if (registers.orig_rax == SYS_close) return true;
  registers.orig_rax = static_cast<unsigned long long>(-1);
  if (ptrace(PTRACE_SETREGS, child, nullptr, &registers) != 0 || !goes_on(child)) return false;
  registers.rax = static_cast<unsigned long long>(-ENOSPC);
  return ptrace(PTRACE_SETREGS, child, nullptr, &registers) == 0;
#else
  return true;
#endif
}

inline void end(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace detail

// The thread sanitizer's runtime makes system calls of its own, and waits for ever when one of them
// is refused.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CULVER_WITH_THREAD_SANITIZER
#endif
#endif
#ifdef CULVER_WITH_THREAD_SANITIZER
inline constexpr bool can_trace = false;
#else
inline constexpr bool can_trace = true;
#endif

/// Runs `work` in a process of its own, in which this befalls its system call of that number. False
/// if it had fewer; nothing if processes cannot be traced here.
inline std::optional<bool> suffer(Mishap mishap, int at, const std::function<void()>& work) {
  if (!can_trace) return std::nullopt;
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);  // whatever becomes of it, it ends
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
    raise(SIGSTOP);
    work();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return std::nullopt;
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (int call = 0; call < at; ++call)  // in, and out again
    if (!detail::goes_on(child) || !detail::goes_on(child)) return false;
  if (!detail::goes_on(child)) return false;
  if (mishap == Mishap::killed) {
    detail::end(child);
    return true;
  }
  constexpr int enough = 10'000;
  if (detail::refuse_call(child))
    for (int left = enough; left > 0 && detail::goes_on(child); --left) {
    }
  detail::end(child);
  return true;
}

}  // namespace culver
