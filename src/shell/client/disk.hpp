// Everything of the client that may wait for a disk: the files of the transfers on one thread, the
// books on another, so that no text waits behind a file. The requests of each are carried out in
// their order; answers come on the loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "core/engine/events.hpp"
#include "shell/store/sqlite/outbox.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "shell/store/sqlite/seen_frames.hpp"
#include "shell/store/sqlite/server_book.hpp"
#include "shell/store/stream_files.hpp"

namespace culver::client {

/// What the client keeps about others.
struct Books {
  store::sqlite::PeerBook peers;
  store::sqlite::ServerBook servers;
  store::sqlite::Outbox letters;
  store::sqlite::SeenFrames frames;
  std::string server;  ///< that we talk to, by its origin
};

class Disk {
 public:
  /// Called on the loop.
  using Sink = std::function<void(engine::Event)>;

  Disk(boost::asio::io_context& loop, std::string download_dir, Books books, Sink sink);
  /// Finishes the request that runs; of the others only what frees files is still done. Deletes the
  /// partial files that nobody could continue. No answer follows.
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// Hands over a file that ReadBlock will be asked for.
  void add(TransferId transfer, store::OutgoingFile file);
  void perform(engine::ToDisk request);
  /// Answered by Remembered.
  void remember(engine::Remember peer);
  // No answer; a failure is logged.
  void keep_offered(engine::KeepOffered key);
  void remember(engine::RememberServer server);

  // Letters; what is written is written also at the end. Answered as core/engine/events.hpp says.
  void store(engine::StoreLetter letter);
  void load(engine::LoadLetters request);
  void remove(engine::RemoveLetters delivered);
  void keep(engine::KeepLetter letter);
  void load_held();
  void mark_shown(engine::MarkDisplayed letter);

  void load(engine::LoadFrames request);
  /// As many as have gathered go to the disk at once.
  void keep(engine::KeepFrame frame);

  /// `done` is called on the loop with everybody of the book.
  void list_peers(std::function<void(Result<std::vector<store::KnownPeer>>)> done);

 private:
  struct Files;                          // lives on its thread
  using WeakSink = std::weak_ptr<Sink>;  // taken on the loop, where the sink lives and dies
  void answer(const WeakSink& sink, engine::Event event);
  /// Asks the letters on their thread, and gives their answer to the sink.
  template <class Ask>
  void ask_letters(Ask ask);
  void keep_frames();

  boost::asio::io_context& loop_;
  std::unique_ptr<Files> files_;
  Books books_;                 ///< lives on its thread
  std::shared_ptr<Sink> sink_;  // answers on their way to the loop look whether it is still there
  std::atomic<bool> ending_ = false;
  std::vector<engine::KeepFrame> frames_;  ///< to be written when those under way are
  bool keeping_frames_ = false;
  boost::asio::thread_pool files_thread_{1};
  boost::asio::thread_pool books_thread_{1};
};

}  // namespace culver::client
