#include "core/handshake/admin_request.hpp"

#include <set>

#include <gtest/gtest.h>

namespace culver::handshake {
namespace {

template <class B>
B filled(int value) {
  B bytes;
  bytes.data.fill(static_cast<std::byte>(value));
  return bytes;
}

using Nonce16 = Bytes<struct Nonce16Tag, 16>;

struct Request {
  crypto::VerifyKey server = filled<crypto::VerifyKey>(1);
  std::string method = "GET", target = "/v1/devices?x=1", body = "{}";
  DeviceId device = *parse_hex<DeviceId>("000102030405060708090a0b0c0d0e0f");
  WallTime time = 1'700'000'000'000;
  Nonce16 nonce = filled<Nonce16>(7);

  Digest digest() const {
    return admin_request_digest({server, method, target, device, time, nonce.data, body});
  }
};

/// Made with Python's hashlib from the layout in the header.
TEST(AdminRequest, HasTheLayoutThatIsWritten) {
  EXPECT_EQ(print_hex(Request{}.digest().data),
            "5ae3ed94af8ff739d8a0f3b25cefb6fdad9f6bdba8263fdb553d9729e4d04eeb");
}

TEST(AdminRequest, EveryPartCountsAndNoneRunsIntoTheNext) {
  std::vector<Request> all(9);
  all[1].server = filled<crypto::VerifyKey>(2);
  all[2].method = "PUT";
  all[3].target += "2";
  all[4].device = filled<DeviceId>(4);
  all[5].time += 1;
  all[6].nonce = filled<Nonce16>(8);
  all[7].body = "{ }";
  all[8].method = "GET/", all[8].target = "v1/devices?x=1";
  std::set<Digest> digests;
  for (const auto& request : all) digests.insert(request.digest());
  EXPECT_EQ(digests.size(), all.size());
}

}  // namespace
}  // namespace culver::handshake
