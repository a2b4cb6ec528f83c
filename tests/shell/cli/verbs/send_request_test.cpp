#include "shell/cli/verbs/send_request.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/host/fault_text.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::cli {
namespace {

constexpr std::size_t text_limit = 49'124;

class SendRequestOf : public testing::Test {
 protected:
  host::Outcome<Prepared> prepare_with(SendOptions options, const std::string& input = "") {
    write_file(folder_ / "input", input);
    const host::FileDescriptor standard_input(
        open((folder_ / "input").c_str(), O_RDONLY | O_CLOEXEC));
    const auto variables = [this](const char* name) -> std::optional<std::string> {
      return std::string_view(name) == "CULVER_CODE" ? code_ : std::nullopt;
    };
    return prepare(options, variables, standard_input);
  }
  void expect_trouble(const SendOptions& options, Fault fault, const std::string& words,
                      const std::string& input = "") {
    const auto prepared = prepare_with(options, input);
    ASSERT_FALSE(prepared) << words;
    EXPECT_EQ(prepared.error().fault, fault);
    EXPECT_NE(prepared.error().sentence.find(words), std::string::npos)
        << prepared.error().sentence;
  }
  TemporaryFolder folder_;
  std::optional<std::string> code_;
};

TEST_F(SendRequestOf, TakesTextAndFilesInOrder) {
  write_file(folder_ / "b", "");
  write_file(folder_ / "a", "x");
  const auto prepared = prepare_with({"hello", {folder_ / "b", folder_ / "a"}, {}});
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->request.text, Plaintext("hello"));
  EXPECT_EQ(prepared->request.files,
            (std::deque<std::filesystem::path>{folder_ / "b", folder_ / "a"}));
  EXPECT_FALSE(prepared->code) << "it will be asked for";
}

TEST_F(SendRequestOf, ReadsTheTextFromStandardInput) {
  EXPECT_EQ(prepare_with({"-", {}, {}}, "two\nlines\n")->request.text, Plaintext("two\nlines"));
  EXPECT_EQ(prepare_with({"-", {}, {}}, "hi\r\n")->request.text, Plaintext("hi"));
  EXPECT_EQ(prepare_with({"-", {}, {}}, "hi\n\n")->request.text, Plaintext("hi\n"));
  const std::string longest(text_limit, 'x');
  EXPECT_EQ(prepare_with({"-", {}, {}}, longest)->request.text, Plaintext(longest));
  EXPECT_EQ(prepare_with({"-", {}, {}}, longest + "\n")->request.text, Plaintext(longest));
  expect_trouble({"-", {}, {}}, Fault::usage, "empty", "\n");
  expect_trouble({"-", {}, {}}, Fault::text_too_long, "too long", longest + "x");
  expect_trouble({longest + "x", {}, {}}, Fault::text_too_long, "Send it as a file");
}

TEST_F(SendRequestOf, AnEmptyFileNameIsCalledThat) {
  expect_trouble({{}, {""}, {}}, Fault::usage, "The name of a file is empty");
}

TEST_F(SendRequestOf, RefusesTextThatIsNone) {
  expect_trouble({"", {}, {}}, Fault::usage, "empty");
  expect_trouble({"\xFF", {}, {}}, Fault::usage, "UTF-8");
}

TEST_F(SendRequestOf, NamesTheFileThatCannotBeSent) {
  expect_trouble({{}, {folder_ / "absent"}, {}}, Fault::file_unreadable, folder_ / "absent");
  expect_trouble({{}, {folder_.path()}, {}}, Fault::file_unreadable, "pack it first (tar)");
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  expect_trouble({{}, {folder_ / "pipe"}, {}}, Fault::file_unreadable, "not a regular file");
  EXPECT_EQ(host::fault_text(Fault::file_unreadable).exit_code, 1);
}

TEST_F(SendRequestOf, TakesNoCodeAsAnArgumentAndSaysWhy) {
  expect_trouble({"hi", {"K7MW2Q"}, {}}, Fault::usage, "not taken from arguments");
  expect_trouble({"hi", {"k7m-w2q"}, {}}, Fault::usage, "CULVER_CODE");
}

TEST_F(SendRequestOf, FindsTheCodeWhereItIsSaidToBe) {
  code_ = "aaa-aaa";
  EXPECT_EQ(prepare_with({"hi", {}, {}})->code, PairingCode::parse("AAAAAA").value());
  write_file(folder_ / "code", "bbb bbb\n");
  EXPECT_EQ(prepare_with({"hi", {}, folder_ / "code"})->code, PairingCode::parse("BBBBBB").value());
  EXPECT_EQ(prepare_with({"hi", {}, "-"}, "K7MW2Q\n")->code, PairingCode::parse("K7MW2Q").value());
}

TEST_F(SendRequestOf, ChecksTheCodeBeforeAnybodyIsDialled) {
  code_ = "K7MW20";
  expect_trouble({"hi", {}, {}}, Fault::bad_pairing_code, "CULVER_CODE");
  expect_trouble({"hi", {}, "-"}, Fault::bad_pairing_code, "standard input", "");
  expect_trouble({"hi", {}, folder_ / "absent"}, Fault::usage, folder_ / "absent");
  EXPECT_EQ(host::fault_text(Fault::bad_pairing_code).exit_code, 8);
}

}  // namespace
}  // namespace culver::cli
