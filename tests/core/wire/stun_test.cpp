#include "core/wire/stun.hpp"

#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::stun {
namespace {

ByteVector bytes(std::initializer_list<int> values) {
  ByteVector out;
  for (int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}
void set16(ByteVector& message, std::size_t at, std::size_t value) {
  message.at(at) = static_cast<std::byte>(value >> 8);
  message.at(at + 1) = static_cast<std::byte>(value & 0xff);
}
/// Appends and corrects the length of the message.
void append(ByteVector& message, const ByteVector& attribute) {
  message.insert(message.end(), attribute.begin(), attribute.end());
  set16(message, 2, message.size() - 20);
}
/// Without attributes, and so without a fingerprint.
ByteVector bare(int type_high, int type_low) {
  return bytes(
      {type_high, type_low, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
}
Message empty(Class kind = Class::request, Method method = Method::binding) {
  Message message{};
  message.kind = kind;
  message.method = method;
  message.id.data[0] = std::byte{7};
  return message;
}
Message with(void (*set)(Message&)) {
  auto message = empty();
  set(message);
  return message;
}

// ---- RFC 5769 -----------------------------------------------------------------------------------

constexpr std::string_view rfc5769_password = "VOkJxbRl1RmTxUk/WvJxBt";
const ByteVector rfc5769_id =
    bytes({0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae});

const ByteVector request_2_1 = bytes({
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42,  // binding request, length, cookie
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00,
    0x10,  // SOFTWARE
    0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e,
    0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,                    // PRIORITY
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36,  // ICE-CONTROLLED
    0x00, 0x06, 0x00, 0x09,  // USERNAME, padded with blanks
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00,
    0x14,  // MESSAGE-INTEGRITY
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2,
    0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,  // FINGERPRINT
});

const ByteVector response_2_2 = bytes({
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42,  // binding success response
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00,
    0x0b,  // SOFTWARE
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00,
    0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,  // XOR-MAPPED-ADDRESS
    0x00, 0x08, 0x00, 0x14,                                // MESSAGE-INTEGRITY
    0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9, 0xba,
    0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,  // FINGERPRINT
});

const ByteVector response_2_3 = bytes({
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42,  // binding success response
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00,
    0x0b,  // SOFTWARE
    0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00,
    0x14, 0x00, 0x02, 0xa1, 0x47,  // XOR-MAPPED-ADDRESS
    0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9,
    0xd9, 0x00, 0x08, 0x00, 0x14,  // MESSAGE-INTEGRITY
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2,
    0x75, 0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,  // FINGERPRINT
});

const ByteVector request_2_4 = bytes({
    0x00, 0x01, 0x00, 0x60, 0x21, 0x12, 0xa4, 0x42,  // binding request
    0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e,
    0x00, 0x06, 0x00, 0x12,  // USERNAME
    0xe3, 0x83, 0x9e, 0xe3, 0x83, 0x88, 0xe3, 0x83, 0xaa, 0xe3, 0x83, 0x83,
    0xe3, 0x82, 0xaf, 0xe3, 0x82, 0xb9, 0x00, 0x00, 0x00, 0x15, 0x00, 0x1c,  // NONCE
    0x66, 0x2f, 0x2f, 0x34, 0x39, 0x39, 0x6b, 0x39, 0x35, 0x34, 0x64, 0x36,
    0x4f, 0x4c, 0x33, 0x34, 0x6f, 0x4c, 0x39, 0x46, 0x53, 0x54, 0x76, 0x79,
    0x36, 0x34, 0x73, 0x41, 0x00, 0x14, 0x00, 0x0b,  // REALM
    0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x6f, 0x72, 0x67, 0x00,
    0x00, 0x08, 0x00, 0x14,  // MESSAGE-INTEGRITY
    0xf6, 0x70, 0x24, 0x65, 0x6d, 0xd6, 0x4a, 0x3e, 0x02, 0xb8, 0xe0, 0x71,
    0x2e, 0x85, 0xc9, 0xa2, 0x8c, 0xa8, 0x96, 0x66,
});
const std::string matrix_user = "\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9";
constexpr std::string_view matrix_password = "TheMatrIX";

TEST(StunRfc5769, ReadsTheRequestOfShortTermCredentials) {
  const auto received = parse(request_2_1);
  ASSERT_TRUE(received);
  Message expected{};
  expected.kind = Class::request;
  expected.method = Method::binding;
  expected.id = *TransactionId::from(rfc5769_id);
  expected.username = "evtj:h6vY";
  expected.priority = 0x6e0001ff;
  expected.controlled = 0x932ff9b151263b36;
  EXPECT_EQ(received->message, expected);
  EXPECT_TRUE(received->has_fingerprint);
  EXPECT_TRUE(received->not_understood.empty());
  EXPECT_TRUE(authentic(*received, Key::short_term(rfc5769_password)));
  EXPECT_FALSE(authentic(*received, Key::short_term("VOkJxbRl1RmTxUk/WvJxBT")));
}

TEST(StunRfc5769, ReadsTheResponses) {
  const std::pair<ByteVector, std::string_view> cases[] = {
      {response_2_2, "192.0.2.1"}, {response_2_3, "2001:db8:1234:5678:11:2233:4455:6677"}};
  for (const auto& [raw, address] : cases) {
    const auto received = parse(raw);
    ASSERT_TRUE(received) << address;
    EXPECT_EQ(received->message.kind, Class::success);
    EXPECT_EQ(received->message.mapped, Endpoint::parse(address, 32853));
    EXPECT_TRUE(received->has_fingerprint);
    EXPECT_TRUE(authentic(*received, Key::short_term(rfc5769_password)));
  }
}

TEST(StunRfc5769, ReadsTheRequestOfLongTermCredentials) {
  const auto received = parse(request_2_4);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.username, matrix_user);
  EXPECT_EQ(received->message.realm, "example.org");
  EXPECT_EQ(received->message.nonce, "f//499k954d6OL34oL9FSTvy64sA");
  EXPECT_FALSE(received->has_fingerprint);
  EXPECT_TRUE(authentic(*received, Key::long_term(matrix_user, "example.org", matrix_password)));
  EXPECT_FALSE(authentic(*received, Key::long_term(matrix_user, "example.com", matrix_password)));
}

// The vector has no FINGERPRINT; since the integrity is made as if none followed, all else is
// equal.
TEST(StunRfc5769, PrintsTheRequestOfLongTermCredentials) {
  const auto key = Key::long_term(matrix_user, "example.org", matrix_password);
  auto printed = print(parse(request_2_4)->message, &key);
  EXPECT_TRUE(parse(printed)->has_fingerprint);
  ASSERT_EQ(printed.size(), request_2_4.size() + 8);
  printed.resize(request_2_4.size());
  set16(printed, 2, 0x60);
  EXPECT_EQ(printed, request_2_4);
}

// A change in the type of FINGERPRINT turns it into something optional that nobody knows.
TEST(StunRfc5769, AnyChangedByteBreaksTheFingerprint) {
  for (const auto* whole : {&request_2_1, &response_2_2, &response_2_3})
    for (std::size_t at = 0; at < whole->size(); ++at) {
      auto changed = *whole;
      changed[at] ^= std::byte{1};
      const auto received = parse(changed);
      EXPECT_FALSE(received && received->has_fingerprint) << at;
      EXPECT_TRUE(!received || at >= whole->size() - 8) << at;
    }
}

TEST(StunRfc5769, AnyChangedByteBeforeTheIntegrityBreaksIt) {
  const auto key = Key::long_term(matrix_user, "example.org", matrix_password);
  for (std::size_t at = 0; at < request_2_4.size(); ++at) {
    auto changed = request_2_4;
    changed[at] ^= std::byte{1};
    const auto received = parse(changed);
    EXPECT_FALSE(received && authentic(*received, key)) << at;
  }
}

// ---- round trips --------------------------------------------------------------------------------

template <class T>
rc::Gen<std::optional<T>> maybe(rc::Gen<T> gen) {
  return rc::gen::mapcat(rc::gen::arbitrary<bool>(), [gen](bool there) {
    return there ? rc::gen::map(gen, [](T value) { return std::optional<T>(std::move(value)); })
                 : rc::gen::just(std::optional<T>());
  });
}
rc::Gen<Endpoint> endpoint() {
  return rc::gen::map(
      rc::gen::pair(testing::literal_address(), rc::gen::arbitrary<std::uint16_t>()),
      [](const std::pair<std::string, std::uint16_t>& p) {
        return *Endpoint::parse(p.first, p.second);
      });
}
rc::Gen<std::string> octets(std::size_t most) { return testing::text_of({0, 1, 'a', -1}, 0, most); }

Message any_message() {
  Message m{};
  m.kind = *rc::gen::element(Class::request, Class::indication, Class::success, Class::error);
  m.method = *rc::gen::element(Method::binding, Method::allocate, Method::refresh, Method::send,
                               Method::data, Method::create_permission, Method::channel_bind);
  m.id = *testing::fixed_bytes<TransactionId>();
  m.username = *maybe(octets(max_username));
  m.realm = *maybe(octets(max_realm));
  m.nonce = *maybe(octets(max_nonce));
  m.mapped = *maybe(endpoint());
  m.peer = *maybe(endpoint());
  m.relayed = *maybe(endpoint());
  m.priority = *maybe(rc::gen::arbitrary<std::uint32_t>());
  m.controlling = *maybe(rc::gen::arbitrary<std::uint64_t>());
  m.controlled = *maybe(rc::gen::arbitrary<std::uint64_t>());
  m.use_candidate = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>())
    m.error = ErrorCode{*rc::gen::inRange<std::uint16_t>(300, 700), *octets(max_reason)};
  m.lifetime = *maybe(rc::gen::arbitrary<std::uint32_t>());
  m.channel = *maybe(rc::gen::inRange<std::uint16_t>(0x4000, 0x5000));
  m.requested_transport = *maybe(rc::gen::arbitrary<std::uint8_t>());
  m.requested_family = *maybe(rc::gen::element<std::uint8_t>(1, 2));
  if (*rc::gen::arbitrary<bool>()) {
    const auto data = *octets(200);
    m.data.emplace(as_bytes(data).begin(), as_bytes(data).end());
  }
  m.probe_padding = *maybe(rc::gen::inRange<std::uint16_t>(0, 2'000));
  m.largest_datagram = *maybe(rc::gen::arbitrary<std::uint32_t>());
  const auto types =
      *rc::gen::container<std::set<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>());
  for (auto type : types)
    if (m.unknown_attributes.size() < max_unknown) m.unknown_attributes.push_back(type);
  return m;
}

RC_GTEST_PROP(Stun, ReadsWhatItPrints, ()) {
  const auto message = any_message();
  const auto password = *testing::text_of(testing::ice_chars, 0, 30);
  const auto key = Key::short_term(password);
  const auto raw = print(message, &key);
  const auto received = parse(raw);
  RC_ASSERT(received);
  RC_ASSERT(received->message == message);
  RC_ASSERT(received->has_fingerprint);
  RC_ASSERT(received->not_understood.empty());
  RC_ASSERT(authentic(*received, key));
  RC_ASSERT(!authentic(*received, Key::short_term(password + "x")));
}

RC_GTEST_PROP(Stun, WithoutAKeyThereIsNoIntegrity, ()) {
  const auto message = any_message();
  const auto raw = print(message, nullptr);
  const auto received = parse(raw);
  RC_ASSERT(received);
  RC_ASSERT(received->message == message);
  RC_ASSERT(received->has_fingerprint);
  RC_ASSERT(!received->integrity_at);
  RC_ASSERT(!authentic(*received, Key::short_term("")));
}

RC_GTEST_PROP(Stun, RefusesEveryTruncationAndEveryTail, ()) {
  auto raw = print(any_message(), nullptr);
  for (std::size_t size = 0; size < raw.size(); ++size) {
    // A copy of its own, so that a sanitizer sees a read behind the end.
    const ByteVector shorter(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(size));
    RC_ASSERT(parse(shorter).error() == Fault::malformed);
  }
  raw.insert(raw.end(), 4, std::byte{});
  RC_ASSERT(parse(raw).error() == Fault::malformed);
}

RC_GTEST_PROP(Stun, ReadsAnythingWithinItsBounds, (std::vector<std::uint8_t> tail)) {
  auto raw = bare(0, 1);
  append(raw,
         ByteVector(std::as_bytes(std::span(tail)).begin(), std::as_bytes(std::span(tail)).end()));
  const auto received = parse(raw);
  RC_ASSERT(received || received.error() == Fault::malformed);
}

// ---- the header ---------------------------------------------------------------------------------

TEST(Stun, PrintsTheTypeThatInterleavesMethodAndClass) {
  const auto type = [](Class kind, Method method) {
    const auto raw = print(empty(kind, method), nullptr);
    return std::to_integer<int>(raw[0]) << 8 | std::to_integer<int>(raw[1]);
  };
  EXPECT_EQ(type(Class::request, Method::binding), 0x0001);
  EXPECT_EQ(type(Class::indication, Method::binding), 0x0011);
  EXPECT_EQ(type(Class::success, Method::binding), 0x0101);
  EXPECT_EQ(type(Class::error, Method::binding), 0x0111);
  EXPECT_EQ(type(Class::request, Method::allocate), 0x0003);
  EXPECT_EQ(type(Class::indication, Method::send), 0x0016);
  EXPECT_EQ(type(Class::indication, Method::data), 0x0017);
  EXPECT_EQ(type(Class::error, Method::channel_bind), 0x0119);
}

TEST(Stun, RefusesWhatIsNotItsHeader) {
  EXPECT_TRUE(parse(bare(0, 1)));
  EXPECT_EQ(parse(bare(0x40, 1)).error(), Fault::malformed);
  EXPECT_EQ(parse(bare(0x80, 1)).error(), Fault::malformed);
  auto cookie = bare(0, 1);
  cookie[7] ^= std::byte{1};
  EXPECT_EQ(parse(cookie).error(), Fault::malformed);
  auto uneven = bare(0, 1);
  append(uneven, bytes({0x80, 0x22, 0, 0, 0}));
  EXPECT_EQ(parse(uneven).error(), Fault::malformed);
}

TEST(Stun, DoesNotSpeakOtherMethods) {
  EXPECT_EQ(parse(bare(0, 0)).error(), Fault::unknown_message);
  EXPECT_EQ(parse(bare(0, 2)).error(), Fault::unknown_message);
  EXPECT_EQ(parse(bare(0, 5)).error(), Fault::unknown_message);
  EXPECT_EQ(parse(bare(0x3e, 0xef)).error(), Fault::unknown_message);
}

// ---- attributes ---------------------------------------------------------------------------------

TEST(Stun, AnAttributeMustEndWithinTheMessage) {
  for (int size : {1, 4, 5, 0xff}) {
    auto raw = bare(0, 1);
    append(raw, bytes({0x80, 0x22, 0, size}));
    EXPECT_EQ(parse(raw).error(), Fault::malformed) << size;
  }
  auto whole = bare(0, 1);
  append(whole, bytes({0x80, 0x22, 0, 1, 'x', 0, 0, 0}));
  EXPECT_TRUE(parse(whole));
}

TEST(Stun, RefusesValuesOfTheWrongSizeOrRange) {
  const ByteVector cases[] = {
      bytes({0, 0x24, 0, 3, 1, 2, 3, 0}),              // PRIORITY
      bytes({0, 0x24, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0}),  //
      bytes({0x80, 0x2a, 0, 4, 1, 2, 3, 4}),           // ICE-CONTROLLING
      bytes({0, 0x25, 0, 4, 0, 0, 0, 0}),              // USE-CANDIDATE
      bytes({0, 0x0c, 0, 4, 0x3f, 0xff, 0, 0}),        // CHANNEL-NUMBER
      bytes({0, 0x0c, 0, 4, 0x50, 0x00, 0, 0}),        //
      bytes({0, 0x0c, 0, 2, 0x40, 0x00, 0, 0}),        //
      bytes({0, 0x17, 0, 4, 3, 0, 0, 0}),              // REQUESTED-ADDRESS-FAMILY
      bytes({0, 0x20, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0}),  // XOR-MAPPED-ADDRESS
      bytes({0, 0x20, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0}),  //
      bytes({0, 0x20, 0, 4, 0, 1, 0, 0}),              //
      bytes({0, 0x12, 0, 3, 0, 1, 0, 0}),              // XOR-PEER-ADDRESS
      bytes({0, 0x09, 0, 4, 0, 0, 2, 0}),              // ERROR-CODE 200
      bytes({0, 0x09, 0, 4, 0, 0, 4, 100}),            //
      bytes({0, 0x09, 0, 3, 0, 0, 4, 0}),              //
      bytes({0, 0x0a, 0, 1, 0, 0, 0, 0}),              // UNKNOWN-ATTRIBUTES
      bytes({0, 0x08, 0, 4, 0, 0, 0, 0}),              // MESSAGE-INTEGRITY
      bytes({0x80, 0x28, 0, 4, 0, 0, 0, 0}),           // FINGERPRINT
      bytes({0x80, 0x28, 0, 0}),                       //
  };
  for (const auto& attribute : cases) {
    auto raw = bare(0, 1);
    append(raw, attribute);
    EXPECT_EQ(parse(raw).error(), Fault::malformed) << ::testing::PrintToString(attribute);
  }
}

TEST(Stun, BoundsTexts) {
  const auto refused = [](const Message& message) {
    const auto raw = print(message, nullptr);
    const auto received = parse(raw);
    return !received && received.error() == Fault::malformed;
  };
  auto m = empty();
  m.username = std::string(max_username, 'x');
  m.realm = std::string(max_realm, 'x');
  m.nonce = std::string(max_nonce, 'x');
  m.error = ErrorCode{400, std::string(max_reason, 'x')};
  EXPECT_FALSE(refused(m));
  EXPECT_TRUE(refused(with([](auto& x) { x.username = std::string(max_username + 1, 'x'); })));
  EXPECT_TRUE(refused(with([](auto& x) { x.realm = std::string(max_realm + 1, 'x'); })));
  EXPECT_TRUE(refused(with([](auto& x) { x.nonce = std::string(max_nonce + 1, 'x'); })));
  EXPECT_TRUE(refused(with([](auto& x) {
    x.error = ErrorCode{400, std::string(max_reason + 1, 'x')};
  })));
}

TEST(Stun, TheFirstOfTwoCounts) {
  auto raw = bare(0, 1);
  append(raw, bytes({0, 0x24, 0, 4, 0, 0, 0, 1}));
  append(raw, bytes({0, 0x24, 0, 4, 0, 0, 0, 2}));
  EXPECT_EQ(parse(raw)->message.priority, 1u);
}

TEST(Stun, TakesTheAddressOfOldServersUnlessThereIsANewOne) {
  const auto old = bytes({0, 1, 0, 8, 0, 1, 0, 9, 192, 0, 2, 7});
  auto raw = bare(1, 1);
  append(raw, old);
  EXPECT_EQ(parse(raw)->message.mapped, Endpoint::parse("192.0.2.7", 9));
  append(raw, bytes({0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43}));
  EXPECT_EQ(parse(raw)->message.mapped, Endpoint::parse("192.0.2.1", 32853));
}

TEST(Stun, ListsWhatItMustUnderstandAndDoesNot) {
  auto raw = bare(0, 1);
  append(raw, bytes({0x00, 0x1a, 0, 0}));  // DONT-FRAGMENT
  append(raw, bytes({0x7f, 0xff, 0, 1, 9, 0, 0, 0}));
  append(raw, bytes({0x80, 0x00, 0, 0}));
  append(raw, bytes({0xff, 0xff, 0, 0}));
  append(raw, bytes({0x7f, 0xff, 0, 0}));
  EXPECT_EQ(parse(raw)->not_understood, (std::vector<std::uint16_t>{0x001a, 0x7fff}));
}

TEST(Stun, ListsABoundedNumber) {
  auto raw = bare(0, 1);
  for (int type = 0; type < 200; ++type) append(raw, bytes({0x70, type, 0, 0}));
  EXPECT_EQ(parse(raw)->not_understood.size(), max_unknown);
}

TEST(Stun, BehindTheIntegrityOnlyTheFingerprintCounts) {
  const auto key = Key::short_term("secret");
  auto raw = print(with([](auto& x) { x.username = "u"; }), &key);
  raw.resize(raw.size() - 8);
  append(raw, bytes({0, 0x24, 0, 4, 0, 0, 0, 1}));  // PRIORITY
  append(raw, bytes({0x7f, 0xff, 0, 0}));           // not known
  append(raw, bytes({0, 0x1c, 0, 4, 1, 2, 3, 4}));  // MESSAGE-INTEGRITY-SHA256
  append(raw, bytes({0, 0x08, 0, 4, 1, 2, 3, 4}));  // not even of the right size
  auto received = parse(raw);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message, with([](auto& x) { x.username = "u"; }));
  EXPECT_TRUE(received->not_understood.empty());
  EXPECT_TRUE(authentic(*received, key));
  append(raw, bytes({0x80, 0x28, 0, 4, 0, 0, 0, 0}));
  EXPECT_EQ(parse(raw).error(), Fault::malformed);
}

TEST(Stun, BehindTheOtherIntegrityTooOnlyTheFingerprintCounts) {
  auto raw = bare(0, 1);
  append(raw, bytes({0, 0x1c, 0, 4, 1, 2, 3, 4}));  // MESSAGE-INTEGRITY-SHA256
  append(raw, bytes({0, 0x24, 0, 4, 0, 0, 0, 1}));
  const auto received = parse(raw);
  ASSERT_TRUE(received);
  EXPECT_FALSE(received->message.priority);
  EXPECT_TRUE(received->not_understood.empty());
  EXPECT_FALSE(authentic(*received, Key::short_term("")));
}

TEST(Stun, TheFingerprintIsTheLast) {
  auto raw = request_2_1;
  append(raw, bytes({0x80, 0x22, 0, 0}));
  EXPECT_EQ(parse(raw).error(), Fault::malformed);
}

TEST(Stun, PrintsNothingThatDoesNotFit) {
  auto message = empty(Class::indication, Method::send);
  message.data = ByteVector(64000);
  EXPECT_EQ(parse(print(message, nullptr))->message, message);
  message.data = ByteVector(65528);
  EXPECT_TRUE(print(message, nullptr).empty());
  message.data = ByteVector(200000);
  EXPECT_TRUE(print(message, nullptr).empty());
}

// ---- RFC 7983 -----------------------------------------------------------------------------------

TEST(StunKind, IsToldByTheFirstByte) {
  for (int first = 0; first < 256; ++first) {
    auto datagram = request_2_1;
    datagram[0] = static_cast<std::byte>(first);
    const auto expected = first <= 3                   ? Kind::stun
                          : first >= 20 && first <= 63 ? Kind::dtls
                          : first >= 64 && first <= 79 ? Kind::channel_data
                                                       : Kind::unknown;
    EXPECT_EQ(kind_of(datagram), expected) << first;
  }
}

TEST(StunKind, StunHasTheCookie) {
  EXPECT_EQ(kind_of({}), Kind::unknown);
  EXPECT_EQ(kind_of(ByteView(request_2_1).first(20)), Kind::stun);
  EXPECT_EQ(kind_of(ByteView(request_2_1).first(19)), Kind::unknown);
  auto other = request_2_1;
  other[4] ^= std::byte{1};
  EXPECT_EQ(kind_of(other), Kind::unknown);
}

// ---- ChannelData --------------------------------------------------------------------------------

TEST(ChannelDataFrame, IsReadAsPrinted) {
  const auto header = print_channel_header(0x4001, 3);
  EXPECT_EQ(ByteVector(header.begin(), header.end()), bytes({0x40, 1, 0, 3}));
  for (int padding = 0; padding <= 3; ++padding) {
    auto raw = bytes({0x40, 1, 0, 3, 'a', 'b', 'c'});
    raw.insert(raw.end(), padding, std::byte{0xee});
    const auto data = parse_channel_data(raw);
    ASSERT_TRUE(data);
    EXPECT_EQ(data->channel, 0x4001);
    EXPECT_EQ(as_text(data->payload), "abc");
  }
  EXPECT_TRUE(parse_channel_data(bytes({0x4f, 0xff, 0, 0}))->payload.empty());
}

TEST(ChannelDataFrame, RefusesTheRest) {
  for (const auto& raw : {bytes({}), bytes({0x40}), bytes({0x40, 0, 0}), bytes({0x40, 0, 0, 1}),
                          bytes({0x40, 0, 0xff, 0xff, 1, 2}), bytes({0x3f, 0xff, 0, 0}),
                          bytes({0x50, 0, 0, 0}), bytes({0x40, 0, 0, 0, 1, 2, 3, 4})})
    EXPECT_EQ(parse_channel_data(raw).error(), Fault::malformed);
}

// ---- streams ------------------------------------------------------------------------------------

TEST(FrameSize, IsKnownFromFourBytesOn) {
  for (std::size_t size = 0; size < 4; ++size)
    EXPECT_EQ(frame_size(ByteView(request_2_1).first(size)).value(), std::nullopt);
  for (std::size_t size = 4; size <= request_2_1.size(); ++size)
    EXPECT_EQ(frame_size(ByteView(request_2_1).first(size)).value(), request_2_1.size());
}

TEST(FrameSize, PadsChannelData) {
  EXPECT_EQ(frame_size(bytes({0x40, 0, 0, 0})).value(), 4u);
  EXPECT_EQ(frame_size(bytes({0x40, 0, 0, 1})).value(), 8u);
  EXPECT_EQ(frame_size(bytes({0x4f, 0xff, 0, 8})).value(), 12u);
  EXPECT_EQ(frame_size(bytes({0x40, 0, 0xff, 0xff})).value(), 65540u);
}

TEST(FrameSize, IsBoundedAndRefusesWhatIsNoMessage) {
  EXPECT_EQ(frame_size(bytes({0x3f, 0xff, 0xff, 0xfc})).value(), max_frame);
  for (const auto& raw : {bytes({0x50, 0, 0, 0}), bytes({0x80, 0, 0, 0}), bytes({0xff, 1, 1, 1}),
                          bytes({0, 1, 0, 1}), bytes({0, 1, 0, 2}), bytes({0x16, 3, 1, 2})})
    EXPECT_EQ(frame_size(raw).error(), Fault::malformed);
}

}  // namespace
}  // namespace culver::wire::stun
