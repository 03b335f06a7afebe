// Values come from files of others: they are data, never code.
#include "cli/cli_fixture.hpp"
#include "windrow/base/csv.hpp"

namespace windrow::test {
namespace {

const std::vector<std::string> kHostile = {
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "' ; touch pwned ; '",
    "\" ; touch pwned ; \"",
    "| touch pwned",
    "&& touch pwned",
    "> pwned",
    "x\ntouch pwned",
    "*",
    "~",
    "$HOME",
    "-rf",
    "--help",
    "a\\nb",
    "{{value}}",
    "{{{value}}} <&>",
    "!!",
    "#no comment",
    "caf\xc3\xa9 \xe2\x88\x9e",
    "  blanks  inside and around  ",
    "%s%n",
};

class HostileValuesTest : public CliTest {
 protected:
  void SetUp() override {
    std::string table = "value\n";
    for (const std::string& value : kHostile) table += csv::field(value) + "\n";
    write("values.csv", table);
    write_program("show.sh", "printf '<%s>' \"$1\"\n");
  }

  void run_study(const std::string& command) {
    write("hostile.toml",
          "[design]\nmethod = \"table\"\nfile = \"values.csv\"\n[command]\nkeep = \"all\"\n" + command +
              "\n[outputs]\nsaid = { file = \"stdout\", regex = '(?s)\\A<(.*)>\\Z', type = \"string\" }\n");
    const Ended run = windrow({"run", "hostile.toml"});
    EXPECT_EQ(run.code, 0) << run.text();
  }

  void expect_verbatim() {
    const auto records = csv_records(exported("hostile.windrow"));
    ASSERT_EQ(records.size(), kHostile.size() + 1);
    for (std::size_t i = 0; i < kHostile.size(); ++i) {
      EXPECT_EQ(records[i + 1][1], kHostile[i]);
      const std::string index = std::to_string(i);
      EXPECT_EQ(read_file(path("hostile.windrow/points/" + index + "/stdout")), "<" + kHostile[i] + ">");
    }
    expect_no_harm();
  }

  void expect_no_harm() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory())) {
      EXPECT_EQ(entry.path().string().find("pwned"), std::string::npos) << entry.path();
    }
    EXPECT_FALSE(std::filesystem::exists("pwned"));
  }
};

TEST_F(HostileValuesTest, arrive_verbatim_as_arguments) {
  run_study(R"(run = ["./show.sh", "{{value}}"])");
  expect_verbatim();
}

TEST_F(HostileValuesTest, arrive_verbatim_in_a_shell_text) {
  run_study(R"(run = "printf '<%s>' {{value}}")");
  expect_verbatim();
}

TEST_F(HostileValuesTest, arrive_verbatim_in_a_quoted_place_of_a_shell_text) {
  run_study(R"(run = '''printf '<%s>' "{{value}}"''')");
  expect_verbatim();
  std::filesystem::remove_all(path("hostile.windrow"));
  run_study(R"(run = "printf '<%s>' '{{value}}'")");
  expect_verbatim();
}

// Whichever shell reads the text.
TEST_F(HostileValuesTest, arrive_verbatim_in_every_shell) {
  for (const std::string shell : {"dash", "bash", "mksh", "zsh", "busybox"}) {
    if (start({"/bin/sh", "-c", "command -v " + shell}).wait().code != 0) continue;
    SCOPED_TRACE(shell);
    std::filesystem::remove_all(path("hostile.windrow"));
    const std::string key = shell == "busybox" ? R"(["busybox", "sh", "-c"])" : '"' + shell + '"';
    run_study("shell = " + key + "\nrun = '''x={{value}}; printf '<%s>' \"$x\"'''");
    expect_verbatim();
  }
}

// bash expands the word after >& once more, however it is quoted.
TEST_F(HostileValuesTest, are_refused_where_shells_read_twice) {
  write("values.csv", "value\n$(touch pwned)\n");
  for (const std::string before : {"echo hello >& ", "echo hello &> x", "[ 1 -eq "}) {
    write("hostile.toml", "[design]\nmethod = \"table\"\nfile = \"values.csv\"\n[command]\nshell = \"bash\"\nrun = \"" +
                              before + "{{value}} ]\"\n");
    const Ended run = windrow({"run", "hostile.toml"});
    EXPECT_EQ(run.code, 2) << run.text();
    EXPECT_NE(run.err.find("cannot be put into the shell text safely, at `" + before), std::string::npos) << run.err;
    expect_no_harm();
  }
}

TEST_F(HostileValuesTest, arrive_verbatim_in_a_template) {
  write("input.txt.mustache", "<{{value}}>");
  run_study("run = [\"cat\", \"input.txt\"]\ntemplates = [\"input.txt.mustache\"]");
  expect_verbatim();
}

// Inside backquotes no quoting is safe: such a point is refused, and nothing runs.
TEST_F(HostileValuesTest, are_refused_where_no_quoting_is_safe) {
  write("hostile.toml", R"(
[design]
method = "table"
file = "values.csv"
[command]
run = "echo `echo {{value}}`"
)");
  const Ended run = windrow({"run", "hostile.toml"});
  EXPECT_EQ(run.code, 2) << run.text();
  EXPECT_NE(run.err.find("the value of `value` cannot be put into the shell text safely"), std::string::npos);
  expect_no_harm();
}

TEST_F(HostileValuesTest, are_refused_at_their_point_where_the_first_was_harmless) {
  write("values.csv", "value\nharmless\n$(touch pwned)\n");
  write("hostile.toml", R"(
[design]
method = "table"
file = "values.csv"
[command]
run = "echo `echo {{value}}`"
)");
  const Ended run = windrow({"run", "hostile.toml"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_NE(run.out.find("point 1: value = $(touch pwned)"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("cannot be put into the shell text safely"), std::string::npos) << run.out;
  expect_no_harm();
}

TEST_F(HostileValuesTest, the_kept_command_is_safe_to_paste) {
  run_study(R"(run = ["./show.sh", "{{value}}"])");
  for (std::size_t i = 0; i < kHostile.size(); ++i) {
    const std::string command = path("hostile.windrow/points/" + std::to_string(i) + "/command").string();
    EXPECT_EQ(start({"/bin/sh", command}).wait().out, "<" + kHostile[i] + ">");
  }
  expect_no_harm();
}

}  // namespace
}  // namespace windrow::test
