// Letters on their way: what is sent of a peer's queue over which connection, and what came and is
// not written down yet. The queues themselves are the store's, which is asked for a window of one
// at a time. Source: docs/protocol/outbox.md.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/engine/events.hpp"

namespace culver::engine {

/// What letters want done. ToLetterConnection reaches a connection that is still Secured and is
/// void otherwise.
struct ToLetterConnection {
  ConnectionId connection;
  std::variant<connection::SendLetter, connection::SendText> command;
};
struct EndConnection {
  ConnectionId connection;
  Fault fault;
};
using LetterEffect = std::variant<ToLetterConnection, EndConnection, StoreLetter, LoadLetters,
                                  RemoveLetters, KeepLetter, Tell, Dropped>;
using LetterEffects = std::vector<LetterEffect>;

class Letters {
 public:
  static constexpr std::size_t window = 16;  ///< sent on a connection and not acknowledged
  static constexpr std::size_t queued = 32;  ///< received on a connection and not written down
  static constexpr std::size_t texts = 256;  ///< given by the user, of a connection, not delivered
  static constexpr std::size_t posts = 1'000;  ///< given by the user and not written down
  /// A store that has not answered by then is taken to be broken; one that could not read is asked
  /// again after that time.
  static constexpr Duration patience = std::chrono::seconds(30);

  /// A connection of this peer is connected; `spoken`: in letters, otherwise they go as texts. It
  /// takes messages of `largest_message` bytes at most.
  void open(ConnectionId id, const PublicKey& peer, bool spoken, std::size_t largest_message, Env&,
            LetterEffects&);
  void close(ConnectionId id);

  /// Letters are spoken on this connection.
  bool speaks(ConnectionId id) const;
  /// The peer's SCTP takes it, as whatever is spoken on this connection.
  bool takes(ConnectionId id, const Plaintext& text) const;
  /// A text that is not in any queue goes as a letter of this process.
  void send(SendText send, Env&, LetterEffects&);

  void post(QueueText post, Env&, LetterEffects&);
  void on(LetterStored stored, Env&, LetterEffects&);
  /// There may be more to send.
  void on_change(Env&, LetterEffects&);
  void on(LettersLoaded loaded, Env&, LetterEffects&);
  void on_had(ConnectionId id, const wire::peer::LettersHad& had, Env&, LetterEffects&);
  void on_everything_sent(ConnectionId id, Env&, LetterEffects&);

  void on_letter(ConnectionId id, wire::peer::Letter letter, Env&, LetterEffects&);
  void on(LetterKept kept, Env&, LetterEffects&);

  /// Something that came on this connection is not written down yet.
  bool is_keeping(ConnectionId id) const;

  void on_tick(Env&, LetterEffects&);
  std::optional<TimePoint> deadline() const;

 private:
  struct UnderWay {
    LetterId id;
    wire::peer::LetterName name;
  };
  struct Text {
    TextId id;
    std::uint64_t number;
  };
  /// A series of letters of this process, whose text is the caller's to keep.
  struct Series {
    wire::peer::SeriesId id;
    std::uint64_t last = 0;
    std::map<TextId, std::uint64_t> unconfirmed = {};  ///< numbers that the peer may have
  };
  struct Connection {
    PublicKey peer;
    bool spoken;
    std::size_t largest_message;  ///< bytes, sealed
    // Out.
    std::deque<UnderWay> under_way = {};
    LetterId last = {};                     ///< of the queue, that was loaded for this connection
    std::size_t asked = 0;                  ///< so many letters, while they are being loaded
    std::optional<TimePoint> loading = {};  ///< until when the store has to answer
    bool may_be_more = true;                ///< behind `last`
    std::optional<TimePoint> again = {};    ///< when to ask a store that could not read
    bool is_stuck = false;                  ///< and told so
    bool is_told_empty = false;             ///< since something was sent
    std::deque<wire::peer::Letter> texts = {};  ///< behind those that are under way
    std::deque<Text> texts_under_way = {};
    std::uint64_t last_text = 0;  ///< the number of the last that was given
    // In.
    std::deque<wire::peer::Letter> received = {};
    std::optional<std::uint32_t> keeping = {};  ///< the first of them, under this request
  };
  struct Keeping {
    ConnectionId connection;
    PublicKey peer;
    wire::peer::Letter letter;
    TimePoint deadline;
  };
  struct Posting {
    PublicKey peer;
    TimePoint deadline;
  };

  void load(ConnectionId id, Connection& connection, Env&, LetterEffects&);
  void wait(ConnectionId id, const Connection& connection) {
    deadlines_.set(id, fsm::earlier(connection.loading, connection.again));
  }
  void keep_next(ConnectionId id, Connection& connection, Env&, LetterEffects&);
  void end_for(Fault fault, ConnectionId id, Connection& connection, LetterEffects&);
  template <class Test>
  void delivered(ConnectionId id, Connection& connection, Test is_delivered, Env&, LetterEffects&);

  std::uint64_t number_of(TextId id, Connection& connection, Series& series) const;
  void send_texts(ConnectionId id, Connection& connection, LetterEffects&);
  void confirm_texts(ConnectionId id, Connection& connection, std::uint64_t up_to, LetterEffects&);

  std::map<ConnectionId, Connection> connections_;
  std::map<PublicKey, Series> series_;
  Deadlines<ConnectionId> deadlines_;  ///< of their loading
  // In the order of their requests, which is that of their deadlines.
  std::map<std::uint32_t, Keeping> keeping_;  ///< also of connections that are gone: they are told
  std::map<std::uint32_t, Posting> posting_;
  std::uint32_t next_request_ = 1;
};

}  // namespace culver::engine
