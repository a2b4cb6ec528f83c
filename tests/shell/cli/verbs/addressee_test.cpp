#include "shell/cli/verbs/addressee.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/places.hpp"

namespace culver::cli {
namespace {

PublicKey nth(std::uint8_t n) {
  PublicKey key;
  key.data.fill(static_cast<std::byte>(n));
  return key;
}

const std::vector<engine::Known> known_peers{{nth(1), Plaintext("Ana"), {}},
                                             {nth(2), Plaintext("Ben"), Plaintext("Benny")},
                                             {nth(3), Plaintext("Eve"), {}, true},
                                             {nth(4), Plaintext("Twin"), {}},
                                             {nth(5), Plaintext("Twin"), {}}};

SendOptions to_send(std::vector<std::filesystem::path> files,
                    std::optional<std::string> to = std::nullopt) {
  SendOptions options{};
  options.files = std::move(files);
  options.to = std::move(to);
  return options;
}

/// The sentence, with the fault in front.
std::string trouble_with(SendOptions options, bool has_code = false) {
  const auto found = take_addressee(options, known_peers, has_code);
  if (found) return "none";
  return std::string(info(found.error().fault).name) + " " + found.error().sentence;
}

TEST(Addressee, TheFirstArgumentMayBeAPeer) {
  auto options = to_send({"ana", "a.pdf"});
  const auto found = take_addressee(options, known_peers, false);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->key, nth(1));
  EXPECT_EQ((*found)->name, Plaintext("Ana"));
  EXPECT_EQ(options.files, std::vector<std::filesystem::path>{"a.pdf"});
}

TEST(Addressee, HowMuchOfAFingerprintItTakesIsSaid) {
  for (const char* word : {"0a1b2c", "0A1B 2C3"}) {
    EXPECT_NE(trouble_with(to_send({word})).find("at least the first 8 digits"), std::string::npos);
    const auto named = peer_named(known_peers, word);
    ASSERT_FALSE(named);
    EXPECT_NE(named.error().sentence.find("at least the first 8 digits"), std::string::npos);
  }
  EXPECT_EQ(trouble_with(to_send({"Frida"})).find("digits"), std::string::npos);
}

TEST(Addressee, AnEmptyWordIsNoPeer) {
  auto options = to_send({""});
  const auto found = take_addressee(options, known_peers, false);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST(Addressee, FilesAreForWhoHasTheCode) {
  auto options = to_send({culver::test::source_dir() + "/README.md"});
  auto found = take_addressee(options, known_peers, false);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  options = to_send({"ana"});
  found = take_addressee(options, known_peers, true);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found) << "there is a code: these are files";
  EXPECT_EQ(options.files.size(), 1u);
}

TEST(Addressee, ByOptionAllArgumentsAreFiles) {
  auto options = to_send({"Ana"}, "benny");
  const auto found = take_addressee(options, known_peers, false);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->key, nth(2));
  EXPECT_EQ((*found)->name, Plaintext("Benny"));
  EXPECT_EQ(options.files.size(), 1u);
}

TEST(Addressee, APeerAndAFileOfOneNameAreToldApartByThePerson) {
  const TemporaryFolder folder;
  const auto path = (folder.path() / "f").string();
  std::ofstream(path) << "x";
  const std::vector<engine::Known> named{{nth(1), Plaintext(path), {}}};
  auto options = to_send({path});
  const auto found = take_addressee(options, named, false);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::usage);
  EXPECT_NE(found.error().sentence.find("--to"), std::string::npos);
  EXPECT_NE(found.error().sentence.find("./"), std::string::npos);
}

TEST(Addressee, WhatIsNeitherAPeerNorAFileIsSaidWithWhatMayBeMeant) {
  const auto trouble = trouble_with(to_send({"bennz", "a.pdf"}));
  EXPECT_TRUE(trouble.starts_with("no_such_peer bennz is neither a known peer nor a file."));
  EXPECT_NE(trouble.find("Did you mean Benny?"), std::string::npos) << trouble;
  EXPECT_EQ(trouble_with(to_send({"zzzzzzzz", "a.pdf"})).find("Did you"), std::string::npos);
  for (const char* path : {"nothing.pdf", "./nothing", "reports/nothing"}) {
    auto options = to_send({path});
    const auto found = take_addressee(options, known_peers, false);
    ASSERT_TRUE(found) << found.error().sentence;
    EXPECT_FALSE(*found) << "a path, that prepare() says cannot be read";
  }
  EXPECT_NE(trouble_with(to_send({}, "aan")).find("Did you mean Ana?"), std::string::npos);
}

TEST(Addressee, WhatMayBeMeantIsFoundWithoutAccentsCaseAndBlanks) {
  const std::vector<engine::Known> named{{nth(1), Plaintext("\u00c9lodie \u00dcnal"), {}}};
  for (const char* word : {"elodie", "Elodie Unal", "\u00e9lodie\u00fcnal", "ELODIEUNAL"}) {
    const auto found = peer_named(named, word);
    ASSERT_FALSE(found) << "a guess is no match";
    EXPECT_NE(found.error().sentence.find("Did you mean \u00c9lodie"), std::string::npos) << word;
  }
}

TEST(Addressee, AFolderOfAPeersNameIsNoDoubt) {
  const TemporaryFolder folder;
  const std::vector<engine::Known> named{{nth(1), Plaintext(folder.path().string()), {}}};
  auto options = to_send({folder.path(), "a.pdf"});
  const auto found = take_addressee(options, named, false);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->key, nth(1));
}

TEST(Addressee, TroublesAreTold) {
  EXPECT_TRUE(trouble_with(to_send({}, "nobody")).starts_with("no_such_peer"));
  EXPECT_TRUE(trouble_with(to_send({"eve", "a.pdf"})).starts_with("peer_blocked"));
  const auto several = trouble_with(to_send({"twin", "a.pdf"}));
  EXPECT_TRUE(several.starts_with("name_ambiguous")) << several;
  EXPECT_NE(several.find("Twin@"), std::string::npos) << several;
  EXPECT_TRUE(trouble_with(to_send({"ana"})).starts_with("usage")) << "nothing to send";
  EXPECT_TRUE(trouble_with(to_send({"a.pdf"}, "ana"), true).starts_with("usage")) << "and a code";
}

}  // namespace
}  // namespace culver::cli
