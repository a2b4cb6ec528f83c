// What a TLS client trusts: at least TLS 1.2, the system's certificate store, and the host's name.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <openssl/ssl.h>

#include "core/base/dial_failure.hpp"

namespace culver::host {

/// Verifies peers by the system's store and by `extra_ca_file` (PEM) unless that is empty.
boost::asio::ssl::context make_tls_context(const std::string& extra_ca_file,
                                           boost::system::error_code& error);

/// Before the handshake: names the host to the server (SNI, not for addresses) and makes its
/// certificate stand for exactly this name or address.
bool expect_host(SSL* tls, const std::string& host);

/// After a handshake that failed: what is wrong with the certificate, if it was that.
std::optional<dial::Untrusted> distrust(const SSL* tls);

}  // namespace culver::host
