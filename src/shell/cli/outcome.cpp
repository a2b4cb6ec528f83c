// The last line on each of the standard streams.
#include "shell/cli/outcome.hpp"

#include <iostream>

#include "shell/cli/report_text.hpp"

namespace culver::cli {
namespace {

/// A program learns of it in the same way as of any other failure.
int complain(const Options& options, Fault fault, const std::string& line) {
  if (options.output == Output::json)
    std::cout << wire::report::print(wire::report::Failed{fault, {}}) << std::endl;
  std::cerr << line << '\n';
  return info(fault).exit_code;
}

}  // namespace

int complain(const Options& options, const host::Trouble& trouble) {
  return complain(options, trouble.fault, "culver: " + trouble.sentence);
}

int complain(const Options& options, Fault fault) {
  return complain(options, fault, failure_sentence({fault, {}}));
}

int print(const std::string& text) {
  std::cout << text << '\n' << std::flush;
  return std::cout ? 0 : info(Fault::internal).exit_code;
}

}  // namespace culver::cli
