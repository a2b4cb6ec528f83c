// Prints the transition table of every machine and the table of faults into docs/generated/, or
// with
// --check says which committed table is not what the types say. A new machine is one line in
// `pages`.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

#include "core/base/fsm.hpp"
#include "core/connection/candidates.hpp"
#include "core/connection/connection.hpp"
#include "core/connection/restart.hpp"
#include "core/engine/linking.hpp"
#include "core/engine/peer.hpp"
#include "core/engine/server_channel.hpp"
#include "core/handshake/client.hpp"
#include "core/handshake/server.hpp"
#include "core/ice/consent.hpp"
#include "core/ice/nomination.hpp"
#include "core/ice/pair.hpp"
#include "core/ice/path_mtu.hpp"
#include "core/ice/turn.hpp"
#include "core/relay/device_session.hpp"
#include "core/relay/session.hpp"
#include "core/signaling/attempt.hpp"
#include "core/signaling/lookup.hpp"
#include "core/signaling/session.hpp"
#include "core/transfer/receiver.hpp"
#include "core/transfer/sender.hpp"
#include "core/transfer/zajel_receiver.hpp"
#include "core/transfer/zajel_sender.hpp"
#include "shell/host/fault_text.hpp"

namespace {

namespace fs = std::filesystem;
using namespace culver;

/// A cell of a Markdown table cannot hold a bar: "A | B | C |" as the last cell becomes "A or B or
/// C".
std::string as_three_columns(std::string table) {
  std::size_t line = 0;
  while (line < table.size()) {
    std::size_t bar = line;
    for (int column = 0; column < 2; ++column) bar = table.find('|', bar + 1);
    std::size_t end = table.find('\n', line);
    for (bar += 1; (bar = table.find(" | ", bar)) < end; end += 1) table.replace(bar, 3, " or ");
    line = end + 1;
  }
  return table;
}

template <class Machine>
std::string table_of() {
  return as_three_columns(fsm::table<Machine>());
}

std::string_view whose(Blame blame) {
  switch (blame) {
    case Blame::us:
      return "ours";
    case Blame::peer:
      return "the other side's";
    case Blame::world:
      break;
  }
  return "nobody's: the network, time, or a person's answer";
}

/// Every code that a program can get in `failed`, `transferFailed`, `textFailed` or culver::Error.
std::string table_of_faults() {
  std::string table =
      "| code | exit code | whose fault | what is said | what to do |\n|---|---|---|---|---|\n";
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    const FaultInfo& of = info(fault);
    const host::FaultText& text = host::fault_text(fault);
    table += "| `" + std::string(of.name) + "` | " + std::to_string(text.exit_code) + " | " +
             std::string(whose(of.blame)) + " | " + std::string(text.sentence) + " | " +
             std::string(text.advice) + " |\n";
  }
  return table;
}

struct Page {
  std::string_view name;
  std::string_view about;
  std::string (*table)();
};

constexpr Page pages[] = {
    {"server_channel", "The channel to the server", &table_of<engine::server_channel::Machine>},
    {"linking", "A device on its way into an account", &table_of<engine::linking::Machine>},
    {"peer", "How far the peer of a connection is believed", &table_of<engine::peer::Machine>},
    {"session", "A client's place on the signaling server", &table_of<signaling::Session>},
    {"ask", "A pairing that we asked for", &table_of<signaling::Ask>},
    {"request", "A pairing that somebody asks of us", &table_of<signaling::Request>},
    {"lookup", "A known peer that is looked for", &table_of<signaling::lookup::Machine>},
    {"connection", "One connection to one peer", &table_of<connection::Machine>},
    {"candidates", "The candidates of a peer, sorted", &table_of<connection::Candidates>},
    {"restart", "A new path under a connection that lives on", &table_of<connection::Restart>},
    {"turn", "An allocation on a TURN server", &table_of<ice::turn::Machine>},
    {"ice_pair", "A candidate pair of ICE", &table_of<ice::pair::Machine>},
    {"ice_nomination", "What the controlling agent nominates", &table_of<ice::nomination::Machine>},
    {"ice_consent", "Whether the peer still wants what we send", &table_of<ice::consent::Machine>},
    {"ice_path_mtu", "How large the datagrams of a path may be", &table_of<ice::path_mtu::Machine>},
    {"zajel_sender", "A file on its way out", &table_of<transfer::zajel_sender::Machine>},
    {"zajel_receiver", "A file on its way in", &table_of<transfer::zajel_receiver::Machine>},
    {"sender", "A file on its way out, second form", &table_of<transfer::sender::Machine>},
    {"receiver", "A file on its way in, second form", &table_of<transfer::receiver::Machine>},
    {"server", "One connection of the signaling server", &table_of<relay::session::Machine>},
    {"device_session", "The session of a device behind the gateway",
     &table_of<relay::device_session::Machine>},
    {"gateway_client", "The gateway handshake, the client's side",
     &table_of<handshake::client::Machine>},
    {"gateway_server", "The gateway handshake, the server's side",
     &table_of<handshake::server::Machine>},
    {"error_codes", "What can go wrong, by its code", &table_of_faults},
};

std::string text_of(const Page& page) {
  return "# " + std::string(page.about) + "\n\nGenerated by tools/states from the types; do not " +
         "edit.\n\n" + page.table();
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool write(const fs::path& folder) {
  fs::create_directories(folder);
  bool good = true;
  for (const Page& page : pages) {
    std::ofstream file(folder / (std::string(page.name) + ".md"), std::ios::binary);
    good = good && (file << text_of(page)).flush();
  }
  return good;
}

bool check(const fs::path& folder) {
  std::set<fs::path> expected;
  bool good = true;
  for (const Page& page : pages) {
    const fs::path path = folder / (std::string(page.name) + ".md");
    expected.insert(path);
    if (read(path) == text_of(page)) continue;
    std::cerr << path.string() << " differs from the types\n";
    good = false;
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".md" || expected.count(entry.path())) continue;
    std::cerr << entry.path().string() << " belongs to no machine\n";
    good = false;
  }
  if (!good) std::cerr << "run tools/states\n";
  return good;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2) return write(arguments[1]) ? 0 : 1;
  if (count == 3 && std::string_view(arguments[1]) == "--check") return check(arguments[2]) ? 0 : 1;
  std::cerr << "usage: states [--check] FOLDER\n";
  return 1;
}
