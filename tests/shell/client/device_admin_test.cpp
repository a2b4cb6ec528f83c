// What is believed of an answer about devices: only what the server has signed for this request.
#include "shell/client/device_admin.hpp"

#include <functional>
#include <optional>

#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gtest/gtest.h>

#include "shell/host/clock.hpp"
#include "tests/shell/net/ws_server_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::client {
namespace {

using namespace std::chrono_literals;
namespace gateway = wire::gateway;
namespace http = boost::beast::http;
using Asked = http::request<http::string_body>;

/// One answer, as a server, or somebody in its place, may give it.
struct Given {
  unsigned status;
  std::string body;
  std::string proof;
};

class DeviceAdmin : public ::testing::Test {
 protected:
  using Play = std::function<Given(const Asked&)>;

  DevicesAnswer ask(Play play) {
    const net::testing::TestServer server(
        io,
        [play = std::move(play)](
            std::shared_ptr<net::testing::Socket> socket) -> boost::asio::awaitable<void> {
          boost::beast::flat_buffer buffer;
          Asked asked;
          co_await http::async_read(*socket, buffer, asked, boost::asio::use_awaitable);
          const auto given = play(asked);
          auto text = "HTTP/1.1 " + std::to_string(given.status) + " X\r\n";
          if (!given.proof.empty()) text += "Culver-Answer: " + given.proof + "\r\n";
          text += "Content-Length: " + std::to_string(given.body.size()) + "\r\n\r\n" + given.body;
          co_await boost::asio::async_write(*socket, boost::asio::buffer(text),
                                            boost::asio::use_awaitable);
        });
    std::optional<DevicesAnswer> answer;
    client::ask(io, {false, "127.0.0.1", server.port(), "/"}, key.verify_key(), account,
                DeviceQuestion::list(), [&](DevicesAnswer came) { answer = std::move(came); });
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!answer && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(1s);
    }
    EXPECT_TRUE(answer) << "waited in vain";
    return answer.value_or(fail(Fault::internal));
  }
  Digest digest_of(const Asked& asked) const {
    const auto header = std::string(asked[http::field::authorization]);
    const auto said = gateway::parse_authorization(header).value();
    return gateway::digest_of({print_hex(key.verify_key().data), std::string(asked.method_string()),
                               std::string(asked.target()), said.device, said.time, said.nonce,
                               asked.body()});
  }
  static std::string sign(const crypto::SigningKey& by, const Digest& request, unsigned status,
                          const std::string& body, WallTime time) {
    const auto digest = gateway::digest_of({request, status, time, body});
    return print(gateway::AnswerProof{time, by.sign(digest.view())});
  }
  Given proven(const Asked& asked, unsigned status, std::string body) const {
    auto proof = sign(key, digest_of(asked), status, body, host::wall_now());
    return {status, std::move(body), std::move(proof)};
  }
  void expect_fault(Play play, Fault fault) {
    const auto answer = ask(std::move(play));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, fault) << info(answer.error().fault).name;
  }

  boost::asio::io_context io{1};
  const crypto::SigningKey key = test::signing_key(9);
  const host::Account account{test::signing_key(1), test::client_account(1).device};
  const std::string list =
      gateway::print_devices({{account.device, std::nullopt, std::nullopt, 1, 2, false, true}});
};

TEST_F(DeviceAdmin, AnAnswerThatTheServerHasSignedIsTaken) {
  const auto answer = ask([&](const Asked& asked) { return proven(asked, 200, list); });
  ASSERT_TRUE(answer) << info(answer.error().fault).name;
  EXPECT_EQ(answer->at(0).device, account.device);
  expect_fault(
      [&](const Asked& asked) {
        return proven(asked, 404, gateway::print_refusal(Fault::device_unknown));
      },
      Fault::device_unknown);
}

TEST_F(DeviceAdmin, WhatIsNotSignedForThisRequestIsNotBelieved) {
  expect_fault([&](const Asked&) { return Given{200, list, ""}; }, Fault::answer_not_signed);
  expect_fault(
      [&](const Asked&) {
        return Given{200, list, "time=1,signature=x"};
      },
      Fault::answer_not_signed);
  expect_fault(
      [&](const Asked&) {
        return Given{404, gateway::print_refusal(Fault::device_unknown), ""};
      },
      Fault::answer_not_signed);
  const auto signed_by = [&](const crypto::SigningKey& by) {
    return [&](const Asked& asked) {
      return Given{200, list, sign(by, digest_of(asked), 200, list, host::wall_now())};
    };
  };
  expect_fault(signed_by(test::signing_key(8)), Fault::answer_not_signed);
  expect_fault(
      [&](const Asked&) {
        return Given{200, list, sign(key, Digest{}, 200, list, host::wall_now())};
      },
      Fault::answer_not_signed);
  expect_fault(
      [&](const Asked& asked) {
        auto given = proven(asked, 200, gateway::print_devices({}));
        given.body = list;
        return given;
      },
      Fault::answer_not_signed);
  expect_fault(
      [&](const Asked& asked) {
        auto given = proven(asked, 200, list);
        given.status = 201;
        return given;
      },
      Fault::server_without_device_list);
}

TEST_F(DeviceAdmin, ThatNothingCanBeHadNowIsToldWithoutASignature) {
  for (const auto fault : {Fault::rate_limited, Fault::shutting_down, Fault::directory_failed})
    expect_fault(
        [&](const Asked&) {
          return Given{503, gateway::print_refusal(fault), ""};
        },
        fault);
  expect_fault(
      [](const Asked&) {
        return Given{404, "Not Found", ""};
      },
      Fault::server_without_device_list);
  expect_fault(
      [](const Asked&) {
        return Given{200, "<html>", ""};
      },
      Fault::server_without_device_list);
}

/// Else a request could be had that is good for when it pleases whoever is in between.
TEST_F(DeviceAdmin, NobodyButTheServerTellsTheTime) {
  const auto stale = gateway::print_refusal(Fault::stale_request);
  const WallTime later = host::wall_now() + 86'400'000;
  int requests = 0;
  expect_fault(
      [&](const Asked&) {
        ++requests;
        return Given{401, stale, ""};
      },
      Fault::answer_not_signed);
  EXPECT_EQ(requests, 1);
  std::vector<WallTime> times;
  const auto answer = ask([&](const Asked& asked) {
    const auto header = std::string(asked[http::field::authorization]);
    times.push_back(gateway::parse_authorization(header).value().time);
    if (times.size() == 2) return proven(asked, 200, list);
    return Given{401, stale, sign(key, digest_of(asked), 401, stale, later)};
  });
  EXPECT_TRUE(answer);
  ASSERT_EQ(times.size(), 2U);
  EXPECT_EQ(times[1], later);
}

}  // namespace
}  // namespace culver::client
