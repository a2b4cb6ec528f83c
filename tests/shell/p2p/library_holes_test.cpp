#include "shell/p2p/library_holes.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

TEST(LibraryHoles, AreThoseOfVersionsBeforeTheRepair) {
  for (unsigned long old : {0x1010117fUL, 0x30000000UL, 0x30000130UL, 0x30000160UL})
    EXPECT_TRUE(hole_in_openssl(old)) << old;
  for (unsigned long repaired : {0x30000170UL, 0x30000180UL, 0x30100000UL, 0x30500040UL})
    EXPECT_FALSE(hole_in_openssl(repaired)) << repaired;
}

TEST(LibraryHoles, NameTheVersionAndWhatToDo) {
  const auto sentence = hole_in_openssl(0x30000130).value();
  for (auto word : {"3.0.19", "CVE-2026-75806", "3.0.23"})
    EXPECT_NE(sentence.find(word), std::string::npos) << sentence;
}

}  // namespace
}  // namespace culver::p2p
