// docs/protocol/command-line.md says what the program does.
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "core/base/fault.hpp"
#include "shell/cli/command_line.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/host/fault_text.hpp"
#include "tests/shell/host/causes_support.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/places.hpp"

namespace culver::cli {
namespace {

std::string page() {
  return read_file(culver::test::source_dir() + "/docs/protocol/command-line.md");
}

/// The codes in the first column of the table under "Exit codes".
std::set<int> documented_codes() {
  const auto text = page();
  const auto start = text.find("## Exit codes");
  const auto end = text.find("\n## ", start + 1);
  std::set<int> codes;
  for (auto at = start; (at = text.find("\n| ", at)) < end; at += 3)
    if (std::isdigit(static_cast<unsigned char>(text[at + 3])))
      codes.insert(std::stoi(text.substr(at + 3)));
  return codes;
}

TEST(CommandLinePage, ListsExactlyTheExitCodesThatThereAre) {
  std::set<int> codes{0};
  for (std::size_t i = 0; i < fault_count; ++i)
    codes.insert(host::fault_text(static_cast<Fault>(i)).exit_code);
  EXPECT_EQ(documented_codes(), codes);
}

/// With all that a failure can have.
Failure redirected() {
  return DialFailure{"a", 1, dial::HttpStatus{301, "b"}, {*Endpoint::parse("192.0.2.1", 1)}};
}

TEST(CommandLinePage, ListsEveryCauseOfAServerThatCannotBeReached) {
  const auto text = page();
  for (const auto& cause : test::every_cause())
    EXPECT_NE(text.find("`" + std::string(name_of(cause).text()) + "`"), std::string::npos)
        << name_of(cause).text();
}

TEST(CommandLinePage, ListsEveryEventWithItsFields) {
  using namespace report;
  const auto code = *PairingCode::parse("K7MW2Q");
  const File file{{}, {}, 0, Plaintext("p"), true};
  const std::vector<Event> events{Code{code},
                                  PairRequest{{}, PublicKey{}, 1},
                                  NameQuestion{},
                                  FileQuestion{file, 1, 1, 1},
                                  FileRefused{file},
                                  Waiting{},
                                  Unproven{},
                                  Connected{{}, false, 0, PublicKey{}},
                                  Text{{}, {}, OfLetter{}},
                                  TextSent{},
                                  LetterKept{},
                                  LetterDelivered{},
                                  FileChecking{file, 1, 0},
                                  FileStarted{file, 1},
                                  FileProgress{file, 0},
                                  FileReceived{file, {}},
                                  FileSent{file, {}, true},
                                  Failed{redirected(), Plaintext("f"), Peer{}, 1, Tried{}},
                                  Closed{},
                                  RelayFailed{"a", 1, redirected()}};
  ASSERT_EQ(events.size(), std::variant_size_v<Event>);
  const auto text = page();
  for (const auto& event : events) {
    const auto line = json_of(event);
    constexpr std::string_view before = R"({"v":1,"type":")";
    const auto name = line.substr(before.size(), line.find('"', before.size()) - before.size());
    const auto at = text.find("\n| `" + name + "` |");
    ASSERT_NE(at, std::string::npos) << name;
    const auto row = text.substr(at, text.find('\n', at + 1) - at);
    auto end = line.find("\":", line.find("\"data\":") + 8);
    for (; end != std::string::npos; end = line.find("\":", end + 1)) {
      const auto begin = line.rfind('"', end - 1) + 1;
      const auto key = line.substr(begin, end - begin);
      EXPECT_NE(row.find("`" + key + "`"), std::string::npos) << name << " " << key;
    }
  }
}

/// Every key of `json` is named in the paragraph that begins with `start`.
void expect_keys_in_paragraph(const std::string& json, const std::string& start) {
  const auto text = page();
  const auto at = text.find(start);
  ASSERT_NE(at, std::string::npos) << start;
  const auto paragraph = text.substr(at, text.find("\n\n", at) - at);
  const auto data = json.find("\"data\":");  // of an event
  auto end = json.find("\":", data == std::string::npos ? 0 : data + 8);
  for (; end != std::string::npos; end = json.find("\":", end + 1)) {
    const auto key = json.substr(json.rfind('"', end - 1) + 1, end - json.rfind('"', end - 1) - 1);
    EXPECT_NE(paragraph.find("`" + key + "`"), std::string::npos) << start << " " << key;
  }
}

TEST(CommandLinePage, ListsEveryFieldOfWhatIsOneObject) {
  using namespace report;
  expect_keys_in_paragraph(json_of(std::vector<KnownPeer>{KnownPeer{}}), "`peers -o json`");
  expect_keys_in_paragraph(json_of(std::vector<Waits>{{{}, 1, 0, 2, Plaintext("x")}}),
                           "`outbox -o json`");
  expect_keys_in_paragraph(json_of(Identity{}), "`id -o json`");
  expect_keys_in_paragraph(json_of_version("1"), "`id -o json`");
  expect_keys_in_paragraph(json_of(Server{"", {}, 2, crypto::VerifyKey{}, 2, true}),
                           "`trust-server -o json`");
  expect_keys_in_paragraph(json_of(Backup{}), "`export -o json`");
  expect_keys_in_paragraph(json_of(LinkOffer{*LinkCode::parse("012345"), 1, true}),
                           "`devices link -o json`");
  expect_keys_in_paragraph(json_of(LinkRequest{}), "`devices link -o json`");
  expect_keys_in_paragraph(json_of(LinkedDevice{}), "`devices link -o json`");
  expect_keys_in_paragraph(json_of(LinkedAccount{}), "`devices link -o json`");
  expect_keys_in_paragraph(json_of(Device{{}, {}, "web", 0, 0, true, true, true}),
                           "`devices -o json`");
}

TEST(CommandLinePage, ListsEveryVerbOfTheHelp) {
  const char* const words[] = {"culver", "--help"};
  const auto help =
      parse_command_line(2, words, [](const char*) { return std::nullopt; }).error().out;
  const auto text = page();
  auto at = help.find("Subcommands:");
  ASSERT_NE(at, std::string::npos);
  for (at = help.find("\n  ", at); at != std::string::npos; at = help.find("\n  ", at + 1)) {
    if (help[at + 3] == ' ') continue;  // a description goes on
    const auto verb = help.substr(at + 3, help.find_first_of(" ,", at + 3) - at - 3);
    EXPECT_NE(text.find("| `" + verb), std::string::npos) << verb;
  }
}

TEST(CommandLinePage, HasEveryExitCode) {
  std::set<int> real{0, 129, 130, 131, 141, 143};
  for (std::size_t n = 0; n < fault_count; ++n)
    real.insert(host::fault_text(static_cast<Fault>(n)).exit_code);
  const auto text = page();
  const auto begin = text.find("## Exit codes");
  ASSERT_NE(begin, std::string::npos);
  std::set<int> listed;
  const std::regex row("\n\\| (\\d+) \\|");
  for (std::sregex_iterator at(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), row),
       end;
       at != end; ++at)
    listed.insert(std::stoi((*at)[1]));
  EXPECT_EQ(listed, real);
}

}  // namespace
}  // namespace culver::cli
