#include "shell/cli/show_devices.hpp"

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
            "La\\x1bp, desktop (this device)\n"
            "  Online    00000000-0000-4000-8000-000000000001\n"
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
  EXPECT_NE(text.find(R"("this":false,"online":false,"revoked":true}])"), std::string::npos);
  EXPECT_EQ(show_devices(ListDevices{}, {}, here, Output::json), "[]");
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
