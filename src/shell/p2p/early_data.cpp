#include "shell/p2p/early_data.hpp"

#include <algorithm>
#include <iterator>

namespace culver::p2p {

void EarlyData::keep(const ice::Way& way, Datagram datagram, TimePoint now) {
  if (datagram.size() > most_bytes) return;
  auto at = std::find_if(ways_.begin(), ways_.end(), [&](auto& each) { return each.way == way; });
  if (at == ways_.end()) {
    if (ways_.size() >= most_ways) ways_.pop_front();
    at = ways_.insert(ways_.end(), {way, now, {}});
  }
  if (at->datagrams.size() < most_of_a_way)
    at->datagrams.emplace_back(datagram.begin(), datagram.end());
}

std::vector<ByteVector> EarlyData::take(const std::function<bool(const ice::Way&)>& leads_to_peer,
                                        TimePoint now) {
  std::vector<ByteVector> taken;
  std::erase_if(ways_, [&](Waiting& each) {
    if (now >= each.since + lifetime) return true;
    if (!leads_to_peer(each.way)) return false;
    std::move(each.datagrams.begin(), each.datagrams.end(), std::back_inserter(taken));
    return true;
  });
  return taken;
}

}  // namespace culver::p2p
