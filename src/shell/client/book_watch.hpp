// Notices that the peer book was written, and says what has changed in it: another process may
// block a peer that is connected here.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "core/engine/api.hpp"

namespace culver::client {

/// What leads from one reading of the book to the next: Know and Forget.
std::vector<engine::Command> book_changes(const std::vector<engine::Known>& before,
                                          const std::vector<engine::Known>& now);

class BookWatch {
 public:
  /// `on_write` is called on the loop, after writes of this process too, and never inside of this
  /// call. Where the system has no watch left it is never called, which is logged: changes then
  /// count from the next start on.
  BookWatch(boost::asio::io_context& loop, const std::filesystem::path& book,
            std::function<void()> on_write);
  BookWatch(const BookWatch&) = delete;
  BookWatch& operator=(const BookWatch&) = delete;

 private:
  void read();
  /// The book itself, or the log that SQLite keeps beside it.
  bool is_about_book(std::size_t size) const;

  boost::asio::posix::stream_descriptor events_;
  std::string name_;
  std::function<void()> on_write_;
  std::array<char, 4'096> buffer_;
  std::shared_ptr<BookWatch*> alive_;  // a handler may run after the watch has died
};

}  // namespace culver::client
