// Writing in order, through the page cache and past it, on file systems that can and that cannot.
#include "shell/store/file_output.hpp"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/store/page_cache_support.hpp"

namespace culver::store {
namespace {

/// In pieces of a size that fits nothing.
Result<void> write_all(FileOutput& output, int file, std::string_view text) {
  while (!text.empty()) {
    const auto piece = text.substr(0, 61'681);
    CHECK_OK(output.append(file, as_bytes(piece)));
    text.remove_prefix(piece.size());
  }
  return output.flush(file);
}

/// No file may become longer than this, for one test.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int);
};

class Output : public testing::TestWithParam<bool> {
 protected:
  TemporaryFolder root;
};
INSTANTIATE_TEST_SUITE_P(PastTheCache, Output, testing::Bool());

TEST_P(Output, WritesEverySize) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, direct_unit - 1, direct_unit, direct_block - 1,
        direct_block, direct_block + 1, 3 * direct_block, 3 * direct_block + 4'097}) {
    const auto text = patterned(size);
    const auto path = root / std::to_string(size);
    const auto file = open_for_test(path);
    FileOutput output;
    output.begin(0, GetParam());
    ASSERT_TRUE(write_all(output, file.get(), text)) << size;
    EXPECT_TRUE(read_file(path) == text) << size;
    EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_DIRECT, 0) << "only while it writes";
  }
}

TEST_P(Output, GoesOnBehindWhatIsThere) {
  const auto text = patterned(3 * direct_block + 5);
  for (const std::size_t from : {direct_block, direct_unit, std::size_t{777}}) {
    const auto path = root / "file";
    write_file(path, text.substr(0, from));
    const auto file = open_for_test(path);
    FileOutput output;
    output.begin(from, GetParam());
    ASSERT_TRUE(write_all(output, file.get(), std::string_view(text).substr(from))) << from;
    EXPECT_TRUE(read_file(path) == text) << from;
  }
}

TEST_P(Output, GoesOnAfterAFlushWithinAPage) {
  const auto text = patterned(2 * direct_block);
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, GetParam());
  ASSERT_TRUE(write_all(output, file.get(), std::string_view(text).substr(0, 5'000)));
  ASSERT_TRUE(write_all(output, file.get(), std::string_view(text).substr(5'000)));
  EXPECT_TRUE(read_file(root / "file") == text);
}

TEST_P(Output, ForgetsWhatWasHeldBackWhenItBeginsAnew) {
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, GetParam());
  ASSERT_TRUE(output.append(file.get(), as_bytes("old")));
  output.begin(0, GetParam());
  ASSERT_TRUE(write_all(output, file.get(), "new one"));
  EXPECT_EQ(read_file(root / "file"), "new one");
}

TEST_P(Output, AShortWriteAndItsCauseAreNoticed) {
  // The second block is cut short within a page; what follows meets the limit itself.
  const auto text = patterned(3 * direct_block);
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, GetParam());
  {
    const FileSizeLimit limit(direct_block + 512);
    const auto written = write_all(output, file.get(), text);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), Fault::file_too_large_here);
  }
  const auto got = read_file(root / "file");
  EXPECT_TRUE(text.starts_with(got)) << got.size();
  EXPECT_GE(got.size(), direct_block);
  EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_DIRECT, 0);
}

TEST_P(Output, AFullDiskIsNoticed) {
  const Mounted disk("tmpfs", root.path(), "size=2m");
  if (!disk) GTEST_SKIP() << "no file system may be mounted here";
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, GetParam());
  const auto written = write_all(output, file.get(), patterned(3 * direct_block));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error(), Fault::no_space);
}

TEST_P(Output, WritesWhereNothingGoesPastTheCache) {
  const Mounted disk("ramfs", root.path());
  if (!disk) GTEST_SKIP() << "no file system may be mounted here";
  ASSERT_FALSE(knows_direct(root.path())) << "this file system does not test it any longer";
  const auto text = patterned(2 * direct_block + 5);
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, GetParam());
  ASSERT_TRUE(write_all(output, file.get(), text));
  EXPECT_TRUE(read_file(root / "file") == text);
}

TEST_P(Output, AFileThatCannotBeWrittenIsNoticed) {
  const host::FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  FileOutput output;
  output.begin(0, GetParam());
  EXPECT_EQ(write_all(output, file.get(), patterned(direct_block)).error(), Fault::file_unwritable);
}

TEST(OutputPastTheCache, LeavesNothingInIt) {
  const TemporaryFolder root;
  if (!knows_direct(root.path())) GTEST_SKIP() << "not with this file system";
  const auto text = patterned(3 * direct_block);
  const auto file = open_for_test(root / "file");
  FileOutput output;
  output.begin(0, true);
  ASSERT_TRUE(write_all(output, file.get(), text));
  EXPECT_EQ(cached_pages(file.get()), 0u);
}

}  // namespace
}  // namespace culver::store
