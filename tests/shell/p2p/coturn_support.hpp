// The real turnserver of Debian's package coturn, on loopback, for one test.
#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include <sys/types.h>

#include "tests/shell/host/certificate.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::p2p::test {

inline constexpr std::string_view coturn_user = "alice", coturn_password = "a secret";
/// This address may not be reached through it.
inline constexpr std::string_view coturn_denied = "127.0.0.2";

bool coturn_is_installed();

/// Runs from the constructor to the destructor, and dies with the process. Throws if it does not
/// come up.
class Coturn {
 public:
  Coturn();
  ~Coturn();
  Coturn(const Coturn&) = delete;
  Coturn& operator=(const Coturn&) = delete;

  std::uint16_t port() const { return port_; }  ///< UDP and TCP
  std::uint16_t tls_port() const { return tls_port_; }
  /// Of the authority that signed its certificate, which is for localhost and 127.0.0.1.
  std::string ca_file() const { return (folder_ / "certificate.pem").string(); }

 private:
  /// False: somebody took a port in the meantime.
  bool start();
  void stop();

  TemporaryFolder folder_;
  std::uint16_t port_ = 0, tls_port_ = 0;
  pid_t process_ = -1;
  std::thread reader_;  ///< of what it prints, so that it never waits for us
};

}  // namespace culver::p2p::test
