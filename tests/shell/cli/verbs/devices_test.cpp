#include "shell/cli/verbs/devices.hpp"

#include <gtest/gtest.h>

namespace culver::cli {
namespace {

using wire::gateway::DeviceType;
using wire::gateway::ListedDevice;

const DeviceId here = *parse_device_id("00000000-0000-4000-8000-000000000001");
const DeviceId there = *parse_device_id("00000000-0000-4000-8000-000000000002");

std::vector<ListedDevice> two_devices() {
  return {{here, Plaintext("La\x1bp"), DeviceType::desktop, 0, 86'400'000, false, true},
          {there, std::nullopt, std::nullopt, 0, 1'000, true, false}};
}

TEST(ShowDevices, ListsThemForPeople) {
  EXPECT_EQ(show_devices(ListDevices{}, two_devices(), here, Output::text),
            "La\\x1bp, desktop\n"
            "  Online    00000000-0000-4000-8000-000000000001, this device\n"
            "  Here since 1970-01-01T00:00:00Z, last seen 1970-01-02T00:00:00Z\n"
            "\n"
            "Without a name\n"
            "  Revoked   00000000-0000-4000-8000-000000000002\n"
            "  Here since 1970-01-01T00:00:00Z, last seen 1970-01-01T00:00:01Z");
  EXPECT_EQ(show_devices(ListDevices{}, {}, here, Output::text), "No devices.");
}

TEST(ShowDevices, ListsThemForPrograms) {
  const auto text = show_devices(ListDevices{}, two_devices(), here, Output::json);
  EXPECT_TRUE(text.starts_with(R"([{"device":"00000000-0000-4000-8000-000000000001")")) << text;
  EXPECT_NE(text.find(R"("isThis":false,"isOnline":false,"isRevoked":true}])"), std::string::npos);
  EXPECT_EQ(show_devices(ListDevices{}, {}, here, Output::json), "[]");
}

TEST(ShowDevices, AsksWhichDeviceIsShutOutAndWarnsOfThisOne) {
  const auto other = revoke_question(two_devices(), there, here);
  ASSERT_TRUE(other);
  EXPECT_NE(other->find("Shut out Without a name (00000000-0000-4000-8000-000000000002)? [y/N] "),
            std::string::npos)
      << *other;
  EXPECT_EQ(other->find("THIS IS"), std::string::npos);
  const auto own = revoke_question(two_devices(), here, here);
  ASSERT_TRUE(own);
  EXPECT_NE(own->find("THIS IS THE DEVICE THAT YOU ARE AT"), std::string::npos) << *own;
  EXPECT_NE(own->find("Shut out La\\x1bp ("), std::string::npos) << *own;
  EXPECT_FALSE(revoke_question({}, there, here)) << "the server says what is wrong";
}

TEST(ShowDevices, SaysWhatWasChanged) {
  const std::vector<ListedDevice> one{two_devices()[0]};
  EXPECT_EQ(show_devices(RevokeDevice{here}, one, here, Output::text), "La\\x1bp is shut out.");
  EXPECT_EQ(show_devices(RenameDevice{here, Plaintext("x")}, one, here, Output::text),
            "Renamed to La\\x1bp.");
  EXPECT_TRUE(show_devices(RevokeDevice{here}, one, here, Output::json).starts_with("{\"device\""));
}

}  // namespace
}  // namespace culver::cli
