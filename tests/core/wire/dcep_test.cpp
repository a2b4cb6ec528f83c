#include "core/wire/dcep.hpp"

#include <gtest/gtest.h>

#include "core/wire/limits.hpp"

namespace culver::wire::dcep {
namespace {

ByteVector bytes(std::initializer_list<int> values) {
  ByteVector out;
  for (int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Dcep, PrintsTheLayoutOfRfc8832) {
  const Open open{"ab", "", Reliability::limited_retransmits, false, 3};
  EXPECT_EQ(print(open), bytes({3, 0x81, 0, 0, 0, 0, 0, 3, 0, 2, 0, 0, 'a', 'b'}));
  EXPECT_EQ(print(Ack{}), bytes({2}));
}

TEST(Dcep, ReadsWhatItPrints) {
  for (bool ordered : {true, false})
    for (auto reliability :
         {Reliability::reliable, Reliability::limited_retransmits, Reliability::limited_time}) {
      const Open open{"label", "protocol", reliability, ordered, 0x01020304};
      const auto parsed = parse(print(open));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(std::get<Open>(*parsed), open);
    }
  EXPECT_EQ(std::get<Ack>(*parse(print(Ack{}))), Ack{});
}

TEST(Dcep, IgnoresThePriority) {
  EXPECT_TRUE(parse(bytes({3, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0})));
}

TEST(Dcep, RefusesEveryTruncationAndEveryTail) {
  const auto whole = print(Open{"label", "protocol"});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(parse(ByteView(whole).first(size)).error(), Fault::malformed) << size;
  auto longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_EQ(parse(longer).error(), Fault::malformed);
  EXPECT_EQ(parse(bytes({2, 0})).error(), Fault::malformed);
}

TEST(Dcep, RefusesUnknownTypes) {
  EXPECT_EQ(parse(bytes({1})).error(), Fault::unknown_message);
  EXPECT_EQ(parse(bytes({0})).error(), Fault::unknown_message);
  EXPECT_EQ(parse(bytes({3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})).error(), Fault::malformed);
  EXPECT_EQ(parse(bytes({3, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})).error(), Fault::malformed);
}

TEST(Dcep, BoundsLabelAndProtocol) {
  const std::string most(limits::channel_label, 'x');
  EXPECT_TRUE(parse(print(Open{most, most})));
  EXPECT_EQ(parse(print(Open{most + "x", ""})).error(), Fault::too_large);
  EXPECT_EQ(parse(print(Open{"", most + "x"})).error(), Fault::too_large);
}

}  // namespace
}  // namespace culver::wire::dcep
