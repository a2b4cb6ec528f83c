// Layout of what is known about oneself.
#include "shell/cli/show.hpp"

#include "core/crypto/keys.hpp"
#include "core/wire/base64.hpp"
#include "shell/cli/json_output.hpp"
#include "shell/cli/printable.hpp"

namespace culver::cli {

std::string show_id(const report::Identity& identity, Output output) {
  if (output == Output::json) return json_of(identity);
  return "Fingerprint " + crypto::fingerprint(identity.key) + "\nPublic key  " +
         wire::base64::print(identity.key) + "\nAccount     " + print_hex(identity.account.data) +
         "\nDevice      " + print_uuid(identity.device.data);
}

std::string show_name(const report::OwnName& own, Output output) {
  return output == Output::json ? json_of(own) : printable(own.name.expose());
}

std::string show_version(Output output) {
  if (output == Output::json) return json_of_version(program_version);
  return "culver " + std::string(program_version);
}

}  // namespace culver::cli
