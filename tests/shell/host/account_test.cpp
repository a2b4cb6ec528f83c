#include "shell/host/account.hpp"

#include <set>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/shell/host/opened_vault.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::host {
namespace {

std::string account_file(const TemporaryFolder& folder) { return folder / "account"; }

TEST(Account, IsMadeOnceAndStays) {
  const TemporaryFolder folder;
  const auto made = open_account(folder / "new");
  ASSERT_TRUE(made) << made.error().sentence;
  const auto again = open_account(folder / "new");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key.verify_key(), made->key.verify_key());
  EXPECT_EQ(again->device, made->device);
  EXPECT_EQ(made->user().data, made->key.verify_key().data);

  struct stat status {};
  ASSERT_EQ(stat((folder / "new" / "account").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST(Account, IsSealed) {
  const TemporaryFolder folder;
  const auto made = open_account(folder.path());
  const auto content = read_file(account_file(folder));
  EXPECT_TRUE(format::vault::is_sealed(as_bytes(content)));
  EXPECT_EQ(content.find(print_uuid(made->device.data)), std::string::npos);
  EXPECT_EQ(parse_device_id(print_uuid(made->device.data)), made->device) << "of version 4";
}

TEST(Account, IsAnotherOneInEachFolder) {
  const TemporaryFolder a, b;
  const auto one = open_account(a.path()), other = open_account(b.path());
  EXPECT_NE(one->key.verify_key(), other->key.verify_key());
  EXPECT_NE(one->device, other->device);
}

TEST(Account, DamagedIsRefusedAndKept) {
  const std::string content =
      "culver-account-1\n" + std::string(43, 'A') + "=\n550e8400-e29b-41d4-a716-446655440000\n";
  const TemporaryFolder good;
  write_file(account_file(good), content);
  chmod(account_file(good).c_str(), 0600);
  EXPECT_TRUE(open_account(good.path())) << "as an earlier version has left it";
  const auto changed = [&](std::size_t at, char c) {
    auto copy = content;
    copy[at] = c;
    return copy;
  };
  for (const auto& bad :
       {std::string(), content + "x", changed(15, '2'), changed(20, '!'), changed(61, 'x'),
        changed(content.size() - 2, 'g'), changed(content.size() - 1, ' ')}) {
    const TemporaryFolder folder;
    write_file(account_file(folder), bad);
    chmod(account_file(folder).c_str(), 0600);
    const auto opened = open_account(folder.path());
    ASSERT_FALSE(opened) << bad.size();
    EXPECT_EQ(opened.error().fault, Fault::identity_unreadable);
    EXPECT_NE(opened.error().sentence.find("The account " + account_file(folder)),
              std::string::npos);
    EXPECT_EQ(read_file(account_file(folder)), bad) << "never overwritten";
  }
}

TEST(Account, OfOthersEyesIsNotUsed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_account(folder.path()));
  chmod(account_file(folder).c_str(), 0644);
  EXPECT_NE(open_account(folder.path()).error().sentence.find("can be read by others"),
            std::string::npos);
}

TEST(DeviceSlot, IsTheAccountsOwnUnlessItIsTaken) {
  const TemporaryFolder folder;
  const auto account = open_account(folder.path());
  for (int round = 0; round < 2; ++round) {
    std::set<DeviceId> devices;
    std::vector<DeviceSlot> taken;
    for (int i = 0; i < DeviceSlot::slots; ++i) {
      taken.push_back(*DeviceSlot::take(folder.path(), account->device));
      devices.insert(taken.back().device());
      EXPECT_TRUE(parse_device_id(print_uuid(taken.back().device().data)));
      EXPECT_EQ(taken.back().is_first(), i == 0);
    }
    EXPECT_EQ(taken[0].device(), account->device);
    EXPECT_EQ(devices.size(), static_cast<std::size_t>(DeviceSlot::slots));
    const auto one_more = DeviceSlot::take(folder.path(), account->device);
    ASSERT_FALSE(one_more) << "two would be one device, and push each other out";
    EXPECT_EQ(one_more.error().fault, Fault::data_folder_in_use);
    const auto second = taken[1].device();
    taken.erase(taken.begin() + 1);
    EXPECT_EQ(DeviceSlot::take(folder.path(), account->device)->device(), second) << "free again";
  }
}

}  // namespace
}  // namespace culver::host
