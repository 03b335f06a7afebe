#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string> hostile_values = {"; touch pwned",
                                                 "$(touch pwned)",
                                                 "`touch pwned`",
                                                 "\ntouch pwned\n",
                                                 "'; touch pwned; '",
                                                 "\"; touch pwned; \"",
                                                 "\\",
                                                 "\\'",
                                                 "it's",
                                                 "a  b",
                                                 "&& touch pwned",
                                                 "| touch pwned",
                                                 "> pwned",
                                                 "#",
                                                 "*",
                                                 "~",
                                                 "${HOME}",
                                                 "$HOME",
                                                 "'\"'\"",
                                                 "\\\"; touch pwned; \"",
                                                 ") touch pwned (",
                                                 "}; touch pwned; {",
                                                 "A=b",
                                                 "if",
                                                 "!",
                                                 "'$(touch pwned)'",
                                                 "\"$(touch pwned)\"",
                                                 "-n",
                                                 "plain",
                                                 "a[$(touch pwned)]"};

class ShellTest : public CommandFixture {
 protected:
  /// Runs the shell text at a point where `v` is the value. Nothing that the value says may happen.
  /// @return what the program printed, or "refused"
  std::string run(const std::string& text, const Value& value) {
    CommandSpec command = spec(text);
    command.keep = Keep::all;
    const Design design = one("v", value);
    std::string printed;
    try {
      evaluate(Command(command, design), design);
      printed = content_of(point() / "stdout");
    } catch (const SpecError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("`v`"), HasSubstr("list of arguments"), HasSubstr("{{v}}")));
      printed = "refused";
    }
    EXPECT_FALSE(fs::exists(point() / "pwned")) << text << " with " << value.render();
    EXPECT_FALSE(fs::exists(study_ / "pwned")) << text << " with " << value.render();
    return printed;
  }
  /// The value reaches the program exactly, whatever it is.
  void expect_exact(const std::string& before, const std::string& after) {
    for (const std::string& value : hostile_values) {
      EXPECT_EQ(run(before + "{{v}}" + after, value), value + "|") << before << "{{v}}" << after;
    }
  }
  /// The value reaches the program exactly, or is refused.
  void expect_safe(const std::string& text) {
    for (const std::string& value : hostile_values) run(text, value);
  }
};

TEST_F(ShellTest, values_are_exact_outside_quotes) {
  expect_exact("printf '%s|' ", "");
  expect_exact("printf '%s|' ", " # it's a comment");
  expect_exact("# it's a comment \" with quotes\nprintf '%s|' ", "\n");
  expect_exact("printf '%s|' ''", "\"\"");
  expect_exact("echo a > out; printf '%s|' ", ";");
  expect_exact("printf '%s|' ", ">&1");
  expect_exact("case x in x) printf '%s|' ", ";; esac");
  expect_exact("if true; then printf '%s|' ", "; fi");
}

TEST_F(ShellTest, values_are_exact_inside_single_quotes) {
  expect_exact("printf '%s|' '", "'");
  expect_exact("printf '%s|' \"\"'", "'\"\"");
}

TEST_F(ShellTest, values_are_exact_inside_double_quotes) {
  expect_exact("printf '%s|' \"", "\"");
  expect_exact("x=1; printf '%s|' \"${x#1}", "\"");
  for (const std::string& value : hostile_values) {
    EXPECT_EQ(run("printf '%s|' \"\\\\{{v}}\"", value), "\\" + value + "|");
  }
}

TEST_F(ShellTest, values_are_exact_inside_command_substitutions) {
  expect_exact("printf '%s' \"$(printf '%s|' ", ")\"");
  expect_exact("printf '%s' \"$(printf '%s|' '", "')\"");
  expect_exact("printf '%s' \"$(printf '%s|' \"", "\")\"");
  expect_exact("printf '%s' \"$(printf '%s' \"$( (printf '%s|' \"", "\") )\")\"");
  expect_exact("x=$(echo 'a)b'); printf '%s|' ", "");
  expect_exact("x=$((1 + (2 * 3))); printf '%s|' \"", "\"");
}

TEST_F(ShellTest, values_are_exact_in_every_kind_of_tag) {
  for (const std::string& value : hostile_values) {
    EXPECT_EQ(run("printf '%s|' {{{v}}}", value), value + "|");
    EXPECT_EQ(run("printf '%s|' {{&v}}", value), value + "|");
    EXPECT_EQ(run("printf '%s|' {{#v}}{{v}}{{/v}}", value), value + "|");
  }
}

TEST_F(ShellTest, places_that_cannot_be_judged_take_no_hostile_value) {
  for (const char* text : {"printf '%s|' `printf %s {{v}}`",
                           "cat <<E\n{{v}}\nE\n",
                           "cat <<'E'\n{{v}}\nE\n",
                           "printf '%s|' $'{{v}}'",
                           "printf '%s|' $'a\\'{{v}}'",
                           "echo $(( {{v}} ))",
                           "(( x = {{v}} ))",
                           "echo a # {{v}}\n",
                           "echo ${x:-{{v}}}",
                           "echo \"${x:-{{v}}}\"",
                           "echo \\{{v}}",
                           "echo \"\\{{v}}\"",
                           "echo \\\\\\{{v}}",
                           "eval echo {{v}}",
                           "eval \"echo {{v}}\"",
                           "e\"va\"l echo {{v}}",
                           "sh -c 'echo {{v}}'",
                           "sh -ec \"echo {{v}}\"",
                           "trap {{v}} EXIT",
                           "echo ${{v}}",
                           "echo \"${{v}}\"",
                           "echo $\\\n(echo {{v}})",
                           "cat <\\\n<E\n{{v}}\nE\n",
                           "echo $(case a in a) echo \"{{v}}\";; esac)",
                           "bash -c 'x[{{v}}]=1'",
                           "unset x[{{v}}]",
                           "'ev'al {{v}}",
                           "$1eval {{v}}",
                           "${x}eval {{v}}"}) {
    for (const std::string& value : hostile_values) {
      if (value == "plain" || value == "if" || value == "-n" || value == "A=b") continue;
      EXPECT_EQ(run(text, value), "refused") << text << " with " << value;
    }
    expect_safe(text);
  }
}

TEST_F(ShellTest, plain_values_go_anywhere) {
  EXPECT_EQ(run("echo `echo {{v}}` $(( {{v}} + 1 )) \"{{v}}\" '{{v}}'", 41), "41 42 41 41\n");
  EXPECT_EQ(run("cat <<E\n<x>{{v}}</x>\nE\n", 0.5), "<x>0.5</x>\n");
  EXPECT_EQ(run("echo `echo {{v}}`", "steel"), "steel\n");
  EXPECT_EQ(run("eval echo {{v}}", "steel"), "steel\n");
}

TEST_F(ShellTest, a_number_before_a_redirection_stays_an_argument) {
  EXPECT_EQ(run("echo {{v}}>&1", 2), "2\n");
}

TEST_F(ShellTest, a_value_that_names_a_program_brings_no_other_value_to_power) {
  CommandSpec command = spec(std::string("{{program}} {{v}}"));
  const Design design = zip({values("program", {"eval"}), values("v", {"touch pwned"})});
  EXPECT_THROW(Command(command, design), SpecError);
}

TEST_F(ShellTest, a_line_that_ends_a_here_document_is_refused) {
  EXPECT_EQ(run("cat <<plain\n{{v}}\ntouch pwned\n", "plain"), "refused");
}

TEST_F(ShellTest, a_null_character_is_refused) {
  EXPECT_EQ(run("echo '{{v}}'", std::string("a\0b", 3)), "refused");
}

}  // namespace
}  // namespace windrow
