// The frames of the channel `files`: clear JSON envelopes around sealed chunks.
#include <algorithm>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::peer {
namespace {

using json::Fields;
using json::Writer;

constexpr std::size_t reason_size = 100;
constexpr std::uint64_t largest_index = limits::file_chunks - 1;

Result<FileId> read_id(const Fields& fields) {
  TRY(const auto text, fields.text("fileId"));
  return FileId::parse(text);
}

std::string read_reason(const Fields& fields, std::string_view key) {
  return utf8::printable(fields.text_if_any(key).value_or(""), reason_size);
}

/// Every chunk but the last has the same size, and none may be larger than we take. Senders differ
/// in whether an empty file has one chunk or none.
bool is_consistent(std::uint64_t size, std::uint64_t chunks) {
  if (size == 0) return chunks <= 1;
  return chunks >= 1 && chunks <= size && (size - 1) / chunks + 1 <= limits::chunk_in;
}

Result<FileFrame> read_start(const Fields& fields) {
  TRY(auto id, read_id(fields));
  TRY(const auto name, fields.text("fileName"));
  TRY(const auto size, fields.number("totalSize", limits::file_size, Fault::file_protocol));
  TRY(const auto chunks, fields.number("totalChunks", limits::file_chunks, Fault::file_protocol));
  if (name.empty() || !is_consistent(size, chunks)) return fail(Fault::file_protocol);
  // Others count 255 characters, which can be more bytes than a name may have here.
  std::string cut(utf8::cut(name, limits::file_name));
  return FileStart{std::move(id), Plaintext(std::move(cut)), size, chunks};
}

Result<FileFrame> read_chunk(const Fields& fields) {
  TRY(auto id, read_id(fields));
  TRY(const auto index, fields.number("chunkIndex", largest_index, Fault::file_protocol));
  TRY(const auto data, fields.text("data"));
  return FileChunk{std::move(id), index, std::string(data)};
}

/// The headless client writes hex, the web client base64.
std::optional<Digest> parse_digest(std::string_view text) {
  if (text.size() == 2 * Digest::size) return parse_hex<Digest>(text);
  const auto bytes = base64::decode_unpadded_too(text);
  return bytes ? Digest::from(*bytes) : std::nullopt;
}

/// nullopt if absent.
Result<std::optional<Digest>> read_digest(const Fields& fields, std::string_view key) {
  if (fields.is_null_or_absent(key)) return std::nullopt;
  TRY(const auto text, fields.text(key));
  const auto digest = parse_digest(text);
  if (!digest) return fail(Fault::file_protocol);
  return digest;
}

Result<FileFrame> read_complete(const Fields& fields) {
  TRY(auto id, read_id(fields));
  TRY(const auto sha256, read_digest(fields, "sha256"));
  TRY(const auto file_hash, read_digest(fields, "fileHash"));
  if (sha256 && file_hash && *sha256 != *file_hash) return fail(Fault::file_protocol);
  return FileComplete{std::move(id), sha256 ? sha256 : file_hash};
}

Result<FileFrame> read_start_ack(const Fields& fields) {
  TRY(auto id, read_id(fields));
  TRY(const auto accepted, fields.boolean("accepted"));
  return FileStartAck{std::move(id), accepted, read_reason(fields, "reason")};
}

Result<FileFrame> read_complete_ack(const Fields& fields) {
  TRY(auto id, read_id(fields));
  TRY(const auto status, fields.text("status"));
  return FileCompleteAck{std::move(id), status == "success", read_reason(fields, "reason")};
}

template <class Message>
Result<FileFrame> read_reasoned(const Fields& fields, std::string_view reason_key) {
  TRY(auto id, read_id(fields));
  return Message{std::move(id), read_reason(fields, reason_key)};
}

void write_reason(Writer& out, std::string_view key, std::string_view reason) {
  if (!reason.empty()) out.text(key, utf8::cut(reason, reason_size));
}

}  // namespace

Result<FileId> FileId::parse(std::string_view text) {
  const auto is_printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
  if (text.empty() || text.size() > limits::file_id ||
      !std::all_of(text.begin(), text.end(), is_printable))
    return fail(Fault::file_protocol);
  FileId id;
  id.text_ = text;
  return id;
}

FileId FileId::from_random(std::array<std::byte, 16> random) {
  random[6] = (random[6] & std::byte{0x0f}) | std::byte{0x40};  // version 4
  random[8] = (random[8] & std::byte{0x3f}) | std::byte{0x80};  // variant of RFC 9562
  FileId id;
  id.text_ = print_uuid(random);
  return id;
}

Result<FileFrame> parse_file_frame(std::string_view frame) {
  if (frame.size() > limits::channel_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  TRY(const auto type, fields.text("type"));
  if (type == "file_chunk") return read_chunk(fields);
  if (type == "file_start") return read_start(fields);
  if (type == "file_complete") return read_complete(fields);
  if (type == "file_error") return read_reasoned<FileError>(fields, "error");
  if (type == "file_start_ack") return read_start_ack(fields);
  if (type == "file_complete_ack") return read_complete_ack(fields);
  if (type == "transfer_cancel") return read_reasoned<FileCancel>(fields, "reason");
  return FileIgnored{};
}

std::optional<FileId> id_of_unreadable(std::string_view frame) {
  json::Document document;
  if (frame.size() > limits::channel_frame_in) return std::nullopt;
  const auto fields = document.parse(frame);
  if (!fields) return std::nullopt;
  auto id = read_id(*fields);
  return id ? std::optional(std::move(*id)) : std::nullopt;
}

std::string print(const FileStart& start) {
  Writer out(512);
  out.text("type", "file_start")
      .text("fileId", start.id.text())
      .text("fileName", start.name.expose())
      .number("totalSize", start.size)
      .number("totalChunks", start.chunks);
  return std::move(out).finish();
}

std::string print(const FileChunk& chunk) {
  Writer out(chunk.data.size() + 256);
  out.text("type", "file_chunk")
      .text("fileId", chunk.id.text())
      .number("chunkIndex", chunk.index)
      .text("data", chunk.data);
  return std::move(out).finish();
}

std::string print(const FileComplete& complete) {
  Writer out(256);
  out.text("type", "file_complete").text("fileId", complete.id.text());
  if (complete.sha256) {
    const std::string digest = print_hex(complete.sha256->view());
    out.text("sha256", digest).text("fileHash", digest);
  }
  return std::move(out).finish();
}

std::string print(const FileError& error) {
  Writer out;
  out.text("type", "file_error").text("fileId", error.id.text());
  // The field is not optional for Zajel's web client.
  out.text("error", utf8::cut(error.reason, reason_size));
  return std::move(out).finish();
}

std::string print(const FileStartAck& ack) {
  Writer out;
  out.text("type", "file_start_ack")
      .text("fileId", ack.id.text())
      .boolean("accepted", ack.accepted);
  write_reason(out, "reason", ack.reason);
  return std::move(out).finish();
}

std::string print(const FileCompleteAck& ack) {
  Writer out;
  out.text("type", "file_complete_ack")
      .text("fileId", ack.id.text())
      .text("status", ack.success ? "success" : "failed");
  write_reason(out, "reason", ack.reason);
  return std::move(out).finish();
}

std::string print(const FileCancel& cancel) {
  Writer out;
  out.text("type", "transfer_cancel").text("fileId", cancel.id.text());
  out.text("reason", utf8::cut(cancel.reason, reason_size));
  return std::move(out).finish();
}

}  // namespace culver::wire::peer
