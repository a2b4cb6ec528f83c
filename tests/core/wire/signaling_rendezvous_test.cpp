// The messages of rendezvous: as Zajel's clients write them, as its servers answer, and as we do.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "tests/core/wire/generators_support.hpp"
#include "tests/core/wire/signaling_support.hpp"

namespace culver::wire::signaling {
namespace {

using Texts = std::set<std::string>;
using Drops = std::map<std::string, std::string>;

/// A registration with these fields besides its type and its peerId.
std::string frame_with(std::string_view fields) {
  return R"({"type":"register_rendezvous","peerId":"K7MW2Q")" + std::string(fields) + "}";
}

RegisterRendezvous read(std::string_view fields) {
  const auto message = parse_client(frame_with(fields));
  if (!message) {
    ADD_FAILURE() << fields << ": " << info(message.error()).name;
    return {};
  }
  return std::get<RegisterRendezvous>(*message);
}

Fault registration_fault(std::string_view fields) {
  const auto message = parse_client(frame_with(fields));
  return message ? Fault::internal : message.error();
}

/// `count` different texts as a JSON array.
std::string array_of(std::size_t count, std::string_view rest = "") {
  std::string array = "[";
  for (std::size_t i = 0; i < count; ++i)
    array += (i ? ",\"" : "\"") + std::to_string(i) + std::string(rest) + "\"";
  return array + "]";
}

// ---- register_rendezvous ------------------------------------------------------------------------

TEST(RegisterRendezvous, IsPrintedAsNewerServersOfZajelWantIt) {
  const RegisterRendezvous message{"K7MW2Q", "", {"day_a", "day_b"}, {"hr_c"}, {{"day_a", "eA=="}}};
  EXPECT_EQ(print(message), R"({"type":"register_rendezvous","peerId":"K7MW2Q","relayId":"",)"
                            R"("dailyPoints":["day_a","day_b"],"hourlyTokens":["hr_c"],)"
                            R"("deadDrops":{"day_a":"eA=="}})");
  EXPECT_EQ(print(RegisterRendezvous{"p-1", "r", {}, {}, {}}),
            R"({"type":"register_rendezvous","peerId":"p-1","relayId":"r",)"
            R"("dailyPoints":[],"hourlyTokens":[]})");
}

RC_GTEST_PROP(RegisterRendezvous, IsReadAsPrinted, ()) {
  RegisterRendezvous message{*culver::testing::text_of("aZ09_-", 1, limits::peer_id),
                             *culver::testing::utf8_text(limits::relay_id),
                             {},
                             {},
                             {}};
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    const auto point = *culver::testing::utf8_text(limits::rendezvous_text);
    if (point.empty()) continue;
    message.points.insert(point);
    const auto drop = *culver::testing::utf8_text(200);
    if (!drop.empty()) message.drops[point] = drop;
    message.tokens.insert("hr_" + *culver::testing::utf8_text(limits::rendezvous_text - 3));
  }
  const auto back = parse_client(print(message));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == ClientMessage(message));
}

TEST(RegisterRendezvous, TakesBothSpellingsAndCamelCaseWins) {
  const RegisterRendezvous expected{"K7MW2Q", "rly", {"p"}, {"t"}, {{"p", "x"}}};
  EXPECT_EQ(read(R"(,"relayId":"rly","dailyPoints":["p"],"hourlyTokens":["t"],)"
                 R"("deadDrops":{"p":"x"})"),
            expected);
  EXPECT_EQ(read(R"(,"relayId":"rly","daily_points":["p"],"hourly_tokens":["t"],)"
                 R"("dead_drops":{"p":"x"})"),
            expected);
  EXPECT_EQ(read(R"(,"relayId":"rly","daily_points":["q"],"hourly_tokens":["u"],)"
                 R"("dead_drops":{"p":"y"},"dailyPoints":["p"],"hourlyTokens":["t"],)"
                 R"("deadDrops":{"p":"x"})"),
            expected);
  EXPECT_EQ(read(R"(,"dailyPoints":[],"daily_points":["p"])").points, Texts{});
  EXPECT_EQ(read(R"(,"dailyPoints":null,"daily_points":["p"])").points, Texts{"p"});
}

TEST(RegisterRendezvous, NeedsNothingButItsPeerId) {
  EXPECT_EQ(read(""), (RegisterRendezvous{"K7MW2Q", "", {}, {}, {}}));
  EXPECT_EQ(read(R"(,"relayId":null,"deadDrop":null,"deadDrops":null,"hourlyTokens":null)"),
            (RegisterRendezvous{"K7MW2Q", "", {}, {}, {}}));
}

TEST(RegisterRendezvous, ALegacyDropIsForAllPointsUnlessThereIsAMap) {
  EXPECT_EQ(read(R"(,"dailyPoints":["p","q"],"deadDrop":"x")").drops,
            (Drops{{"p", "x"}, {"q", "x"}}));
  EXPECT_EQ(read(R"(,"dailyPoints":["p","q"],"deadDrop":"x","dead_drops":{"q":"y"})").drops,
            (Drops{{"q", "y"}}));
  EXPECT_EQ(read(R"(,"dailyPoints":["p","q"],"deadDrop":"x","deadDrops":{})").drops,
            (Drops{{"p", "x"}, {"q", "x"}}));
}

TEST(RegisterRendezvous, AnEmptyDropIsNoneAndOneElsewhereIsIgnored) {
  EXPECT_EQ(read(R"(,"dailyPoints":["p"],"deadDrop":"")").drops, Drops{});
  EXPECT_EQ(read(R"(,"dailyPoints":["p"],"deadDrops":{"p":"","q":"x"})").drops, Drops{});
  EXPECT_EQ(read(R"(,"dailyPoints":["p"],"deadDrops":{"p":null})").drops, Drops{});
}

TEST(RegisterRendezvous, ARepeatedPointIsOne) {
  EXPECT_EQ(read(R"(,"dailyPoints":["p","p"],"hourlyTokens":["t","t","u"])"),
            (RegisterRendezvous{"K7MW2Q", "", {"p"}, {"t", "u"}, {}}));
}

TEST(RegisterRendezvous, IsRefusedForEachFieldThatIsWrong) {
  struct Case {
    std::string_view fields;
    Fault fault;
  };
  const Case cases[] = {
      {R"(,"peerId":7)", Fault::wrong_type},
      {R"(,"peerId":"")", Fault::bad_peer_id},
      {R"(,"peerId":"bad id!")", Fault::bad_peer_id},
      {R"(,"relayId":7)", Fault::bad_relay_id},
      {R"(,"dailyPoints":"p")", Fault::bad_rendezvous_point},
      {R"(,"dailyPoints":[7])", Fault::bad_rendezvous_point},
      {R"(,"daily_points":[""])", Fault::bad_rendezvous_point},
      {R"(,"dailyPoints":["a\u0000"])", Fault::bad_rendezvous_point},
      {R"(,"hourlyTokens":{})", Fault::bad_rendezvous_token},
      {R"(,"hourly_tokens":[null])", Fault::bad_rendezvous_token},
      {R"(,"deadDrops":[])", Fault::wrong_type},
      {R"(,"dailyPoints":["p"],"deadDrops":{"p":7})", Fault::wrong_type},
      {R"(,"dailyPoints":["p"],"deadDrop":{})", Fault::wrong_type},
  };
  for (const auto& one : cases) EXPECT_EQ(registration_fault(one.fields), one.fault) << one.fields;
  const auto missing = parse_client(R"({"type":"register_rendezvous"})");
  EXPECT_EQ(missing.error(), Fault::missing_field);
}

TEST(RegisterRendezvous, HasLimits) {
  const auto text = [](std::size_t size) { return std::string(size, 'x'); };
  EXPECT_EQ(read(R"(,"dailyPoints":)" + array_of(50)).points.size(), 50u);
  EXPECT_EQ(registration_fault(R"(,"dailyPoints":)" + array_of(51)),
            Fault::too_many_rendezvous_points);
  std::string doubles = R"("p")";
  for (int i = 0; i < 50; ++i) doubles += R"(,"p")";
  EXPECT_EQ(read(R"(,"dailyPoints":[)" + doubles + "]").points.size(), 1u);
  EXPECT_EQ(read(R"(,"hourlyTokens":[)" + doubles + "]").tokens.size(), 1u);
  EXPECT_EQ(read(R"(,"hourlyTokens":)" + array_of(50)).tokens.size(), 50u);
  EXPECT_EQ(registration_fault(R"(,"hourlyTokens":)" + array_of(51)),
            Fault::too_many_rendezvous_tokens);
  EXPECT_EQ(read(R"(,"dailyPoints":)" + array_of(1, text(127))).points.size(), 1u);
  EXPECT_EQ(registration_fault(R"(,"dailyPoints":)" + array_of(1, text(128))),
            Fault::bad_rendezvous_point);
  EXPECT_EQ(registration_fault(R"(,"hourlyTokens":)" + array_of(1, text(128))),
            Fault::bad_rendezvous_token);
  EXPECT_EQ(read(R"(,"relayId":")" + text(128) + '"').relay_id.size(), 128u);
  EXPECT_EQ(registration_fault(R"(,"relayId":")" + text(129) + '"'), Fault::bad_relay_id);
  EXPECT_EQ(registration_fault(R"(,"peerId":")" + text(129) + '"'), Fault::bad_peer_id);

  const std::string at_p = R"(,"dailyPoints":["p"],"deadDrops":{"p":")";
  EXPECT_EQ(read(at_p + text(4096) + "\"}").drops.at("p").size(), 4096u);
  EXPECT_EQ(registration_fault(at_p + text(4097) + "\"}"), Fault::dead_drop_too_large);
  EXPECT_EQ(registration_fault(R"(,"dailyPoints":["p"],"deadDrop":")" + text(4097) + '"'),
            Fault::dead_drop_too_large);
  std::string map = "{\"p\":\"x\"";
  for (int i = 0; i < 50; ++i) map += ",\"" + std::to_string(i) + "\":\"x\"";
  EXPECT_EQ(registration_fault(R"(,"dailyPoints":["p"],"dead_drops":)" + map + "}"),
            Fault::too_many_dead_drops);
}

// ---- rendezvous_result, rendezvous_partial, rendezvous_match ------------------------------------

TEST(RendezvousResult, IsPrintedAsZajelHasItAndSaysWhere) {
  EXPECT_EQ(print(RendezvousResult{}),
            R"({"type":"rendezvous_result","liveMatches":[],"deadDrops":[]})");
  EXPECT_EQ(print(RendezvousResult{{{code, "rly", "hr_t"}, {code, "", ""}},
                                   {{code, "eA==", "", "day_p"}}}),
            R"({"type":"rendezvous_result",)"
            R"("liveMatches":[{"peerId":"K7MW2Q","relayId":"rly","token":"hr_t"},)"
            R"({"peerId":"K7MW2Q","relayId":""}],)"
            R"("deadDrops":[{"peerId":"K7MW2Q","deadDrop":"eA==","relayId":"",)"
            R"("meetingPoint":"day_p"}]})");
  EXPECT_EQ(print(RendezvousMatch{{code, "", "hr_t"}}),
            R"({"type":"rendezvous_match",)"
            R"("match":{"peerId":"K7MW2Q","relayId":"","token":"hr_t"}})");
}

RC_GTEST_PROP(RendezvousResult, IsReadAsPrinted, ()) {
  RendezvousResult result;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    const LiveMatch match{*culver::testing::pairing_code(),
                          *culver::testing::utf8_text(limits::relay_id),
                          *culver::testing::utf8_text(limits::rendezvous_text)};
    result.live.push_back(match);
    result.drops.push_back({match.peer, "x" + *culver::testing::utf8_text(300), match.relay_id,
                            *culver::testing::utf8_text(limits::rendezvous_text)});
    const auto pushed = parse_server(print(RendezvousMatch{match}));
    RC_ASSERT(pushed && std::get<RendezvousMatch>(*pushed).match == match);
  }
  const auto back = parse_server(print(result));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::get<RendezvousResult>(*back) == result);
}

TEST(RendezvousResult, OfAZajelServerIsRead) {
  const RendezvousResult expected{{{code, "rly", ""}}, {{code, "eA==", "rly", ""}}};
  const std::string inner =
      R"("liveMatches":[{"peerId":"K7MW2Q","relayId":"rly"}],)"
      R"("deadDrops":[{"peerId":"K7MW2Q","deadDrop":"eA==","relayId":"rly"}])";
  const auto whole = parse_server(R"({"type":"rendezvous_result",)" + inner + "}");
  EXPECT_EQ(std::get<RendezvousResult>(*whole), expected);
  const auto part = parse_server(R"({"type":"rendezvous_partial","local":{)" + inner +
                                 R"(},"redirects":[{"serverId":"x","endpoint":"ws://x",)"
                                 R"("dailyPoints":["q"],"hourlyTokens":[]}]})");
  EXPECT_EQ(std::get<RendezvousResult>(*part), expected);
}

TEST(RendezvousResult, LeavesOutWhatIsOfNoUse) {
  const auto read_only = [](std::string_view live, std::string_view drops) {
    const auto message =
        parse_server(R"({"type":"rendezvous_result","liveMatches":)" + std::string(live) +
                     R"(,"deadDrops":)" + std::string(drops) + "}");
    return message ? std::get<RendezvousResult>(*message) : RendezvousResult{{{code, "!", ""}}, {}};
  };
  EXPECT_EQ(read_only("null", "[]"), RendezvousResult{});
  EXPECT_EQ(read_only(R"([{"peerId":"peer-1","relayId":""},{}])",
                      R"([{"peerId":"K7MW2Q"},{"peerId":"K7MW2Q","deadDrop":""}])"),
            RendezvousResult{});
  const auto token = std::string(129, 't');
  EXPECT_EQ(read_only(R"([{"peerId":"K7MW2Q","relayId":null,"token":")" + token +
                          R"("},{"peerId":"K7MW2Q","relayId":null}])",
                      "[]"),
            (RendezvousResult{{{code, "", ""}}, {}}));
  EXPECT_EQ(std::get<Ignored>(
                *parse_server(R"({"type":"rendezvous_match","match":{"peerId":"peer-2"}})")),
            Ignored{});
}

TEST(RendezvousResult, IsRefusedIfItIsNone) {
  const auto fault = [](std::string_view frame) {
    const auto message = parse_server(frame);
    return message ? Fault::internal : message.error();
  };
  EXPECT_EQ(fault(R"({"type":"rendezvous_result","liveMatches":{}})"), Fault::wrong_type);
  EXPECT_EQ(fault(R"({"type":"rendezvous_result","deadDrops":[7]})"), Fault::wrong_type);
  EXPECT_EQ(fault(R"({"type":"rendezvous_partial"})"), Fault::missing_field);
  EXPECT_EQ(fault(R"({"type":"rendezvous_match"})"), Fault::missing_field);
  std::string many = "[{}";
  for (int i = 0; i < 1024; ++i) many += ",{}";
  EXPECT_EQ(fault(R"({"type":"rendezvous_result","liveMatches":)" + many + "]}"), Fault::too_large);
}

TEST(RendezvousResult, FitsIntoAFrameWhateverIsInIt) {
  RendezvousResult result;
  result.live.push_back({code, "", "hr_t"});
  for (int i = 0; i < 50; ++i)
    result.drops.push_back({code, std::string(4096, '\x01'), "", "day_" + std::to_string(i)});
  const auto text = print(result);
  EXPECT_LE(text.size(), limits::signaling_frame_in);
  const auto back = parse_server(text);
  ASSERT_TRUE(back);
  const auto& read = std::get<RendezvousResult>(*back);
  EXPECT_EQ(read.live.size(), 1u);
  EXPECT_EQ(read.drops.size(), 10u) << "24 KiB each when escaped";
  // All that a registration can bring at most, as clients write it: base64.
  for (auto& drop : result.drops) drop.text = std::string(4096, 'A');
  EXPECT_EQ(std::get<RendezvousResult>(*parse_server(print(result))), result);
}

}  // namespace
}  // namespace culver::wire::signaling
