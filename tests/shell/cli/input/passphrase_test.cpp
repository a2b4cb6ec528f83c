#include "shell/cli/input/passphrase.hpp"

#include <gtest/gtest.h>

#include "core/base/bytes.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::cli {
namespace {

std::optional<std::string> nothing(const char*) { return std::nullopt; }
std::optional<std::string> horse(const char* name) {
  if (std::string(name) == "CULVER_PASSPHRASE") return "horse";
  return std::nullopt;
}

class PassphraseFile : public testing::Test {
 protected:
  host::Outcome<SecretBytes> read(const std::string& content, bool is_new = false) {
    write_file(folder_ / "p", content);
    return read_passphrase((folder_ / "p").string(), nothing, is_new);
  }
  void expect(const std::string& content, const std::string& passphrase) {
    const auto got = read(content);
    ASSERT_TRUE(got) << got.error().sentence;
    EXPECT_EQ(as_text(got->expose()), passphrase);
  }
  const TemporaryFolder folder_;
};

TEST_F(PassphraseFile, IsReadWithoutItsLineEnd) {
  expect("correct horse\n", "correct horse");
  expect("correct horse", "correct horse");
  expect(" two\nlines \n\n", " two\nlines \n");
  expect(std::string(1'024, 'x') + "\n", std::string(1'024, 'x'));
  EXPECT_EQ(read(std::string(1'025, 'x')).error().fault, Fault::passphrase_unfit);
  EXPECT_EQ(read(std::string(5'000, 'x')).error().fault, Fault::passphrase_unfit);
}

TEST_F(PassphraseFile, ForANewBackupIsLongEnough) {
  EXPECT_TRUE(read("12345678\n", true));
  EXPECT_EQ(read("1234567\n", true).error().fault, Fault::passphrase_unfit);
  EXPECT_TRUE(read("", false)) << "of an old one it is whatever it is";
}

TEST_F(PassphraseFile, ThatIsNotThereIsNamed) {
  const auto got = read_passphrase((folder_ / "absent").string(), horse, false);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::file_unreadable);
  EXPECT_NE(got.error().sentence.find("absent"), std::string::npos);
}

TEST(Passphrase, MayBeInAVariable) {
  const auto got = read_passphrase(std::nullopt, horse, false);
  ASSERT_TRUE(got);
  EXPECT_EQ(as_text(got->expose()), "horse");
}

/// Otherwise nothing but that variable would ever open what is put under it.
TEST(Passphrase, ThatIsNewIsNoLongerInAVariableThanElsewhere) {
  const auto of_size = [](std::size_t size) {
    return read_passphrase(
        std::nullopt, [size](const char*) { return std::string(size, 'x'); }, true);
  };
  EXPECT_TRUE(of_size(1'024));
  ASSERT_FALSE(of_size(1'025));
  EXPECT_EQ(of_size(1'025).error().fault, Fault::passphrase_unfit);
  EXPECT_EQ(of_size(7).error().sentence, "The passphrase has fewer than 8 bytes.");
}

TEST_F(PassphraseFile, OfTheDataFolderIsNamedByAVariable) {
  write_file(folder_ / "p", "correct horse\n");
  const auto named = [&](const char* name) -> std::optional<std::string> {
    if (std::string(name) == "CULVER_PASSPHRASE_FILE") return (folder_ / "p").string();
    return horse(name);
  };
  const auto got = read_folder_passphrase(named, Variable::is_of_folder);
  ASSERT_TRUE(got);
  EXPECT_EQ(as_text(got->passphrase.expose()), "correct horse");
  EXPECT_FALSE(got->is_typed);
  std::filesystem::remove(folder_ / "p");
  EXPECT_EQ(read_folder_passphrase(named, Variable::is_of_folder).error().fault,
            Fault::file_unreadable);
}

TEST(Passphrase, OfTheDataFolderMayBeInAVariable) {
  const auto got = read_folder_passphrase(horse, Variable::is_of_folder);
  ASSERT_TRUE(got);
  EXPECT_EQ(as_text(got->passphrase.expose()), "horse");
}

}  // namespace
}  // namespace culver::cli
