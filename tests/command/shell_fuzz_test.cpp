// Every shell that may read a text: random texts with hostile values, and values that must arrive as they are.
#include "command/shell_fuzz.hpp"

#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace windrow {
namespace {

using namespace shell_fuzz;

class ShellFuzzTest : public CommandFixture, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    shell_ = find_shell(GetParam(), study_ / "shells");
    if (!shell_) GTEST_SKIP() << "there is no " << GetParam() << " (scripts/packages.txt names it)";
  }
  /// What the shell prints of `text` with each of the values as {{v}}; a refusal is a failure.
  std::vector<std::string> printed(const std::string& text, const std::vector<std::string>& values) {
    std::vector<std::string> texts;
    for (const std::string& value : values) {
      const auto made = rendered({text, {value, value}});
      EXPECT_TRUE(made) << text << " with " << value;
      texts.push_back(made.value_or(""));
    }
    return Runner(study_ / "exact").outputs(*shell_, texts);
  }
  void expect_exact(const std::string& text, const std::vector<std::string>& values, const std::string& before = "") {
    const auto found = printed(text, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(found[i], before + values[i] + "|") << GetParam() << ": " << text;
    }
  }
  static std::vector<std::string> values() {
    std::vector<std::string> all = {"$(:>m)",
                                    "`:>m`",
                                    "'",
                                    "''",
                                    "\"",
                                    "\\",
                                    "\\\\",
                                    "\\n",
                                    "\n",
                                    "a\n\nb\n",
                                    " ",
                                    " a  b ",
                                    "*",
                                    "~",
                                    "$x",
                                    "${x}",
                                    "!",
                                    "!!",
                                    "#",
                                    "# a",
                                    "a[$(:>m)]",
                                    "[x]",
                                    ":h",
                                    "%d%s",
                                    "-n",
                                    "-e",
                                    "1",
                                    "-1",
                                    "2.50",
                                    "1e5",
                                    "plain",
                                    "a=b",
                                    "=ls",
                                    "if",
                                    "{a,b}",
                                    "",
                                    "'\"'\"'$\\`!*",
                                    "caf\xc3\xa9",
                                    "\xff\xfe",
                                    "x\xc3",
                                    "_1",
                                    "(a)",
                                    "&",
                                    ";",
                                    "|",
                                    ">f",
                                    "\t\r\x0b",
                                    "0x1F"};
    std::string bytes;
    for (int byte = 1; byte < 256; ++byte) bytes += static_cast<char>(byte);
    all.push_back(bytes);
    for (const char mark : {'\x01', '\x81', '\x83', '\x84', '\x88', '\xa0'}) {  // some shells mark tokens by them
      all.push_back({'x', mark, 'y', mark});
    }
    return all;
  }

  std::optional<Shell> shell_;
};

TEST_P(ShellFuzzTest, values_arrive_as_they_are) {
  for (const std::string text : {"printf '%s|' {{v}}",
                                 "printf '%s|' \"{{v}}\"",
                                 "printf '%s|' '{{v}}'",
                                 "printf '%s|' ''{{v}}\"\"",
                                 "printf '%s' \"$(printf '%s|' {{v}})\"",
                                 "printf '%s' \"$(printf '%s|' \"{{v}}\" | cat)\"",
                                 "p={{v}}; printf '%s|' \"$p\"",
                                 "p=\"{{v}}\" q=a; printf '%s|' \"$p\"",
                                 "for p in {{v}}; do printf '%s|' \"$p\"; done",
                                 "set -- {{v}} b; printf '%s|' \"$1\"",
                                 "h() { printf '%s|' \"$1\"; }; h {{v}}",
                                 "case {{v}} in {{v}}) printf '%s|' {{v}};; esac",
                                 "if [ {{v}} = \"{{v}}\" ]; then printf '%s|' {{v}}; fi",
                                 "printf %s {{v}} > out; cat out; echo '|' | tr -d '\\n'",
                                 "export A={{v}}; printf '%s|' \"$A\"",
                                 "env A={{v}} sh -c 'printf \"%s|\" \"$A\"'",
                                 "# it's\nprintf '%s|' {{v}} # \"",
                                 "(printf '%s|' {{v}})",
                                 "{ printf '%s|' {{v}}; } 2>&1",
                                 "true && printf '%s|' {{v}} || :",
                                 "printf '%s|' \\\n{{v}}"}) {
    expect_exact(text, values());
  }
}

TEST_P(ShellFuzzTest, values_join_what_stands_before_them) {
  for (const std::string text :
       {"printf '%s|' $x{{v}}", "printf '%s|' \"$x{{v}}\"", "printf '%s|' ${x}{{v}}", "printf '%s|' \"${x}{{v}}\"",
        "printf '%s|' ab{{v}}", "printf '%s|' \"$(echo ab){{v}}\"", "p=$x{{v}}; printf '%s|' \"$p\"",
        "printf '%s|' $x'{{v}}'", "printf '%s|' \"$x\"{{v}}"}) {
    expect_exact(text, values(), "ab");
  }
}

TEST_P(ShellFuzzTest, long_values_arrive) {
  expect_exact("printf '%s|' \"{{v}}\"",
               {std::string(10000, '\''), std::string(10000, '\\') + std::string(50000, 'a')});
}

TEST_P(ShellFuzzTest, files_are_named_by_values) {
  const std::vector<std::string> names = {"$(:>m)", "`:>m`", "'",         "a b", " ",           "*", "\\",
                                          "&1",     "!",     "a[$(:>m)]", "1",   "caf\xc3\xa9", "\n"};
  for (const std::string text : {"printf a > {{v}}; cat ./\"{{v}}\"; echo '|'",
                                 "printf a >\"{{v}}\"; cat < {{v}}; echo '|' >> ./{{v}}; tail -n 1 ./{{v}}",
                                 "printf a >| '{{v}}'; cat 0< {{v}} 2>&1; echo '|'"}) {
    for (const std::string& found : printed(text, names))
      EXPECT_THAT(found, testing::StartsWith("a")) << GetParam() << ": " << text;
  }
}

TEST_P(ShellFuzzTest, no_value_makes_a_file) {
  const auto seed = 20 + static_cast<std::uint64_t>(std::ranges::find(kShells, GetParam()) - kShells.begin());
  constexpr std::size_t count = 1500;
  Runner runner(study_ / "fuzz");
  Grammar grammar(seed, runner.mark().string());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto text = rendered(grammar.next())) texts.push_back(std::move(*text));
  }
  EXPECT_GT(texts.size(), count / 4);
  for (const std::size_t culprit : runner.culprits(*shell_, texts))
    ADD_FAILURE() << GetParam() << ": " << texts[culprit];
  EXPECT_THAT(runner.unfinished(), testing::IsEmpty());
}

/// What would say nothing if it could not see: values that are code where a text lets them be.
TEST_P(ShellFuzzTest, a_value_that_is_code_is_seen) {
  Runner runner(study_ / "seen");
  const std::string code = "$(:>" + runner.mark().string() + ")";
  EXPECT_THAT(
      runner.culprits(*shell_, {"echo a", "echo " + code, "echo '" + code + "'", "p='" + code + "'; eval echo \"$p\""}),
      testing::ElementsAre(1, 3));
}

INSTANTIATE_TEST_SUITE_P(Shells, ShellFuzzTest, testing::ValuesIn(kShells), [](const auto& shell) {
  std::string name = shell.param;
  std::ranges::replace(name, ' ', '_');
  return name;
});

}  // namespace
}  // namespace windrow
