// One connection in a simulation: both machines of the gateway handshake, an owner for the
// server's, a directory, and between them a network that a seed drives. The same seed gives the
// same run.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/handshake.hpp"

namespace culver::test {

/// Frames of earlier connections of the same two, as somebody on the path would have kept them.
struct Past {
  std::vector<std::string> frames;
  std::string client_hello;  ///< the offer of somebody else
};

/// Who there is: made once, since keys cost more than a schedule.
struct Cast {
  server::Identity server = server_identity(1);
  server::Identity mallory = server_identity(3);
  client::Account alice = client_account(2);
  Past past;

  Cast();
};

class Schedule {
 public:
  Schedule(std::uint64_t seed, const Cast& cast);

  /// To the end. Empty, or what did not hold. With `trace`, says what it does.
  std::string play(bool trace = false);
  /// What became of it, for counting.
  std::string outcome() const;

 private:
  struct Plan {
    bool hostile;          ///< else frames arrive as over TCP, and the directory answers in time
    bool mallory = false;  ///< her server may answer as well
    unsigned client_version, server_version;
    client::Pin pin;
    Result<bool> directory = true;  ///< false: never answers
  };
  using Lane = std::deque<std::string>;

  Plan plan_from(const Cast& cast);
  void act();
  void carry(Lane& lane, std::size_t which);
  void interfere(Lane& lane);
  std::string forged(Lane& lane);
  void let_time_pass();
  void answer_of_directory();
  void to_server(std::string frame);
  void serve();
  void serve_one(std::string frame);
  void to_client(std::string frame);
  void collect();
  bool over() const;
  void say(std::string_view what, std::size_t number = 0) const;

  std::string broken() const;
  std::string broken_client() const;
  std::string broken_server() const;
  std::string broken_pair() const;
  std::string broken_end() const;
  bool client_speaks_with_mallory() const;

  const Cast& cast_;
  World world_;
  Plan plan_;
  TimePoint deadline_;
  ServerEnd server_;
  ClientEnd client_;
  bool trace_ = false;

  Lane up_, down_;
  std::deque<std::string> held_back_;                  ///< by the owner of the server's machine
  std::size_t client_frames_ = 0, server_frames_ = 0;  ///< that went into the lanes
  bool directory_answered_ = false;
  std::optional<wire::gateway::ClientHello> answered_;  ///< the client_hello that was
  std::string trouble_;                                 ///< what did not hold, as it was seen
  std::optional<TimePoint> client_done_, server_done_;
  std::string client_end_, server_end_;  ///< names of the states that they ended in
  std::vector<std::string> opened_above_, opened_below_;
};

}  // namespace culver::test
