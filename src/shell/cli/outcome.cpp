// The last line on each of the standard streams.
#include "shell/cli/outcome.hpp"

#include <iostream>

#include "shell/cli/report_text.hpp"
#include "shell/host/descriptors.hpp"

namespace culver::cli {
namespace {

/// A program learns of it in the same way as of any other failure.
int complain(const Options& options, const Failure& failure, const std::string& line) {
  if (options.output == Output::json)
    std::cout << wire::report::print(wire::report::Failed{failure, {}}) << std::endl;
  std::cerr << line << '\n';
  return info(failure.fault).exit_code;
}

}  // namespace

int complain(const Options& options, const host::Trouble& trouble) {
  // A file that cannot be opened for lack of descriptors looks like one that is damaged.
  const auto lack = info(Fault::out_of_descriptors);
  if (info(trouble.fault).exit_code == lack.exit_code && host::few_descriptors())
    return complain(options, Failure(lack.fault));
  return complain(options, trouble.fault, "culver: " + trouble.sentence);
}

int complain(const Options& options, const Failure& failure) {
  return complain(options, failure, failure_sentence({failure, {}}));
}

int print(const std::string& text) {
  std::cout << text << '\n' << std::flush;
  return std::cout ? 0 : info(Fault::internal).exit_code;
}

}  // namespace culver::cli
