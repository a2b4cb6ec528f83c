// Real sockets over loopback, with the kernel as it is and with kernels that refuse.
#include "shell/p2p/udp.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include "tests/shell/p2p/own_network_support.hpp"

namespace culver::p2p {
namespace {

// ---- kernels that lack something ----------------------------------------------------------------

template <int Error>
int refuse_many(int, mmsghdr*, unsigned, int) {
  errno = Error;
  return -1;
}
int refuse_receive_many(int, mmsghdr*, unsigned, int, timespec*) {
  errno = ENOSYS;
  return -1;
}
int refuse_merging(int socket, int level, int name, const void* value, socklen_t size) {
  if (level != SOL_UDP || name != UDP_GRO) return ::setsockopt(socket, level, name, value, size);
  errno = ENOPROTOOPT;
  return -1;
}
template <int Error>
int send_many_without_segments(int socket, mmsghdr* messages, unsigned count, int flags) {
  unsigned plain = 0;
  while (plain < count && messages[plain].msg_hdr.msg_controllen == 0) ++plain;
  if (plain != 0) return ::sendmmsg(socket, messages, plain, flags);
  errno = Error;
  return -1;
}
template <int Error>
ssize_t send_one_without_segments(int socket, const msghdr* message, int flags) {
  if (message->msg_controllen == 0) return ::sendmsg(socket, message, flags);
  errno = Error;
  return -1;
}
int fail_first_then_send(int socket, mmsghdr* messages, unsigned count, int flags) {
  static int calls = 0;
  if (calls++ != 0) return ::sendmmsg(socket, messages, count, flags);
  errno = ECONNREFUSED;
  return -1;
}

struct UdpTest : testing::Test {
  boost::asio::io_context io;
  UdpBuffer buffer;
  std::vector<std::string> got;
  std::optional<Endpoint> from;
  std::size_t calls = 0;

  std::unique_ptr<UdpSocket> open(const UdpCalls& with = {},
                                  std::string_view address = "127.0.0.1") {
    return UdpSocket::open(
        io, *Endpoint::parse(address, 0), buffer,
        [this](std::span<const Arrival> arrivals) {
          ++calls;
          for (const auto& arrival : arrivals) {
            got.emplace_back(as_text(arrival.bytes));
            from = arrival.from;
          }
        },
        with);
  }
  bool until(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (got.size() < count && std::chrono::steady_clock::now() < end)
      io.run_one_for(std::chrono::milliseconds(100));
    io.poll();
    return got.size() == count;
  }
};

/// Runs of equal sizes, shorter ends, single ones, an empty one, one above any run's bytes.
std::vector<std::string> mixture() {
  std::vector<std::string> all;
  const auto add = [&all](std::size_t count, std::size_t size) {
    for (std::size_t i = 0; i < count; ++i) {
      all.emplace_back(size, static_cast<char>('a' + all.size() % 26));
      const auto number = std::to_string(all.size());
      all.back().replace(0, std::min(number.size(), size), number.substr(0, size));
    }
  };
  add(100, 1'200);
  add(1, 77);
  add(1, 0);
  add(3, 60);
  add(2, 61);
  add(70, 9);
  add(1, 1'000);
  add(9, 16'376);
  add(2, 8'952);
  return all;
}

std::vector<Datagram> views_of(const std::vector<std::string>& texts) {
  std::vector<Datagram> views;
  for (const auto& text : texts) views.push_back(as_bytes(text));
  return views;
}

struct Fallback {
  const char* name;
  UdpCalls calls;
  bool segments, merges, sends_many, receives_many;  ///< what is believed afterwards
};

UdpCalls with(auto change) {
  UdpCalls calls;
  change(calls);
  return calls;
}

const Fallback fallbacks[] = {
    {"everything", {}, true, true, true, true},
    {"no_segments_eio", with([](UdpCalls& c) { c.send_many = send_many_without_segments<EIO>; }),
     false, true, true, true},
    {"no_segments_einval",
     with([](UdpCalls& c) { c.send_many = send_many_without_segments<EINVAL>; }), false, true, true,
     true},
    {"no_segments_enoprotoopt",
     with([](UdpCalls& c) { c.send_many = send_many_without_segments<ENOPROTOOPT>; }), false, true,
     true, true},
    {"no_sendmmsg", with([](UdpCalls& c) { c.send_many = refuse_many<ENOSYS>; }), true, true, false,
     true},
    {"plain_sendmsg", with([](UdpCalls& c) {
       c.send_many = refuse_many<ENOSYS>;
       c.send_one = send_one_without_segments<EOPNOTSUPP>;
     }),
     false, true, false, true},
    {"no_merging", with([](UdpCalls& c) { c.set_option = refuse_merging; }), true, false, true,
     true},
    {"no_recvmmsg", with([](UdpCalls& c) { c.receive_many = refuse_receive_many; }), true, true,
     true, false},
    {"nothing", with([](UdpCalls& c) {
       c.set_option = refuse_merging;
       c.send_many = refuse_many<ENOSYS>;
       c.send_one = send_one_without_segments<EIO>;
       c.receive_many = refuse_receive_many;
     }),
     false, false, false, false},
};

struct UdpFallbacks : UdpTest, testing::WithParamInterface<Fallback> {};

TEST_P(UdpFallbacks, CarryEveryDatagramInOrder) {
  const auto a = open(GetParam().calls);
  const auto b = open(GetParam().calls);
  ASSERT_TRUE(a && b);
  const auto sent = mixture();
  a->send_batch(b->local(), views_of(sent));
  ASSERT_TRUE(until(sent.size())) << got.size() << " of " << sent.size();
  EXPECT_EQ(got, sent);
  EXPECT_EQ(from, a->local());
  EXPECT_EQ(a->segments(), GetParam().segments);
  EXPECT_EQ(a->sends_many(), GetParam().sends_many);
  EXPECT_EQ(b->merges(), GetParam().merges);
  EXPECT_EQ(b->receives_many(), GetParam().receives_many);
  got.clear();
  b->send_batch(a->local(), views_of(sent));  // and what was found out still works
  b->send_batch(a->local(), views_of(sent));
  EXPECT_TRUE(until(2 * sent.size()));
}

INSTANTIATE_TEST_SUITE_P(Kernels, UdpFallbacks, testing::ValuesIn(fallbacks),
                         [](const auto& instance) { return instance.param.name; });

TEST_F(UdpTest, MergedRunsComeInFewCalls) {
  const auto a = open();
  const auto b = open();
  if (!a->segments() || !b->merges()) GTEST_SKIP() << "this kernel has no UDP offload";
  Batch batch;
  for (int i = 0; i < 48; ++i) batch.append(as_bytes(std::string(1'200, 'x')));
  a->send_batch(b->local(), batch.views());
  ASSERT_TRUE(until(48));
  EXPECT_LE(calls, 4u);
}

TEST_F(UdpTest, SpeaksIpv6) {
  const auto a = open({}, "::1");
  if (!a) GTEST_SKIP() << "no IPv6 here";
  const auto b = open({}, "::1");
  const auto sent = mixture();
  a->send_batch(b->local(), views_of(sent));
  ASSERT_TRUE(until(sent.size()));
  EXPECT_EQ(got, sent);
  EXPECT_EQ(from, a->local());
}

TEST_F(UdpTest, WholeOnesPassWhereTheDeviceTakesThem) {
  const auto a = open();
  const auto b = open();
  const std::string large(16'376, 'x');
  a->send_whole(b->local(), as_bytes(large));
  ASSERT_TRUE(until(1));
  EXPECT_EQ(got[0], large);
}

// ... while a longer one that need not be whole does, in pieces.
TEST_F(UdpTest, WholeOnesAreLostWhereTheDeviceDoesNotTakeThem) {
  const bool allowed = test::in_own_network([this] {
    test::ip("link set lo mtu 1500");
    const auto a = open();
    const auto b = open();
    a->send_whole(b->local(), as_bytes(std::string(1'473, 'x')));
    a->send_whole(b->local(), as_bytes(std::string(1'472, 'y')));
    const std::vector<std::string> sent(8, std::string(16'376, 'z'));
    a->send_batch(b->local(), views_of(sent));
    ASSERT_TRUE(until(9));
    EXPECT_EQ(got[0], std::string(1'472, 'y'));
    EXPECT_EQ(got[8], sent[0]);
    EXPECT_TRUE(a->segments());  // of smaller ones
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

TEST_F(UdpTest, SurvivesThatNobodyListensAndThatThereIsNoWay) {
  const auto a = open();
  auto gone = open();
  const auto nobody = gone->local();
  gone.reset();
  const auto b = open();
  const auto sent = mixture();
  a->send_batch(nobody, views_of(sent));
  a->send_batch(*Endpoint::parse("2001:db8::1", 9), views_of(sent));      // another family
  a->send_batch(*Endpoint::parse("255.255.255.255", 9), views_of(sent));  // not permitted
  a->send_batch(b->local(), views_of(sent));
  ASSERT_TRUE(until(sent.size()));
  EXPECT_EQ(got, sent);
}

TEST_F(UdpTest, AnErrorOfOneDatagramCostsNoOther) {
  const auto a = open(with([](UdpCalls& c) { c.send_many = fail_first_then_send; }));
  const auto b = open();
  const std::vector<std::string> sent{"one", "three", "seventeen"};
  a->send_batch(b->local(), views_of(sent));
  ASSERT_TRUE(until(2));
  EXPECT_EQ(got, (std::vector<std::string>{"three", "seventeen"}));
  EXPECT_TRUE(a->segments() && a->sends_many());
}

TEST_F(UdpTest, AFullBufferIsLossAndNotAnError) {
  const auto a = open(with([](UdpCalls& c) { c.send_many = refuse_many<EAGAIN>; }));
  const auto b = open();
  a->send_batch(b->local(), views_of(mixture()));
  io.poll();
  EXPECT_TRUE(got.empty());
  EXPECT_TRUE(a->segments() && a->sends_many());
}

TEST_F(UdpTest, OneTurnReadsABoundedAmountSoThatOthersHaveTheirs) {
  const auto busy = open();
  const auto quiet = open();
  const auto a = open();
  const std::string big(1'200, 'x');
  Batch batch;
  for (int i = 0; i < 2'000; ++i) batch.append(as_bytes(big));
  a->send_batch(busy->local(), batch.views());
  const auto text = as_bytes("text");
  a->send_batch(quiet->local(), std::span(&text, 1));
  std::size_t before = 0;
  while (std::find(got.begin(), got.end(), "text") == got.end()) {
    before = got.size();
    ASSERT_GT(io.run_one_for(std::chrono::seconds(10)), 0u);
  }
  EXPECT_LT(before, 1'000u);
}

TEST_F(UdpTest, CanDieWhileSomethingWaitsToBeRead) {
  const auto a = open();
  auto b = open();
  const auto text = as_bytes("text");
  a->send_batch(b->local(), std::span(&text, 1));
  b.reset();
  io.poll();
  EXPECT_TRUE(got.empty());
}

TEST_F(UdpTest, AnAddressThatIsNotOursGivesNoSocket) { EXPECT_EQ(open({}, "192.0.2.77"), nullptr); }

}  // namespace
}  // namespace culver::p2p
