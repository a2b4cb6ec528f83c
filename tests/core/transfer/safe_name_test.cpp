#include "core/transfer/safe_name.hpp"

#include <gtest/gtest.h>

namespace culver::transfer {
namespace {

using namespace std::string_literals;

TEST(SafeName, LeavesOrdinaryNamesAlone) {
  for (const std::string name :
       {"report.pdf", "README", "archive.tar.gz", "año nuevo.txt", "写真 1.jpg", "a", "CONSOLE.txt",
        "COM10", "com", "null", "$(reboot)", "a;b&c", "family \U0001F468\u200D\U0001F469.png"})
    EXPECT_EQ(safe_name(name), name);
}

TEST(SafeName, KeepsTheLastPartOfAPathOnly) {
  EXPECT_EQ(safe_name("/etc/passwd"), "passwd");
  EXPECT_EQ(safe_name("../../.ssh/authorized_keys"), "authorized_keys");
  EXPECT_EQ(safe_name("..\\..\\Startup\\evil.bat"), "evil.bat");
  EXPECT_EQ(safe_name("a\\b/c"), "c");
  EXPECT_EQ(safe_name("a/b\\c"), "c");
  EXPECT_EQ(safe_name("C:\\x.txt"), "x.txt");
  EXPECT_EQ(safe_name("x.txt:stream"), "x.txt_stream");
}

TEST(SafeName, WhatLeavesNothingIsUnnamed) {
  for (const auto& name : {""s, "."s, ".."s, "..."s, "/"s, "a/"s, "a\\"s, "../.."s, " "s, ". . ."s,
                           "\0"s, "\x01\x02"s, "\u202E"s, "\u2066\u2069"s})
    EXPECT_EQ(safe_name(name), "unnamed");
}

TEST(SafeName, RemovesControlCharacters) {
  EXPECT_EQ(safe_name("a\nb\rc\td\x1b[31me\x7f"), "abcd[31me");
  EXPECT_EQ(safe_name("a\0b.txt"s), "ab.txt");
  EXPECT_EQ(safe_name("evil.sh\0.txt"s), "evil.sh.txt");
  EXPECT_EQ(safe_name("a\u0080\u009Bb"), "ab") << "C1";
  EXPECT_EQ(safe_name("a\u2028b\u2029c\uFEFF"), "abc");
}

TEST(SafeName, RemovesWhatTurnsTheDirection) {
  EXPECT_EQ(safe_name("photo\u202Egnp.exe"), "photognp.exe");
  for (const std::string mark : {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066",
                                 "\u2067", "\u2068", "\u2069", "\u200E", "\u200F", "\u061C"})
    EXPECT_EQ(safe_name("a" + mark + "b"), "ab");
}

TEST(SafeName, LeavesNothingThatIsNotSeen) {
  for (const std::string mark :
       {"\u200B", "\u200C", "\u200D", "\u2060", "\u2063", "\u00AD", "\u034F", "\u3164", "\u180E",
        "\uFE0E", "\uFE0F", "\U000E0041", "\U000E007F", "\U000E0100", "\uFFF9", "\u115F"})
    EXPECT_EQ(safe_name("invoice" + mark + ".pdf"), "invoice.pdf") << "a name that looks like one";
  EXPECT_EQ(safe_name("\u200D.profile"), "profile");
  EXPECT_EQ(safe_name("\u2060"), "unnamed");
  for (const std::string name : {"نامه\u200Cها.txt", "क\u094D\u200Dष.txt", "\u2764\uFE0F.png"})
    EXPECT_EQ(safe_name(name), name) << "where they have a meaning they stay";
}

TEST(SafeName, NoBlankOfAnyKindAtTheEnds) {
  for (const std::string blank : {" ", "\u00A0", "\u2003", "\u2800", "\u3000", "\u202F"})
    EXPECT_EQ(safe_name(blank + "a" + blank + "b" + blank + "." + blank), "a" + blank + "b");
}

TEST(SafeName, IsNoOption) {
  EXPECT_EQ(safe_name("-rf"), "_-rf");
  EXPECT_EQ(safe_name("--help"), "_--help");
  EXPECT_EQ(safe_name("\u200B-x"), "_-x");
  EXPECT_EQ(safe_name(" .-x"), "_-x");
  EXPECT_EQ(safe_name("a-b"), "a-b");
}

TEST(SafeName, HidesNothing) {
  EXPECT_EQ(safe_name(".bashrc"), "bashrc");
  EXPECT_EQ(safe_name("...hidden"), "hidden");
  EXPECT_EQ(safe_name(" .profile"), "profile");
  EXPECT_EQ(safe_name("\x01.\x02.profile"), "profile") << "dots between control characters";
  EXPECT_EQ(safe_name("\u202E.profile"), "profile");
}

TEST(SafeName, NoDotsOrBlanksAtTheEnd) {
  EXPECT_EQ(safe_name("a.exe."), "a.exe");
  EXPECT_EQ(safe_name("a.exe . . "), "a.exe");
  EXPECT_EQ(safe_name("a.\x01"), "a");
}

TEST(SafeName, ReplacesWhatWindowsReserves) {
  EXPECT_EQ(safe_name("a:b*c?d\"e<f>g|h"), "a_b_c_d_e_f_g_h");
  EXPECT_EQ(safe_name("???"), "___");
}

TEST(SafeName, MarksTheNamesOfWindowsDevices) {
  for (const std::string name :
       {"CON", "con", "Nul", "PRN.txt", "aux.tar.gz", "COM1", "com0", "LPT9.log", "COM\u00B9",
        "lpt\u00B3.x", "CONIN$", "conout$", "CON .txt"})
    EXPECT_EQ(safe_name(name), "_" + name);
}

TEST(SafeName, ReplacesInvalidUtf8) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(safe_name("a\xFF.txt"), "a" + r + ".txt");
  EXPECT_EQ(safe_name("\xC0\xAF"), r + r) << "an overlong slash";
  EXPECT_EQ(safe_name("\xC0\xAE\xC0\xAE"), r + r + r + r) << "overlong dots";
  EXPECT_EQ(safe_name("\xE0\x80\xAF"), r + r + r);
  EXPECT_EQ(safe_name("\xED\xA0\x80"), r + r + r) << "a surrogate";
  EXPECT_EQ(safe_name("\xF4\x90\x80\x80"), r + r + r + r) << "beyond U+10FFFF";
  EXPECT_EQ(safe_name("a\xE2\x82"), "a" + r + r) << "truncated";
  EXPECT_EQ(safe_name("\x80"), r);
}

TEST(SafeName, IsNeverTooLong) {
  EXPECT_EQ(safe_name(std::string(300, 'a')), std::string(200, 'a'));
  EXPECT_EQ(safe_name(std::string(300, 'a') + ".pdf"), std::string(196, 'a') + ".pdf");
  EXPECT_EQ(safe_name("a." + std::string(300, 'b')).size(), 200u);
  std::string euros;
  for (int i = 0; i < 100; ++i) euros += "€";
  const auto cut = safe_name(euros + ".pdf");
  EXPECT_EQ(cut.size(), 195u + 4u) << "on a character's boundary";
  EXPECT_TRUE(cut.ends_with("€.pdf"));
  EXPECT_EQ(safe_name(std::string(199, 'a') + ". ." + std::string(50, 'b')), std::string(199, 'a'));
  const std::string invalid(255, '\xFF');
  EXPECT_LE(safe_name(invalid).size(), 200u) << "replacing makes it longer first";
}

TEST(SafeName, WhereItIsCutIsAnEndLikeAnother) {
  const std::string as(199, 'a');
  const std::string joined = "\u0628\u200D\u0628";
  for (const auto& name :
       {std::string(196, 'a') + "@\u202F" + as, std::string(197, 'a') + "\u3000" + as + ".pdf",
        std::string(192, 'a') + joined + joined + as,
        std::string(190, 'a') + " \u2003" + as + ".txt", "CON" + [] {
          std::string blanks;
          for (int n = 0; n < 80; ++n) blanks += "\u3000";
          return blanks;
        }() + ".txt"}) {
    const auto safe = safe_name(name);
    EXPECT_EQ(safe_name(safe), safe) << name;
  }
  EXPECT_EQ(safe_name(std::string(198, 'a') + "\u202Fb"), std::string(198, 'a'));
}

TEST(SafeName, AJoinerBesideABlankJoinsNothing) {
  for (const auto& name : {"\u0628\u200D\u1680"s, "\u2192\u200D\u2800"s, "\u0628\u200D."s})
    EXPECT_EQ(safe_name(safe_name(name)), safe_name(name));
  EXPECT_EQ(safe_name("\u0628\u200D\u1680"), "\u0628");
}

TEST(SafeName, OnceIsEnough) {
  for (const auto& name : {"CON"s, "a. .b"s, std::string(198, 'a') + ". b.txt",
                           std::string(300, '\xFF') + ".tar.gz", "..a.."s, "x:y"s})
    EXPECT_EQ(safe_name(safe_name(name)), safe_name(name));
}

TEST(NumberedName, GoesBeforeTheExtension) {
  EXPECT_EQ(numbered_name("report.pdf", 1), "report (1).pdf");
  EXPECT_EQ(numbered_name("README", 12), "README (12)");
  EXPECT_EQ(numbered_name("a.b.c", 2), "a.b (2).c");
  EXPECT_EQ(numbered_name("v1.this is not an extension", 1), "v1.this is not an extension (1)");
}

}  // namespace
}  // namespace culver::transfer
