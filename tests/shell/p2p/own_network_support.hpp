// A network of one's own for a piece of a test: a thread in a fresh network namespace, in which the
// test may add and remove addresses without the machine noticing.
#pragma once

#include <functional>
#include <string>

namespace culver::p2p::test {

/// Runs `body` there, with the loopback device up. False if this user may not.
bool in_own_network(const std::function<void()>& body);

/// ip(8) with these words, within the body; the test fails if it does.
void ip(const std::string& words);

}  // namespace culver::p2p::test
