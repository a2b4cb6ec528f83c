#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/peer.hpp"
#include "tests/core/vectors_support.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::peer {
namespace {

const FileId id = *FileId::parse("f\"1\\");
constexpr std::string_view id_field = R"("fileId":"f\"1\\")";

Fault fault_of(std::string_view frame) {
  const auto parsed = parse_file_frame(frame);
  return parsed ? Fault::internal : parsed.error();
}

template <class Frame>
Frame read(const std::string& frame) {
  auto parsed = parse_file_frame(frame);
  EXPECT_TRUE(parsed) << frame;
  return std::get<Frame>(*parsed);
}

std::string frame(std::string_view type, std::string_view fields) {
  return R"({"type":")" + std::string(type) + R"(",)" + std::string(id_field) +
         std::string(fields) + "}";
}

std::string start(std::string_view size, std::string_view chunks) {
  return frame("file_start", R"(,"fileName":"a","totalSize":)" + std::string(size) +
                                 R"(,"totalChunks":)" + std::string(chunks));
}

TEST(FileId, IsPrintableAsciiOfBoundedLength) {
  EXPECT_TRUE(FileId::parse("x"));
  EXPECT_TRUE(FileId::parse(std::string(100, '~')));
  for (const std::string& bad : {std::string(), std::string(101, 'x'), std::string("a\n"),
                                 std::string("\xc3\xa9"), std::string("a\0b", 3)})
    EXPECT_EQ(FileId::parse(bad).error(), Fault::file_protocol);
}

TEST(FileId, IsAUuidWhenMadeHere) {
  std::array<std::byte, 16> random;
  random.fill(std::byte{0xff});
  EXPECT_EQ(FileId::from_random(random).text(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  random.fill(std::byte{0});
  EXPECT_EQ(FileId::from_random(random).text(), "00000000-0000-4000-8000-000000000000");
}

TEST(FileFrame, IsPrintedAsZajelHasIt) {
  EXPECT_EQ(print(FileStart{id, Plaintext("\"x\".pdf"), 5000, 1}),
            frame("file_start", R"(,"fileName":"\"x\".pdf","totalSize":5000,"totalChunks":1)"));
  EXPECT_EQ(print(FileChunk{id, 7, "AA/+"}),
            frame("file_chunk", R"(,"chunkIndex":7,"data":"AA/+")"));
  EXPECT_EQ(print(FileComplete{id, std::nullopt}), frame("file_complete", ""));
  const std::string zeros(64, '0');
  EXPECT_EQ(print(FileComplete{id, Digest{}}),
            frame("file_complete", R"(,"sha256":")" + zeros + R"(","fileHash":")" + zeros + "\""));
  EXPECT_EQ(print(FileError{id, "no_space"}), frame("file_error", R"(,"error":"no_space")"));
  EXPECT_EQ(print(FileStartAck{id, true, ""}), frame("file_start_ack", R"(,"accepted":true)"));
  EXPECT_EQ(print(FileStartAck{id, false, "file_refused"}),
            frame("file_start_ack", R"(,"accepted":false,"reason":"file_refused")"));
  EXPECT_EQ(print(FileCompleteAck{id, true, ""}),
            frame("file_complete_ack", R"(,"status":"success")"));
  EXPECT_EQ(print(FileCompleteAck{id, false, "file_damaged"}),
            frame("file_complete_ack", R"(,"status":"failed","reason":"file_damaged")"));
  EXPECT_EQ(print(FileCancel{id, "user_cancelled"}),
            frame("transfer_cancel", R"(,"reason":"user_cancelled")"));
}

/// Printing is injective, so equal prints mean equal frames.
template <class Frame>
void expect_round_trip(const Frame& sent) {
  const auto parsed = parse_file_frame(print(sent));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(std::holds_alternative<Frame>(*parsed));
  RC_ASSERT(print(std::get<Frame>(*parsed)) == print(sent));
}

RC_GTEST_PROP(FileFrame, IsReadAsPrinted, ()) {
  const auto any_id = *FileId::parse(*culver::testing::text_of("aZ09-_ \"\\/{~", 1, 100));
  const auto reason = *culver::testing::utf8_text(100);
  const auto chunks = *rc::gen::inRange<std::uint64_t>(1, 1'000'000);
  const auto size = chunks * *rc::gen::inRange<std::uint64_t>(1, limits::chunk_in + 1);
  expect_round_trip(
      FileStart{any_id, Plaintext("n" + *culver::testing::utf8_text(254)), size, chunks});
  expect_round_trip(FileStart{any_id, Plaintext("n"), 0, *rc::gen::inRange<std::uint64_t>(0, 2)});
  expect_round_trip(FileChunk{any_id, *rc::gen::inRange<std::uint64_t>(0, limits::file_chunks),
                              *culver::testing::utf8_text(300)});
  expect_round_trip(FileComplete{any_id, std::nullopt});
  expect_round_trip(FileComplete{any_id, *culver::testing::fixed_bytes<Digest>()});
  expect_round_trip(FileError{any_id, reason});
  expect_round_trip(FileStartAck{any_id, *rc::gen::arbitrary<bool>(), reason});
  expect_round_trip(FileCompleteAck{any_id, *rc::gen::arbitrary<bool>(), reason});
  expect_round_trip(FileCancel{any_id, reason});
}

TEST(FileStart, IsConsistent) {
  const std::string_view good[][2] = {
      {"0", "0"},     {"0", "1"},        {"1", "1"},
      {"5000", "2"},  {"5000.0", "5e3"}, {"65536", "1"},
      {"65537", "2"}, {"131072", "2"},   {"17592186044416", "268435456"}};
  for (const auto& [size, chunks] : good)
    EXPECT_TRUE(parse_file_frame(start(size, chunks))) << size;
  const std::string_view bad[][2] = {{"0", "2"},
                                     {"1", "0"},
                                     {"1", "2"},
                                     {"65537", "1"},
                                     {"131073", "2"},
                                     {"-1", "1"},
                                     {"1", "-1"},
                                     {"1.5", "1"},
                                     {"17592186044417", "268435457"},
                                     {"1e300", "1"},
                                     {"99999999999999999999", "1"},
                                     {"17592186044416", "4294967297"}};
  for (const auto& [size, chunks] : bad)
    EXPECT_EQ(fault_of(start(size, chunks)), Fault::file_protocol) << size << '/' << chunks;
}

TEST(FileStart, CutsLongNames) {
  const auto named = [](const std::string& name) {
    return read<FileStart>(frame("file_start",
                                 R"(,"fileName":")" + name + R"(","totalSize":1,"totalChunks":1)"))
        .name.expose();
  };
  EXPECT_EQ(named("../x"), "../x");  // made safe by whoever writes files
  EXPECT_EQ(named(std::string(254, 'n') + "\xc3\xa9"), std::string(254, 'n'));
}

TEST(FileFrame, IsRefusedForEachFieldThatIsMissingOrWrong) {
  struct Case {
    std::string frame;
    Fault fault;
  };
  const Case cases[] = {
      {"", Fault::malformed},
      {"[]", Fault::malformed},
      {"{}", Fault::missing_field},
      {R"({"type":1})", Fault::wrong_type},
      {R"({"type":"file_start"})", Fault::missing_field},
      {R"({"type":"file_start","fileId":1})", Fault::wrong_type},
      {R"({"type":"file_start","fileId":""})", Fault::file_protocol},
      {frame("file_start", ""), Fault::missing_field},
      {frame("file_start", R"(,"fileName":"","totalSize":1,"totalChunks":1)"),
       Fault::file_protocol},
      {frame("file_start", R"(,"fileName":"a\u0000","totalSize":1,"totalChunks":1)"),
       Fault::malformed},
      {frame("file_start", R"(,"fileName":7,"totalSize":1,"totalChunks":1)"), Fault::wrong_type},
      {frame("file_start", R"(,"fileName":"a","totalChunks":1)"), Fault::missing_field},
      {frame("file_start", R"(,"fileName":"a","totalSize":1)"), Fault::missing_field},
      {start("\"1\"", "1"), Fault::wrong_type},
      {start("1", "null"), Fault::wrong_type},
      {frame("file_chunk", R"(,"data":"")"), Fault::missing_field},
      {frame("file_chunk", R"(,"chunkIndex":0)"), Fault::missing_field},
      {frame("file_chunk", R"(,"chunkIndex":"0","data":"")"), Fault::wrong_type},
      {frame("file_chunk", R"(,"chunkIndex":0,"data":[])"), Fault::wrong_type},
      {frame("file_chunk", R"(,"chunkIndex":-1,"data":"")"), Fault::file_protocol},
      {frame("file_chunk", R"(,"chunkIndex":4294967296,"data":"")"), Fault::file_protocol},
      {frame("file_complete", R"(,"sha256":7)"), Fault::wrong_type},
      {frame("file_complete", R"(,"sha256":"abcd")"), Fault::file_protocol},
      {frame("file_complete", R"(,"fileHash":"AAAA")"), Fault::file_protocol},
      {frame("file_start_ack", ""), Fault::missing_field},
      {frame("file_start_ack", R"(,"accepted":"true")"), Fault::wrong_type},
      {frame("file_complete_ack", ""), Fault::missing_field},
      {frame("file_complete_ack", R"(,"status":true)"), Fault::wrong_type},
      {R"({"type":"file_error"})", Fault::missing_field},
      {R"({"type":"transfer_cancel"})", Fault::missing_field},
  };
  for (const auto& one : cases) EXPECT_EQ(fault_of(one.frame), one.fault) << one.frame;
  EXPECT_EQ(fault_of(std::string(limits::channel_frame_in + 1, '{')), Fault::too_large);
}

TEST(FileComplete, TakesItsHashInEitherFormAndPlace) {
  const std::string hex = "8026e5c96cf1e502c8deb3e89f8b8bc342f5039b871911a92eb10edf9c6542d3";
  const auto digest = parse_hex<Digest>(hex);
  const std::string text = base64::encode(digest->view());
  const auto hash = [](const std::string& fields) {
    return read<FileComplete>(frame("file_complete", fields)).sha256;
  };
  EXPECT_EQ(hash(""), std::nullopt);
  EXPECT_EQ(hash(R"(,"sha256":null)"), std::nullopt);
  EXPECT_EQ(hash(R"(,"sha256":")" + hex + "\""), digest);
  EXPECT_EQ(hash(R"(,"fileHash":")" + hex + "\""), digest);
  EXPECT_EQ(hash(R"(,"fileHash":")" + text + "\""), digest);
  EXPECT_EQ(hash(R"(,"sha256":")" + hex + R"(","fileHash":")" + text + "\""), digest);
  EXPECT_EQ(fault_of(frame("file_complete", R"(,"sha256":")" + hex + R"(","fileHash":")" +
                                                std::string(64, '0') + "\"")),
            Fault::file_protocol);
}

TEST(FileFrame, CutsReasons) {
  EXPECT_EQ(read<FileError>(frame("file_error", "")).reason, "");
  EXPECT_EQ(read<FileError>(frame("file_error", R"(,"error":{})")).reason, "");
  EXPECT_EQ(
      read<FileCancel>(frame("transfer_cancel", R"(,"reason":")" + std::string(300, 'r') + "\\n\""))
          .reason,
      std::string(100, 'r'));
  EXPECT_FALSE(read<FileCompleteAck>(frame("file_complete_ack", R"(,"status":"?")")).success);
}

TEST(FileFrame, IgnoresWhatItDoesNotKnow) {
  for (const auto type : {"chunk_ack", "chunk_retry", "", "FILE_START"})
    EXPECT_TRUE(std::holds_alternative<FileIgnored>(*parse_file_frame(frame(type, "")))) << type;
  EXPECT_TRUE(parse_file_frame(frame("file_chunk", R"(,"hash":"x","chunkIndex":0,"data":"AA")")));
}

TEST(FileFrame, ReadsTheFramesOfZajel) {
  const auto vectors = culver::testing::shared_json("vectors/zajel.json");
  SKIP_UNLESS(vectors);
  const auto& frames = vectors->at("files").at("frames_json").as_array();
  const auto text = [&](std::size_t i) { return std::string(frames[i].as_string()); };
  const auto begin = read<FileStart>(text(0));
  EXPECT_EQ(begin.name.expose(), "_vec.bin");
  EXPECT_EQ(begin.size, 5000u);
  EXPECT_EQ(begin.chunks, 2u);
  for (std::uint64_t i = 0; i < 2; ++i) {
    const auto chunk = read<FileChunk>(text(i + 1));
    EXPECT_EQ(chunk.index, i);
    EXPECT_EQ(chunk.id, begin.id);
    EXPECT_TRUE(base64::decode(chunk.data));
  }
  EXPECT_EQ(print_hex(read<FileComplete>(text(3)).sha256->view()),
            culver::testing::text_at(vectors->at("files"), "sha256"));
}

}  // namespace
}  // namespace culver::wire::peer
