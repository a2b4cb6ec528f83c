#include "shell/host/paths.hpp"

#include <map>

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/shell/host/temporary_folder.hpp"

namespace culver::host {
namespace {

Variables variables(std::map<std::string, std::string> set) {
  return [set](const char* name) -> std::optional<std::string> {
    const auto found = set.find(name);
    if (found == set.end()) return std::nullopt;
    return found->second;
  };
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

TEST(Paths, TakeTheFlagThenTheVariableThenXdgThenHome) {
  const auto all =
      variables({{"CULVER_DATA_DIR", "/var/c"}, {"XDG_DATA_HOME", "/xdg"}, {"HOME", "/home/ana"}});
  EXPECT_EQ(data_dir("/flag", all), "/flag");
  EXPECT_EQ(data_dir({}, all), "/var/c");
  EXPECT_EQ(data_dir({}, variables({{"XDG_DATA_HOME", "/xdg"}, {"HOME", "/home/ana"}})),
            "/xdg/culver");
  EXPECT_EQ(data_dir({}, variables({{"HOME", "/home/ana"}})), "/home/ana/.local/share/culver");
  EXPECT_EQ(data_dir({}, variables({{"XDG_DATA_HOME", "relative"}, {"HOME", "/home/ana"}})),
            "/home/ana/.local/share/culver");
  EXPECT_EQ(config_file(variables({{"XDG_CONFIG_HOME", "/xdg"}})), "/xdg/culver/config.json");
  EXPECT_EQ(config_file(variables({{"HOME", "/home/ana"}})),
            "/home/ana/.config/culver/config.json");
}

TEST(Paths, OfTheServerFollowTheSameRules) {
  EXPECT_EQ(server_data_dir("/flag", variables({{"XDG_DATA_HOME", "/xdg"}})), "/flag");
  EXPECT_EQ(server_data_dir({}, variables({{"XDG_DATA_HOME", "/xdg"}})), "/xdg/culver-server");
  EXPECT_EQ(server_data_dir({}, variables({{"CULVER_DATA_DIR", "/c"}, {"HOME", "/home/ana"}})),
            "/home/ana/.local/share/culver-server");
}

TEST(Paths, KnowTheHomeWithoutAnyVariable) {
  const std::filesystem::path home = getpwuid(geteuid())->pw_dir;
  for (const auto& none : {variables({}), variables({{"HOME", "relative"}}),
                           variables({{"HOME", "."}, {"XDG_DATA_HOME", "relative"}})}) {
    EXPECT_EQ(server_data_dir({}, none), home / ".local/share/culver-server");
    EXPECT_EQ(data_dir({}, none), home / ".local/share/culver");
    EXPECT_EQ(config_file(none), home / ".config/culver/config.json");
  }
}

TEST(Paths, TakeFromOthersWhatTheyMustNotWrite) {
  const TemporaryFolder folder;
  const auto data = folder / "data";
  ASSERT_TRUE(make_private_dir(data));
  for (const mode_t mode : {0777, 0770, 0722, 01777}) {
    ASSERT_EQ(chmod(data.c_str(), mode), 0);
    ASSERT_TRUE(make_private_dir(data)) << std::oct << mode;
    EXPECT_EQ(mode_of(data) & 022, 0u) << std::oct << mode;
  }
  write_file(data / "gateway.db", "x");
  write_file(data / "gateway.db-wal", "x");
  ASSERT_EQ(chmod((data / "gateway.db").c_str(), 0666), 0);
  ASSERT_EQ(chmod((data / "gateway.db-wal").c_str(), 0644), 0);
  ASSERT_TRUE(make_private_dir(data));
  EXPECT_EQ(mode_of(data / "gateway.db"), 0600u);
  EXPECT_EQ(mode_of(data / "gateway.db-wal"), 0600u);
}

TEST(Paths, RefuseWhatIsNotOurs) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TemporaryFolder folder;
  const auto refusal = [](const std::filesystem::path& path) {
    const auto made = make_private_dir(path);
    return made ? std::string() : made.error().sentence;
  };
  const auto data = folder / "data";
  ASSERT_TRUE(make_private_dir(data));
  std::filesystem::create_directory_symlink(data, folder / "link");
  EXPECT_EQ(refusal(folder / "link"), "") << "a link of ours";
  ASSERT_EQ(lchown((folder / "link").c_str(), 12'345, 0), 0);
  EXPECT_NE(refusal(folder / "link").find("belongs to another user"), std::string::npos);
  write_file(data / "peers.db", "x");
  ASSERT_EQ(chown((data / "peers.db").c_str(), 12'345, 0), 0);
  EXPECT_NE(refusal(data).find((data / "peers.db").string() + " belongs to another user"),
            std::string::npos);
  std::filesystem::remove(data / "peers.db");
  std::filesystem::create_symlink("/dev/null", data / "peers.db");
  EXPECT_NE(refusal(data).find("is not a regular file"), std::string::npos);
  std::filesystem::remove(data / "peers.db");
  ASSERT_EQ(chown(data.c_str(), 12'345, 0), 0);
  EXPECT_NE(refusal(data).find("belongs to another user"), std::string::npos);
}

TEST(Paths, MakeAFolderForItsOwnerOnly) {
  const TemporaryFolder folder;
  const auto made = folder / "a" / "b" / "";
  ASSERT_TRUE(make_private_dir(made));
  EXPECT_EQ(mode_of(folder / "a" / "b"), 0700u);
  EXPECT_TRUE(make_private_dir(made)) << "again";
}

TEST(Paths, SayWhichFolderCannotBeMade) {
  const TemporaryFolder folder;
  write_file(folder / "file", "");
  for (const auto& bad : {folder / "file", folder / "file" / "below"}) {
    const auto made = make_private_dir(bad);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::identity_unreadable);
    EXPECT_NE(made.error().sentence.find(bad.string()), std::string::npos);
  }
}

}  // namespace
}  // namespace culver::host
