#include "tests/shell/p2p/own_network_support.hpp"

#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>

namespace culver::p2p::test {

bool in_own_network(const std::function<void()>& body) {
  bool allowed = false;
  std::thread([&] {
    allowed = ::unshare(CLONE_NEWNET) == 0;
    if (!allowed) return;
    ip("link set lo up");
    body();
  }).join();
  return allowed;
}

void ip(const std::string& words) {
  ASSERT_EQ(std::system(("ip " + words).c_str()), 0) << words;  // in the caller's namespace
}

}  // namespace culver::p2p::test
