// Standard output and standard error for as long as there are connections to look after: a terminal
// that was stopped, or a pipe that nobody reads, makes its lines wait here and not the loop. The
// descriptors themselves stay as they are: others share them.
#pragma once

#include <functional>
#include <memory>
#include <ostream>

#include <boost/asio/io_context.hpp>

namespace culver::cli {

class Outlet {
 public:
  /// So many bytes wait. More make whoever prints wait, and with it the connections, since nothing
  /// that was told may be lost.
  static constexpr std::size_t room = 1'048'576;
  /// With more than this before it, a bar would be old when it is seen.
  static constexpr std::size_t behind = 4'096;

  Outlet(boost::asio::io_context& loop, int out, int error);
  ~Outlet();  ///< what waits is written first
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  std::ostream& out();
  std::ostream& error();

  bool is_behind() const;
  /// `act` is called when everything that was printed to `out` has been taken: at once, or later on
  /// the loop; never if any of it could not be written whole.
  void when_taken(std::function<void()> act);
  /// As when_taken(), and also if something could not be written: behind every `act` that was due
  /// before.
  void when_settled(std::function<void()> act);
  /// Waits until everything is taken, or cannot be.
  void drain();

 private:
  struct Insides;
  std::unique_ptr<Insides> insides_;
};

}  // namespace culver::cli
