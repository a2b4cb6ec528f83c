// A sender and a receiver in a simulation: a wire, two disks and two people whose every step comes
// in random order, and where any one effect may fail. Whatever happens, each side ends once and
// nothing stays open.
#include <deque>

#include <gtest/gtest.h>

#include "core/transfer/chunks.hpp"
#include "core/transfer/reasons.hpp"
#include "core/transfer/zajel_receiver.hpp"
#include "core/transfer/zajel_sender.hpp"
#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

namespace peer = wire::peer;
using wire::limits::chunk_out;

enum class Sabotage { none, disk, connection, sender_cancels, receiver_cancels };

struct Plan {
  std::size_t size = 0;
  bool acks = true;
  bool auto_accept = false;
  bool accepted = true;
  bool slow_disk = false;  ///< nearly everything else happens first
  Sabotage sabotage = Sabotage::none;
  std::size_t at = 0;  ///< the effect, counted over both sides, that the sabotage hits
  std::uint32_t seed = 1;
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan)
      : plan_(plan), world_(plan.seed), file_(content(plan.size)) {
    Effects effects;
    sender_.emplace(ZajelSender::start({file_id(), Plaintext("x.bin"), plan.size, plan.acks},
                                       world_.env, effects));
    perform_sender(effects);
  }

  void run() {
    for (int step = 0; step < 100'000 && !(sender_->ended() && receiver_ended()); ++step) {
      strike();
      collect_steps();
      if (steps_.empty()) {
        pass_time();
        continue;
      }
      const auto next = steps_[world_.below(steps_.size())];
      (this->*next)();
    }
    while (!to_receiver_.empty() && receiver_) deliver_to_receiver();  // too late: changes nothing
    while (!to_sender_.empty()) deliver_to_sender();
    check_the_end();
  }

  std::size_t effects() const { return performed_; }
  std::size_t pauses() const { return pauses_; }
  std::optional<Fault> sender_fault() const { return sender_side_.fault; }
  std::optional<Fault> receiver_fault() const { return receiver_side_.fault; }

 private:
  struct Side {
    std::size_t ends = 0;
    std::optional<Fault> fault;
    std::optional<Finished> finished;
  };
  using Frame = std::variant<SendEnvelope, SendChunk>;
  using Question = std::variant<CreateTarget, WriteBlock, FinishTarget>;
  using Step = void (Simulation::*)();

  bool receiver_ended() const { return !receiver_ || receiver_->ended(); }

  // ---- the world's choices ----------------------------------------------------------------------

  void collect_steps() {
    steps_.clear();
    if (!to_receiver_.empty() && !paused_) steps_.push_back(&Simulation::deliver_to_receiver);
    if (!to_sender_.empty()) steps_.push_back(&Simulation::deliver_to_sender);
    if (!reads_.empty()) steps_.push_back(&Simulation::answer_read);
    if (offered_) steps_.push_back(&Simulation::decide);
    if (sender_->state() == "Sending") steps_.push_back(&Simulation::give_credit);
    if (sender_->state() == "Flushing" && to_receiver_.empty())
      steps_.push_back(&Simulation::tell_flushed);
    const bool disk_moves = !plan_.slow_disk || steps_.empty() || world_.chance(1);
    if (!questions_.empty() && disk_moves) steps_.push_back(&Simulation::answer_target);
  }
  void pass_time() {
    auto next = sender_->deadline();
    if (receiver_) next = fsm::earlier(next, receiver_->deadline());
    if (!next) return;  // both have ended, or check_the_end() complains
    world_.env.now = *next;
    say_sender(Tick{});
    if (receiver_) say_receiver(Tick{});
  }
  void deliver_to_receiver() {
    auto frame = std::move(to_receiver_.front());
    to_receiver_.pop_front();
    if (auto* chunk = std::get_if<SendChunk>(&frame))
      return say_receiver(OpenedChunk{chunk->id, chunk->index, std::move(chunk->bytes)});
    const auto& envelope = std::get<SendEnvelope>(frame).envelope;
    if (const auto* start = std::get_if<peer::FileStart>(&envelope)) {
      Effects effects;
      ZajelReceiver::Params params{*start, std::uint64_t{1} << 40, plan_.acks, plan_.auto_accept};
      receiver_.emplace(ZajelReceiver::start(params, world_.env, effects));
      return perform_receiver(effects);
    }
    if (const auto* complete = std::get_if<peer::FileComplete>(&envelope))
      return say_receiver(PeerComplete{complete->sha256});
    say_receiver(PeerFailed{failure_in(envelope)});
  }
  void deliver_to_sender() {
    const auto envelope = std::move(to_sender_.front().envelope);
    to_sender_.pop_front();
    if (const auto* ack = std::get_if<peer::FileStartAck>(&envelope))
      say_sender(PeerStartAck{ack->accepted, ack->reason});
    else if (const auto* check = std::get_if<peer::FileCompleteAck>(&envelope))
      say_sender(PeerCompleteAck{check->success, check->reason});
    else
      say_sender(PeerFailed{failure_in(envelope)});
  }
  template <class Envelope>
  static Fault failure_in(const Envelope& envelope) {
    if (const auto* error = std::get_if<peer::FileError>(&envelope)) return fault_of(error->reason);
    return fault_of(std::get<peer::FileCancel>(envelope).reason);
  }
  void answer_read() {
    const std::size_t n = std::min(reads_.front(), file_.size() - read_);
    reads_.pop_front();
    const auto begin = file_.begin() + static_cast<std::ptrdiff_t>(read_);
    read_ += n;
    say_sender(BlockRead{ByteVector(begin, begin + static_cast<std::ptrdiff_t>(n))});
  }
  void answer_target() {
    auto question = std::move(questions_.front());
    questions_.pop_front();
    if (std::holds_alternative<CreateTarget>(question)) return say_receiver(TargetCreated{});
    if (std::holds_alternative<FinishTarget>(question)) {
      named_ = true;
      return say_receiver(TargetFinished{"x.bin"});
    }
    const auto& bytes = std::get<WriteBlock>(question).bytes;
    disk_.insert(disk_.end(), bytes.begin(), bytes.end());
    unwritten_ -= bytes.size();
    say_receiver(BlockWritten{bytes.size()});
  }
  void decide() {
    offered_ = false;
    say_receiver(Decision{plan_.accepted});
  }
  void give_credit() {
    window_ = world_.chance(20) ? world_.below(100) : world_.below(40 * wire_cost(chunk_out));
    say_sender(ChannelRoom{window_});
  }
  void tell_flushed() { say_sender(Flushed{}); }

  // ---- what the machines want -------------------------------------------------------------------

  void say_sender(ZajelSender::Event event) {
    Effects effects;
    sender_->on(std::move(event), world_.env, effects);
    perform_sender(effects);
  }
  void say_receiver(ZajelReceiver::Event event) {
    if (!receiver_) return;
    Effects effects;
    receiver_->on(std::move(event), world_.env, effects);
    perform_receiver(effects);
  }
  void perform_sender(Effects& effects) {
    for (auto& effect : effects) {
      EXPECT_EQ(sender_side_.ends, 0u) << "an effect after the end";
      count_effect();
      std::visit([&](auto& e) { sender_does(e); }, effect);
    }
  }
  void perform_receiver(Effects& effects) {
    for (auto& effect : effects) {
      EXPECT_EQ(receiver_side_.ends, 0u) << "an effect after the end";
      count_effect();
      std::visit([&](auto& e) { receiver_does(e); }, effect);
    }
  }
  void count_effect() {
    if (++performed_ != plan_.at) return;
    disk_broken_ = plan_.sabotage == Sabotage::disk;
    connection_down_ = plan_.sabotage == Sabotage::connection;
    sender_cancels_ = plan_.sabotage == Sabotage::sender_cancels;
    receiver_cancels_ = plan_.sabotage == Sabotage::receiver_cancels;
  }
  /// What the sabotage looks like to the machines: an event between two steps.
  void strike() {
    if (std::exchange(source_failed_, false)) say_sender(DiskFailed{Fault::file_unreadable});
    if (std::exchange(target_failed_, false)) say_receiver(DiskFailed{Fault::no_space});
    if (std::exchange(sender_cancels_, false)) say_sender(Cancel{Fault::cancelled});
    if (std::exchange(receiver_cancels_, false)) say_receiver(Cancel{Fault::cancelled});
    if (!connection_down_) return;
    to_receiver_.clear();
    to_sender_.clear();
    if (std::exchange(link_told_, true)) return;
    say_sender(Cancel{Fault::peer_gone});
    say_receiver(Cancel{Fault::peer_gone});
  }

  // ... of the sender
  void sender_does(SendChunk& chunk) {
    const std::size_t cost = wire_cost(chunk.bytes.size());
    EXPECT_LE(cost, window_);
    window_ -= std::min(cost, window_);
    to_receiver_.push_back(std::move(chunk));
  }
  void sender_does(SendEnvelope& envelope) { to_receiver_.push_back(std::move(envelope)); }
  void sender_does(ReadBlock& read) {
    EXPECT_LE(read.bytes, block_size + 1);
    if (std::exchange(disk_broken_, false)) return void(source_failed_ = true);
    reads_.push_back(read.bytes);
    EXPECT_EQ(reads_.size(), 1u);
  }
  void sender_does(DropSource&) {
    ++dropped_sources_;
    reads_.clear();
  }
  void sender_does(Finished& finished) { end(sender_side_, finished); }
  void sender_does(Failed& failed) { end(sender_side_, failed); }
  template <class Other>
  void sender_does(Other&) {}

  // ... of the receiver
  void receiver_does(SendEnvelope& envelope) { to_sender_.push_back(std::move(envelope)); }
  void receiver_does(PauseConnection& pause) {
    EXPECT_NE(paused_, pause.paused);
    paused_ = pause.paused;
    pauses_ += pause.paused ? 1 : 0;
  }
  void receiver_does(CreateTarget& create) {
    ++created_targets_;
    ask(create);
  }
  void receiver_does(WriteBlock& write) {
    EXPECT_LE(write.bytes.size(), block_size);
    unwritten_ += write.bytes.size();
    EXPECT_LE(unwritten_, ZajelReceiveBuffer::high_water + 2 * block_size);
    ask(std::move(write));
  }
  void receiver_does(FinishTarget& finish) { ask(finish); }
  void receiver_does(DropTarget&) {
    ++dropped_targets_;
    questions_.clear();
  }
  void receiver_does(Offered&) { offered_ = true; }
  void receiver_does(Finished& finished) { end(receiver_side_, finished); }
  void receiver_does(Failed& failed) { end(receiver_side_, failed); }
  template <class Other>
  void receiver_does(Other&) {}

  void ask(Question question) {
    EXPECT_EQ(dropped_targets_, 0u);
    if (std::exchange(disk_broken_, false)) return void(target_failed_ = true);
    questions_.push_back(std::move(question));
  }
  static void end(Side& side, const Finished& finished) {
    ++side.ends;
    side.finished = finished;
  }
  static void end(Side& side, const Failed& failed) {
    ++side.ends;
    side.fault = failed.fault;
  }

  void check_the_end() {
    EXPECT_TRUE(sender_->ended()) << sender_->state();
    EXPECT_EQ(sender_side_.ends, 1u);
    EXPECT_EQ(dropped_sources_, 1u);
    EXPECT_FALSE(paused_);
    EXPECT_EQ(created_targets_, dropped_targets_);
    if (receiver_) {
      EXPECT_TRUE(receiver_->ended()) << receiver_->state();
      EXPECT_EQ(receiver_side_.ends, 1u);
    }
    if (receiver_side_.finished) {
      EXPECT_TRUE(named_);
      EXPECT_EQ(disk_, file_);
      EXPECT_EQ(receiver_side_.finished->sha256, crypto::sha256(file_));
    }
    if (sender_side_.finished && sender_side_.finished->confirmed) {
      EXPECT_TRUE(receiver_side_.finished) << "confirmed what is not there";
    }
  }

  Plan plan_;
  World world_;
  ByteVector file_;
  std::optional<ZajelSender> sender_;
  std::optional<ZajelReceiver> receiver_;
  Side sender_side_;
  Side receiver_side_;
  std::deque<Frame> to_receiver_;
  std::deque<SendEnvelope> to_sender_;
  std::deque<std::size_t> reads_;
  std::deque<Question> questions_;
  std::vector<Step> steps_;
  ByteVector disk_;
  std::size_t read_ = 0;
  std::size_t window_ = 0;
  std::size_t unwritten_ = 0;
  std::size_t performed_ = 0;
  std::size_t pauses_ = 0;
  std::size_t dropped_sources_ = 0;
  std::size_t created_targets_ = 0;
  std::size_t dropped_targets_ = 0;
  bool offered_ = false;
  bool paused_ = false;
  bool named_ = false;
  bool disk_broken_ = false;
  bool connection_down_ = false;
  bool link_told_ = false;
  bool source_failed_ = false;
  bool target_failed_ = false;
  bool sender_cancels_ = false;
  bool receiver_cancels_ = false;
};

std::vector<std::size_t> sizes() {
  return {0, 1, chunk_out - 1, chunk_out, chunk_out + 1, block_size, (std::size_t{1} << 20) + 3};
}

TEST(TransferSimulation, EverySizeArrivesInEveryOrder) {
  World random(99);
  for (std::uint32_t seed = 1; seed <= 12; ++seed)
    for (auto size : sizes())
      for (const bool acks : {true, false})
        for (const bool auto_accept : {true, false}) {
          if (seed > 6) size = random.below(3 * block_size);
          SCOPED_TRACE(testing::Message() << size << " bytes, seed " << seed << ", acks " << acks);
          Simulation simulation(
              {.size = size, .acks = acks, .auto_accept = auto_accept, .seed = seed});
          simulation.run();
          EXPECT_EQ(simulation.sender_fault(), std::nullopt);
          EXPECT_EQ(simulation.receiver_fault(), std::nullopt);
        }
}

TEST(TransferSimulation, ASlowDiskPausesTheLinkAndLosesNothing) {
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    const std::size_t size = 12 * (std::size_t{1} << 20) + 1;
    Simulation simulation({.size = size, .acks = seed % 2 == 0, .slow_disk = true, .seed = seed});
    simulation.run();
    EXPECT_EQ(simulation.receiver_fault(), std::nullopt);
    EXPECT_EQ(simulation.sender_fault(), std::nullopt);
    EXPECT_GT(simulation.pauses(), 0u);
  }
}

TEST(TransferSimulation, RefusedIsRefusedOnBothSides) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed)
    for (const auto size : sizes())
      for (const bool acks : {true, false}) {
        Simulation simulation({.size = size, .acks = acks, .accepted = false, .seed = seed});
        simulation.run();
        EXPECT_EQ(simulation.receiver_fault(), Fault::file_refused_by_us);
        // A peer without acks may have gone before it hears of it.
        if (acks) {
          EXPECT_EQ(simulation.sender_fault(), Fault::file_refused);
        }
      }
}

class TransferSabotage : public testing::TestWithParam<Sabotage> {};

TEST_P(TransferSabotage, AnyEffectMayFail) {
  for (const std::size_t size : {std::size_t{0}, chunk_out + 1, block_size + chunk_out + 1})
    for (const bool acks : {true, false})
      for (const bool auto_accept : {true, false}) {
        Plan plan{.size = size, .acks = acks, .auto_accept = auto_accept, .seed = 5};
        Simulation healthy(plan);
        healthy.run();
        plan.sabotage = GetParam();
        for (plan.at = 1; plan.at <= healthy.effects(); ++plan.at) {
          SCOPED_TRACE(testing::Message()
                       << size << " bytes, acks " << acks << ", effect " << plan.at);
          Simulation simulation(plan);
          simulation.run();
        }
      }
}

INSTANTIATE_TEST_SUITE_P(All, TransferSabotage,
                         testing::Values(Sabotage::disk, Sabotage::connection,
                                         Sabotage::sender_cancels, Sabotage::receiver_cancels));

TEST(TransferSimulation, AFullDiskIsKnownOnBothSides) {
  Plan plan{.size = 2 * block_size, .auto_accept = true, .sabotage = Sabotage::disk};
  std::size_t full = 0;
  for (plan.at = 1; plan.at <= 60; ++plan.at) {
    Simulation simulation(plan);
    simulation.run();
    if (simulation.receiver_fault() != Fault::no_space) continue;
    ++full;
    EXPECT_EQ(simulation.sender_fault(), Fault::peer_no_space);
  }
  EXPECT_GT(full, 10u);
}

}  // namespace
}  // namespace culver::transfer::test
