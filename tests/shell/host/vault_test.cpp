#include "shell/host/vault.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shell/host/file_descriptor.hpp"
#include "tests/shell/host/mishap.hpp"
#include "tests/shell/host/opened_vault.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;

constexpr crypto::ScryptCost cheap{1, 1, 1};
const std::string passphrase = "correct horse", other_passphrase = "staple battery";

AskPassphrase say(const std::string& text) {
  return [text] { return SecretBytes(as_bytes(text)); };
}

/// Whose keys a folder has, by whatever opens it; nothing if it does not open.
struct Keys {
  PublicKey identity;
  UserId account;
  DeviceId device;
  bool operator==(const Keys&) const = default;
};
std::optional<Keys> keys_of(const Outcome<Vault>& vault) {
  if (!vault) return std::nullopt;
  const auto identity = open_identity(*vault);
  const auto account = open_account(*vault);
  if (!identity || !account) return std::nullopt;
  return Keys{identity->shared, account->user(), account->device};
}

class AVault : public testing::Test {
 protected:
  void SetUp() override {
    before_ = keys_of(open_vault(data()));
    ASSERT_TRUE(before_);
  }
  fs::path data() const { return folder_ / "data"; }
  fs::path file(const std::string& name) const { return data() / name; }
  void lock() {
    auto vault = open_vault(data());
    ASSERT_TRUE(vault && vault->lock(as_bytes(passphrase), cheap));
  }
  Outcome<Vault> open(const std::string& with = passphrase) const {
    return Vault::open(data(), std::nullopt, say(with));
  }
  void expect_refused(const Outcome<Vault>& vault, Fault fault, const std::string& why) {
    ASSERT_FALSE(vault);
    EXPECT_EQ(vault.error().fault, fault);
    EXPECT_NE(vault.error().sentence.find(why), std::string::npos) << vault.error().sentence;
  }
  void expect_identity_refused(const std::string& why, const std::string& with = passphrase) {
    const auto vault = open(with);
    ASSERT_TRUE(vault) << vault.error().sentence;
    const auto content = read_file(file("identity.key"));
    const auto identity = open_identity(*vault);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().fault, Fault::identity_unreadable);
    EXPECT_NE(identity.error().sentence.find(why), std::string::npos) << identity.error().sentence;
    EXPECT_EQ(read_file(file("identity.key")), content) << "left as it is";
  }
  void make_plain(const std::string& name, const std::string& content) {
    write_file(file(name), content);
    chmod(file(name).c_str(), 0600);
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(data()), fs::directory_iterator()));
  }

  const TemporaryFolder folder_;
  std::optional<Keys> before_;
};

const std::string plain_identity = "culver-identity-1\n" + std::string(43, 'A') + "=\n";
const std::string plain_account =
    "culver-account-1\n" + std::string(43, 'A') + "=\n550e8400-e29b-41d4-a716-446655440000\n";

TEST_F(AVault, OpensAgain) {
  EXPECT_EQ(keys_of(open_vault(data())), before_);
  struct stat status {};
  ASSERT_EQ(stat(file("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(AVault, IsNotMadeAnewWithoutItsKey) {
  fs::remove(file("key"));
  expect_refused(open_vault(data()), Fault::identity_unreadable, "is missing");
  EXPECT_FALSE(fs::exists(file("key")));
}

TEST_F(AVault, RefusesAKeyOfOthersEyesAndDamage) {
  chmod(file("key").c_str(), 0640);
  expect_refused(open_vault(data()), Fault::identity_unreadable, "can be read by others");
  chmod(file("key").c_str(), 0600);
  const auto key = read_file(file("key"));
  for (const auto& bad : {std::string(), key.substr(1), key + "x", std::string(2'000, 'x')}) {
    write_file(file("key"), bad);
    expect_refused(open_vault(data()), Fault::identity_unreadable, "is damaged");
    EXPECT_EQ(read_file(file("key")), bad);
  }
  if (geteuid() != 0) return;  // only root can give a file away
  write_file(file("key"), key);
  ASSERT_EQ(chown(file("key").c_str(), 1, 1), 0);
  expect_refused(open_vault(data()), Fault::identity_unreadable, "another user");
}

TEST_F(AVault, RefusesAnotherFoldersKey) {
  const TemporaryFolder other;
  ASSERT_TRUE(keys_of(open_vault(other.path())));
  fs::copy_file(other / "key", file("key"), fs::copy_options::overwrite_existing);
  expect_identity_refused("belongs to another key");
}

TEST_F(AVault, RefusesADamagedSecretAndOneInAnothersPlace) {
  const auto good = read_file(file("identity.key"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    make_plain("identity.key", bad);
    expect_identity_refused(at < 14 ? "is damaged" : "");
  }
  make_plain("identity.key", good.substr(0, good.size() - 1));
  expect_identity_refused("does not open");
  make_plain("identity.key", read_file(file("account")));
  expect_identity_refused("does not open");
}

TEST_F(AVault, UnderAPassphraseOpensWithItOnly) {
  lock();
  expect_refused(open_vault(data()), Fault::passphrase_needed, "");
  expect_refused(open(other_passphrase), Fault::passphrase_wrong, "wrong");
  EXPECT_EQ(keys_of(open()), before_);
  auto vault = open();
  ASSERT_TRUE(vault->lock(as_bytes(other_passphrase), cheap)) << "another one";
  expect_refused(open(), Fault::passphrase_wrong, "wrong");
  vault = open(other_passphrase);
  EXPECT_EQ(keys_of(vault), before_);
  ASSERT_TRUE(vault->unlock());
  EXPECT_EQ(keys_of(open_vault(data())), before_);
  EXPECT_EQ(entries(), 3u);
}

TEST_F(AVault, UnderAPassphraseMakesNothingAndBelievesNothingPlain) {
  lock();
  const auto good = read_file(file("identity.key"));
  make_plain("identity.key", plain_identity);
  expect_identity_refused("is not sealed");
  fs::remove(file("identity.key"));
  const auto vault = open();
  EXPECT_NE(open_identity(*vault).error().sentence.find("is missing"), std::string::npos);
  EXPECT_FALSE(fs::exists(file("identity.key")));
  make_plain("identity.key", good);
  EXPECT_EQ(keys_of(open()), before_);
}

TEST_F(AVault, IsLockedByOneAtATime) {
  auto one = open_vault(data()), other = open_vault(data());
  ASSERT_TRUE(one->lock(as_bytes(passphrase), cheap));
  const auto late = other->lock(as_bytes(other_passphrase), cheap);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, Fault::data_folder_in_use);
  EXPECT_EQ(keys_of(open()), before_);
}

TEST_F(AVault, HasItsKeyElsewhereIfThatIsSaid) {
  const auto key = folder_ / "elsewhere";
  fs::rename(file("key"), key);
  const auto open_with = [&](const fs::path& path) {
    return Vault::open(data(), path, say(passphrase));
  };
  EXPECT_EQ(keys_of(open_with(key)), before_);
  EXPECT_FALSE(fs::exists(file("key")));
  expect_refused(open_with(folder_ / "not there"), Fault::identity_unreadable, "is missing");
  EXPECT_FALSE(fs::exists(folder_ / "not there"));
  fs::create_symlink(key, folder_ / "link");
  EXPECT_EQ(keys_of(open_with(folder_ / "link")), before_);
  chmod(key.c_str(), 0440);
  EXPECT_EQ(keys_of(open_with(key)), before_) << "as systemd has it";
  chmod(key.c_str(), 0604);
  expect_refused(open_with(key), Fault::identity_unreadable, "can be read by others");
  chmod(key.c_str(), 0600);
  ASSERT_TRUE(open_with(folder_ / "link")->lock(as_bytes(passphrase), cheap));
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(keys_of(open_with(key)), before_);
  expect_refused(Vault::open(data(), key, say("another one")), Fault::passphrase_wrong, "");
}

TEST_F(AVault, ElsewhereIsMadeForANewFolder) {
  const auto made = keys_of(Vault::open(folder_ / "new", folder_ / "its key", say(passphrase)));
  ASSERT_TRUE(made);
  EXPECT_FALSE(fs::exists(folder_ / "new" / "key"));
  EXPECT_EQ(keys_of(Vault::open(folder_ / "new", folder_ / "its key", say(""))), made);
  expect_refused(Vault::open(folder_ / "newer", folder_ / "no" / "key", say("")),
                 Fault::identity_unreadable, "cannot be made");
}

TEST_F(AVault, TakesOverWhatAnEarlierVersionHasLeft) {
  for (const auto* name : {"key", "identity.key", "account"}) fs::remove(file(name));
  make_plain("identity.key", plain_identity);
  make_plain("account", plain_account);
  const auto taken = keys_of(open_vault(data()));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->device, parse_device_id("550e8400-e29b-41d4-a716-446655440000"));
  for (const auto* name : {"identity.key", "account"})
    EXPECT_TRUE(format::vault::is_sealed(as_bytes(read_file(file(name))))) << name;
  EXPECT_EQ(keys_of(open_vault(data())), taken);
}

TEST_F(AVault, TakesNothingOverThatAnEarlierVersionUses) {
  for (const auto* name : {"key", "identity.key", "account"}) fs::remove(file(name));
  make_plain("account", plain_account);
  const FileDescriptor earlier(::open(file("account").c_str(), O_RDWR));
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_len = 1;
  ASSERT_EQ(fcntl(earlier.get(), F_OFD_SETLK, &range), 0);
  const auto account = open_account(*open_vault(data()));
  ASSERT_FALSE(account);
  EXPECT_EQ(account.error().fault, Fault::data_folder_in_use);
  EXPECT_EQ(read_file(file("account")), plain_account);
}

/// A process that is killed, or refused a system call, at every step of a change of the key.
class AChange : public AVault, public testing::WithParamInterface<Mishap> {
 protected:
  /// It opens as before or as after, and with nothing left over once it was opened so.
  void expect_sound(int at) {
    auto vault = open();
    ASSERT_TRUE(vault) << at << ": " << vault.error().sentence;
    EXPECT_EQ(keys_of(vault), before_) << at;
    if (!vault->is_locked()) return;
    EXPECT_EQ(entries(), 3u) << at;
  }
  void run(const std::function<void()>& prepare, const std::function<void()>& change) {
    for (int at = 0;; ++at) {
      ASSERT_NO_FATAL_FAILURE(prepare());
      const auto suffered = suffer(GetParam(), at, change);
      if (!suffered) GTEST_SKIP() << "processes cannot be traced here";
      ASSERT_NO_FATAL_FAILURE(expect_sound(at));
      if (*suffered) continue;
      EXPECT_GT(at, 8) << "open, write, fsync, rename, fsync and more";
      break;
    }
  }
  void unlock_again() {
    auto vault = open();
    ASSERT_TRUE(vault);
    if (!vault->is_locked()) return;
    ASSERT_TRUE(vault->unlock());
  }
  void lock_again() {
    auto vault = open();
    ASSERT_TRUE(vault);
    if (vault->is_locked()) return;
    ASSERT_TRUE(vault->lock(as_bytes(passphrase), cheap));
  }
};

TEST_P(AChange, ToAPassphraseIsWholeOrNot) {
  run([&] { unlock_again(); },
      [&] {
        auto vault = open();
        if (vault) [[maybe_unused]]
          const auto locked = vault->lock(as_bytes(passphrase), cheap);
      });
  if (IsSkipped()) return;
  EXPECT_TRUE(open()->is_locked());
}

TEST_P(AChange, FromAPassphraseIsWholeOrNot) {
  run([&] { lock_again(); },
      [&] {
        auto vault = open();
        if (vault) [[maybe_unused]]
          const auto unlocked = vault->unlock();
      });
  if (IsSkipped()) return;
  EXPECT_FALSE(open()->is_locked());
}

TEST_P(AChange, OfAnEarlierVersionsFolderIsWholeOrNot) {
  const auto of_earlier_version = [&] {
    fs::remove_all(data());
    fs::create_directory(data());
    make_plain("identity.key", plain_identity);
    make_plain("account", plain_account);
  };
  of_earlier_version();
  before_ = keys_of(open_vault(data()));
  run(of_earlier_version, [&] { keys_of(open_vault(data())); });
}

TEST_P(AChange, ThatMakesAFolderLeavesOneThatOpens) {
  const TemporaryFolder other;
  for (int at = 0;; ++at) {
    const auto made = other / std::to_string(at);
    const auto suffered = suffer(GetParam(), at, [&] { keys_of(open_vault(made)); });
    if (!suffered) GTEST_SKIP() << "processes cannot be traced here";
    ASSERT_TRUE(keys_of(open_vault(made))) << at;
    if (!*suffered) break;
  }
}

INSTANTIATE_TEST_SUITE_P(EachStep, AChange, testing::Values(Mishap::killed, Mishap::refused),
                         [](const auto& mishap) {
                           return mishap.param == Mishap::killed ? "Killed" : "Refused";
                         });

}  // namespace
}  // namespace culver::host
