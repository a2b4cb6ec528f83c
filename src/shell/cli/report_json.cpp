// The choice of stream; the lines themselves are core/wire/report's.
#include "shell/cli/report_json.hpp"

#include "shell/cli/report_text.hpp"

namespace culver::cli {

/// The next progress says more than one that nobody has read yet.
void JsonReport::report(const wire::report::Event& event) {
  if (std::holds_alternative<wire::report::FileProgress>(event) && screen_.is_behind()) return;
  screen_.say(wire::report::print(event));
  if (const auto* failed = std::get_if<wire::report::Failed>(&event))
    screen_.complain(failure_sentence(*failed, contacts_));
  if (const auto* failed = std::get_if<wire::report::RelayFailed>(&event))
    screen_.complain(relay_sentence(*failed));
}

void JsonReport::remark(std::string_view sentence) { screen_.complain(sentence); }

}  // namespace culver::cli
