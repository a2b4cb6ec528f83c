// Any order of messages, resets and wishes at the channel table: what is told of a channel begins
// with its opening and ends with its end, nothing is sent on a stream that is not in use, no stream
// is given twice, and their number is bounded.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>

#include "core/base/fsm.hpp"
#include "core/dcep/channels.hpp"
#include "core/wire/dcep.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;

class Fuzzed {
 public:
  explicit Fuzzed(Input& input)
      : association_{input.byte() % 2 == 0 ? dcep::Ids::even : dcep::Ids::odd,
                     static_cast<std::uint16_t>(4 * input.byte()), input.byte() % 16u},
        channels_(association_) {}

  void act(Input& input) {
    const auto choice = input.byte();
    const std::uint16_t stream = input.byte();
    switch (choice % 9) {
      case 0:
        return check(channels_.open(std::string(stream % 40, 'l')));
      case 1:
        return check(channels_.send(ChannelId{stream}, input.bytes(stream % 20), choice & 0x10));
      case 2:
        return take(stream, wire::dcep::ppid_dcep, wire::dcep::print(wire::dcep::Open{"l", ""}));
      case 3:
        return take(stream, wire::dcep::ppid_dcep, wire::dcep::print(wire::dcep::Ack{}));
      case 4:
        return take(stream, wire::dcep::ppid_dcep, input.bytes(input.byte() % 40));
      case 5:
        return take(stream, 50u + choice % 8, input.bytes(input.byte() % 8));
      case 6:
        return peer_resets(stream, choice & 0x10);
      case 7:
        return ours_are_reset(stream, choice & 0x10);
      default:
        for (const auto& reset : channels_.close_all()) asked(reset);
    }
  }

 private:
  bool ours(std::uint16_t stream) const {
    return (stream % 2 == 0) == (association_.ours == dcep::Ids::even);
  }

  void take(std::uint16_t stream, std::uint32_t ppid, ByteVector bytes) {
    const auto size = bytes.size();
    auto effects = channels_.take(stream, ppid, std::move(bytes));
    for (const auto& effect : effects)
      if (const auto* data = std::get_if<dcep::Data>(&effect))
        require(data->channel.value == stream && data->bytes.size() <= size);
    check(std::move(effects));
  }
  void peer_resets(std::uint16_t stream, bool all) {
    for (auto& [used, ends] : used_)
      if (all || used == stream) ends.theirs = true;
    check(channels_.on_incoming_reset(all ? std::vector<std::uint16_t>{}
                                          : std::vector<std::uint16_t>{stream}));
    forget_ended();
  }
  void ours_are_reset(std::uint16_t stream, bool all) {
    // usrsctp confirms only what was asked for.
    std::vector<std::uint16_t> asked;
    for (auto& [used, ends] : used_)
      if (ends.asked && (all || used == stream)) {
        ends.ours = true;
        asked.push_back(used);
      }
    if (!asked.empty()) channels_.on_outgoing_reset(std::move(asked));
    forget_ended();
  }
  /// What we closed is free when the peer has answered; what the peer closed, when ours has ended.
  void forget_ended() {
    std::erase_if(used_, [](const auto& entry) {
      const auto& ends = entry.second;
      return ends.theirs && (ends.first_by_us || ends.ours);
    });
    require(channels_.empty() == used_.empty());
    require(used_.size() <= dcep::Channels::limit);
  }

  void check(dcep::Effects effects) {
    for (const auto& effect : effects)
      std::visit(fsm::overload{
                     [this](const dcep::SendOnStream& e) { sent(e); },
                     [this](const dcep::ResetStream& e) { asked(e); },
                     [this](const dcep::Opened& e) {
                       require(used_.contains(e.channel.value));
                       require(open_.insert(e.channel.value).second);
                     },
                     [this](const dcep::Data& e) { require(open_.contains(e.channel.value)); },
                     [this](const dcep::Closed& e) { require(open_.erase(e.channel.value) == 1); },
                     [](const auto&) {},
                 },
                 effect);
    require(used_.size() <= dcep::Channels::limit);
  }
  void asked(const dcep::ResetStream& e) {
    auto& ends = used_.at(e.stream);
    require(!std::exchange(ends.asked, true));
    ends.first_by_us = !ends.theirs;
  }
  void sent(const dcep::SendOnStream& e) {
    require(e.stream < association_.streams && !e.bytes.empty());
    if (e.ppid != wire::dcep::ppid_dcep) {
      require(open_.contains(e.stream) && !used_.at(e.stream).asked);
      const auto most = association_.largest_sent;
      return require(most == 0 || e.bytes.size() <= most);
    }
    const auto message = wire::dcep::parse(e.bytes);
    require(message.has_value());
    require(std::holds_alternative<wire::dcep::Open>(*message) == ours(e.stream));
    require(used_.try_emplace(e.stream).second);
  }

  struct Ends {
    bool asked = false;        ///< ours, to be reset
    bool ours = false;         ///< and it was
    bool theirs = false;       ///< was reset
    bool first_by_us = false;  ///< asked before the peer's was
  };
  dcep::Channels::Association association_;
  dcep::Channels channels_;
  std::map<std::uint16_t, Ends> used_;
  std::set<std::uint16_t> open_;  ///< told so, and not closed
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  Fuzzed fuzzed(input);
  for (int i = 0; i < 200 && !input.empty(); ++i) fuzzed.act(input);
  return 0;
}
