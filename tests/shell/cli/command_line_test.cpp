#include "shell/cli/command_line.hpp"

#include <map>

#include <gtest/gtest.h>

#include "shell/host/version.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::cli {
namespace {

constexpr const char* device = "550e8400-e29b-41d4-a716-446655440000";

class CommandLineTest : public testing::Test {
 protected:
  tl::expected<CommandLine, Exit> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "culver");
    variables_.try_emplace("XDG_CONFIG_HOME", folder_.path().string());
    const auto lookup = [this](const char* name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    return parse_command_line(static_cast<int>(words.size()), words.data(), lookup);
  }
  void configure(const std::string& json) {
    std::filesystem::create_directories(folder_ / "culver");
    write_file(folder_ / "culver" / "config.json", json);
  }
  void expect_wrong(std::vector<const char*> words, const std::string& hint, int code = 1) {
    const auto options = parse(words);
    ASSERT_FALSE(options) << hint;
    EXPECT_EQ(options.error().code, code);
    EXPECT_EQ(options.error().out, "");
    EXPECT_NE(options.error().err.find(hint), std::string::npos) << options.error().err;
    EXPECT_NE(options.error().err.find("culver "), std::string::npos);
    EXPECT_EQ(std::count(options.error().err.begin(), options.error().err.end(), '\n'), 1);
  }
  TemporaryFolder folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(CommandLineTest, HasDefaults) {
  const auto options = parse({"receive"});
  ASSERT_TRUE(options) << options.error().err;
  EXPECT_EQ(options->server, "ws://127.0.0.1:9000");
  EXPECT_EQ(options->output, Output::text);
  EXPECT_FALSE(options->name.expose().empty());
  const auto& receive = std::get<ReceiveOptions>(options->verb);
  EXPECT_EQ(receive.out, ".");
  EXPECT_FALSE(receive.yes);
  EXPECT_FALSE(receive.once);
}

TEST_F(CommandLineTest, TakesGlobalOptionsBeforeAndAfterTheVerb) {
  const auto out = folder_.path().string();
  for (const auto& words :
       {std::vector<const char*>{"-d", "/d", "--server", "wss://s", "-o", "json", "-vv", "--name",
                                 "Ana", "receive", "--out", out.c_str(), "--yes", "--once"},
        std::vector<const char*>{"receive", "--out", out.c_str(), "--yes", "--once", "--data-dir",
                                 "/d", "--server", "wss://s", "--output", "json", "-v", "-v",
                                 "--name", "Ana"}}) {
    const auto options = parse(words);
    ASSERT_TRUE(options) << options.error().err;
    EXPECT_EQ(options->data_dir, "/d");
    EXPECT_EQ(options->server, "wss://s");
    EXPECT_EQ(options->output, Output::json);
    EXPECT_EQ(options->verbosity, 2);
    EXPECT_EQ(options->name, Plaintext("Ana"));
    const auto& receive = std::get<ReceiveOptions>(options->verb);
    EXPECT_EQ(receive.out, folder_.path());
    EXPECT_TRUE(receive.yes && receive.once);
  }
}

TEST_F(CommandLineTest, KnowsEveryVerbAndItsAliases) {
  for (const char* word : {"receive", "rx", "recv"})
    EXPECT_TRUE(std::holds_alternative<ReceiveOptions>(parse({word})->verb)) << word;
  for (const char* word : {"send", "tx"})
    EXPECT_TRUE(std::holds_alternative<SendOptions>(parse({word, "file"})->verb)) << word;
  EXPECT_TRUE(std::holds_alternative<PeersOptions>(parse({"peers"})->verb));
  EXPECT_TRUE(std::holds_alternative<IdOptions>(parse({"id"})->verb));
  EXPECT_TRUE(std::holds_alternative<VersionOptions>(parse({"version"})->verb));
}

TEST_F(CommandLineTest, TakesTextFilesAndWhereTheCodeIs) {
  const auto options = parse({"send", "--text", "-", "a", "b", "--code-file", "c", "-v"});
  ASSERT_TRUE(options) << options.error().err;
  const auto& send = std::get<SendOptions>(options->verb);
  EXPECT_EQ(send.text, "-");
  EXPECT_EQ(send.files, (std::vector<std::filesystem::path>{"a", "b"}));
  EXPECT_EQ(send.code_file, "c");
  const auto from_input = parse({"send", "--text", "x", "--code-file", "-"});
  ASSERT_TRUE(from_input);
  EXPECT_EQ(std::get<SendOptions>(from_input->verb).code_file, "-");
  const auto dashed = parse({"send", "--", "--odd-name"});
  ASSERT_TRUE(dashed);
  EXPECT_EQ(std::get<SendOptions>(dashed->verb).files.front(), "--odd-name");
}

TEST_F(CommandLineTest, RefusesWrongUseWithAShortHint) {
  expect_wrong({}, "");
  expect_wrong({"fly"}, "");
  expect_wrong({"receive", "--frobnicate"}, "frobnicate");
  expect_wrong({"receive", "stray"}, "stray");
  expect_wrong({"receive", "--out", "/does/not/exist"}, "does not exist: make it");
  expect_wrong({"receive", "--out", "/dev/null"}, "/dev/null is not a folder");
  expect_wrong({"receive", "--out", "/dev/null/x"}, "/dev/null/x ");
  expect_wrong({"send"}, "nothing to send");
  expect_wrong({"send", "--text", "-", "--code-file", "-"}, "both");
  expect_wrong({"send", "--code", "K7MW2Q", "f"}, "--code");
  expect_wrong({"-o", "xml", "id"}, "text or json");
  expect_wrong({"--server", "http://x", "id"}, "ws://");
  expect_wrong({"--server", "ws://x:70000", "id"}, "port");
  expect_wrong({"--ice-server", "http://x", "id"}, "stun:HOST");
  expect_wrong({"--name", "\xFF", "id"}, "UTF-8");
  expect_wrong({"trust-server", "--fingerprint", "abc"}, "64");
  expect_wrong({"devices", "forget"}, "forget");
  expect_wrong({"devices", "revoke"}, "ID");
  expect_wrong({"devices", "revoke", "laptop"}, "not the id", 8);
  expect_wrong({"devices", "rename", "cfe5", "x"}, "not the id", 8);
  expect_wrong({"devices", "rename", device, ""}, "name");
  expect_wrong({"devices", "rename", device, "Ana@1f3a"}, "NAME@DIGITS");
  expect_wrong({"devices", "rename", device, "Old phone (revoked)"}, "mark");
  expect_wrong({"devices", "rename", device, "a\tb"}, "cannot be shown");
  const std::string long_name(51, 'x');
  expect_wrong({"devices", "rename", device, long_name.c_str()}, "50 characters");
  for (const char* verb : {"rename", "name"}) {
    const auto named = [&](const char* name) {
      return std::string_view(verb) == "name" ? std::vector<const char*>{"name", name}
                                              : std::vector<const char*>{"rename", "ana", name};
    };
    expect_wrong(named("ana@1f3a"), "NAME@DIGITS");
    expect_wrong(named("Bob (verified)"), "mark");
    expect_wrong(named("Bob: the new account is 4711"), "colon");
    expect_wrong(named("Bob:"), "colon");
    expect_wrong(named("Bob "), "blank");
    expect_wrong(named("1234 5678"), "fingerprint");
    expect_wrong(named("\u3164"), "no character that is seen");
  }
  expect_wrong({"--name", "Bob: x", "id"}, "colon");
  expect_wrong({"link", "short"}, "eleven characters", 8);
}

TEST_F(CommandLineTest, ShowsHelpAndVersionWithoutAnError) {
  for (const auto& words : {std::vector<const char*>{"--help"}, std::vector<const char*>{"-h"},
                            std::vector<const char*>{"send", "--help"}}) {
    const auto options = parse(words);
    ASSERT_FALSE(options);
    EXPECT_EQ(options.error().code, 0);
    EXPECT_NE(options.error().out.find("culver"), std::string::npos);
    EXPECT_EQ(options.error().err, "");
  }
  EXPECT_EQ(parse({"--version"}).error().out, "culver " + std::string(host::version) + "\n");
}

TEST_F(CommandLineTest, LetsFlagsWinOverVariablesOverTheFile) {
  configure(R"({"server":"ws://file","dataDir":"/file","name":"File","output":"json",
                "iceServer":["stun:file"],"yes":true})");
  auto options = parse({"receive"});
  ASSERT_TRUE(options) << options.error().err;
  EXPECT_EQ(options->server, "ws://file");
  EXPECT_EQ(options->data_dir, "/file");
  EXPECT_EQ(options->name, Plaintext("File"));
  EXPECT_EQ(options->output, Output::json);
  EXPECT_EQ(options->ice_servers.front().host, "file");
  EXPECT_TRUE(std::get<ReceiveOptions>(options->verb).yes);
  variables_["CULVER_SERVER"] = "ws://variable";
  variables_["CULVER_DATA_DIR"] = "/variable";
  options = parse({"receive"});
  EXPECT_EQ(options->server, "ws://variable");
  EXPECT_EQ(options->data_dir, "/variable");
  options = parse({"receive", "--server", "ws://flag", "-d", "/flag", "-o", "text", "--ice-server",
                   "stun:flag"});
  EXPECT_EQ(options->server, "ws://flag");
  EXPECT_EQ(options->data_dir, "/flag");
  EXPECT_EQ(options->output, Output::text);
  ASSERT_EQ(options->ice_servers.size(), 1u);
  EXPECT_EQ(options->ice_servers.front().host, "flag");
}

TEST_F(CommandLineTest, RefusesAFileThatItWouldIgnore) {
  configure(R"({"servre":"ws://x"})");
  expect_wrong({"id"}, "config.json");
}

TEST_F(CommandLineTest, KnowsTheVerbsOfTheGateway) {
  auto options = parse({"trust-server", "--yes"});
  ASSERT_TRUE(options) << options.error().err;
  EXPECT_TRUE(std::get<TrustServerOptions>(options->verb).yes);
  EXPECT_FALSE(std::get<TrustServerOptions>(options->verb).identity);
  const std::string digits = "0A:0b " + std::string(60, '1');
  options = parse({"trust-server", "--fingerprint", digits.c_str()});
  ASSERT_TRUE(options) << options.error().err;
  EXPECT_EQ(print_hex(std::get<TrustServerOptions>(options->verb).identity->data),
            "0a0b" + std::string(60, '1'));
  configure(R"({"yes":true})");
  EXPECT_FALSE(std::get<TrustServerOptions>(parse({"trust-server"})->verb).yes);

  const auto devices = [&](std::vector<const char*> words) {
    const auto made = parse(words);
    EXPECT_TRUE(made);
    return std::get<DevicesOptions>(made->verb);
  };
  EXPECT_TRUE(std::holds_alternative<ListDevices>(devices({"devices"})));
  EXPECT_EQ(print_uuid(std::get<RevokeDevice>(devices({"devices", "revoke", device})).device.data),
            device);
  const auto rename = std::get<RenameDevice>(devices({"devices", "rename", device, "Lap top"}));
  EXPECT_EQ(print_uuid(rename.device.data), device);
  EXPECT_EQ(rename.name, Plaintext("Lap top"));
  EXPECT_EQ(parse({"devices", "revoke", device, "-o", "json"})->output, Output::json);
}

TEST_F(CommandLineTest, KnowsTheOutbox) {
  EXPECT_TRUE(std::get<SendOptions>(parse({"send", "ana", "--text", "x", "--later"})->verb).later);
  EXPECT_FALSE(std::get<SendOptions>(parse({"send", "ana", "--text", "x"})->verb).later);
  expect_wrong({"send", "ana", "--later"}, "--text");
  const auto outbox = [&](std::vector<const char*> words) {
    return std::get<OutboxOptions>(parse(words)->verb);
  };
  EXPECT_FALSE(std::get<ListOutbox>(outbox({"outbox"})).show);
  EXPECT_TRUE(std::get<ListOutbox>(outbox({"outbox", "--show"})).show);
  EXPECT_EQ(std::get<DropLetters>(outbox({"outbox", "drop", "ana"})).what, "ana");
  expect_wrong({"outbox", "drop"}, "required");
}

TEST_F(CommandLineTest, KnowsTheVerbsAboutAPeer) {
  const auto book = [&](std::vector<const char*> words) {
    const auto made = parse(words);
    EXPECT_TRUE(made) << made.error().err;
    return std::get<PeerOptions>(made->verb);
  };
  const auto verify = [&](std::vector<const char*> words) {
    return std::get<VerifyPeer>(book(words)).matches;
  };
  EXPECT_EQ(verify({"verify", "ana"}), std::nullopt);
  EXPECT_EQ(verify({"verify", "ana", "--yes"}), true);
  EXPECT_EQ(verify({"verify", "--no", "ana"}), false);
  EXPECT_EQ(std::get<VerifyPeer>(book({"verify", "a@1f", "-o", "json"})).peer, Plaintext("a@1f"));
  EXPECT_EQ(std::get<RenamePeer>(book({"rename", "ana", "My sister"})).alias,
            Plaintext("My sister"));
  EXPECT_EQ(std::get<RenamePeer>(book({"rename", "ana", ""})).alias, std::nullopt);
  EXPECT_TRUE(std::get<BlockPeer>(book({"block", "ana"})).is_blocked);
  EXPECT_FALSE(std::get<BlockPeer>(book({"unblock", "ana"})).is_blocked);
  EXPECT_FALSE(std::get<ForgetPeer>(book({"forget", "ana"})).yes);
  EXPECT_TRUE(std::get<ForgetPeer>(book({"forget", "ana", "--yes"})).yes);
  EXPECT_FALSE(std::get<TrustPeer>(book({"trust", "ana"})).fingerprint);
  const std::string digits = "0A:0b " + std::string(60, '1');
  const auto trust = std::get<TrustPeer>(book({"trust", "ana", "--fingerprint", digits.c_str()}));
  EXPECT_EQ(print_hex(trust.fingerprint->view()), "0a0b" + std::string(60, '1'));
  configure(R"({"yes":true})");
  EXPECT_EQ(verify({"verify", "ana"}), std::nullopt) << "--yes is said each time";
  expect_wrong({"verify"}, "NAME");
  expect_wrong({"verify", "ana", "--yes", "--no"}, "--no");
  expect_wrong({"rename", "ana"}, "NEW");
  for (const char* bad : {"a\x1b[31m", "a\tb", "\u202e"})
    expect_wrong({"rename", "ana", bad}, "cannot be shown");
  for (const char* bad : {" ana", "ana "}) expect_wrong({"rename", "ana", bad}, "blank");
  expect_wrong({"rename", "ana", "\xFF"}, "UTF-8");
  expect_wrong({"rename", "ana", std::string(65, 'x').c_str()}, "64 bytes");
  expect_wrong({"trust", "ana", "--fingerprint", "1f"}, "64");
}

TEST_F(CommandLineTest, KnowsExportAndImport) {
  const auto backup = [&](std::vector<const char*> words) {
    const auto made = parse(words);
    EXPECT_TRUE(made) << made.error().err;
    return std::get<BackupOptions>(made->verb);
  };
  const auto made = std::get<ExportOptions>(backup({"export", "f", "--passphrase-file", "p"}));
  EXPECT_EQ(made.file, "f");
  EXPECT_EQ(made.passphrase_file, "p");
  EXPECT_FALSE(std::get<ImportOptions>(backup({"import", "f"})).replace);
  EXPECT_TRUE(std::get<ImportOptions>(backup({"import", "--replace", "f"})).replace);
  expect_wrong({"export"}, "FILE");
  expect_wrong({"export", "f", "--replace"}, "--replace");
  expect_wrong({"export", "f", "--passphrase", "x"}, "--passphrase");
}

TEST_F(CommandLineTest, LocksAndUnlocks) {
  const auto vault = [&](std::vector<const char*> words) {
    const auto options = parse(words);
    EXPECT_TRUE(options) << options.error().err;
    return std::get<VaultOptions>(options->verb);
  };
  EXPECT_EQ(std::get<LockOptions>(vault({"lock"})).passphrase_file, std::nullopt);
  EXPECT_EQ(std::get<LockOptions>(vault({"lock", "--passphrase-file", "p"})).passphrase_file, "p");
  EXPECT_TRUE(std::holds_alternative<UnlockOptions>(vault({"unlock"})));
  expect_wrong({"unlock", "--passphrase-file", "p"}, "--passphrase-file");
  const auto imported = parse({"import", "--lock", "f"});
  ASSERT_TRUE(imported);
  EXPECT_TRUE(std::get<ImportOptions>(std::get<BackupOptions>(imported->verb)).lock);
}

TEST_F(CommandLineTest, SaysWhereTheKeyIs) {
  EXPECT_EQ(parse({"id"})->key_file, std::nullopt);
  configure(R"({"keyFile":"/file"})");
  EXPECT_EQ(parse({"id"})->key_file, "/file");
  variables_["CULVER_KEY_FILE"] = "/variable";
  EXPECT_EQ(parse({"id"})->key_file, "/variable");
  EXPECT_EQ(parse({"id", "--key-file", "/flag"})->key_file, "/flag");
}

TEST_F(CommandLineTest, KnowsANameThatNobodyHasChosen) {
  EXPECT_EQ(parse({"receive"})->name_from, NameFrom::host);
  EXPECT_EQ(parse({"receive", "--name", "Ana"})->name_from, NameFrom::option);
  configure(R"({"name":"Ana"})");
  EXPECT_EQ(parse({"receive"})->name_from, NameFrom::settings);
}

TEST_F(CommandLineTest, SaysWhomToTrust) {
  EXPECT_EQ(parse({"id"})->trust, engine::Trust::on_first_use);
  EXPECT_EQ(parse({"--trust", "always", "id"})->trust, engine::Trust::always);
  configure(R"({"trust":"never"})");
  EXPECT_EQ(parse({"receive"})->trust, engine::Trust::never);
  EXPECT_EQ(parse({"receive", "--trust", "on-first-use"})->trust, engine::Trust::on_first_use);
  expect_wrong({"id", "--trust", "everybody"}, "always or never");
}

TEST_F(CommandLineTest, LinksDevices) {
  EXPECT_FALSE(std::get<OfferLinkOptions>(parse({"devices", "link"})->verb).yes);
  EXPECT_TRUE(std::get<OfferLinkOptions>(parse({"devices", "link", "--yes"})->verb).yes);
  const auto link = [&](std::vector<const char*> words) {
    const auto options = parse(std::move(words));
    EXPECT_TRUE(options) << options.error().err;
    return std::get<LinkOptions>(options->verb);
  };
  EXPECT_EQ(link({"link"}).code, std::nullopt);
  EXPECT_EQ(link({"link", "012-345"}).code, LinkCode::parse("012345").value());
  EXPECT_EQ(link({"link", "--code-file", "-"}).code_file, "-");
  expect_wrong({"link", "K7MW2Q"}, "six digits", 8);
  EXPECT_EQ(link({"link", "k7m-w2qp-abcd"}).code, LinkCode::parse("K7MW2QPABCD").value());
  expect_wrong({"link", "012345", "--code-file", "-"}, "twice");
}

TEST_F(CommandLineTest, TakesNoFileForAnOption) {
  const auto files = [&](std::vector<const char*> words) {
    const auto options = parse(std::move(words));
    EXPECT_TRUE(options) << options.error().err;
    return std::get<SendOptions>(options->verb).files;
  };
  using Files = std::vector<std::filesystem::path>;
  EXPECT_EQ(files({"send", "bob", "--", "-dash.txt"}), (Files{"bob", "-dash.txt"}));
  EXPECT_EQ(files({"send", "bob", "a", "--", "-dash.txt", "--yes"}),
            (Files{"bob", "a", "-dash.txt", "--yes"}));
  for (const char* dashed : {"-dash.txt", "-output.txt", "-vdash.txt", "-x", "-video.mp4"})
    expect_wrong({"send", "bob", dashed}, dashed);
  EXPECT_EQ(parse({"-d", "/data", "-vv", "-ojson", "id"})->data_dir, "/data");
  EXPECT_EQ(std::get<SendOptions>(parse({"send", "bob", "--text", "-5 degrees"})->verb).text,
            "-5 degrees");
  EXPECT_EQ(std::get<SendOptions>(parse({"send", "--to", "-dave", "--text", "x"})->verb).to,
            "-dave");
}

TEST_F(CommandLineTest, NamesAVerbThatThereIsNot) {
  expect_wrong({"chat", "--help"}, "There is no verb chat.");
  expect_wrong({"-o", "text", "chat", "ana"}, "There is no verb chat.");
  expect_wrong({"recieve"}, "Did you mean receive?");
  expect_wrong({"reciev"}, "Did you mean receive?");
  expect_wrong({"devices", "chat", "--help"}, "There is no verb chat.");
  expect_wrong({"devices", "-o", "text", "renane", "1", "a"}, "Did you mean rename?");
  expect_wrong({"outbox", "drip", "--help"}, "Did you mean drop?");
  const auto help = parse({"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().code, 0);
}

TEST_F(CommandLineTest, NamesAnOptionThatThereIsNot) {
  expect_wrong({"--foo"}, "There is no option --foo.");
  expect_wrong({"--foo=1", "receive"}, "There is no option --foo.");
  expect_wrong({"send", "--text", "--foo", "--bar"}, "There is no option --bar.");
}

TEST_F(CommandLineTest, SaysThatAVerbIsMissing) {
  expect_wrong({}, "A verb is missing");
  expect_wrong({"-o", "text"}, "A verb is missing");
}

TEST_F(CommandLineTest, HelpIsAWordToo) {
  const auto shown = [&](std::vector<const char*> words) {
    const auto help = parse(std::move(words));
    EXPECT_FALSE(help);
    if (help) return std::string();
    EXPECT_EQ(help.error().code, 0);
    return help.error().out;
  };
  EXPECT_EQ(shown({"help"}), shown({"--help"}));
  EXPECT_EQ(shown({"help", "send"}), shown({"send", "--help"}));
  EXPECT_NE(shown({"help", "send"}), shown({"help"}));
  expect_wrong({"help", "chat"}, "There is no verb chat.");
}

TEST_F(CommandLineTest, HelpNamesEveryVariable) {
  std::string all;
  for (const auto& words : {std::vector<const char*>{"--help"}, {"lock", "--help"}})
    all += parse(words).error().out;
  for (const char* name : {"CULVER_PASSPHRASE ", "CULVER_PASSPHRASE_FILE", "CULVER_CODE",
                           "CULVER_DATA_DIR", "CULVER_KEY_FILE", "CULVER_SERVER", "CULVER_LOG"})
    EXPECT_NE(all.find(name), std::string::npos) << name << all;
}

TEST_F(CommandLineTest, SaysOnceWhereToLook) {
  for (const auto& words : {std::vector<const char*>{"chat"}, {"devices", "revoke", "laptop"}}) {
    const auto said = parse(words).error().err;
    const auto first = said.find("culver ", 7);
    ASSERT_NE(first, std::string::npos) << said;
    EXPECT_EQ(said.find("culver ", first + 1), std::string::npos) << said;
  }
}

TEST_F(CommandLineTest, TellsAProgramWhatIsWrong) {
  const auto error_of = [&](std::vector<const char*> words) {
    const auto options = parse(std::move(words));
    EXPECT_FALSE(options);
    return options ? std::string() : options.error().out;
  };
  EXPECT_NE(error_of({"devices", "revoke", "cfe5", "-o", "json"}).find("\"device_unknown\""),
            std::string::npos);
  const std::string begin = R"({"v":1,"type":"failed","data":{"code":"usage","message":")";
  EXPECT_TRUE(error_of({"-o", "json", "send", "--no-such"}).starts_with(begin));
  EXPECT_TRUE(error_of({"send", "--output=json"}).starts_with(begin));
  EXPECT_TRUE(error_of({"-ojson"}).starts_with(begin));
  EXPECT_TRUE(error_of({"nonsense", "-o", "json"}).starts_with(begin));
  EXPECT_EQ(error_of({"send"}), "");
  configure(R"({"output":"json"})");
  EXPECT_TRUE(error_of({"send"}).starts_with(begin));
}

TEST_F(CommandLineTest, ShowsAndKeepsAName) {
  EXPECT_EQ(std::get<NameOptions>(parse({"name"})->verb).name, std::nullopt);
  EXPECT_EQ(std::get<NameOptions>(parse({"name", "Ana B"})->verb).name, Plaintext("Ana B"));
  EXPECT_EQ(std::get<NameOptions>(parse({"name", ""})->verb).name, Plaintext(""));
  expect_wrong({"name", " Ana"}, "blank");
}

TEST_F(CommandLineTest, CutsALongName) {
  const auto options = parse({"--name", std::string(100, 'x').c_str(), "id"});
  EXPECT_EQ(options->name.expose().size(), 64u);
}

TEST(IceServers, AreStunOrTurn) {
  using Kind = IceServer::Kind;
  const std::pair<const char*, IceServer> good[] = {
      {"stun:example.org", {Kind::stun, "example.org", 3478, "", ""}},
      {"stun:example.org:19302", {Kind::stun, "example.org", 19302, "", ""}},
      {"stun:[2001:db8::1]:99", {Kind::stun, "2001:db8::1", 99, "", ""}},
      {"turn:ana:p@ss%3Aword@example.org:5349",
       {Kind::turn_udp, "example.org", 5349, "ana", "p@ss:word"}},
      // A user that is good until then, as servers give them out.
      {"turn:1795905085:ana:PW@example.org",
       {Kind::turn_udp, "example.org", 3478, "1795905085:ana", "PW"}},
      {"turn:1795905085%3Aana:%50W%40%25@example.org",
       {Kind::turn_udp, "example.org", 3478, "1795905085:ana", "PW@%"}},
      {"turn:ana:100%@example.org", {Kind::turn_udp, "example.org", 3478, "ana", "100%"}},
      {"turn:a:b:p@[2001:DB8::1]:99", {Kind::turn_udp, "2001:db8::1", 99, "a:b", "p"}},
      {"turn:ana:p@[fe80::1%25eth0]:99", {Kind::turn_udp, "fe80::1%eth0", 99, "ana", "p"}},
      {"stun:[fe80::1%eth0]", {Kind::stun, "fe80::1%eth0", 3478, "", ""}},
      {"turn:ana:p@example.org?transport=udp", {Kind::turn_udp, "example.org", 3478, "ana", "p"}},
      {"turn:ana:p@example.org?transport=tcp", {Kind::turn_tcp, "example.org", 3478, "ana", "p"}},
      {"turn:ana:?transport=tcp@example.org",
       {Kind::turn_udp, "example.org", 3478, "ana", "?transport=tcp"}},
      {"turns:ana:p@example.org", {Kind::turn_tls, "example.org", 5349, "ana", "p"}},
      {"turns:ana:p@[::1]:443?transport=tcp", {Kind::turn_tls, "::1", 443, "ana", "p"}},
  };
  for (const auto& [text, server] : good) EXPECT_EQ(parse_ice_server(text), server) << text;
  for (const char* bad : {"",
                          "stun",
                          "example.org",
                          "stun:",
                          "stun:x:",
                          "stun:x:0",
                          "stun:x:65536",
                          "stun:x:1y",
                          "stun:[::1",
                          "stun:[::1]x",
                          "stun:[x]",
                          "stun:[1.2.3.4]",
                          "stun:[fe80::1%25]",
                          "stun:::1",
                          "turn:ana:p@2001:db8::1",
                          "turn:example.org",
                          "turn:ana@example.org",
                          "turn::p@example.org",
                          "stuns:x",
                          "turn:a:b@c?transport=sctp",
                          "turn:a:b@c?transport=",
                          "turns:a:b@c?transport=udp",
                          "stun:x?transport=tcp"})
    EXPECT_FALSE(parse_ice_server(bad)) << bad;
}

}  // namespace
}  // namespace culver::cli
