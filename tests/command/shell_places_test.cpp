// Where in a shell text a value may stand, whatever shell reads it. That it arrives there: shell_fuzz_test.cpp.
#include <gmock/gmock.h>

#include "command/shell.hpp"
#include "command_fixture.hpp"
#include "shell_fuzz.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kCode = "$(touch pwned)";

/// What becomes of the text, or why not.
std::string made(const std::string& text, const std::string& v = kCode, const std::string& w = "1") {
  try {
    return shell_fuzz::made({text, {v, w}});
  } catch (const SpecError& error) {
    return std::string("refused: ") + error.what();
  }
}

struct Place {
  std::string text;
  std::string reason;
};

const std::vector<Place> kReadTwice = {
    {"echo a >& {{v}}", "once more"},
    {"echo a >&{{v}}", "once more"},
    {"echo a 1>& x{{v}}", "once more"},
    {"echo a >& {{v}}.log", "once more"},
    {"echo a >& \"{{v}}\"", "once more"},
    {"echo a &> '{{v}}'", "once more"},
    {"echo a &>> {{v}}", "once more"},
    {"echo a >>& {{v}}", "once more"},
    {"cat <& {{v}}", "once more"},
    {"echo a >& \"$(echo {{v}})\"", "once more"},
    {"[ {{v}} -eq 1 ]", "in this test"},
    {"[ 1 -lt {{v}} ]", "in this test"},
    {"test -v {{v}}", "in this test"},
    {"test -t {{v}}", "in this test"},
    {"[ -n a -a {{v}} ]", "in this test"},
    {"if ! [ {{v}} -gt 1 ]; then :; fi", "in this test"},
    {"if [ \"$(echo {{v}})\" -gt 1 ]; then :; fi", "in this test"},
    {"[ {{v}} $x ]", "in this test"},
    {"printf %d {{v}}", "`printf`"},
    {"printf '%s %5.2f' a {{v}}", "`printf`"},
    {"printf '%*s' {{v}} a", "`printf`"},
    {"printf -v {{v}} a", "`printf`"},
    {"printf \"$x\" {{v}}", "`printf`"},
    {"export {{v}}", "`export`"},
    {"export A=1 {{v}}=2", "`export`"},
    {"readonly {{v}}", "`readonly`"},
    {"env -{{v}} ./sim", "`env`"},
    {"nice env -i {{v}}=1 ./sim", "`env`"},
    {"env -S {{v}}", "`env`"},
    {"set {{v}}", "`set`"},
    {"shift {{v}}", "`shift`"},
    {"exit {{v}}", "`exit`"},
    {"f() { return {{v}}; }", "`return`"},
    {"print -r -- {{v}}", "`print`"},
    {"if true; then print {{v}}; fi", "`print`"},
    {"for i in 1 2; do print {{v}}; done", "`print`"},
    {"A=1 command print {{v}}", "`print`"},
    {"{ print {{v}}; }", "`print`"},
    {"echo $(print {{v}})", "`print`"},
    {"print <(echo) {{v}}", "`print`"},
    {"echo a &> f print {{v}}", "`print`"},
    {"> f print 2>&1 {{v}}", "`print`"},
    {"ulimit -n {{v}}", "`ulimit`"},
    {"getopts ab {{v}}", "`getopts`"},
    {"emulate {{v}}", "`emulate`"},
    {"parallel echo {{v}}", "`parallel`"},
    {"read {{v}}", "`read`"},
    {"{ev,}al {{v}}", "run time only"},
    {"$(cat x) {{v}}", "run time only"},
    {"${x}val {{v}}", "run time only"},
    {"$(echo {{v}})", "would be run"},
    {"$SHELL -c {{v}}", "`-c`"},
    {"mksh -c {{v}}", "`-c`"},
    {"sh $(a; b) -c {{v}}", "`-c`"},
    {"PS4={{v}}; set -x", "`PS4`"},
    {"BASH_ENV={{v}} ./sim", "`BASH_ENV`"},
    {"OPTIND={{v}}", "`OPTIND`"},
    {"export SECONDS={{v}}", "`SECONDS`"},
    {"for SECONDS in {{v}}; do :; done", "`SECONDS`"},
    {"COLUMNS=$(echo {{v}} $(eval a))", "`COLUMNS`"},
    {"p={{v}}; typeset -i p", "types"},
    {"p={{v}}; export -i p", "types"},
    {"while :; do p={{v}}; cat <<E\nE\ndeclare -i p; done", "types"},
    {"for p in {{v}}; do integer p; done", "types"},
    {"a[{{v}}]=1", "index"},
    {"a[ {{v}} ]=1", "index"},
    {"a[$(: a) true {{v}} ]=1", "index"},
    {"echo $[ {{v}} ]", "index"},
    {"echo \"$x[{{v}}]\"", "index"},
    {"a=(1 {{v}})", "parentheses"},
    {"echo *(e:{{v}}:)", "parentheses"},
    {"for x ({{v}}) echo $x", "parentheses"},
    {"{{v}}() { :; }", "function"},
    {"echo $((1 + {{v}}))", "arithmetic"},
    {"(( x = {{v}} ))", "(("},
    {"let x={{v}}", "`let`"},
    {"[[ {{v}} -eq 1 ]]", "[["},
    {"echo `echo {{v}}`", "$( )"},
    {"echo ${x:-{{v}}}", "${ }"},
    {"cat <<E\n{{v}}\nE\n", "here-document"},
    {"cat <<< {{v}}", "here-document"},
    {"echo a >\\\n& {{v}}", "operator"},
};

TEST(ShellPlacesTest, a_value_that_would_be_read_twice_is_refused) {
  for (const auto& [text, reason] : kReadTwice) {
    EXPECT_THAT(made(text), AllOf(StartsWith("refused: the value of `v` "), HasSubstr(reason),
                                  HasSubstr("list of arguments"), HasSubstr("{{v}}")))
        << text;
  }
}

TEST(ShellPlacesTest, a_number_may_stand_there) {
  for (const auto& place : kReadTwice) {
    for (const std::string number : {"1", "-2.5", "1e5", "+.5"}) {
      EXPECT_THAT(made(place.text, number), AllOf(Not(HasSubstr("refused")), HasSubstr(number))) << place.text;
    }
  }
}

TEST(ShellPlacesTest, a_plain_word_may_stand_there_where_no_other_value_is_code) {
  EXPECT_EQ(made("echo `basename {{v}}` {{w}} >& {{v}}", "a.txt", "2"), "echo `basename a.txt` 2 >& a.txt");
  EXPECT_EQ(made("p={{w}}; echo $(( {{v}} ))", "p", "q"), "p='q'; echo $(( p ))");
  // p would hold code, which the expression reads.
  EXPECT_THAT(made("p={{w}}; echo $(( {{v}} ))", "p", "a[" + kCode + "]"), HasSubstr("refused: the value of `v`"));
  EXPECT_THAT(made("echo $(( {{v}} )) {{w}}", "windrow_value_1", kCode), HasSubstr("refused: the value of `v`"));
}

TEST(ShellPlacesTest, values_that_may_be_code_are_variables_of_the_text) {
  const std::string set = "windrow_value_1='$(touch pwned)'; ";
  const auto expect = [&](const std::string& text, const std::string& result) { EXPECT_EQ(made(text), set + result); };
  expect("./sim {{v}} --k={{v}}", "./sim \"$windrow_value_1\" --k=\"$windrow_value_1\"");
  expect("./sim 'a{{v}}b' \"a{{v}}b\"", "./sim 'a'\"$windrow_value_1\"'b' \"a\"\"$windrow_value_1\"\"b\"");
  EXPECT_EQ(made("./sim {{v}} {{w}}", "it's", "a b"),
            "windrow_value_1='it'\\''s'; windrow_value_2='a b'; ./sim \"$windrow_value_1\" \"$windrow_value_2\"");
  EXPECT_EQ(made("./sim {{v}} {{w}}", "steel", "2.5"), "./sim 'steel' 2.5");
  EXPECT_EQ(made("windrow_value_1=a; ./sim {{v}}"),
            "windrow_value__1='$(touch pwned)'; windrow_value_1=a; ./sim \"$windrow_value__1\"");
}

TEST(ShellPlacesTest, values_may_stand_where_commands_take_texts) {
  for (const std::string text : {"./sim {{v}} > {{v}}.log 2>&1 || exit 3",
                                 "cat < {{v}} >> out 2> {{v}}",
                                 "echo a >| {{v}}",
                                 "cd \"out/{{v}}\" && ./sim",
                                 "p={{v}} q=$(./count {{v}}); [ \"$q\" -gt 1 ] && ./sim \"$p\"",
                                 "export A={{v}} B=x{{v}}; readonly C={{v}}",
                                 "env -i A={{v}} ./sim {{v}}",
                                 "env -u B ./sim {{v}}",
                                 "printf '%s %-10s %b\\n' {{v}} a",
                                 "printf -- '%s' {{v}}",
                                 "[ {{v}} = a ] || test -n {{v}} || [ ! -f {{v}} ] || test a != {{v}}",
                                 "[ -d out ] && [ -n \"{{v}}\" ]",
                                 "case {{v}} in a|{{v}}) ./sim {{v}};; (b) :;; esac",
                                 "for p in {{v}} a; do ./sim \"$p\" {{v}}; done",
                                 "f() { ./sim {{v}}; }; f {{v}}; g () { f; }; function h { f {{v}}; }",
                                 "set -- {{v}}; \"$@\" {{v}}",
                                 "$SIM {{v}}; \"${SIM}\" {{v}}; $HOME/bin/sim {{v}}; \"$x\"/sim {{v}}",
                                 "diff <(cat {{v}}) <(cat {{v}}) {{v}} | tee {{v}}",
                                 "o=(-a -b); ./sim \"${o[@]}\" {{v}}",
                                 "ls out[0-9]* {{v}} x[a-z]",
                                 "mpirun -n 4 ./sim {{v}} &\nwait",
                                 "time ./sim {{v}}; ! ./sim {{v}}; exec ./sim {{v}}",
                                 "print a; ./sim {{v}}",
                                 "./sim \"$x$y\" {{v}} &> log",
                                 "[ {{v}} -nt a ]",
                                 "exit 3; ./sim {{v}}",
                                 "./sim --print {{v}} print {{v}}",
                                 "awk '{ print $1 }' {{v}} | sort -k 2",
                                 ". ./setup {{v}}",
                                 "{{v}} --version"}) {
    EXPECT_THAT(made(text), StartsWith("windrow_value_1=")) << text;
  }
}

TEST(ShellPlacesTest, a_value_that_names_the_shell_s_own_command_is_refused) {
  for (const std::string name : {"eval", "print", "exit", "export", "set", "builtin", "test"}) {
    EXPECT_THAT(made("{{w}} {{v}}", kCode, name), HasSubstr("refused")) << name;
    EXPECT_THAT(made("p={{v}}; {{w}} \"$p\"", kCode, name), HasSubstr("refused: the value of `w`")) << name;
  }
  EXPECT_EQ(made("{{v}} a.in", "ngspice"), "'ngspice' a.in");
}

TEST(ShellPlacesTest, a_value_does_not_join_a_variable_s_name) {
  EXPECT_EQ(made("echo $x{{v}} \"$x{{v}}\" '$x{{v}}'", "1"), "echo $x'1' \"$x\"'1'\"\" '$x1'");
  EXPECT_EQ(made("echo \"$x{{v}}\"", ":h"), "echo \"$x\"':h'\"\"");
  EXPECT_THAT(made("echo `echo $x{{v}}`", "1"), HasSubstr("${...}"));
}

TEST(ShellPlacesTest, a_refusal_says_where_and_what_to_do) {
  EXPECT_EQ(
      made("./mesh\n./sim --material {{v}} >& {{v}}.log"),
      "refused: the value of `v` cannot be put into the shell text safely, at `./sim --material {{v}} >& {{v}}`: bash "
      "reads what follows `>&`, `<&` and `&>` once more as code: for a file, write `> FILE 2>&1`; give `run` as a "
      "list of arguments instead, for example run = [\"sh\", \"script.sh\", \"{{v}}\"]");
}

TEST(ShellPlacesTest, a_value_is_no_variable_of_env) {
  EXPECT_THAT(made("env {{v}} ./sim", "A=" + kCode), HasSubstr("refused"));
  EXPECT_THAT(made("env A=1 {{v}} ./sim", "BASH_ENV=" + kCode), HasSubstr("refused"));
  EXPECT_THAT(made("env {{v}} a=b", "./my sim"), StartsWith("windrow_value_1="));
}

class SpecialVariableTest : public CommandFixture {};

TEST_F(SpecialVariableTest, of_the_environment_takes_no_code) {
  CommandSpec command = spec(std::string("echo a"));
  command.environment = {{"BASH_ENV", "{{x}}"}};
  const auto render = [&](const Value& value) {
    const Design design = one("x", value);
    return Command(command, design).render(design.point(0)).variables;
  };
  EXPECT_THROW(render(kCode), SpecError);
  EXPECT_THAT(render("a/b"), testing::ElementsAre("BASH_ENV=a/b"));
  command.environment = {{"CASE", "{{x}}"}};
  EXPECT_THAT(render(kCode), testing::ElementsAre("CASE=" + kCode));
}

}  // namespace
}  // namespace windrow
