// A path that is replaced under a live connection: signals of a peer, whatever they say, and events
// of the transport in any order that it can have. Each line of the input is one happening, told by
// its first character.
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/connection/restart.hpp"
#include "core/wire/limits.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::connection;
using Kind = wire::signaling::Description::Kind;

/// A connection that is up, and a transport below it that does what it is asked to.
class Connection {
 public:
  explicit Connection(bool initiator) { terms_.initiator = initiator; }

  void happen(std::string_view line) {
    const auto text = line.substr(1);
    is_ours_ = true;
    switch (line.front()) {
      case 'd':
        return step(PathDoubted{now_});
      case 'p':
        return step(PathReady{PathKind::direct});
      case 'l':
        return prepared();
      case 'b':
        return step(SignalingBack{});
      case 'o':
        return description(Kind::offer, text);
      case 'a':
        return description(Kind::answer, text);
      case 'e':
        return step(RemoteCandidate{});
      case 'c':
        if (auto parsed = wire::sdp::parse_candidate(text); parsed && !parsed->skipped)
          step(RemoteCandidate{std::move(parsed->candidate)});
    }
  }

 private:
  static void fill(void*, std::span<std::byte> out) {
    for (auto& byte : out) byte = std::byte{7};
  }

  void step(Restart::Event event) {
    Rng rng(&fill, nullptr);
    Env env{now_, rng};
    RestartContext context{env, terms_};
    Effects effects;
    state_ = fsm::step<Restart>(std::move(state_), std::move(event), context, effects);
    began_ = false;
    for (const auto& effect : effects)
      if (const auto* below = std::get_if<TransportEffect>(&effect))
        std::visit([this](const auto& e) { note(e); }, *below);
    require(!began_);
  }

  void prepared() {
    if (asked_ == 0) return;
    --asked_;
    ++made_;
    step(LocalDescription{{"u" + std::to_string(made_), "passwordOf22Characters"}, {}});
  }

  /// Of four descriptions one has the certificate of somebody else.
  void description(Kind kind, std::string_view text) {
    wire::sdp::SessionDescription sdp;
    sdp.ice = {std::string(text.substr(0, 8)), "passwordOf22Characters"};
    is_ours_ = text.size() % 4 != 3;
    wire::sdp::Fingerprint shown;
    if (!is_ours_) shown.data.fill(std::byte{1});
    sdp.fingerprint = shown;
    step(RemoteDescription{kind, std::move(sdp)});
  }

  /// One set of credentials at a time, and each begins at most one generation.
  void note(const PrepareRestart&) { require(++asked_ == 1 && is_ours_); }
  void note(const RestartIce&) {
    require(made_ > begun_ && is_ours_);
    begun_ = made_;
    added_ = 0;
    began_ = true;
  }
  void note(const SetRemoteIce&) {
    require(began_);
    began_ = false;
  }
  void note(const AddCandidate&) { require(++added_ <= wire::limits::candidates); }
  void note(const RemoteCandidatesDone&) {}
  template <class Other>
  void note(const Other&) {
    require(false);
  }

  TimePoint now_{};
  Terms terms_{true, DtlsRole::client, "0", {wire::sdp::Fingerprint{}, 5000, 0}, true};
  Restart::State state_ = Restart::Settled{Candidates::Ended{0}};
  unsigned asked_ = 0, made_ = 0, begun_ = 0;
  std::size_t added_ = 0;
  bool began_ = false;   ///< in this step, and the credentials have not followed
  bool is_ours_ = true;  ///< the last description had the certificate of this connection
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.empty()) return 0;
  Connection connection(text.front() == 'i');
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) connection.happen(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return 0;
}
