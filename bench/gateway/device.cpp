// The client's side of HTTP, WebSocket and handshake, as plain as the server's frames allow.
#include "bench/gateway/device.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "core/base/fsm.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"

namespace culver::bench {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::string_view upgrade_request =
    "GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
constexpr std::size_t scratch_size = 1 << 20;

[[noreturn]] void give_up(std::string_view why) {
  std::fprintf(stderr, "gateway_load: %.*s\n", static_cast<int>(why.size()), why.data());
  std::_Exit(1);
}

std::span<char> scratch() {
  static auto buffer = std::make_unique<std::array<char, scratch_size>>();
  return *buffer;
}

/// Masked by zero, which is allowed and costs nothing. The server reads at once, so that its socket
/// always takes the little that is sent here.
std::string frame_of(std::string_view payload, bool binary) {
  std::string frame(1, static_cast<char>(binary ? 0x82 : 0x81));
  const std::size_t bytes = payload.size() < 126 ? 0 : payload.size() < 65'536 ? 2 : 8;
  const std::size_t form = bytes == 0 ? payload.size() : bytes == 2 ? 126 : 127;
  frame += static_cast<char>(0x80 | form);
  for (std::size_t i = bytes; i > 0; --i)
    frame += static_cast<char>(payload.size() >> 8 * (i - 1) & 0xff);
  return frame.append(4, '\0').append(payload);
}

/// A frame of a server: unmasked, in one piece. Its payload, and what is left in `input`.
std::optional<std::string> next_frame(std::string_view& input, std::uint8_t& opcode) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
  if (input.size() < 2) return std::nullopt;
  const std::size_t extra = byte(1) == 126 ? 2 : byte(1) == 127 ? 8 : 0;
  if (input.size() < 2 + extra) return std::nullopt;
  std::size_t size = extra == 0 ? byte(1) : 0;
  for (std::size_t i = 0; i < extra; ++i) size = size << 8 | byte(2 + i);
  if (input.size() < 2 + extra + size) return std::nullopt;
  opcode = byte(0) & 0x0f;
  std::string payload(input.substr(2 + extra, size));
  input.remove_prefix(2 + extra + size);
  return payload;
}

}  // namespace

client::Account make_account(std::uint64_t number, std::uint64_t device) {
  crypto::SigningSeed seed;
  DeviceId id;
  for (std::size_t i = 0; i < 8; ++i) {
    seed.expose_to_fill()[i] = id.data[i % 6] = static_cast<std::byte>(number >> 8 * (i % 6));
    id.data[9 + i % 7] = static_cast<std::byte>(device >> 8 * (i % 7));
  }
  id.data[6] = std::byte{0x40};
  id.data[8] = std::byte{0x80};
  crypto::SigningKey key(seed);
  const UserId user{key.verify_key().data};
  return {std::move(key), user, id, std::nullopt, wire::gateway::DeviceType::desktop};
}

Device::Device(asio::io_context& io, const client::Account& account, unsigned version)
    : socket_(io), account_(account), version_(version) {}

void Device::connect(const tcp::endpoint& server, Opened established) {
  open(server,
       [established = std::move(established)](Device& device) { device.shake(established); });
}

void Device::open(const tcp::endpoint& server, Opened greeted) {
  greeted_ = std::move(greeted);
  socket_.async_connect(server, [self = shared_from_this()](error_code error) {
    if (error) give_up("cannot connect: " + error.message());
    self->upgrade();
  });
}

void Device::upgrade() {
  socket_.non_blocking(true);
  socket_.set_option(tcp::no_delay(true));
  asio::write(socket_, asio::buffer(upgrade_request));
  await_readable();
}

void Device::shake(Opened established) {
  established_ = std::move(established);
  auto rng = host::system_rng();
  Env env{host::now(), rng, host::wall_now()};
  const client::Pin pin;
  client::Context context{env, account_, pin, version_};
  auto begun = client::begin(env.now, context);
  shaking_ = std::move(begun.state);
  write(begun.frame, false);
}

void Device::close() {
  error_code ignored;
  socket_.close(ignored);
}

// ---- reading ------------------------------------------------------------------------------------

void Device::await_readable() {
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](error_code) { self->read(); });
}

void Device::read() {
  if (!socket_.is_open()) return;
  error_code error;
  const auto size = socket_.read_some(asio::buffer(scratch().data(), scratch().size()), error);
  if (error == asio::error::would_block) return await_readable();
  if (error) give_up("the server closed a connection");
  input_.append(scratch().data(), size);
  std::string_view rest = input_;
  if (!upgraded_) {
    const auto end = rest.find("\r\n\r\n");
    if (end == std::string_view::npos) return await_readable();
    if (!rest.starts_with("HTTP/1.1 101")) give_up("no upgrade");
    rest.remove_prefix(end + 4);
    upgraded_ = true;
  }
  std::uint8_t opcode = 0;
  while (auto frame = next_frame(rest, opcode)) {
    if (opcode == 8) give_up("closed: " + frame->substr(2));
    if (opcode <= 2) take(std::move(*frame));
    if (!socket_.is_open()) return;
  }
  input_ = std::string(rest);
  await_readable();
}

void Device::take(std::string frame) {
  if (shaking_) return take_handshake(std::move(frame));
  // The server's name comes before everything.
  if (const auto greeted = std::exchange(greeted_, nullptr)) return greeted(*this);
  if (!records_) return heard_ ? heard_(*this, frame) : void();
  const auto text = records_->in.open(frame);
  if (!text) give_up("a record does not open");
  if (heard_) heard_(*this, *text);
}

void Device::take_handshake(std::string frame) {
  auto rng = host::system_rng();
  Env env{host::now(), rng, host::wall_now()};
  const client::Pin pin;
  client::Context context{env, account_, pin, version_};
  client::Effects effects;
  auto event = client::read(*shaking_, std::move(frame));
  shaking_ = fsm::step<client::Machine>(std::move(*shaking_), std::move(event), context, effects);
  for (const auto& effect : effects) {
    const auto& send = std::get<client::SendFrame>(effect);
    write(send.frame, send.binary);
  }
  if (const auto* rejected = std::get_if<client::Rejected>(&*shaking_))
    give_up(info(rejected->fault).name);
  auto* done = std::get_if<client::Established>(&*shaking_);
  if (!done) return;
  records_ = std::move(done->records);
  shaking_.reset();
  if (const auto established = std::exchange(established_, nullptr)) established(*this);
}

// ---- writing ------------------------------------------------------------------------------------

void Device::send(std::string_view text) {
  if (!records_) return write(text, false);
  write(records_->out.seal(text), true);
}

void Device::write(std::string_view payload, bool binary) {
  const auto frame = frame_of(payload, binary);
  error_code error;
  const auto written = socket_.write_some(asio::buffer(frame), error);
  if (error || written != frame.size()) give_up("the server does not read");
}

}  // namespace culver::bench
