// Reports for programs: one line of JSON per event on standard output; failures and remarks also as
// sentences on standard error.
#pragma once

#include "shell/cli/contacts.hpp"
#include "shell/cli/output/reporter.hpp"
#include "shell/cli/output/screen.hpp"

namespace culver::cli {

class JsonReport final : public Reporter {
 public:
  explicit JsonReport(Screen& screen, Contacts contacts = {})
      : screen_(screen), contacts_(std::move(contacts)) {}
  void report(const report::Event& event) override;
  void remark(std::string_view sentence) override;

 private:
  Screen& screen_;
  Contacts contacts_;
};

}  // namespace culver::cli
