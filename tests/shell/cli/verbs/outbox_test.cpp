#include "shell/cli/verbs/outbox.hpp"

#include <gtest/gtest.h>

#include "tests/support/keys.hpp"

namespace culver::cli {
namespace {

using test::key;

const std::vector<engine::Known> recipients{{key(1), Plaintext("Ana"), {}, false, true},
                                            {key(2), Plaintext("12"), {}, false, true}};
const OutboxRows rows{{LetterId{11}, key(1), 0, Plaintext("gr\xc3\xbc\xc3\x9f")},
                      {LetterId{12}, key(1), 0, std::nullopt},
                      {LetterId{13}, key(2), 0, Plaintext("x")}};

std::vector<std::int64_t> meant(const std::string& what) {
  const auto letters = letters_named(rows, recipients, what);
  std::vector<std::int64_t> ids;
  if (letters)
    for (const auto& row : *letters) ids.push_back(row.id.value);
  return ids;
}

TEST(ShowOutbox, SaysWhatWaitsAndTheTextOnlyWhenAsked) {
  EXPECT_EQ(show_outbox(waiting_of(rows, recipients, false), Output::text),
            "11  to Ana, since 1970-01-01T00:00:00Z, 4 characters\n"
            "12  to Ana, since 1970-01-01T00:00:00Z, cannot be read: it is damaged, or of another "
            "identity\n"
            "13  to 12, since 1970-01-01T00:00:00Z, 1 character");
  EXPECT_EQ(show_outbox({}, Output::text), "Nothing waits.");
  const auto shown = show_outbox(waiting_of(rows, recipients, true), Output::text);
  EXPECT_NE(shown.find("\n  | gr\xc3\xbc\xc3\x9f\n"), std::string::npos);
}

TEST(ShowOutbox, SaysWhatAnExportHasNot) {
  const Plaintext name("Ana");
  EXPECT_EQ(left_out_of_export(0, {}), "");
  EXPECT_EQ(left_out_of_export(1, {}),
            "1 text that waits for peers to come (culver outbox) is not in it.");
  EXPECT_EQ(left_out_of_export(2, {}),
            "2 texts that wait for peers to come (culver outbox) are not in it.");
  EXPECT_EQ(left_out_of_export(0, name), "Your name, Ana (culver name), is not in it.");
  EXPECT_EQ(left_out_of_export(1, name),
            "1 text that waits for peers to come (culver outbox) and your name, Ana (culver name), "
            "are not in it.");
}

TEST(ShowOutbox, IsOneArrayForPrograms) {
  EXPECT_EQ(show_outbox({}, Output::json), "[]");
  const auto json = show_outbox(waiting_of({rows[1]}, recipients, true), Output::json);
  EXPECT_TRUE(json.starts_with(R"([{"message":12,"peer":"Ana","fingerprint":")")) << json;
  EXPECT_NE(json.find(R"("writtenMs":0,"characters":null}])"), std::string::npos);
}

TEST(ShowOutbox, ANumberIsATextAndANameItsPeer) {
  EXPECT_EQ(meant("11"), (std::vector<std::int64_t>{11}));
  EXPECT_EQ(meant("ana"), (std::vector<std::int64_t>{11, 12}));
  EXPECT_EQ(letters_named(rows, recipients, "12").error().fault, Fault::name_ambiguous);
  EXPECT_EQ(letters_named(rows, recipients, "99").error().fault, Fault::no_such_message);
  EXPECT_EQ(letters_named(rows, recipients, "nobody").error().fault, Fault::no_such_peer);
}

}  // namespace
}  // namespace culver::cli
