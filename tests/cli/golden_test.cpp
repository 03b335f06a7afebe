// What a user reads, word for word. WINDROW_UPDATE_GOLDEN=1 writes the files anew: look at the difference then.
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <regex>
#include <sstream>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

std::string replaced(const std::string& text, const std::string& pattern, const std::string& by) {
  return std::regex_replace(text, std::regex(pattern), by);
}

class GoldenTest : public CliTest {
 protected:
  void SetUp() override {
    write("beam.toml", R"(# Deflection of a beam.
[study]
name = "beam"
description = "deflection of a beam under its own weight"
[parameters.length]
values = { linear = { from = 1, to = 4, points = 4 } }
unit = "m"
description = "between the supports"
[parameters.material]
values = ["steel", "aluminium", "old wood"]
[command]
run = ["./beam.sh", "{{length}}", "{{material}}"]
templates = ["beam.in.mustache"]
timeout = "30s"
[outputs]
deflection = { stdout = 'deflection=(\S+)', unit = "mm", description = "in the middle" }
safe = { stdout = 'safe=(\w+)', type = "boolean" }
)");
    write("beam.in.mustache", "length {{length}}\nmaterial {{material}}\n");
    write_program("beam.sh", R"(
directory=$(dirname "$0")
[ -e "$directory/slow" ] && sleep 0.15
[ -e "$directory/hang" ] && [ $1 -gt 1 ] && sleep 3600
[ "$1$2" = "2aluminium" ] && { echo "no convergence" >&2; exit 3; }
echo "deflection=$1.5"
echo safe=true
)");
  }

  /// Times, dates, hosts, processes and places differ from run to run.
  std::string masked(std::string text) const {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    for (std::size_t at = 0; (at = text.find(directory().string())) != std::string::npos;) {
      text.replace(at, directory().string().size(), "DIR");
    }
    for (std::size_t at = 0; (at = text.find(WINDROW_PROGRAM)) != std::string::npos;) {
      text.replace(at, std::string(WINDROW_PROGRAM).size(), "WINDROW");
    }
    text = replaced(text, std::string("\\b") + host.data() + "\\b", "HOST");
    text = replaced(text, R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", "DATE");
    text = replaced(text, R"(\b\d+(\.\d+)?/s)", "RATE/s");
    text = replaced(text, R"(\b\d+m\d\ds\b|\b\d+(\.\d+)?(ns|us|ms|s)\b)", "TIME");
    return replaced(text, R"(\b(process|pid) \d+)", "$1 PID");
  }

  /// Runs of a second and more say where the time went, which on a busy machine may be any.
  static std::string without_account(const std::string& text) {
    return replaced(text, R"(Time: [^\n]*\n(  [^\n]*\n)*)", "");
  }
  /// Shares of time and columns that are as wide as those.
  static std::string without_shares(std::string text) {
    text = replaced(text, R"(\b\d+(\.\d+)? %)", "N %");
    text = replaced(text, R"((efficiency|imbalance) \d+\.\d+)", "$1 N");
    text = replaced(text, R"((longest points:) [^\n]*)", "$1 ...");
    text = replaced(text, R"((Time: evaluate) [^\n]*)", "$1 ...");
    text = replaced(text, R"((of the time went into evaluations)[^\n]*)", "$1 ...");  // by the cores that there are
    return replaced(text, R"( +)", " ");
  }

  void expect_golden(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = std::filesystem::path(WINDROW_GOLDEN) / (name + ".txt");
    const std::string actual = masked(text);
    if (const char* update = std::getenv("WINDROW_UPDATE_GOLDEN"); update != nullptr && std::string(update) == "1") {
      std::ofstream(file, std::ios::binary) << actual;
    }
    EXPECT_EQ(actual, read_file(file)) << "differs from " << file << "; WINDROW_UPDATE_GOLDEN=1 writes it anew";
  }

  void expect_golden(const std::string& name, const Ended& ended) const {
    expect_golden(name, "--- exit code " + std::to_string(ended.code) + "\n--- stderr\n" + ended.err + "--- stdout\n" +
                            without_account(ended.out));
  }
};

TEST_F(GoldenTest, help) {
  expect_golden("help", windrow({"--help"}));
  for (const char* verb : {"run", "plan", "submit", "status", "watch", "show", "export", "explain", "failures",
                           "compare", "timing", "merge", "clean", "check", "recover"}) {
    expect_golden(std::string("help-") + verb, windrow({verb, "--help"}));
  }
}

TEST_F(GoldenTest, plan) {
  expect_golden("plan", windrow({"plan", "beam.toml", "--point", "2"}));
}

TEST_F(GoldenTest, submit) {
  expect_golden("submit", windrow({"submit", "beam.toml", "--cpus-per-task", "4", "--time", "2h", "--print"}));
}

TEST_F(GoldenTest, run_status_and_explain) {
  expect_golden("run", windrow({"run", "beam.toml", "--workers", "1"}));
  expect_golden("run-again", windrow({"run", "beam.toml", "--workers", "1"}));
  expect_golden("status", windrow({"status", "beam.windrow"}));
  expect_golden("explain-ok", windrow({"explain", "beam.windrow", "2"}));
  expect_golden("explain-failed", windrow({"explain", "beam.windrow", "4"}));
  expect_golden("plan-again", windrow({"plan", "beam.toml"}));
}

TEST_F(GoldenTest, where_the_time_went) {
  write("slow", "");
  const Ended run = windrow({"run", "beam.toml", "--workers", "1"});
  expect_golden("run-time", without_shares(run.out));
  expect_golden("timing", without_shares(windrow({"timing", "beam.windrow"}).out));
}

TEST_F(GoldenTest, shards) {
  for (const char* shard : {"1/3", "3/3"}) windrow({"run", "beam.toml", "--workers", "1", "--shard", shard});
  expect_golden("status-shards", windrow({"status", "beam.windrow"}));
  expect_golden("watch-shards", windrow({"watch", "beam.windrow"}));
  expect_golden("merge-incomplete", windrow({"merge", "beam.windrow"}));
  expect_golden("run-shard", windrow({"run", "beam.toml", "--workers", "1", "--shard", "2/3"}));
  expect_golden("watch-ended", windrow({"watch", "beam.windrow"}));
}

TEST_F(GoldenTest, an_interrupted_run) {
  write("hang", "");
  Program run = start_windrow({"run", "beam.toml", "--workers", "1"});
  ASSERT_TRUE(eventually(std::chrono::seconds(10), [this] { return recorded("beam.windrow").size() == 3; }));
  run.signal_group(SIGINT);
  expect_golden("run-interrupted", run.wait());
  expect_golden("status-interrupted", windrow({"status", "beam.windrow"}));
  expect_golden("explain-pending", windrow({"explain", "beam.windrow", "11"}));
  expect_golden("export-interrupted", windrow({"export", "beam.windrow", "--csv", "-"}));
}

/// What is left on a terminal that knows carriage return, line feed and "erase to the end of the line".
std::string screen(const std::string& bytes) {
  std::string done, line;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      done += line + "\n";
      line.clear();
    } else if (bytes.compare(i, 4, "\r\033[K") == 0) {
      line.clear();
      i += 3;
    } else if (bytes[i] != '\r') {
      line += bytes[i];
    }
  }
  return done + line;
}

class TerminalTest : public GoldenTest {
 protected:
  std::string run_on_terminal(const Arguments& argv, int& code) {
    int master = -1, terminal = -1;
    if (openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) throw std::runtime_error("no pseudo-terminal");
    Program program = start(argv, {{"TERM", "xterm"}}, terminal);
    close(terminal);
    std::string bytes;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = read(master, buffer.data(), buffer.size())) > 0;) {  // ends with EIO
      bytes.append(buffer.data(), static_cast<std::size_t>(size));
    }
    close(master);
    code = program.wait().code;
    return bytes;
  }
};

TEST_F(TerminalTest, one_line_of_progress_renews_itself) {
  write("slow", "");
  int code = -1;
  const std::string bytes = run_on_terminal({WINDROW_PROGRAM, "run", "beam.toml", "--workers", "1"}, code);
  EXPECT_EQ(code, 1);
  const std::regex frame(R"(\r\x1b\[K\[ *(\d+)/12\] +\d+%  1 failed  \d+(\.\d+)?/s  ETA \S+)");
  int frames = 0, last = 0;
  for (std::sregex_iterator at(bytes.begin(), bytes.end(), frame), end; at != end; ++at, ++frames) {
    EXPECT_GE(std::stoi((*at)[1]), last);
    last = std::stoi((*at)[1]);
  }
  EXPECT_GE(frames, 3) << bytes;
  expect_golden("terminal", without_account(screen(bytes)));
}

TEST_F(TerminalTest, nothing_to_do_shows_no_progress) {
  EXPECT_EQ(windrow({"run", "beam.toml", "--workers", "1"}).code, 1);
  int code = -1;
  const std::string bytes = run_on_terminal({WINDROW_PROGRAM, "run", "beam.toml", "--workers", "1"}, code);
  EXPECT_EQ(code, 1);
  expect_golden("terminal-again", screen(bytes));
}

}  // namespace
}  // namespace windrow::test
