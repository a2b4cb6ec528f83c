// The words of the command line.
#include "shell/cli/output/report_text.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/ids.hpp"
#include "core/crypto/keys.hpp"
#include "shell/cli/output/presenter.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/qr.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/dial_text.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

constexpr auto repaint = std::chrono::milliseconds(100);

std::string verified(const report::Peer& peer) { return peer.is_verified ? " (verified)" : ""; }

std::string title_of(const report::File& file) { return printable(file.name.expose()); }

std::string with_size(const report::File& file) {
  return title_of(file) + " (" + size_text(file.size) + ")";
}

/// It could not have the name that the other side gave it here, or there was one of that name.
bool is_renamed(const report::File& file) {
  if (!file.path) return false;
  const auto& path = file.path->expose();
  return path.substr(path.rfind('/') + 1) != file.name.expose();
}

std::string checksum(const Digest& sha256) { return "  SHA-256 " + print_hex(sha256.view()); }

/// A verb that is advised is written out for the peer that it is about.
std::string advice_about(const report::Failed& failed, const Contacts& contacts) {
  constexpr std::string_view any = " NAME";
  if (failed.fault.why) return std::string(host::advice(failed.fault.why->cause));
  std::string advice(host::fault_text(failed.fault).advice);
  if (!failed.peer) return advice;
  const auto word = " " + word_of(*failed.peer, contacts);
  for (auto at = advice.find(any); at != std::string::npos; at = advice.find(any, at + word.size()))
    advice.replace(at, any.size(), word);
  return advice;
}

}  // namespace

std::string word_of(const report::Peer& peer, const Contacts& contacts) {
  const auto name = contacts.handle(peer);
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '@' || c == ' ' ||
           c >= 0x80;
  };
  if (name.starts_with('-') || !std::ranges::all_of(name, is_plain)) {
    auto digits = report::short_fingerprint(peer.key);
    std::erase(digits, ' ');
    return digits;
  }
  return name.find(' ') == std::string::npos ? name : "'" + name + "'";
}

std::string failure_sentence(const report::Failed& failed, const Contacts& contacts) {
  std::string sentence = "culver: ";
  if (failed.peer) sentence += contacts.handle(*failed.peer) + ": ";
  if (failed.about) sentence += printable(failed.about->expose()) + ": ";
  if (failed.sentence) return sentence + *failed.sentence;
  sentence += printable(host::happened(failed.fault));
  if (failed.room) sentence += " " + size_text(*failed.room) + " are free.";
  if (failed.tried) sentence += " Tried: " + tried_text(*failed.tried) + ".";
  const auto advice = advice_about(failed, contacts);
  return advice.empty() ? sentence : sentence + " " + advice;
}

std::string passing_sentence(const Failure& failure) {
  return printable(host::happened(failure)) + " Trying again.";
}

std::string pace_sentence(Duration wait) {
  return "The server takes only so many requests in a minute: going on in " +
         std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s.";
}

std::string clock_sentence(std::chrono::milliseconds ahead) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(ahead));
  const auto count = minutes.count();
  const auto by = count < 120       ? std::to_string(count) + " minutes"
                  : count < 48 * 60 ? std::to_string(count / 60) + " hours"
                                    : std::to_string(count / (24 * 60)) + " days";
  return "The clock of this machine is " + by + (ahead.count() > 0 ? " ahead of" : " behind") +
         " the server's. The server's is used to find peers; set the clock.";
}

std::string relay_sentence(const report::RelayFailed& failed) {
  const auto where = failed.fault.why ? std::string()
                                      : failed.host + " port " + std::to_string(failed.port) + ": ";
  return "culver: Relay " + printable(where + host::happened(failed.fault)) + " " +
         "Check its address and our credentials for it (--ice-server).";
}

std::string tried_text(const report::Tried& tried) {
  const auto relayed = tried.own_relayed + tried.peers_relayed;
  return std::to_string(tried.own) + " addresses of this side, " + std::to_string(tried.peers) +
         " of the other, " + (relayed == 0 ? "no relay" : std::to_string(relayed) + " by relays");
}

std::string phase_sentence(const engine::Establishing& notice) {
  using Phase = engine::Establishing::Phase;
  switch (notice.phase) {
    case Phase::awaiting_answer:
      return "Connecting: waiting for the other side's answer...";
    case Phase::finding_path:
      return "Connecting: looking for a network path (" + tried_text(tried_of(notice.tried)) +
             ")...";
    case Phase::securing:
      return "Connecting: securing the connection...";
    case Phase::proving:
      break;
  }
  return "Connecting: proving the keys...";
}

void TextReport::phase(std::string_view sentence) {
  const auto columns = static_cast<std::size_t>(std::max(screen_.abilities().columns(), 20));
  screen_.paint_bar(sentence.substr(0, columns - 1));
}

void TextReport::report(const report::Event& event) {
  std::visit([this](const auto& e) { show(e); }, event);
}

void TextReport::remark(std::string_view sentence) { screen_.complain(sentence); }

void TextReport::show(const report::Code& e) {
  const std::string server = server_.empty() ? "" : "--server " + server_ + " ";
  // The code last: on a small screen what is above scrolls away.
  show_qr(screen_, e.code.text());
  screen_.say(
      "On the other machine, run this and type the code when it is asked for:\n\n    culver " +
      server + "send FILE\n\nPairing code:\n\n    " + screen_.bold(e.code.text()) + "\n");
}

void TextReport::show(const report::PairRequest& e) {
  screen_.say(name_of(e.peer) + " asks to pair.\n  Fingerprint " + crypto::fingerprint(e.peer.key));
  if (e.namesake)
    screen_.say("  The " + name_of({e.peer.name, *e.namesake}) + " that you know has " +
                crypto::fingerprint(*e.namesake) + ".");
}

void TextReport::show(const report::FileRefused& e) {
  screen_.say("Refused " + with_size(e.file) + " from " + name_of(e.file.peer) +
              ": culver send takes no files, culver receive does.");
}

void TextReport::show(const report::Waiting& e) {
  screen_.complain("Waiting for " + screen_.bold(name_of(e.peer)) + ", " +
                   std::to_string(e.seconds) + " s at most: culver receive has to run there.");
}

void TextReport::show(const report::Unproven& e) {
  screen_.say("Reached somebody who claims to be " + screen_.bold(name_of(e.peer)) +
              " and has not shown the key yet: the first text from there does.\n  Fingerprint " +
              crypto::fingerprint(e.peer.key));
}

void TextReport::show(const report::Connected& e) {
  screen_.say("Connected with " + screen_.bold(name_of(e.peer)) + verified(e.peer) +
              (e.relayed ? ", through a relay." : ", directly.") + "\n  Fingerprint " +
              crypto::fingerprint(e.peer.key));
  if (e.called_before && e.peer.name)
    screen_.say("  Until now it was called " + Contacts::shown(e.called_before) +
                "; it calls itself " + Contacts::shown(e.peer.name) + " now.");
  if (!e.is_culver)
    screen_.say(
        "  It is no Culver: whoever runs the server could change what its files are called.");
  if (e.instead_of)
    screen_.say("  This key is new: until now " + name_of(e.peer) + " had " +
                crypto::fingerprint(*e.instead_of) + ". Compare: culver verify.");
}

void TextReport::show(const report::Text& e) {
  const auto name = name_of(e.peer);
  const auto when =
      e.letter && !e.letter->is_of_now ? " (" + host::iso8601(e.letter->written) + ")" : "";
  screen_.say(screen_.bold(name) + verified(e.peer) + when + ": " +
              printable_text(e.text.expose(), "  | "));
}

void TextReport::show(const report::TextSent& e) {
  if (e.confirmed) screen_.say("Text delivered to " + name_of(e.peer) + ".");
}

void TextReport::show(const report::LetterKept& e) {
  screen_.say("Kept; delivered when " + name_of(e.peer) + " is here and culver runs.");
}

void TextReport::show(const report::LetterDelivered& e) {
  screen_.say("Delivered a kept text to " + name_of(e.peer) +
              (e.confirmed ? "." : "; whether it was read there is not known here."));
}

void TextReport::show(const report::FileChecking& e) {
  const auto now = now_();
  if (e.bytes == 0) {
    bar_.emplace(Bar{e.file.name.expose(), e.file.peer.key, Progress("Checking", e.of, now), {}});
    return screen_.complain("Continuing " + with_size(e.file) + ": checking the " +
                            size_text(e.of) + " that are there already.");
  }
  if (bar_) paint(e.bytes, now);
}

void TextReport::show(const report::FileStarted& e) {
  bar_.emplace(Bar{
      e.file.name.expose(), e.file.peer.key, Progress(title_of(e.file), e.file.size, now_()), {}});
  screen_.complain((e.file.outgoing ? "Sending " + with_size(e.file) + " to "
                                    : "Receiving " + with_size(e.file) + " from ") +
                   name_of(e.file.peer) +
                   (e.from > 0 ? ", continuing at " + size_text(e.from) + "." : "."));
}

void TextReport::show(const report::FileProgress& e) {
  const auto now = now_();
  if (!bar_ || bar_->name != e.file.name.expose())
    bar_.emplace(Bar{
        e.file.name.expose(), e.file.peer.key, Progress(title_of(e.file), e.file.size, now), {}});
  paint(e.bytes, now);
}

void TextReport::paint(std::uint64_t bytes, TimePoint now) {
  bar_->progress.advance(bytes, now);
  if (bar_->painted && now - *bar_->painted < repaint) return;
  bar_->painted = now;
  paint_bar(now);
}

void TextReport::paint_bar(TimePoint now) {
  const auto columns = static_cast<std::size_t>(std::max(screen_.abilities().columns(), 1));
  screen_.paint_bar(bar_->progress.line(columns - 1, now));
}

/// Without this a bar would show the last rate for as long as nothing comes.
void TextReport::tick() {
  if (bar_ && bar_->painted) paint_bar(now_());
}

void TextReport::show(const report::FileReceived& e) {
  bar_.reset();
  const auto path = e.file.path ? printable(e.file.path->expose()) : title_of(e.file);
  screen_.say("Received " + path + " (" + size_text(e.file.size) + "), checked.\n" +
              checksum(e.sha256));
  if (is_renamed(e.file)) screen_.say("  The other side calls it " + title_of(e.file) + ".");
}

void TextReport::show(const report::FileSent& e) {
  bar_.reset();
  screen_.say("Sent " + with_size(e.file) + ", " +
              (e.confirmed ? "confirmed by " + name_of(e.file.peer) + "."
                           : "not confirmed: the other side does not say whether it received it.") +
              "\n" + checksum(e.sha256));
}

void TextReport::show(const report::Failed& e) {
  bar_.reset();
  screen_.complain(failure_sentence(e, contacts_));
}

/// What moved on that connection does not move any more, whether it has failed or is kept for
/// another.
void TextReport::show(const report::Closed& e) {
  if (bar_ && bar_->peer == e.peer.key) bar_.reset();
  screen_.say(name_of(e.peer) + " is disconnected.");
}

void TextReport::show(const report::RelayFailed& e) { screen_.complain(relay_sentence(e)); }

}  // namespace culver::cli
