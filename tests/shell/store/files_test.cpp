#include "shell/store/files.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culver::store {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "culver-files-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    fs::create_directory(root / "in");
    folder.emplace(*Folder::open((root / "in").string()));
  }
  ~Files() override {
    folder.reset();
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  std::string get(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> names(const fs::path& where) {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(where))
      all.insert(entry.path().filename().string());
    return all;
  }
  std::set<std::string> names() { return names(root / "in"); }
  Result<std::string> receive(const std::string& name, std::string_view text) {
    TRY(auto file, IncomingFile::create(*folder, Plaintext(name), text.size()));
    CHECK_OK(file.write(as_bytes(text)));
    return file.finish();
  }

  fs::path root;
  std::optional<Folder> folder;
};

// ---- outgoing -----------------------------------------------------------------------------------

TEST_F(Files, ReadsAFileInBlocks) {
  put(root / "a b.txt", "hello world");
  auto file = OutgoingFile::open((root / "a b.txt").string());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 11u);
  EXPECT_EQ(file->name().expose(), "a b.txt");
  EXPECT_EQ(as_text(*file->read(5)), "hello");
  EXPECT_EQ(as_text(*file->read(100)), " world");
  EXPECT_TRUE(file->read(1)->empty());
}

TEST_F(Files, SeesBytesThatWereAddedLater) {
  put(root / "log", "12345");
  auto file = OutgoingFile::open((root / "log").string());
  std::ofstream(root / "log", std::ios::app) << "6";
  EXPECT_EQ(file->size(), 5u);
  EXPECT_EQ(file->read(6)->size(), 6u);
}

TEST_F(Files, SendsRegularFilesOnly) {
  EXPECT_EQ(OutgoingFile::open((root / "absent").string()).error(), Fault::file_unreadable);
  EXPECT_EQ(OutgoingFile::open(root.string()).error(), Fault::file_unreadable);
  EXPECT_EQ(OutgoingFile::open("/dev/zero").error(), Fault::file_unreadable);
  EXPECT_EQ(OutgoingFile::open("").error(), Fault::file_unreadable);
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(OutgoingFile::open((root / "pipe").string()).error(), Fault::file_unreadable)
      << "and it must not wait for a writer";
}

TEST_F(Files, FollowsALinkToAFileOfOnesOwn) {
  put(root / "real", "x");
  fs::create_symlink(root / "real", root / "link");
  EXPECT_TRUE(OutgoingFile::open((root / "link").string()));
}

TEST_F(Files, AFileThatMayNotBeReadIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  put(root / "secret", "x");
  fs::permissions(root / "secret", fs::perms::none);
  EXPECT_EQ(OutgoingFile::open((root / "secret").string()).error(), Fault::file_unreadable);
}

// ---- incoming -----------------------------------------------------------------------------------

TEST_F(Files, ReceivesUnderItsNameOnlyAtTheEnd) {
  auto file = IncomingFile::create(*folder, Plaintext("report.pdf"), 10);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write(as_bytes("12345")));
  ASSERT_EQ(names().size(), 1u);
  const std::string hidden = *names().begin();
  EXPECT_TRUE(hidden.starts_with(".culver-") && hidden.ends_with(".part")) << hidden;
  EXPECT_EQ(fs::status(root / "in" / hidden).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(file->write(as_bytes("67890")));
  const auto path = file->finish();
  ASSERT_TRUE(path);
  EXPECT_EQ(*path, (root / "in" / "report.pdf").string());
  EXPECT_EQ(get(*path), "1234567890");
  EXPECT_EQ(names(), std::set<std::string>{"report.pdf"});
  EXPECT_FALSE(file->write(as_bytes("more"))) << "finished is finished";
}

TEST_F(Files, HonoursTheUmask) {
  const auto before = ::umask(027);
  const auto path = receive("a", "x");
  ::umask(before);
  EXPECT_EQ(static_cast<unsigned>(fs::status(*path).permissions()), 0640u);
}

TEST_F(Files, AnEmptyFileIsAFile) {
  const auto path = receive("empty", "");
  ASSERT_TRUE(path);
  EXPECT_EQ(fs::file_size(*path), 0u);
}

TEST_F(Files, AFileSmallerThanReservedHasItsOwnSize) {
  auto file = IncomingFile::create(*folder, Plaintext("a"), 1 << 20);
  ASSERT_TRUE(file && file->write(as_bytes("x")));
  EXPECT_EQ(fs::file_size(*file->finish()), 1u);
}

TEST_F(Files, DeletesWhatWasNotFinished) {
  {
    auto file = IncomingFile::create(*folder, Plaintext("a"), 0);
    ASSERT_TRUE(file && file->write(as_bytes("x")));
    EXPECT_EQ(names().size(), 1u);
    IncomingFile moved = std::move(*file);
    EXPECT_EQ(names().size(), 1u);
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(Files, AssigningDropsTheOldOneOnly) {
  auto first = IncomingFile::create(*folder, Plaintext("a"), 0);
  auto second = IncomingFile::create(*folder, Plaintext("b"), 0);
  ASSERT_TRUE(first && second);
  *first = std::move(*second);
  EXPECT_EQ(names().size(), 1u);
  EXPECT_EQ(fs::path(*first->finish()).filename(), "b");
}

TEST_F(Files, NeverOverwritesButNumbers) {
  put(root / "in" / "report.pdf", "mine");
  EXPECT_EQ(fs::path(*receive("report.pdf", "theirs")).filename(), "report (1).pdf");
  EXPECT_EQ(fs::path(*receive("report.pdf", "again")).filename(), "report (2).pdf");
  EXPECT_EQ(get(root / "in" / "report.pdf"), "mine");
  EXPECT_EQ(get(root / "in" / "report (2).pdf"), "again");
}

TEST_F(Files, ALinkInPlaceOfTheNameIsNotFollowed) {
  put(root / "victim", "untouched");
  fs::create_symlink(root / "victim", root / "in" / "a.txt");
  fs::create_symlink(root / "nowhere", root / "in" / "b.txt");
  EXPECT_EQ(fs::path(*receive("a.txt", "evil")).filename(), "a (1).txt");
  EXPECT_EQ(fs::path(*receive("b.txt", "evil")).filename(), "b (1).txt");
  EXPECT_EQ(get(root / "victim"), "untouched");
  EXPECT_FALSE(fs::exists(root / "nowhere"));
}

TEST_F(Files, AFolderOfThatNameIsLeftAlone) {
  fs::create_directory(root / "in" / "x");
  EXPECT_EQ(fs::path(*receive("x", "y")).filename(), "x (1)");
}

TEST_F(Files, NothingEscapesTheFolder) {
  for (const char* name : {"../escaped", "/tmp/escaped", "..", ".", "", "a/../../escaped",
                           "..\\escaped", ".bashrc", "escaped/"}) {
    const auto path = receive(name, "x");
    ASSERT_TRUE(path) << name;
    EXPECT_EQ(fs::path(*path).parent_path(), root / "in") << name;
  }
  EXPECT_EQ(names(root), std::set<std::string>{"in"});
  for (const auto& name : names()) EXPECT_NE(name.front(), '.');
}

TEST_F(Files, AFolderThatIsMovedAwayIsStillTheFolder) {
  auto file = IncomingFile::create(*folder, Plaintext("a"), 0);
  ASSERT_TRUE(file);
  fs::rename(root / "in", root / "moved");
  fs::create_directory(root / "elsewhere");
  fs::create_symlink(root / "elsewhere", root / "in");
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(names(root / "moved"), std::set<std::string>{"a"});
  EXPECT_TRUE(names(root / "elsewhere").empty());
}

TEST_F(Files, AFolderMustBeOne) {
  put(root / "file", "x");
  EXPECT_EQ(Folder::open((root / "file").string()).error(), Fault::folder_not_folder);
  EXPECT_EQ(Folder::open((root / "absent").string()).error(), Fault::folder_missing);
}

TEST_F(Files, AFolderThatMayNotBeWrittenIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(root / "in", fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(IncomingFile::create(*folder, Plaintext("a"), 0).error(), Fault::folder_read_only);
  fs::permissions(root / "in", fs::perms::owner_all);
}

TEST_F(Files, ALostPartialIsNotInvented) {
  auto file = IncomingFile::create(*folder, Plaintext("a"), 0);
  ASSERT_TRUE(file && file->write(as_bytes("x")));
  fs::remove(root / "in" / *names().begin());
  EXPECT_EQ(file->finish().error(), Fault::file_unwritable);
  EXPECT_TRUE(names().empty());
}

TEST_F(Files, NoticesWhatWasDoneToAFileWhileItWasRead) {
  const auto changed = [&](const std::function<void(const std::string&)>& change) {
    const auto path = (root / "sent").string();
    put(path, "12345");
    auto file = *OutgoingFile::open(path);
    EXPECT_TRUE(*file.is_unchanged());
    change(path);
    return !*file.is_unchanged();
  };
  EXPECT_TRUE(changed([&](const auto& path) { put(path, "12355"); })) << "of the same size";
  EXPECT_TRUE(changed([](const auto& path) {
    struct stat facts {};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    std::ofstream(path) << "12355";
    const timespec times[2] = {facts.st_atim, facts.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  })) << "and its time put back";
  EXPECT_TRUE(changed([](const auto& path) { fs::remove(path); }));
  EXPECT_FALSE(changed([&](const auto& path) { get(path); })) << "reading it is no change";
}

TEST_F(Files, ANameThatTheFileSystemDoesNotTakeCostsNoFile) {
  const auto name = std::string(196, 'n') + ".pdf";
  for (int i = 0; i < 3; ++i) {
    const auto path = receive(name, "x");
    ASSERT_TRUE(path);
    EXPECT_EQ(get(*path), "x");
  }
}

// ---- folders ------------------------------------------------------------------------------------

TEST_F(Files, AFolderIsTriedOutAndLeftAsItWas) {
  EXPECT_TRUE(folder->try_out(5));
  EXPECT_TRUE(folder->try_out(0));
  EXPECT_TRUE(names().empty());
  EXPECT_GT(folder->room().value_or(1), 0u);
}

TEST_F(Files, AFileThatDoesNotFitIsKnownBeforehand) {
  EXPECT_EQ(folder->try_out(std::uint64_t{1} << 44).error(), Fault::no_space);
  EXPECT_EQ(IncomingFile::create(*folder, Plaintext("a"), std::uint64_t{1} << 44).error(),
            Fault::no_space);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small { 1 << 20, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_EQ(folder->try_out((1 << 20) + 1).error(), Fault::file_too_large_here);
  EXPECT_TRUE(folder->try_out(1 << 20));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(names().empty());
}

TEST_F(Files, AFolderWhereNothingCanBeMadeIsKnownBeforehand) {
  const auto system = Folder::open("/sys");
  if (!system) GTEST_SKIP() << "no such folder";
  EXPECT_EQ(system->try_out(5).error(), Fault::folder_read_only);
  EXPECT_FALSE(folder->is_gone());
  fs::remove(root / "in");
  EXPECT_TRUE(folder->is_gone());
  EXPECT_EQ(folder->try_out(5).error(), Fault::folder_missing);
}

// ---- full disks ---------------------------------------------------------------------------------

/// A file system of one MiB of its own, where the system allows one.
class SmallDisk : public Files {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", (root / "in").c_str(), "tmpfs", 0, "size=1m") != 0)
      GTEST_SKIP() << "no file system may be mounted here";
    mounted = true;
    folder.emplace(*Folder::open((root / "in").string()));
  }
  void TearDown() override {
    folder.reset();
    if (mounted) ::umount2((root / "in").c_str(), MNT_DETACH);
  }
  bool mounted = false;
};

TEST_F(SmallDisk, IsNoticedBeforeTheFirstByte) {
  EXPECT_EQ(IncomingFile::create(*folder, Plaintext("a"), 2 << 20).error(), Fault::no_space);
  EXPECT_TRUE(names().empty());
}

TEST_F(SmallDisk, IsNoticedWhileWriting) {
  {
    auto file = IncomingFile::create(*folder, Plaintext("a"), 0);
    ASSERT_TRUE(file);
    const ByteVector block(600'000);
    ASSERT_TRUE(file->write(block));
    ASSERT_TRUE(file->write(block)) << "the first mebibyte";
    ASSERT_TRUE(file->write(ByteVector(100'000))) << "held back";
    EXPECT_EQ(file->flush().error(), Fault::no_space);
    EXPECT_EQ(file->write(as_bytes("x")).error(), Fault::no_space) << "and stays so";
    EXPECT_EQ(file->finish().error(), Fault::no_space);
  }
  EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace culver::store
