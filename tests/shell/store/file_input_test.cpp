// Reading in order, from the page cache and past it, on file systems that can and that cannot.
#include "shell/store/file_input.hpp"

#include <gtest/gtest.h>

#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/store/page_cache_support.hpp"

namespace culver::store {
namespace {

struct How {
  bool past_the_cache;
  bool cold;
};

class Input : public testing::TestWithParam<How> {
 protected:
  /// Opened, and in the page cache or not.
  host::FileDescriptor put(const std::string& text) {
    write_file(root / "file", text);
    auto file = open_for_test(root / "file");
    if (GetParam().cold) make_cold(file.get());
    return file;
  }
  /// All of it, in pieces of this size.
  static Result<std::string> read_all(FileInput& input, int file, std::size_t size,
                                      std::size_t piece) {
    std::string text(size, '\0');
    const auto into = std::as_writable_bytes(std::span(text));
    for (std::size_t at = 0; at < size; at += piece)
      CHECK_OK(input.read(file, at, into.subspan(at, std::min(piece, size - at))));
    return text;
  }

  TemporaryFolder root;
};
INSTANTIATE_TEST_SUITE_P(Ways, Input,
                         testing::Values(How{false, false}, How{true, false}, How{true, true}),
                         [](const auto& how) {
                           return std::string(how.param.past_the_cache ? "past" : "through") +
                                  (how.param.cold ? "Cold" : "Warm");
                         });

TEST_P(Input, ReadsEverySizeInPiecesOfAnySize) {
  for (const std::size_t size : {std::size_t{1}, direct_unit, direct_block - 1, direct_block,
                                 direct_block + 1, 3 * direct_block + 4'097}) {
    const auto text = patterned(size);
    const auto file = put(text);
    for (const std::size_t piece : {std::size_t{61'681}, direct_block, 2 * direct_block}) {
      FileInput input(GetParam().past_the_cache);
      const auto got = read_all(input, file.get(), size, piece);
      ASSERT_TRUE(got) << size;
      EXPECT_TRUE(*got == text) << size << " in " << piece;
      EXPECT_EQ(::fcntl(file.get(), F_GETFL) & O_DIRECT, 0) << "only while it reads";
    }
  }
}

TEST_P(Input, ReadsFromAnyPlaceAndAgain) {
  const auto text = patterned(3 * direct_block);
  const auto file = put(text);
  FileInput input(GetParam().past_the_cache);
  std::string got(5'000, '\0');
  for (const std::size_t at :
       {2 * direct_block, std::size_t{0}, direct_block - 2'500, direct_block, std::size_t{777}}) {
    ASSERT_TRUE(input.read(file.get(), at, std::as_writable_bytes(std::span(got))));
    EXPECT_TRUE(got == text.substr(at, got.size())) << at;
  }
}

TEST_P(Input, NoticesTheEndWhereverItIs) {
  const auto file = put(patterned(direct_block + 100));
  FileInput input(GetParam().past_the_cache);
  ByteVector bytes(101);
  EXPECT_EQ(input.read(file.get(), direct_block, bytes).error(), Fault::file_changed);
  EXPECT_EQ(input.read(file.get(), 2 * direct_block, bytes).error(), Fault::file_changed);
  EXPECT_TRUE(input.read(file.get(), direct_block, std::span(bytes).first(100)));
}

TEST_P(Input, NoticesAFileThatShrinks) {
  const auto file = put(patterned(3 * direct_block));
  FileInput input(GetParam().past_the_cache);
  ByteVector bytes(direct_block);
  ASSERT_TRUE(input.read(file.get(), 0, bytes));
  ASSERT_EQ(::ftruncate(file.get(), direct_block + 100), 0);
  EXPECT_EQ(input.read(file.get(), direct_block, bytes).error(), Fault::file_changed);
}

TEST_P(Input, ReadsWhereNothingGoesPastTheCache) {
  const Mounted disk("ramfs", root.path());
  if (!disk) GTEST_SKIP() << "no file system may be mounted here";
  const auto text = patterned(2 * direct_block + 5);
  const auto file = put(text);
  FileInput input(GetParam().past_the_cache);
  EXPECT_TRUE(read_all(input, file.get(), text.size(), 61'681) == text);
}

TEST_P(Input, AFileThatCannotBeReadIsNoticed) {
  const host::FileDescriptor file(::open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  FileInput input(GetParam().past_the_cache);
  ByteVector bytes(10);
  EXPECT_EQ(input.read(file.get(), 0, bytes).error(), Fault::file_unreadable);
}

TEST(InputPastTheCache, LeavesAColdFileCold) {
  const TemporaryFolder root;
  if (!knows_direct(root.path())) GTEST_SKIP() << "not with this file system";
  const auto text = patterned(3 * direct_block);
  write_file(root / "file", text);
  const auto file = open_for_test(root / "file");
  make_cold(file.get());
  if (cached_pages(file.get()) != 0) GTEST_SKIP() << "this file system keeps its pages";
  FileInput input(true);
  ByteVector bytes(direct_block);
  for (std::size_t at = 0; at < text.size(); at += direct_block)
    ASSERT_TRUE(input.read(file.get(), at, bytes));
  EXPECT_EQ(cached_pages(file.get()), 0u);
}

/// Half a block in the cache is worth nothing: it is read from the disk as a whole.
TEST(InputPastTheCache, SeesWhatIsOnlyInTheCacheYet) {
  const TemporaryFolder root;
  write_file(root / "file", std::string(2 * direct_block, 'a'));
  const auto file = open_for_test(root / "file");
  make_cold(file.get());
  ASSERT_EQ(::pwrite(file.get(), "new", 3, 0), 3);
  FileInput input(true);
  ByteVector bytes(3);
  ASSERT_TRUE(input.read(file.get(), 0, bytes));
  EXPECT_EQ(as_text(bytes), "new");
}

}  // namespace
}  // namespace culver::store
