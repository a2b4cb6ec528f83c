// The choice of stream; the lines themselves are json_output.
#include "shell/cli/output/report_json.hpp"

#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/report_text.hpp"

namespace culver::cli {

/// The next progress says more than one that nobody has read yet.
void JsonReport::report(const report::Event& event) {
  if (std::holds_alternative<report::FileProgress>(event) && screen_.is_behind()) return;
  screen_.say(json_of(event));
  if (const auto* failed = std::get_if<report::Failed>(&event))
    screen_.complain(failure_sentence(*failed, contacts_));
  if (const auto* failed = std::get_if<report::RelayFailed>(&event))
    screen_.complain(relay_sentence(*failed));
}

void JsonReport::remark(std::string_view sentence) { screen_.complain(sentence); }

}  // namespace culver::cli
