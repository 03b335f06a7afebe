#include "command/shell_text.hpp"

#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ShellTextTest : public CommandFixture {
 protected:
  /// What the text printed, or "exited 3".
  std::string result_of(const std::string& text, const std::vector<std::string>& shell = {}) const {
    CommandSpec command = spec(text, {{"y", RegexSource{"stdout", "(?s).*"}, "string"}});
    command.shell = shell;
    command.keep = Keep::none;
    const auto outcome = evaluate(command);
    if (outcome.ok()) return outcome.value().at(0).text();
    return outcome.failure().kind == FailureKind::exited ? "exited " + std::to_string(outcome.failure().code)
                                                         : outcome.failure().message;
  }
  void write_program(const std::string& name, const std::string& text) const {
    fs::create_directories((study_ / name).parent_path());
    write(name, text);
    fs::permissions(study_ / name, fs::perms::owner_all);
  }
  static std::vector<std::string> programs(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& place : detail::relative_programs(text)) {
      EXPECT_EQ(text.substr(place.at, place.program.size()), place.program);
      names.push_back(place.program);
    }
    return names;
  }
};

TEST_F(ShellTextTest, the_first_program_that_fails_ends_it) {
  EXPECT_EQ(result_of("no-such-mesher {{x}}\necho y"), "exited 127");
  EXPECT_EQ(result_of("false; echo y"), "exited 1");
  EXPECT_EQ(result_of("y=$(exit 3); echo y"), "exited 3");
  EXPECT_EQ(result_of("y=$(false; echo 1); echo y"), "exited 1");
  EXPECT_EQ(result_of("(exit 4); echo y"), "exited 4");
  EXPECT_EQ(result_of("echo $no_such_variable"), "exited 2");
  EXPECT_EQ(result_of("test {{x}} = 2 && echo a; echo b || true; if false; then :; fi"), "b\n");
}

TEST_F(ShellTextTest, a_pipe_fails_with_any_of_its_programs) {
  EXPECT_EQ(result_of("sh -c 'echo y; exit 5' | tee log"), "exited 5");
  EXPECT_EQ(result_of("y=$(sh -c 'exit 5' | cat); echo y"), "exited 5");
  EXPECT_EQ(result_of("no-such-program | cat\necho y"), "exited 127");
  EXPECT_EQ(result_of("echo a | cat"), "a\n");
  EXPECT_EQ(result_of("y=$(false; echo 1) | cat; echo y"), "exited 1");
}

// Where /bin/sh has no pipefail another shell reads what was written for it.
TEST_F(ShellTextTest, a_text_with_a_pipe_means_what_it_would_mean_without) {
  for (const std::string text :
       {"echo 'a\\tb'", "echo {a,b}", "echo -n x", "x=1; echo $((x + 010))", "echo 'it''s' \"$0\" > /dev/null"}) {
    EXPECT_EQ(result_of(text + " | cat"), result_of(text)) << text;
  }
}

TEST_F(ShellTextTest, sh_by_itself_goes_on_as_it_does) {
  const std::vector<std::string> sh = {"sh"};
  EXPECT_EQ(result_of("no-such-mesher {{x}}\necho y", sh), "y\n");
  EXPECT_EQ(result_of("sh -c 'echo y; exit 5' | cat", sh), "y\n");
  EXPECT_EQ(result_of("echo $no_such_variable.", sh), ".\n");
}

TEST_F(ShellTextTest, another_shell_is_as_strict) {
  const std::vector<std::string> bash = {"bash"};
  EXPECT_EQ(result_of("x=(a b); [[ {{x}} == 1.0 ]] && echo ${x[1]}", bash), "b\n");
  EXPECT_EQ(result_of("false; echo y", bash), "exited 1");
  EXPECT_EQ(result_of("false | cat; echo y", bash), "exited 1");
  EXPECT_EQ(result_of("y=$(false; echo 1); echo y", bash), "exited 1");
  EXPECT_EQ(result_of("false; echo y", {"bash", "-c"}), "y\n");
  EXPECT_EQ(result_of("false; echo y", {"bash", "-ec"}), "exited 1");
  const bool has_zsh = fs::exists("/usr/bin/zsh");
  EXPECT_EQ(has_zsh ? result_of("false | cat; echo y", {"zsh"}) : "exited 1", "exited 1");
}

TEST_F(ShellTextTest, a_shell_that_other_quotes_are_for_is_refused) {
  for (const auto& shell : {std::vector<std::string>{"fish", "-c"}, {"python3", "-c"}, {"ssh", "host", "bash", "-c"}}) {
    CommandSpec command = spec(std::string("echo {{x}}"));
    command.shell = shell;
    EXPECT_THAT(complaint(command), AllOf(HasSubstr("`shell`"), HasSubstr(shell.front()))) << shell.front();
  }
}

TEST_F(ShellTextTest, strictness_is_no_part_of_what_a_point_is_but_another_shell_is) {
  const Design design = one("x", 1.0);
  CommandSpec command = spec(std::string("echo {{x}}"));
  const auto definition = [&](const std::vector<std::string>& shell) {
    command.shell = shell;
    return Command(command, design).definition();
  };
  EXPECT_THAT(definition({}), ElementsAre(testing::Pair("command.run", "\"echo {{x}}\"")));
  EXPECT_EQ(definition({}), definition({"sh"}));
  EXPECT_NE(definition({}), definition({"bash"}));
}

TEST_F(ShellTextTest, programs_are_found_where_commands_begin) {
  EXPECT_THAT(programs("./a 1 ./no; ./b && bin/c || ../d\n./e | ./f &"),
              ElementsAre("./a", "./b", "bin/c", "../d", "./e", "./f"));
  EXPECT_THAT(programs("A=1 B='2 3' ./a > x/y < ./z; if ./b; then ./c; else ./d; fi; ! ./e"),
              ElementsAre("./a", "./b", "./c", "./d", "./e"));
  EXPECT_THAT(programs("x=$(./a; (./b)); echo \"$(./c) ./no\" './no' # ./no\n(./d)"),
              ElementsAre("./a", "./b", "./c", "./d"));
  EXPECT_THAT(programs("{{#f}}./a{{/f}} {{x}}; ./{{x}}; {{x}}/no; echo ./no /usr/bin/no; /usr/bin/no; no; for i in "
                       "a/b; do ./c; done"),
              ElementsAre("./a", "./c"));
  EXPECT_THAT(programs("./a; cat <<E\n./no\nE\n"), ElementsAre("./a"));
  EXPECT_THAT(programs("(echo \"$(x)\" \"./no ./no\" && ./a); echo \"; ./no\""), ElementsAre("./a"));
  EXPECT_THAT(programs(""), ElementsAre());
}

TEST_F(ShellTextTest, programs_beside_the_study_are_run_unless_the_point_has_them) {
  write_program("sim", "#!/bin/sh\necho \"beside $A $*\"\n");
  write_program("bin/tool", "#!/bin/sh\ncat; echo tool\n");
  EXPECT_EQ(result_of("A=7 ./sim {{x}} 'a  b' | bin/tool"), "beside 7 1.0 a  b\ntool\n");
  EXPECT_EQ(result_of("y=$(./sim q); echo \"<$y>\""), "<beside  q>\n");
  EXPECT_EQ(result_of("./sim q", {"sh"}), "beside  q\n");
  EXPECT_EQ(result_of("printf '#!/bin/sh\\necho made\\n' > sim; chmod +x sim; ./sim"), "made\n");
  EXPECT_EQ(result_of("A=1 ./sim; ./none; echo no"), "exited 127");
}

TEST_F(ShellTextTest, a_point_s_own_file_is_run_though_the_study_has_one) {
  write_program("sim", "#!/bin/sh\necho beside\n");
  fs::create_directories(study_ / "t");
  write("t/sim.mustache", "echo of the point {{x}}\n");
  CommandSpec command = spec(std::string("chmod +x sim; ./sim"), {{"y", RegexSource{"stdout", ".*"}, "string"}});
  command.templates = {"t/./sim.mustache"};
  EXPECT_EQ(evaluate(command).value().at(0).text(), "of the point 1.0");
}

}  // namespace
}  // namespace windrow
