// The frames of the second form: known bytes, round trips, and what is refused.
#include "core/wire/stream.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"

namespace culver::wire::stream {
namespace {

Digest digest_of(int fill) {
  Digest digest;
  digest.data.fill(static_cast<std::byte>(fill));
  return digest;
}

/// What would be opened at the other end.
ByteVector opened(ByteVector printed) {
  for (std::size_t i = printed.size() - tag_size; i < printed.size(); ++i)
    EXPECT_EQ(printed[i], std::byte{0}) << "room for the tag";
  printed.resize(printed.size() - tag_size);
  return printed;
}

template <class T>
T again(const T& frame) {
  const auto parsed = parse(opened(print(frame)));
  EXPECT_TRUE(parsed && std::holds_alternative<T>(*parsed));
  return std::get<T>(*parsed);
}

std::string hex(ByteVector printed) { return print_hex(opened(std::move(printed))); }

TEST(Stream, HasTheseBytes) {
  EXPECT_EQ(hex(print(Offer{7, 0x0102030405, Plaintext("a.b")})),
            "02010000000700000001020304"
            "05612e62");
  EXPECT_EQ(hex(print(Begin{0x01020304, 9})), "0202010203040000000000000009");
  EXPECT_EQ(hex(print(Complete{1, digest_of(0xAB)})),
            "020400000001" + std::string("abababababababababababababababab"
                                         "abababababababababababababababab"));
  EXPECT_EQ(hex(print(Cancel{1, Reason::cancelled})), "02050000000106");
  EXPECT_EQ(
      hex(print(Accept{2, 1 << 20, 0x400000, digest_of(1)})),
      "020600000002000000000010000000400000" + std::string("01010101010101010101010101010101"
                                                           "01010101010101010101010101010101"));
  EXPECT_EQ(hex(print(Credit{3, 0x10000})), "0207000000030000000000010000");
  EXPECT_EQ(hex(print(Checked{4})), "020800000004");
  EXPECT_EQ(hex(print(Refuse{5, Reason::no_space})), "02090000000502");
  EXPECT_EQ(hex(print(Working{6, 0x10000, 0x100})), "020a0000000600000000000100000000000000000100");
  EXPECT_EQ(hex(print(Comparing{6, 1, 0})), "020c0000000600000000000000010000000000000000");
  EXPECT_EQ(hex(print(About{7, -2, 0640})), "020b00000007fffffffffffffffe01a0");
}

TEST(Stream, TheNamesOfABatchAreFewAndEachIsAName) {
  EXPECT_EQ(hex(print(Names{1, {Plaintext("a"), Plaintext("bc")}})),
            "020e00000001"
            "0161"
            "026263");
  const auto is_taken = [](std::vector<Plaintext> names) {
    return parse(opened(print(Names{1, std::move(names)}))).has_value();
  };
  EXPECT_TRUE(is_taken(std::vector(limits::batch_names, Plaintext(std::string(255, 'a')))));
  EXPECT_FALSE(is_taken(std::vector(limits::batch_names + 1, Plaintext("a"))));
  EXPECT_FALSE(is_taken({}));
  EXPECT_FALSE(is_taken({Plaintext("a"), Plaintext("")}));
  EXPECT_FALSE(is_taken({Plaintext("\xff")}));
}

TEST(Stream, ABatchIsOfAtMostAMillionFiles) {
  const auto is_taken = [](const Batch& batch) { return parse(opened(print(batch))).has_value(); };
  EXPECT_TRUE(is_taken({1, limits::batch_files, limits::batch_bytes}));
  EXPECT_FALSE(is_taken({1, 0, 5}));
  EXPECT_FALSE(is_taken({1, limits::batch_files + 1, 5}));
  EXPECT_FALSE(is_taken({1, 2, limits::batch_bytes + 1}));
}

TEST(Stream, ArrivesAsItWasSent) {
  const auto offer = again(Offer{1, limits::file_size, Plaintext("ünïcödé")});
  EXPECT_EQ(offer.transfer, 1u);
  EXPECT_EQ(offer.size, limits::file_size);
  EXPECT_EQ(offer.name.expose(), "ünïcödé");
  EXPECT_EQ(again(Working{2, 5, 5}).done, 5u);
  EXPECT_EQ(again(About{2, -5, 0777}).modified, -5);
  EXPECT_EQ(again(Begin{2, 5}).from, 5u);
  EXPECT_EQ(again(Complete{3, digest_of(3)}).sha256, digest_of(3));
  EXPECT_EQ(again(Cancel{4, Reason::changed}).reason, Reason::changed);
  const auto accept = again(Accept{5, 6, 7, digest_of(8)});
  EXPECT_EQ(accept.have, 6u);
  EXPECT_EQ(accept.window, 7u);
  EXPECT_EQ(accept.prefix, digest_of(8));
  EXPECT_EQ(again(Credit{6, 77}).up_to, 77u);
  EXPECT_EQ(again(Checked{0xFFFFFFFF}).transfer, 0xFFFFFFFF);
  EXPECT_EQ(again(Refuse{8, Reason::busy}).reason, Reason::busy);
}

TEST(Stream, DataStaysInItsBuffer) {
  ByteVector frame(data_overhead + 3);
  frame[data_head] = std::byte{'x'};
  print_data_head(0x01020304, frame);
  frame.resize(frame.size() - tag_size);
  const auto* buffer = frame.data();
  auto parsed = parse(std::move(frame));
  ASSERT_TRUE(parsed);
  const auto& data = std::get<Data>(*parsed);
  EXPECT_EQ(data.transfer, 0x01020304u);
  EXPECT_EQ(data.bytes.size, 3u);
  EXPECT_EQ(as_text(data.bytes.view()), std::string_view("x\0\0", 3));
  EXPECT_EQ(data.bytes.frame.data(), buffer);
}

TEST(Stream, RefusesEveryOtherLength) {
  const std::vector<ByteVector> frames{opened(print(Offer{1, 1, Plaintext("a")})),
                                       opened(print(Begin{1, 1})),
                                       opened(print(Complete{1, {}})),
                                       opened(print(Cancel{1, Reason::other})),
                                       opened(print(Accept{1, 1, 1, {}})),
                                       opened(print(Credit{1, 1})),
                                       opened(print(Checked{1})),
                                       opened(print(Refuse{1, Reason::other})),
                                       opened(print(Working{1, 1, 1})),
                                       opened(print(Comparing{1, 1, 1})),
                                       opened(print(About{1, 1, 1}))};
  for (const auto& frame : frames) {
    ASSERT_TRUE(parse(frame));
    for (std::size_t size = 0; size < frame.size(); ++size)
      EXPECT_FALSE(parse(ByteVector(frame.begin(), frame.begin() + static_cast<long>(size))))
          << "kind " << std::to_integer<int>(frame[1]) << ", " << size << " bytes";
    if (frame[1] == std::byte{1}) continue;  // a longer name is a name
    auto longer = frame;
    longer.push_back({});
    EXPECT_FALSE(parse(longer)) << "kind " << std::to_integer<int>(frame[1]);
  }
  ByteVector data(data_overhead);
  print_data_head(1, data);
  EXPECT_FALSE(parse(opened(data))) << "data without bytes";
}

TEST(Stream, RefusesValuesOutOfRange) {
  EXPECT_FALSE(parse(opened(print(Offer{1, limits::file_size + 1, Plaintext("a")}))));
  EXPECT_FALSE(parse(opened(print(Offer{1, 1, Plaintext("")}))));
  EXPECT_FALSE(parse(opened(print(Offer{1, 1, Plaintext("\xff")}))));
  EXPECT_FALSE(parse(opened(print(Offer{1, 1, Plaintext(std::string(256, 'a'))}))));
  EXPECT_TRUE(parse(opened(print(Offer{1, 1, Plaintext(std::string(255, 'a'))}))));
  EXPECT_FALSE(parse(opened(print(Begin{1, limits::file_size + 1}))));
  EXPECT_FALSE(parse(opened(print(Accept{1, limits::file_size + 1, 1, {}}))));
  EXPECT_FALSE(parse(opened(print(Credit{1, limits::file_size + 1}))));
  EXPECT_FALSE(parse(opened(print(Working{1, 5, 6}))));
  EXPECT_FALSE(parse(opened(print(Comparing{1, 5, 6}))));
  EXPECT_FALSE(parse(opened(print(Working{1, limits::file_size + 1, 6}))));
  EXPECT_FALSE(parse(opened(print(About{1, 0, 01000}))));
  auto other_form = opened(print(Checked{1}));
  other_form[0] = std::byte{3};
  EXPECT_FALSE(parse(other_form));
}

TEST(Stream, WhatIsNewToUsIsIgnored) {
  auto frame = opened(print(Checked{1}));
  for (const int kind : {0, 99, 255}) {
    frame[1] = static_cast<std::byte>(kind);
    const auto parsed = parse(frame);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(std::holds_alternative<Ignored>(*parsed));
  }
  auto cancel = opened(print(Cancel{1, Reason::other}));
  cancel.back() = std::byte{200};
  EXPECT_EQ(std::get<Cancel>(*parse(cancel)).reason, Reason::other);
}

}  // namespace
}  // namespace culver::wire::stream
