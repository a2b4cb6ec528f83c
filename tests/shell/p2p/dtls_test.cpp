#include "shell/p2p/dtls.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

struct Session {
  explicit Session(connection::DtlsRole role, const char* curve = "P-256")
      : identity(curve), dtls(identity, role, out) {}
  DtlsIdentity identity;
  Batch out;
  Dtls dtls;
  std::vector<std::string> got;

  void take(Batch& from) {
    Batch taken = std::exchange(from, Batch{});
    for (auto datagram : taken.views()) {
      dtls.feed(datagram);
      while (auto packet = dtls.read()) got.emplace_back(as_text(*packet));
    }
  }
};

struct DtlsTest : testing::Test {
  Session client{connection::DtlsRole::client}, server{connection::DtlsRole::server};

  void exchange() {
    while (!client.out.empty() || !server.out.empty()) {
      server.take(client.out);
      client.take(server.out);
    }
  }
  void connect() {
    client.dtls.start();
    exchange();
    ASSERT_EQ(client.dtls.state(), Dtls::State::up);
    ASSERT_EQ(server.dtls.state(), Dtls::State::up);
  }
};

TEST_F(DtlsTest, ShowsEachTheCertificateOfTheOther) {
  EXPECT_FALSE(client.dtls.peer_certificate());
  connect();
  EXPECT_EQ(client.dtls.peer_certificate()->sha256, server.identity.fingerprint());
  EXPECT_EQ(server.dtls.peer_certificate()->sha256, client.identity.fingerprint());
  EXPECT_NE(client.identity.fingerprint(), server.identity.fingerprint());
}

TEST(Dtls, TakesCertificatesOnOtherCurvesInBothRoles) {
  for (const char* curve : {"P-384", "P-521"})
    for (auto role : {connection::DtlsRole::client, connection::DtlsRole::server}) {
      const bool asks = role == connection::DtlsRole::client;
      Session other{role, curve};
      Session ours{asks ? connection::DtlsRole::server : connection::DtlsRole::client};
      (asks ? other : ours).dtls.start();
      while (!other.out.empty() || !ours.out.empty()) {
        ours.take(other.out);
        other.take(ours.out);
      }
      EXPECT_EQ(ours.dtls.state(), Dtls::State::up) << curve << asks;
      EXPECT_EQ(other.dtls.state(), Dtls::State::up) << curve << asks;
      ASSERT_TRUE(ours.dtls.peer_certificate());
      EXPECT_EQ(ours.dtls.peer_certificate()->sha256, other.identity.fingerprint());
    }
}

TEST_F(DtlsTest, CarriesPacketsAndNothingBeforeItIsUp) {
  client.dtls.send(as_bytes("too early"));
  EXPECT_TRUE(client.out.empty());
  connect();
  client.dtls.send(as_bytes("one"));
  client.dtls.send(as_bytes("two"));
  server.dtls.send(as_bytes("back"));
  exchange();
  EXPECT_EQ(server.got, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(client.got, (std::vector<std::string>{"back"}));
}

TEST_F(DtlsTest, RepeatsALostFlightAfterATenthOfASecond) {
  client.dtls.start();
  const auto left = client.dtls.timeout();
  ASSERT_TRUE(left);
  EXPECT_LE(*left, std::chrono::milliseconds(100));
  client.out.clear();  // lost
  while (*client.dtls.timeout() > std::chrono::microseconds::zero()) {
  }
  client.dtls.on_timeout();
  EXPECT_FALSE(client.out.empty());
  EXPECT_GT(*client.dtls.timeout(), std::chrono::milliseconds(100)) << "the timeout must double";
  exchange();
  EXPECT_EQ(server.dtls.state(), Dtls::State::up);
}

TEST_F(DtlsTest, SaysGoodbye) {
  connect();
  client.dtls.send(as_bytes("last"));
  client.dtls.close();
  client.dtls.send(as_bytes("after the end"));
  server.take(client.out);
  EXPECT_EQ(server.dtls.state(), Dtls::State::closed);
  EXPECT_EQ(server.got, (std::vector<std::string>{"last"}));
}

TEST_F(DtlsTest, IsNotMovedByDamagedOrRepeatedRecords) {
  connect();
  client.dtls.send(as_bytes("a packet of some length"));
  const auto record = client.out.views()[0];
  for (std::size_t i = 0; i < record.size(); ++i) {
    ByteVector damaged(record.begin(), record.end());
    damaged[i] ^= std::byte{1};
    server.dtls.feed(damaged);
    EXPECT_EQ(server.dtls.read(), std::nullopt) << i;
    server.dtls.feed(record.first(i));
    EXPECT_EQ(server.dtls.read(), std::nullopt) << i;
  }
  const Batch whole = client.out;
  server.take(client.out);
  Batch replay = whole;
  server.take(replay);
  EXPECT_EQ(server.got.size(), 1u);
  EXPECT_EQ(server.dtls.state(), Dtls::State::up);
}

// One byte short of an explicit nonce and a tag, or several: a library with CVE-2026-75806 ends the
// session of whoever gets one, whoever sent it.
TEST_F(DtlsTest, IsNotEndedByRecordsThatAreTooShort) {
  connect();
  ByteVector record{std::byte{23}, std::byte{0xfe}, std::byte{0xfd}, std::byte{0}, std::byte{1}};
  record.resize(13 + 24);
  for (std::size_t body = 0; body < 24; ++body)
    for (int type : {21, 22, 23})
      for (auto* side : {&client, &server}) {
        record[0] = static_cast<std::byte>(type);
        record[10] = static_cast<std::byte>(body);  // the sequence number: never a replay
        record[12] = static_cast<std::byte>(body);
        side->dtls.feed(Datagram(record).first(13 + body));
        while (side->dtls.read()) {
        }
        ASSERT_EQ(side->dtls.state(), Dtls::State::up) << type << ' ' << body;
      }
  client.dtls.send(as_bytes("still here"));
  exchange();
  EXPECT_EQ(server.got, (std::vector<std::string>{"still here"}));
}

// RFC 6347 section 4.1.2.7: what anybody could have sent ends nothing.
TEST_F(DtlsTest, IsNotEndedByAlertsInTheClear) {
  const auto alert = [](int description, int sequence) {
    ByteVector record(15);
    const int bytes[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence, 0, 2, 2, description};
    std::transform(std::begin(bytes), std::end(bytes), record.begin(),
                   [](int byte) { return static_cast<std::byte>(byte); });
    return record;
  };
  int sequence = 100;
  const auto alarm = [&] {
    for (auto* side : {&client, &server})
      for (int description : {0, 10, 20, 40, 80}) {
        side->dtls.feed(alert(description, ++sequence % 250));
        while (side->dtls.read()) {
        }
      }
  };
  client.dtls.start();
  while (!client.out.empty() || !server.out.empty()) {
    alarm();
    server.take(client.out);
    alarm();
    client.take(server.out);
  }
  alarm();
  EXPECT_EQ(client.dtls.state(), Dtls::State::up);
  EXPECT_EQ(server.dtls.state(), Dtls::State::up);
}

TEST_F(DtlsTest, RecordsFitTheSmallestMtu) {
  client.dtls.start();
  while (!client.out.empty() || !server.out.empty()) {
    for (auto* side : {&client, &server})
      for (auto datagram : side->out.views()) EXPECT_LE(datagram.size(), 1'200u);
    server.take(client.out);
    client.take(server.out);
  }
}

TEST(LooksLikeDtls, ByTheFirstByteOfRfc7983) {
  for (int first = 0; first < 256; ++first) {
    const ByteVector datagram{static_cast<std::byte>(first)};
    EXPECT_EQ(looks_like_dtls(datagram), first >= 20 && first <= 63) << first;
  }
  EXPECT_FALSE(looks_like_dtls({}));
}

}  // namespace
}  // namespace culver::p2p
