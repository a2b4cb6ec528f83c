// The files of the second form on a real disk: frames, hashes, parts that are continued, kept,
// dropped and swept.
#include "shell/store/stream_files.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer/stream_terms.hpp"
#include "shell/host/clock.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/store/page_cache_support.hpp"

namespace culver::store {
namespace {

namespace fs = std::filesystem;
using transfer::stream::block;

constexpr std::size_t frame_size = 65'536;

std::string content(std::size_t size) { return patterned(size); }

class StreamFiles : public testing::Test {
 protected:
  StreamFiles() { fs::create_directory(in()); }

  fs::path in() { return root.path() / "in"; }
  Folder folder() { return *Folder::open(in().string()); }
  std::string put(const std::string& name, std::string_view text) {
    std::ofstream(root.path() / name, std::ios::binary) << text;
    return (root.path() / name).string();
  }
  std::string get(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::set<std::string> names() {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator(in())) all.insert(entry.path().filename());
    return all;
  }
  StreamTarget open(std::size_t size, int peer = 1, const std::string& name = "a.bin") {
    transfer::OpenTarget request{{}, Plaintext(name), size};
    request.peer.data.fill(static_cast<std::byte>(peer));
    auto target = StreamTarget::open(folder(), request);
    EXPECT_TRUE(target);
    return std::move(*target);
  }
  /// What was there, read again.
  static Digest hash_found(StreamTarget& target) {
    const auto have = static_cast<std::size_t>(target.opened().have);
    const auto half = target.hash({have / 2});
    EXPECT_EQ(half->bytes, have / 2);
    const auto all = target.hash({have - have / 2});
    EXPECT_EQ(all->bytes, have);
    return all->sha256;
  }
  static transfer::WriteSlices slices(std::string_view text, bool last) {
    transfer::WriteSlices write{{}, last};
    while (!text.empty()) {
      const auto bytes = as_bytes(text.substr(0, 60'000));
      write.slices.push_back({ByteVector(bytes.begin(), bytes.end()), 0, bytes.size()});
      text.remove_prefix(bytes.size());
    }
    return write;
  }
  /// A transfer that ends after this much.
  void leave_part(std::string_view text, std::size_t size) {
    auto target = open(size);
    EXPECT_TRUE(target.write(slices(text, false)));
  }

  TemporaryFolder root;
};

// ---- outgoing -----------------------------------------------------------------------------------

TEST_F(StreamFiles, ReadsEverySizeIntoFramesAndHashesIt) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'514}, block - 1,
                                 block, block + 1, 2 * block + 5}) {
    const auto text = content(size);
    StreamSource source(*OutgoingFile::open(put("file", text)));
    std::string got;
    std::optional<Digest> sha256;
    while (!sha256) {
      const auto bytes = std::min(block, size - got.size());
      auto read = source.read({got.size(), bytes, frame_size, got.size() + bytes == size});
      ASSERT_TRUE(read) << size;
      for (const auto& frame : read->frames) {
        EXPECT_LE(frame.size(), frame_size);
        got += as_text(ByteView(frame).subspan(wire::stream::data_head,
                                               frame.size() - wire::stream::data_overhead));
      }
      sha256 = read->sha256;
    }
    EXPECT_TRUE(got == text) << size;
    EXPECT_EQ(*sha256, crypto::sha256(as_bytes(text)));
  }
}

TEST_F(StreamFiles, GoesOnAfterAPrefixWithTheHashOfAll) {
  const auto text = content(2 * block + 5);
  StreamSource source(*OutgoingFile::open(put("file", text)));
  const auto prefix = source.hash({0, block});
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->sha256, crypto::sha256(as_bytes(text).first(block)));
  ASSERT_TRUE(source.read({block, block, frame_size, false}));
  const auto last = source.read({2 * block, 5, frame_size, true});
  ASSERT_TRUE(last);
  EXPECT_EQ(last->sha256, crypto::sha256(as_bytes(text)));
  EXPECT_EQ(source.read({block, 5, frame_size, false}).error(), Fault::internal);
  EXPECT_TRUE(source.read({0, block, frame_size, false})) << "anew";
}

TEST_F(StreamFiles, NoticesAFileThatShrinksOrGrows) {
  const auto path = put("file", content(1'000));
  StreamSource shrinks(*OutgoingFile::open(path));
  fs::resize_file(path, 999);
  EXPECT_EQ(shrinks.read({0, 1'000, frame_size, true}).error(), Fault::file_changed);
  StreamSource grows(*OutgoingFile::open(path));
  fs::resize_file(path, 1'001);
  EXPECT_EQ(grows.read({0, 999, frame_size, true}).error(), Fault::file_changed);
  EXPECT_EQ(grows.hash({0, 2'000}).error(), Fault::file_changed);
}

TEST_F(StreamFiles, ReadsBeyondFourGibibytes) {
  const auto path = put("file", "");
  const std::uint64_t size = (std::uint64_t{5} << 30) + 3;
  fs::resize_file(path, size);
  auto file = *OutgoingFile::open(path);
  EXPECT_EQ(file.size(), size);
  std::array<std::byte, 3> end;
  end.fill(std::byte{1});
  EXPECT_TRUE(file.read_at(size - 3, end));
  EXPECT_EQ(end, (std::array<std::byte, 3>{}));
  EXPECT_EQ(*file.ends_at(size), true);
  EXPECT_EQ(*file.ends_at(size - 1), false);
}

// ---- incoming -----------------------------------------------------------------------------------

TEST_F(StreamFiles, WritesHashesAndNamesAFile) {
  const auto text = content(300'000);
  auto target = open(text.size());
  EXPECT_EQ(target.opened().have, 0u);
  const auto first = target.write(slices(std::string_view(text).substr(0, 100'000), false));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->bytes, 100'000u);
  EXPECT_FALSE(first->sha256);
  const auto last = target.write(slices(std::string_view(text).substr(100'000), true));
  EXPECT_EQ(last->sha256, crypto::sha256(as_bytes(text)));
  EXPECT_EQ(*target.finish({}), (in() / "a.bin").string());
  EXPECT_EQ(names(), std::set<std::string>{"a.bin"});
  EXPECT_TRUE(get(in() / "a.bin") == text);
}

TEST_F(StreamFiles, ContinuesAPartAtAWholeBlock) {
  const auto text = content(4 * block);
  leave_part(std::string_view(text).substr(0, 2 * block + 777), text.size());
  ASSERT_EQ(names().size(), 1u);
  auto target = open(text.size());
  EXPECT_EQ(target.opened().have, 2 * block);
  EXPECT_EQ(hash_found(target), crypto::sha256(as_bytes(text).first(2 * block)));
  const auto last = target.write(slices(std::string_view(text).substr(2 * block), true));
  EXPECT_EQ(last->sha256, crypto::sha256(as_bytes(text)));
  ASSERT_TRUE(target.finish({}));
  EXPECT_TRUE(get(in() / "a.bin") == text);
  struct stat facts {};
  ASSERT_EQ(::stat((in() / "a.bin").c_str(), &facts), 0);
  std::ofstream(in() / "plain");
  struct stat plain {};
  ASSERT_EQ(::stat((in() / "plain").c_str(), &plain), 0);
  EXPECT_EQ(facts.st_mode, plain.st_mode) << "as any new file here";
}

/// One that goes past the page cache.
TEST_F(StreamFiles, ALargeFileIsContinuedAtAWholeBlock) {
  const auto text = content(direct_from + 2 * block + 777);
  leave_part(std::string_view(text).substr(0, 9 * block + 60'000), text.size());
  auto target = open(text.size());
  EXPECT_EQ(target.opened().have, 9 * block);
  EXPECT_EQ(hash_found(target), crypto::sha256(as_bytes(text).first(9 * block)));
  const auto last = target.write(slices(std::string_view(text).substr(9 * block), true));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->sha256, crypto::sha256(as_bytes(text)));
  ASSERT_TRUE(target.finish({}));
  EXPECT_TRUE(get(in() / "a.bin") == text);
}

/// Killed when everything was written, and before it had its name.
TEST_F(StreamFiles, AWholePartNeedsNothingMore) {
  const auto text = content(direct_from + 777);
  {
    auto target = open(text.size());
    ASSERT_TRUE(target.write(slices(text, true)));
  }
  auto target = open(text.size());
  EXPECT_EQ(target.opened().have, text.size());
  hash_found(target);
  EXPECT_EQ(target.write(slices({}, true))->sha256, crypto::sha256(as_bytes(text)));
  ASSERT_TRUE(target.finish({}));
  EXPECT_TRUE(get(in() / "a.bin") == text);
}

TEST_F(StreamFiles, WhatWasToldAsWrittenIsNeverMoreThanABlockAheadOfTheDisk) {
  const auto text = content(direct_from);
  auto target = open(text.size());
  for (std::size_t at = 0; at < text.size(); at += 250'000) {
    const auto piece = std::string_view(text).substr(at, 250'000);
    ASSERT_TRUE(target.write(slices(piece, at + piece.size() == text.size())));
    const auto part = in() / *names().begin();
    EXPECT_GE(fs::file_size(part), (at + piece.size()) / block * block);
  }
}

TEST_F(StreamFiles, BeginsAnewWhenTold) {
  leave_part(content(2 * block), 4 * block);
  auto target = open(4 * block);
  EXPECT_EQ(target.opened().have, 2 * block);
  target.restart();
  const auto written = target.write(slices("short", true));
  EXPECT_EQ(written->sha256, crypto::sha256(as_bytes("short")));
  ASSERT_TRUE(target.finish({}));
  EXPECT_EQ(get(in() / "a.bin"), "short");
}

TEST_F(StreamFiles, APartBelongsToAPeerASizeAndAName) {
  leave_part(content(2 * block), 4 * block);
  EXPECT_EQ(open(4 * block, 2).opened().have, 0u);
  EXPECT_EQ(open(4 * block + 1).opened().have, 0u);
  EXPECT_EQ(open(4 * block, 1, "b.bin").opened().have, 0u);
  EXPECT_EQ(open(4 * block).opened().have, 2 * block);
}

TEST_F(StreamFiles, APartInUseIsLeftAlone) {
  auto first = open(4 * block);
  ASSERT_TRUE(first.write(slices(content(2 * block), false)));
  {
    auto second = open(4 * block);
    EXPECT_EQ(second.opened().have, 0u);
    ASSERT_TRUE(second.write(slices(content(2 * block), false)));
    EXPECT_EQ(names().size(), 2u);
  }
  EXPECT_EQ(names().size(), 1u) << "what cannot be found again is not kept";
  ASSERT_TRUE(first.write(slices("end", true)));
  ASSERT_TRUE(first.finish({}));
}

TEST_F(StreamFiles, KeepsNothingThatIsSmallOrDropped) {
  leave_part(content(block - 1), 4 * block);
  EXPECT_TRUE(names().empty());
  auto target = open(4 * block);
  ASSERT_TRUE(target.write(slices(content(2 * block), false)));
  target.drop();
  EXPECT_TRUE(names().empty());
}

TEST_F(StreamFiles, ALinkUnderThatNameIsNotFollowed) {
  leave_part(content(2 * block), 4 * block);
  const auto part = in() / *names().begin();
  const auto elsewhere = put("precious", content(2 * block));
  fs::remove(part);
  fs::create_symlink(elsewhere, part);
  EXPECT_EQ(open(4 * block).opened().have, 0u);
  fs::remove(part);
  fs::create_hard_link(elsewhere, part);
  EXPECT_EQ(open(4 * block).opened().have, 0u);
  EXPECT_EQ(get(elsewhere).size(), 2 * block);
}

TEST_F(StreamFiles, NothingOfAPartIsKeptThatCouldNotBeWritten) {
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  for (const bool told_to_keep : {true, false}) {
    auto target = std::optional(open(4 * block));
    ASSERT_TRUE(target->write(slices(content(2 * block), false)));
    const struct rlimit small { 2 * block, before.rlim_max };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    EXPECT_EQ(target->write(slices(content(2 * block), true)).error(), Fault::file_too_large_here);
    ::setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_FALSE(target->finish({}));
    if (told_to_keep) target.reset();
    target.reset();
    EXPECT_TRUE(names().empty());
  }
}

TEST_F(StreamFiles, AnOfferIsLookedUpWithoutTouchingThePart) {
  leave_part(content(2 * block + 5), 4 * block);
  transfer::FindTarget request{PublicKey{}, Plaintext("a.bin"), 4 * block};
  request.peer->data.fill(std::byte{1});
  EXPECT_EQ(look_for_target(folder(), request)->have, 2 * block);
  request.size = 4 * block + 1;
  EXPECT_EQ(look_for_target(folder(), request)->have, 0u);
  request.size = std::uint64_t{1} << 44;
  EXPECT_EQ(look_for_target(folder(), request).error(), Fault::no_space);
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(StreamFiles, AFileHasTheTimeAndTheModeOfTheOneThatWasSent) {
  const auto before = ::umask(027);
  auto target = open(5);
  ::umask(before);
  ASSERT_TRUE(target.write(slices("12345", true)));
  ASSERT_TRUE(target.finish({transfer::Attributes{1'234'567'890'123'456'789, 0755}}));
  struct stat facts {};
  ASSERT_EQ(::stat((in() / "a.bin").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0750u) << "as the umask lets it";
  EXPECT_EQ(facts.st_mtim.tv_sec, 1'234'567'890);
  EXPECT_EQ(facts.st_mtim.tv_nsec, 123'456'789);
  const auto source = *OutgoingFile::open((in() / "a.bin").string());
  EXPECT_EQ(source.attributes(), (transfer::Attributes{1'234'567'890'123'456'789, 0750}));
}

TEST_F(StreamFiles, AWholePartWithoutANameIsKept) {
  auto target = open(block);
  ASSERT_TRUE(target.write(slices(content(block), true)));
  const auto part = *names().begin();
  fs::rename(in() / part, in() / "elsewhere");
  EXPECT_FALSE(target.finish({}));
  fs::rename(in() / "elsewhere", in() / part);
  ASSERT_TRUE(target.finish({})) << "nothing of its content had failed";
  EXPECT_TRUE(get(in() / "a.bin") == content(block));
}

// ---- sweeping -----------------------------------------------------------------------------------

TEST_F(StreamFiles, SweepsWhatNobodyHoldsAndNobodyWouldContinue) {
  const std::string marked = ".culver-abcdefghijklmnopqrstuvwxyz.part";
  const auto make = [&](const std::string& name, int days) {
    put("in/" + name, "x");
    const auto time = fs::file_time_type::clock::now() - std::chrono::hours(24 * days);
    fs::last_write_time(in() / name, time);
  };
  make(".culver-abcdefgh.part", 0);
  make(marked, 6);
  make("mine.part", 100);
  make(".culver-mine", 100);
  folder().sweep(host::wall_now());
  EXPECT_EQ(names(), (std::set<std::string>{marked, "mine.part", ".culver-mine"}));
  make(marked, 8);
  const int held = ::open((in() / marked).c_str(), O_RDONLY);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  folder().sweep(host::wall_now());
  EXPECT_TRUE(names().contains(marked));
  ::close(held);
  folder().sweep(host::wall_now());
  EXPECT_FALSE(names().contains(marked));
}

TEST_F(StreamFiles, DoesNotSweepWhatIsBeingReceived) {
  auto target = open(4 * block);
  auto first_form = IncomingFile::create(folder(), Plaintext("b"), 0);
  folder().sweep(host::wall_now() + 30 * Folder::partial_life);
  EXPECT_EQ(names().size(), 2u);
}

}  // namespace
}  // namespace culver::store
