#include "shell/client/disk.hpp"

#include <map>
#include <optional>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "shell/host/clock.hpp"
#include "shell/host/log.hpp"

namespace culver::client {

namespace asio = boost::asio;
using Event = engine::FromDisk::Event;

namespace {

using transfer::DiskFailed;

/// What is not forgotten at the end: somebody has decided whether the part of a file stays.
bool frees_files(const engine::ToDisk::Effect& effect) {
  return std::holds_alternative<transfer::DropSource>(effect) ||
         std::holds_alternative<transfer::DropTarget>(effect) ||
         std::holds_alternative<transfer::KeepTarget>(effect);
}

}  // namespace

/// What the thread of the files owns, and its answers to each request.
struct Disk::Files {
  std::string download_dir;
  std::optional<store::Folder> folder;  ///< opened when the first file comes
  std::map<TransferId, store::StreamSource> outgoing;
  std::map<TransferId, store::IncomingFile> incoming;
  std::map<TransferId, store::StreamTarget> streams;  ///< incoming ones of the second form

  /// One that was deleted may have been made again.
  Result<store::Folder*> downloads() {
    if (folder && folder->is_gone()) folder.reset();
    if (!folder) {
      TRY(folder, store::Folder::open(download_dir));
      folder->sweep(host::wall_now());
    }
    return &*folder;
  }

  /// With the room that there is, if that is what was missing.
  DiskFailed failed(Fault fault) const {
    return {fault, fault == Fault::no_space && folder ? folder->room() : std::nullopt};
  }

  std::optional<Event> on(TransferId id, const transfer::ReadBlock& request) {
    const auto file = outgoing.find(id);
    if (file == outgoing.end()) return std::nullopt;
    auto bytes = file->second.file().read(request.bytes);
    if (!bytes) return failed(bytes.error());
    return transfer::BlockRead{std::move(*bytes)};
  }

  std::optional<Event> on(TransferId id, const transfer::CreateTarget& request) {
    auto parent = downloads();
    if (!parent) return failed(parent.error());
    auto file = store::IncomingFile::create(**parent, request.name, request.reserve);
    if (!file) return failed(file.error());
    incoming.insert_or_assign(id, std::move(*file));
    return transfer::TargetCreated{};
  }

  std::optional<Event> on(TransferId id, const transfer::WriteBlock& request) {
    const auto file = incoming.find(id);
    if (file == incoming.end()) return std::nullopt;
    if (auto written = file->second.write(request.bytes); !written) return failed(written.error());
    return transfer::BlockWritten{request.bytes.size()};
  }

  /// After a failure it is still there: what becomes of it is decided elsewhere.
  std::optional<Event> on(TransferId id, const transfer::FinishTarget& request) {
    const auto finish = [&](auto& files, auto&&... arguments) -> std::optional<Event> {
      const auto file = files.find(id);
      if (file == files.end()) return std::nullopt;
      auto path = file->second.finish(arguments...);
      if (!path) return failed(path.error());
      files.erase(file);
      return transfer::TargetFinished{std::move(*path)};
    };
    auto event = finish(incoming);
    return event ? std::move(event) : finish(streams, request);
  }

  std::optional<Event> on(TransferId id, const transfer::HashPrefix& request) {
    const auto file = outgoing.find(id);
    if (file == outgoing.end()) return std::nullopt;
    return answer(file->second.hash(request));
  }

  std::optional<Event> on(TransferId id, const transfer::ReadFrames& request) {
    const auto file = outgoing.find(id);
    if (file == outgoing.end()) return std::nullopt;
    return answer(file->second.read(request));
  }

  std::optional<Event> on(TransferId, const transfer::FindTarget& request) {
    auto parent = downloads();
    if (!parent) return failed(parent.error());
    return answer(store::look_for_target(**parent, request));
  }

  std::optional<Event> on(TransferId id, const transfer::HashPart& request) {
    const auto file = streams.find(id);
    if (file == streams.end()) return std::nullopt;
    return answer(file->second.hash(request));
  }

  std::optional<Event> on(TransferId id, const transfer::OpenTarget& request) {
    auto parent = downloads();
    if (!parent) return failed(parent.error());
    auto file = store::StreamTarget::open(**parent, request);
    if (!file) return failed(file.error());
    return streams.insert_or_assign(id, std::move(*file)).first->second.opened();
  }

  std::optional<Event> on(TransferId id, const transfer::RestartTarget&) {
    if (const auto file = streams.find(id); file != streams.end()) file->second.restart();
    return std::nullopt;
  }

  std::optional<Event> on(TransferId id, const transfer::WriteSlices& request) {
    const auto file = streams.find(id);
    if (file == streams.end()) return std::nullopt;
    return answer(file->second.write(request));
  }

  std::optional<Event> on(TransferId id, const transfer::KeepTarget&) {
    streams.erase(id);
    return std::nullopt;
  }

  std::optional<Event> on(TransferId id, const transfer::DropSource&) {
    outgoing.erase(id);
    return std::nullopt;
  }

  std::optional<Event> on(TransferId id, const transfer::DropTarget&) {
    incoming.erase(id);
    if (const auto file = streams.find(id); file != streams.end()) file->second.drop();
    streams.erase(id);
    return std::nullopt;
  }

  template <class Done>
  Event answer(Result<Done> result) const {
    if (!result) return failed(result.error());
    return std::move(*result);
  }
};

Disk::Disk(asio::io_context& loop, std::string download_dir, Books books, Sink sink)
    : loop_(loop),
      files_(std::make_unique<Files>(Files{std::move(download_dir), std::nullopt, {}, {}, {}})),
      books_(std::move(books)),
      sink_(std::make_shared<Sink>(std::move(sink))) {}

Disk::~Disk() {
  sink_.reset();
  if (!frames_.empty()) keep_frames();
  ending_ = true;
  files_thread_.join();
  books_thread_.join();
}

void Disk::add(TransferId transfer, store::OutgoingFile file) {
  asio::post(files_thread_, [this, transfer, file = std::move(file)]() mutable {
    files_->outgoing.insert_or_assign(transfer, store::StreamSource(std::move(file)));
  });
}

void Disk::perform(engine::ToDisk request) {
  // The loop must not run dry while an answer is due.
  asio::post(files_thread_, [this, request = std::move(request), sink = std::weak_ptr(sink_),
                             work = asio::make_work_guard(loop_)] {
    if (ending_ && !frees_files(request.effect)) return;
    auto event =
        std::visit([&](const auto& r) { return files_->on(request.transfer, r); }, request.effect);
    if (!event) return;
    answer(sink, engine::FromDisk{request.transfer, std::move(*event)});
  });
}

/// From either thread.
void Disk::answer(const WeakSink& sink, engine::Event event) {
  asio::post(loop_, [sink, event = std::move(event)]() mutable {
    if (const auto alive = sink.lock()) (*alive)(std::move(event));
  });
}

void Disk::remember(engine::Remember peer) {
  asio::post(books_thread_, [this, peer = std::move(peer), sink = WeakSink(sink_),
                             work = asio::make_work_guard(loop_)] {
    const auto done = books_.peers.remember({peer.key, peer.name, peer.is_culver, peer.instead_of},
                                            host::utc_now());
    if (!done) log::info("peer not remembered", done.error());  // its connection ends, and says so
    answer(sink,
           engine::Remembered{peer.connection, done ? std::nullopt : std::optional(done.error())});
  });
}

void Disk::keep_offered(engine::KeepOffered key) {
  asio::post(books_thread_, [this, key, work = asio::make_work_guard(loop_)] {
    if (auto done = books_.peers.keep_offered(key.of, key.offered, key.standing); !done)
      log::warn("refused key not kept", done.error());
  });
}

void Disk::list_peers(std::function<void(Result<std::vector<store::KnownPeer>>)> done) {
  asio::post(books_thread_, [this, sink = WeakSink(sink_), done = std::move(done)] {
    if (ending_) return;
    asio::post(loop_, [sink, done, peers = books_.peers.all()]() mutable {
      if (sink.lock()) done(std::move(peers));
    });
  });
}

// ---- letters ------------------------------------------------------------------------------------

template <class Ask>
void Disk::ask_letters(Ask ask) {
  asio::post(books_thread_,
             [this, ask = std::move(ask), sink = WeakSink(sink_),
              work = asio::make_work_guard(loop_)] { answer(sink, ask(books_.letters)); });
}

namespace {

template <class Value>
std::optional<Fault> fault_of(const Result<Value>& result) {
  return result ? std::nullopt : std::optional(result.error());
}

}  // namespace

void Disk::store(engine::StoreLetter letter) {
  ask_letters([letter = std::move(letter)](auto& letters) {
    const auto stored = letters.post(letter.key, letter.text, letter.written);
    return engine::LetterStored{letter.request, stored.value_or(LetterId{}), fault_of(stored)};
  });
}

void Disk::load(engine::LoadLetters request) {
  ask_letters([request](auto& letters) {
    auto queue = letters.load(request.key, request.after, request.most);
    return engine::LettersLoaded{request.connection, std::move(queue.letters), queue.fault};
  });
}

void Disk::keep(engine::KeepLetter letter) {
  ask_letters([letter = std::move(letter)](auto& letters) {
    const auto kept = letters.keep(letter.key, letter.letter);
    return engine::LetterKept{letter.request, kept.value_or(std::nullopt), fault_of(kept)};
  });
}

void Disk::load_held() {
  ask_letters([](auto& letters) {
    auto held = letters.take_over();
    return engine::HeldLoaded{std::move(held.letters), held.fault};
  });
}

void Disk::remove(engine::RemoveLetters delivered) {
  asio::post(books_thread_, [this, delivered = std::move(delivered)] {
    if (auto done = books_.letters.remove(delivered.letters); !done)
      log::warn("delivered letters not removed", done.error());
  });
}

void Disk::mark_shown(engine::MarkDisplayed letter) {
  asio::post(books_thread_, [this, letter] {
    if (auto done = books_.letters.shown(letter.held); !done)
      log::warn("shown letter not removed", done.error());
  });
}

// ---- frames of version 1 ------------------------------------------------------------------------

/// What is not written yet was taken as well.
void Disk::load(engine::LoadFrames request) {
  std::vector<Nonce> unwritten;
  for (const auto& frame : frames_)
    if (frame.key == request.key) unwritten.push_back(frame.nonce);
  asio::post(books_thread_, [this, request, unwritten, sink = WeakSink(sink_),
                             work = asio::make_work_guard(loop_)] {
    auto taken = books_.frames.of(request.key);
    if (taken) taken->insert(taken->end(), unwritten.begin(), unwritten.end());
    answer(sink, engine::FramesLoaded{request.key, std::move(taken).value_or(std::vector<Nonce>()),
                                      fault_of(taken)});
  });
}

void Disk::keep(engine::KeepFrame frame) {
  frames_.push_back(frame);
  if (!keeping_frames_) keep_frames();
}

void Disk::keep_frames() {
  keeping_frames_ = true;
  asio::post(books_thread_, [this, frames = std::exchange(frames_, {}), sink = WeakSink(sink_),
                             work = asio::make_work_guard(loop_)] {
    const auto kept = books_.frames.keep(frames);
    asio::post(loop_, [this, sink, kept, keys = frames] {
      const auto alive = sink.lock();
      if (!alive) return;
      keeping_frames_ = false;
      for (std::size_t i = 0; i < keys.size(); ++i)
        if (kept)
          (*alive)(engine::FrameKept{keys[i].key, keys[i].nonce, (*kept)[i]});
        else
          (*alive)(engine::FramesLoaded{keys[i].key, {}, kept.error()});
      if (!frames_.empty()) keep_frames();
    });
  });
}

void Disk::remember(engine::RememberServer server) {
  asio::post(books_thread_, [this, server, work = asio::make_work_guard(loop_)] {
    if (auto done = books_.servers.remember(books_.server, server.identity, server.version,
                                            host::utc_now());
        !done)
      log::warn("server not remembered", done.error());
  });
}

}  // namespace culver::client
