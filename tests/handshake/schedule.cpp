#include "tests/handshake/schedule.hpp"

#include <algorithm>
#include <iostream>

namespace culver::test {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t actions = 60;        ///< of a hostile schedule
constexpr std::size_t session_frames = 2;  ///< that each side says once it is established
constexpr std::size_t most_held_back = 16;

std::string down_text(std::size_t i) { return "down " + std::to_string(i); }
std::string up_text(std::size_t i) { return "up " + std::to_string(i); }

void keep_one(Past& past, const Cast& cast, World& world, unsigned version) {
  ServerEnd server(world, cast.server, version);
  ClientEnd client(world, cast.alice, {}, version);
  server.hear(client.hello);
  client.hear(server.sent.at(0));
  server.hear(client.sent.at(0).frame);
  server.admit();
  past.frames.insert(past.frames.end(),
                     {client.hello, server.sent.at(0), client.sent.at(0).frame, server.greet()});
}

template <class State>
std::string end_of(const State& state) {
  const auto name = fsm::name_of(state);
  return name == "Established" || name == "Rejected" ? std::string(name) : std::string();
}

}  // namespace

Cast::Cast() {
  World world(0);
  for (const unsigned version : {1U, 1U, 2U, 2U}) keep_one(past, *this, world, version);
  past.client_hello = ClientEnd(world, alice).hello;
}

Schedule::Schedule(std::uint64_t seed, const Cast& cast)
    : cast_(cast),
      world_(seed),
      plan_(plan_from(cast)),
      deadline_(world_.now + client::handshake_time),
      server_(world_, cast.server, plan_.server_version),
      client_(world_, cast.alice, plan_.pin, plan_.client_version) {
  up_.push_back(client_.hello);
}

Schedule::Plan Schedule::plan_from(const Cast& cast) {
  auto& random = world_.random;
  Plan plan{};
  plan.hostile = random.chance(0.8);
  plan.mallory = plan.hostile && random.chance(0.1);
  plan.client_version = random.chance(0.8) ? 2 : 1;
  plan.server_version = random.chance(0.8) ? 2 : 1;
  if (random.chance(0.5)) {
    plan.pin.identity = cast.server.key.verify_key();
    plan.pin.version = random.chance(0.5) ? std::min(plan.client_version, plan.server_version) : 1;
  }
  if (plan.hostile && random.chance(0.05)) plan.pin.version = 2;
  if (plan.hostile && random.chance(0.05)) plan.pin.identity = cast.mallory.key.verify_key();
  plan.directory = true;
  if (plan.hostile && random.chance(0.1)) plan.directory = fail(Fault::device_revoked);
  if (plan.hostile && random.chance(0.05)) plan.directory = false;
  return plan;
}

void Schedule::say(std::string_view what, std::size_t number) const {
  if (!trace_) return;
  std::cerr
      << std::chrono::duration_cast<std::chrono::milliseconds>(world_.now - TimePoint{}).count()
      << " ms  " << fsm::name_of(client_.state) << " / " << fsm::name_of(server_.state) << "  "
      << what << ' ' << number << '\n';
}

std::string Schedule::play(bool trace) {
  trace_ = trace;
  const std::size_t most = plan_.hostile ? actions : 10 * actions;
  for (std::size_t i = 0; i < most && !over(); ++i) {
    act();
    collect();
    if (auto what = broken(); !what.empty()) return what;
  }
  // Whatever is still waited for, it is not waited for any longer than the deadline.
  world_.now = std::max(world_.now, deadline_);
  server_.tick();
  client_.tick();
  answer_of_directory();
  collect();
  auto what = broken();
  return what.empty() ? broken_end() : what;
}

// ---- what can happen ----------------------------------------------------------------------------

void Schedule::act() {
  auto& random = world_.random;
  if (!server_.asked.empty() && !directory_answered_ && random.chance(0.2))
    return answer_of_directory();
  if (plan_.hostile && random.chance(0.03)) return let_time_pass();
  Lane& lane = random.chance(0.5) ? up_ : down_;
  if (plan_.hostile && random.chance(0.2)) return interfere(lane);
  if (!lane.empty()) carry(lane, 0);
}

void Schedule::carry(Lane& lane, std::size_t which) {
  std::string frame = lane[which];
  lane.erase(lane.begin() + static_cast<std::ptrdiff_t>(which));
  say(&lane == &up_ ? "up, bytes" : "down, bytes", frame.size());
  if (&lane == &up_)
    to_server(std::move(frame));
  else
    to_client(std::move(frame));
}

/// What somebody on the path can do.
void Schedule::interfere(Lane& lane) {
  auto& random = world_.random;
  const auto which = lane.empty() ? 0 : random.below(lane.size());
  switch (random.below(6)) {
    case 0:  // out of order
      if (!lane.empty()) carry(lane, which);
      return;
    case 1:  // twice, the second time whenever it suits
      say("doubles");
      if (!lane.empty()) lane.push_back(lane[which]);
      return;
    case 2:  // the first frame comes again, as from a client that is impatient
      say("repeats");
      return (&lane == &up_) ? up_.push_back(client_.hello)
                             : (server_.sent.empty() ? void() : down_.push_back(server_.sent[0]));
    case 3:
      if (random.chance(0.7)) return;  // else hardly anything would go on
      say("drops");
      if (!lane.empty()) lane.erase(lane.begin() + static_cast<std::ptrdiff_t>(which));
      return;
    default:
      say("forges");
      lane.insert(lane.begin() + static_cast<std::ptrdiff_t>(which), forged(lane));
  }
}

/// A frame that its alleged sender never sent, or not here.
std::string Schedule::forged(Lane& lane) {
  auto& random = world_.random;
  if (plan_.mallory && &lane == &down_ && random.chance(0.5)) {
    ServerEnd hers(world_, cast_.mallory, plan_.client_version);
    hers.hear(client_.hello);
    return hers.sent.at(0);
  }
  const auto& past = cast_.past.frames;
  if (lane.empty() || random.chance(0.3)) return past[random.below(past.size())];
  std::string frame = lane[random.below(lane.size())];
  if (const auto at = frame.find("\"version\":2"); at != frame.npos && random.chance(0.6)) {
    frame[at + 10] = '1';
    return frame;
  }
  if (frame.empty()) return "garbage";
  const auto at = random.below(frame.size());
  if (random.chance(0.5)) return frame.substr(0, at);
  frame[at] = static_cast<char>(frame[at] ^ (1 << random.below(8)));
  return frame;
}

/// A clock that moves on, and ticks that may be late or not come to one of them.
void Schedule::let_time_pass() {
  auto& random = world_.random;
  const auto moment = random.below(10);
  if (moment < 7)
    world_.now += std::chrono::milliseconds(random.below(10'000));
  else
    world_.now = std::max(world_.now, moment == 7 ? deadline_ - 1ns : deadline_);
  say("time passes");
  if (random.chance(0.5)) server_.tick();
  if (random.chance(0.5)) client_.tick();
}

void Schedule::answer_of_directory() {
  if (server_.asked.empty() || directory_answered_) return;
  directory_answered_ = true;
  if (plan_.directory && !*plan_.directory) return;
  say("directory answers");
  if (plan_.directory)
    server_.admit();
  else
    server_.feed(server::DeviceAnswer{fail(plan_.directory.error())});
  collect();
  serve();
}

// ---- the owners ---------------------------------------------------------------------------------

void Schedule::to_server(std::string frame) {
  if (held_back_.size() < most_held_back) held_back_.push_back(std::move(frame));
  serve();
}

/// What waits while the directory is asked is served afterwards, in order.
void Schedule::serve() {
  while (!held_back_.empty() && wants_input(server_.state)) {
    std::string frame = std::move(held_back_.front());
    held_back_.pop_front();
    auto* done = server_.in<server::Established>();
    if (!done) {
      serve_one(std::move(frame));
    } else if (done->records) {
      const auto text = done->records->in.open(frame);
      if (text) opened_above_.push_back(*text);
    }
  }
}

/// Whatever the server makes of it, it makes it in time and of one client_hello.
void Schedule::serve_one(std::string frame) {
  const auto answers = server_.sent.size(), questions = server_.asked.size();
  const auto message = wire::gateway::parse_handshake_client(frame);
  server_.hear(std::move(frame));
  const bool answered = server_.sent.size() > answers;
  if ((answered || server_.asked.size() > questions) && world_.now >= deadline_)
    trouble_ = "the server went on after its time";
  const auto* hello = message ? std::get_if<wire::gateway::ClientHello>(&*message) : nullptr;
  if (!answered || !hello) return;
  if (answered_ && *answered_ != *hello) trouble_ = "another client_hello was answered";
  answered_ = *hello;
}

void Schedule::to_client(std::string frame) {
  auto* done = client_.in<client::Established>();
  if (!done) {
    const auto said = client_.sent.size();
    client_.hear(std::move(frame));
    if (client_.sent.size() > said && world_.now >= deadline_)
      trouble_ = "the client went on after its time";
    return;
  }
  if (!done->records) return;
  const auto text = done->records->in.open(frame);
  if (text) opened_below_.push_back(*text);
}

/// What was said goes into the lanes; who is newly established says something more.
void Schedule::collect() {
  while (server_frames_ < server_.sent.size()) down_.push_back(server_.sent[server_frames_++]);
  while (client_frames_ < client_.sent.size()) up_.push_back(client_.sent[client_frames_++].frame);
  if (auto* done = server_.in<server::Established>(); done && !server_done_) {
    server_done_ = world_.now;
    down_.push_back(server_.greet());
    for (std::size_t i = 0; i < session_frames && done->records; ++i)
      down_.push_back(done->records->out.seal(down_text(i)));
  }
  if (auto* done = client_.in<client::Established>(); done && !client_done_) {
    client_done_ = world_.now;
    for (std::size_t i = 0; i < session_frames && done->records; ++i)
      up_.push_back(done->records->out.seal(up_text(i)));
  }
  if (server_end_.empty()) server_end_ = end_of(server_.state);
  if (client_end_.empty()) client_end_ = end_of(client_.state);
}

bool Schedule::over() const {
  return !client_end_.empty() && !server_end_.empty() && up_.empty() && down_.empty();
}

std::string Schedule::outcome() const {
  const auto side = [](const auto& end) {
    const auto fault = end.fault();
    return fault ? std::string(info(*fault).name) : std::string(fsm::name_of(end.state));
  };
  return side(client_) + " / " + side(server_);
}

// ---- what must hold -----------------------------------------------------------------------------

std::string Schedule::broken() const {
  if (!trouble_.empty()) return trouble_;
  for (auto check : {&Schedule::broken_client, &Schedule::broken_server, &Schedule::broken_pair})
    if (auto what = (this->*check)(); !what.empty()) return what;
  return {};
}

std::string Schedule::broken_client() const {
  if (client_.sent.size() > 1) return "client_auth was sent twice";
  if (!client_end_.empty() && end_of(client_.state) != client_end_)
    return "the client left the state that it had ended in";
  if (client_done_ && *client_done_ >= deadline_) return "the client was established too late";
  if (client_done_ && client_.sent.empty()) return "established without a client_auth";
  const auto deadline = fsm::deadline_of(client_.state);
  if (client_end_.empty() != deadline.has_value()) return "a client that waits has no deadline";
  if (deadline && *deadline != deadline_) return "the client's deadline moved";
  return {};
}

std::string Schedule::broken_server() const {
  if (server_.asked.size() > 1) return "the directory was asked twice";
  if (!server_end_.empty() && end_of(server_.state) != server_end_)
    return "the server left the state that it had ended in";
  if (server_done_ && *server_done_ >= deadline_) return "the server was established too late";
  if (server_done_ && !(plan_.directory && *plan_.directory)) return "nobody admitted the device";
  const auto deadline = fsm::deadline_of(server_.state);
  if (server_end_.empty() != deadline.has_value()) return "a server that waits has no deadline";
  if (deadline && *deadline != deadline_) return "the server's deadline moved";
  for (const auto& answer : server_.sent)
    if (answer != server_.sent[0]) return "two different server_hellos on one connection";
  return {};
}

bool Schedule::client_speaks_with_mallory() const {
  const auto is_hers = [&](const auto* state) {
    return state && state->proof.identity() == cast_.mallory.key.verify_key();
  };
  return is_hers(std::get_if<client::AwaitingEstablished>(&client_.state)) ||
         is_hers(std::get_if<client::Established>(&client_.state));
}

std::string Schedule::broken_pair() const {
  const auto* waiting = std::get_if<client::AwaitingEstablished>(&client_.state);
  const auto* ours = std::get_if<client::Established>(&client_.state);
  const auto* theirs = std::get_if<server::Established>(&server_.state);
  const auto* proof = waiting ? &waiting->proof : ours ? &ours->proof : nullptr;
  if (theirs && theirs->proof.key() != cast_.alice.user) return "another account came in";
  if (theirs && client_.sent.empty()) return "the server established without a client_auth";
  if (proof) {
    if (plan_.pin.identity && proof->identity() != *plan_.pin.identity)
      return "the client took another server than the one it knows";
    if (proof->version() < plan_.pin.version) return "the client took less than it knows";
    const auto best = std::min(plan_.client_version, plan_.server_version);
    if (!client_speaks_with_mallory() && proof->version() < best) return "a downgrade unnoticed";
  }
  // The rest is for version 2: version 1 has no keys and its greeting is anybody's.
  if (theirs && theirs->records) {
    const auto said = read_as<wire::gateway::SessionEstablished>(theirs->greeting);
    if (waiting && waiting->session != said.session) return "the sides hold different sessions";
    if (ours && ours->session.session != said.session) return "the sides hold different sessions";
    if (client_speaks_with_mallory()) return "a client_auth for Mallory opened the server";
  }
  if (ours && ours->records && !(theirs && theirs->records))
    return "the client is established with a server that is not";
  for (std::size_t i = 0; i < opened_above_.size(); ++i)
    if (opened_above_[i] != up_text(i)) return "the server read what was not said";
  for (std::size_t i = 0; i < opened_below_.size(); ++i)
    if (opened_below_[i] != down_text(i)) return "the client read what was not said";
  return {};
}

/// Every run ends, and one that nobody disturbed ends well.
std::string Schedule::broken_end() const {
  if (client_end_.empty() || server_end_.empty()) return "somebody waits for ever";
  if (plan_.hostile) return {};
  if (client_end_ != "Established" || server_end_ != "Established")
    return "an undisturbed handshake failed";
  const bool sealed = std::min(plan_.client_version, plan_.server_version) == 2;
  const std::size_t heard = sealed ? session_frames : 0;
  if (opened_above_.size() != heard || opened_below_.size() != heard)
    return "an undisturbed session lost a frame";
  return {};
}

}  // namespace culver::test
