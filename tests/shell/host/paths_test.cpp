#include "shell/host/paths.hpp"

#include <map>

#include <gtest/gtest.h>
#include <sys/stat.h>

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
