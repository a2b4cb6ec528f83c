// The last line on each of the standard streams.
#include "shell/cli/output/outcome.hpp"

#include <cerrno>
#include <iostream>

#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/report_json.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/output/screen.hpp"
#include "shell/host/descriptors.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {
namespace {

/// A program learns of it in the same way as of any other failure.
int complain(const Options& options, const report::Failed& failed) {
  Screen screen(std::cout, std::cerr, standard_abilities(host::environment));
  if (options.output == Output::json)
    JsonReport(screen).report(failed);
  else
    screen.complain(failure_sentence(failed));
  return host::fault_text(failed.fault.fault).exit_code;
}

}  // namespace

int refuse(Screen& screen, Output output, const host::Trouble& why) {
  report::Failed failed{why.fault, {}};
  failed.sentence = why.sentence;
  if (output == Output::json) screen.say(json_of(failed));
  screen.complain(failure_sentence(failed));
  return host::fault_text(why.fault).exit_code;
}

int decline(Screen& screen, Output output) {
  refuse(screen, output, {Fault::cancelled, std::string(nothing_changed)});
  return code_of_no;
}

int complain(const Options& options, const host::Trouble& trouble) {
  // A file that cannot be opened for lack of descriptors looks like one that is damaged.
  const auto lack = host::fault_text(Fault::out_of_descriptors);
  if (host::fault_text(trouble.fault).exit_code == lack.exit_code && host::few_descriptors())
    return complain(options, Failure(lack.fault));
  report::Failed failed{trouble.fault, {}};
  failed.sentence = trouble.sentence;
  return complain(options, failed);
}

int complain(const Options& options, const Failure& failure) {
  return complain(options, report::Failed{failure, {}});
}

int print(const std::string& text, std::string_view done) {
  errno = 0;
  std::cout << text << '\n' << std::flush;
  if (std::cout) return 0;
  const auto trouble = trouble_of_output(errno);
  if (trouble.fault != Fault::output_gone) std::cerr << "culver: " << trouble.sentence << '\n';
  if (trouble.fault != Fault::output_gone && !done.empty())
    std::cerr << "It was done all the same: " << done << '\n';
  return host::fault_text(trouble.fault).exit_code;
}

}  // namespace culver::cli
