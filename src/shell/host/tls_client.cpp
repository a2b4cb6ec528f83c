// Setting up OpenSSL for tls_client.hpp.
#include "shell/host/tls_client.hpp"

#include <openssl/x509v3.h>

#include "core/wire/url.hpp"

namespace culver::host {

namespace ssl = boost::asio::ssl;

ssl::context make_tls_context(const std::string& extra_ca_file, boost::system::error_code& error) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_peer, error);
  if (!error) context.set_default_verify_paths(error);
  if (!error && !extra_ca_file.empty()) context.load_verify_file(extra_ca_file, error);
  return context;
}

bool expect_host(SSL* tls, const std::string& name) {
  const auto host = name.substr(0, name.find('%'));  // a zone is this machine's affair
  if (wire::is_ipv4(host) || wire::is_ipv6(host))
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(tls, host.c_str()) == 1 &&
         SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

std::optional<dial::Untrusted> distrust(const SSL* tls) {
  using Why = dial::Untrusted::Why;
  switch (SSL_get_verify_result(tls)) {
    case X509_V_OK:
      return std::nullopt;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return dial::Untrusted{Why::self_signed};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return dial::Untrusted{Why::unknown_issuer};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return dial::Untrusted{Why::expired};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return dial::Untrusted{Why::not_yet_valid};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return dial::Untrusted{Why::other_name};
    default:
      return dial::Untrusted{Why::other};
  }
}

}  // namespace culver::host
