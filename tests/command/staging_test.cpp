#include "command/staging.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "command_fixture.hpp"
#include "faults/support.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class StagingTest : public CommandFixture {
 protected:
  StagingTest() {
    for (const char* folder : {"constant/poly", "empty/in", "old.windrow"}) fs::create_directories(study_ / folder);
    write("data.txt", "42\n");
    write("a.msh", "a");
    write("b.msh", "b");
    write("constant/g", "9.81\n");
    write("constant/poly/points", "0 0 0\n");
    write("old.windrow/results.sqlite", "");
  }
  CommandSpec staging(const std::string& text, std::vector<StageSpec> stage) const {
    CommandSpec command = spec(sh(text), {{"y", RegexSource{"stdout", "(?s).*"}, "string"}});
    command.stage = std::move(stage);
    return command;
  }
  std::string printed(const CommandSpec& command) const {
    const auto outcome = evaluate(command);
    return outcome.ok() ? outcome.value().at(0).text() : "failed: " + outcome.failure().message;
  }
  static std::vector<std::string> names(const CommandSpec& command) {
    std::vector<std::string> result;
    const Command made(command, one("x", 1.0));
    for (const StagedFile& file : made.staged()) result.push_back(file.name);
    return result;
  }
  std::vector<std::pair<std::string, std::string>> definition(const CommandSpec& command) const {
    return Command(command, one("x", 1.0)).definition();
  }
};

TEST_F(StagingTest, files_folders_and_patterns_lie_in_the_point_s_directory) {
  EXPECT_EQ(printed(staging("cat data.txt a.msh b.msh constant/g constant/poly/points; find empty",
                            {{"data.txt"}, {"*.msh"}, {"constant/"}, {"empty"}})),
            "42\nab9.81\n0 0 0\nempty\nempty/in\n");
  EXPECT_THAT(names(staging("true", {{"constant/./"}, {"./a.msh"}, {study_ / "b.msh"}})),
              ElementsAre("a.msh", "b.msh", "g", "poly/points"));
  EXPECT_THAT(names(staging("true", {{"*"}})),
              ElementsAre("a.msh", "b.msh", "constant/g", "constant/poly/points", "data.txt", "empty/in"));
}

TEST_F(StagingTest, a_program_that_writes_into_a_staged_folder_leaves_the_original_alone) {
  EXPECT_EQ(
      printed(staging("echo new > constant/new; rm constant/g; echo 1 > constant/g; cat constant/g", {{"constant"}})),
      "1\n");
  EXPECT_EQ(test::entries_of(study_ / "constant"), (std::vector<std::string>{"g", "poly"}));
  EXPECT_EQ(content_of(study_ / "constant/g"), "9.81\n");
}

TEST_F(StagingTest, a_copy_may_be_changed) {
  fs::permissions(study_ / "data.txt", fs::perms::owner_read);
  EXPECT_EQ(printed(staging("echo 43 >> data.txt; cat data.txt", {{"data.txt", true}})), "42\n43\n");
  EXPECT_EQ(content_of(study_ / "data.txt"), "42\n");
}

TEST_F(StagingTest, to_change_an_original_through_its_link_fails_the_point) {
  EXPECT_THAT(printed(staging("echo 43 >> data.txt; echo y", {{"data.txt"}})),
              AllOf(HasSubstr("failed: "), HasSubstr("data.txt was changed"), HasSubstr("copy = true")));
}

TEST_F(StagingTest, nothing_is_left_of_it_and_the_next_point_has_its_own) {
  const Design design = grid({values("x", {1, 2, 3})});
  const Command command(
      staging("cat data.txt constant/g; echo x > constant/mine; ls constant", {{"data.txt"}, {"constant"}}), design);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(evaluate(command, design, i).value().at(0).text(), "42\n9.81\ng\nmine\npoly\n");
    EXPECT_FALSE(fs::exists(point(i)));
  }
  EXPECT_EQ(command.removed_file(), "") << "what was staged is no file of a program's";
}

TEST_F(StagingTest, contents_decide_what_a_point_is) {
  const CommandSpec command = staging("true", {{"data.txt"}, {"constant"}, {"*.msh"}});
  const auto before = definition(command);
  EXPECT_EQ(definition(command), before);
  const auto changes = [&](const std::string& name, const std::string& text) {
    const std::string old = content_of(study_ / name);
    write(name, text);
    const bool changed = definition(command) != before;
    write(name, old);
    EXPECT_EQ(definition(command), before);
    return changed;
  };
  EXPECT_TRUE(changes("data.txt", "43\n"));
  EXPECT_TRUE(changes("constant/poly/points", "0 0 1\n"));
  EXPECT_TRUE(changes("a.msh", "c"));
  write("c.msh", "");
  EXPECT_NE(definition(command), before);
  CommandSpec copied = staging("true", {{"data.txt", true}});
  EXPECT_EQ(definition(copied), definition(staging("true", {{"data.txt"}})));
}

TEST_F(StagingTest, inputs_may_be_folders_and_patterns) {
  CommandSpec command = spec(sh("true"));
  command.inputs = {"data.txt"};
  const std::string known = definition(command).at(1).second;
  EXPECT_EQ(known.substr(32), " (3 bytes)") << "as stored points know it";
  command.inputs = {"constant"};
  const auto before = definition(command);
  EXPECT_THAT(before.at(1).second, HasSubstr("(2 files, 11 bytes)"));
  write("constant/g", "1.62\n");
  EXPECT_NE(definition(command), before);
  command.inputs = {"*.msh"};
  EXPECT_THAT(definition(command).at(1).second, HasSubstr("(2 files, 2 bytes)"));
  command.inputs = {"*.stl"};
  EXPECT_THAT(complaint(command), HasSubstr("the input `*.stl` matches no file"));
}

TEST_F(StagingTest, rendered_files_go_before_those_of_a_folder) {
  write("constant/g.mustache", "{{x}}\n");
  CommandSpec command = staging("cat constant/g; ls constant", {{"constant"}});
  command.templates = {"constant/g.mustache"};
  EXPECT_EQ(printed(command), "1.0\ng\npoly\n");
  command.stage = {{"constant/g"}};
  EXPECT_THAT(complaint(command), HasSubstr("as a template does"));
}

TEST_F(StagingTest, what_cannot_be_staged_is_found_at_once) {
  write("constant/data.txt", "");
  write("stdout", "");
  const auto complain = [this](std::vector<StageSpec> stage) { return complaint(staging("true", std::move(stage))); };
  EXPECT_THAT(complain({{"none.txt"}}), HasSubstr("none.txt cannot be read"));
  EXPECT_THAT(complain({{"*.stl"}}), HasSubstr("matches no file"));
  EXPECT_THAT(complain({{"**/*.msh"}}), HasSubstr("`**`"));
  EXPECT_THAT(complain({{"data.txt"}, {"constant/./data.txt"}}), HasSubstr("two files would become `data.txt`"));
  EXPECT_THAT(complain({{"stdout"}}), HasSubstr("windrow itself writes"));
  EXPECT_THAT(complain({{""}}), HasSubstr("empty"));
  EXPECT_EQ(complain({{"data.txt"}, {"data.txt", true}}), "");
}

TEST_F(StagingTest, other_ranks_know_what_the_root_found) {
  const std::vector<StagedFile> staged = {{"a/b", study_ / "a/b", false}, {"c", "/elsewhere/c", true}};
  const auto back = detail::decode_staged(detail::encode(staged, study_), "/other");
  ASSERT_EQ(back.size(), 2U);
  EXPECT_EQ(back[0].source, "/other/a/b");
  EXPECT_EQ(back[1].source, "/elsewhere/c");
  EXPECT_EQ(back[1].name, "c");
  EXPECT_TRUE(!back[0].copy && back[1].copy);
}

TEST_F(StagingTest, files_that_match_stay) {
  CommandSpec command =
      spec(sh("mkdir -p VTK/deep out; for f in a.vtk VTK/b.vtk VTK/deep/c out/d e; do echo > $f; done"));
  const auto left = [&](std::vector<std::string> patterns) {
    command.keep_files = std::move(patterns);
    EXPECT_TRUE(evaluate(command).ok());
    std::vector<std::string> files;
    if (!fs::exists(point())) return files;
    for (const auto& entry : fs::recursive_directory_iterator(point())) {
      if (!entry.is_directory()) files.push_back(entry.path().lexically_relative(point()).string());
    }
    std::sort(files.begin(), files.end());
    EXPECT_FALSE(fs::exists(point() / "out") && files.empty()) << "no folder stays for nothing";
    return files;
  };
  EXPECT_THAT(left({"*.vtk"}), ElementsAre("VTK/b.vtk", "a.vtk"));
  EXPECT_THAT(left({"VTK/*.vtk", "stdout"}), ElementsAre("VTK/b.vtk", "stdout"));
  EXPECT_THAT(left({"VTK/"}), ElementsAre("VTK/b.vtk", "VTK/deep/c"));
  EXPECT_THAT(left({"*.none"}), ElementsAre());
  EXPECT_FALSE(fs::exists(point()));
  CommandSpec failing = spec(sh("echo > a; exit 1"));
  failing.keep_files = {"*.vtk"};
  EXPECT_FALSE(evaluate(failing).ok());
  EXPECT_TRUE(fs::exists(point() / "a")) << "a failed point keeps all";
  for (const char* pattern : {"", "/abs", "../up", "a/**/b", "./a"}) {
    command.keep_files = {pattern};
    EXPECT_THAT(complaint(command), HasSubstr("`keep`")) << pattern;
  }
}

TEST_F(StagingTest, what_programs_wrote_is_told_when_it_is_removed) {
  const Design design = one("x", 1.0);
  const auto removed = [&](CommandSpec wanted) {
    const Command command(std::move(wanted), design);
    command.tidy();
    EXPECT_TRUE(evaluate(command, design).ok());
    const std::string name = command.removed_file();
    EXPECT_EQ(command.removed_file(), "") << "told once";
    return name;
  };
  CommandSpec command = spec(sh("echo > field.vtk"));
  EXPECT_EQ(removed(command), "field.vtk");
  command.keep = Keep::none;
  EXPECT_EQ(removed(command), "");
  command.keep = Keep::all;
  EXPECT_EQ(removed(command), "");
  EXPECT_EQ(removed(spec(sh("echo only printed"))), "");
  fs::create_directories(study_ / "t");
  write("t/in", "{{x}}");
  CommandSpec rendered = spec(sh("cat t/in"));
  rendered.templates = {"t/in"};
  EXPECT_EQ(removed(rendered), "");
}

TEST_F(StagingTest, folders_without_permissions_are_removed) {
  const Design design = grid({values("x", {1, 2})});
  const Command command(spec(sh("mkdir -p a/b; echo z > a/b/f; chmod 555 a/b; chmod 0 a; chmod 555 .")), design);
  const auto run = [&] {
    for (std::uint64_t i = 0; i < 2; ++i) {
      if (!evaluate(command, design, i).ok() || fs::exists(point(i))) return 1;
    }
    return 0;
  };
  fs::permissions(study_, fs::perms::all);
  const pid_t child = fork();
  if (child == 0) {  // root may write everywhere
    const bool other = getuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0);
    const int code = other ? run() : 2;
    command.idle();
    _exit(code);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(StagingTest, a_program_reads_its_standard_input) {
  write("in.txt.mustache", "rendered {{x}}\n");
  write("case-1.0.txt", "by its tag\n");
  CommandSpec command = spec(std::vector<std::string>{"cat"}, {{"y", RegexSource{"stdout", "(?s).*"}, "string"}});
  command.keep = Keep::all;
  const auto reads = [&](const std::string& name) {
    command.stdin_file = name;
    return printed(command);
  };
  EXPECT_EQ(printed(command), "") << "/dev/null";
  EXPECT_EQ(reads("data.txt"), "42\n");
  EXPECT_EQ(content_of(point() / "command"), "cat < " + (study_ / "data.txt").string() + "\n");
  EXPECT_EQ(reads("case-{{x}}.txt"), "by its tag\n");
  command.templates = {"in.txt.mustache"};
  write("in.txt", "beside the study\n");
  EXPECT_EQ(reads("in.txt"), "rendered 1.0\n");
  EXPECT_EQ(content_of(point() / "command"), "cat < in.txt\n");
  command.stdin_file = "in.txt.mustache";
  EXPECT_THAT(complaint(command), HasSubstr("what it becomes is called `in.txt`"));
  command.stdin_file = "none.txt";
  EXPECT_THAT(complaint(command), HasSubstr("none.txt"));
  command.stdin_file = "constant";
  EXPECT_THAT(complaint(command), HasSubstr("cannot be read"));
  command.stdin_file = "none-{{x}}.txt";
  EXPECT_THAT(printed(command), HasSubstr("failed: the file `none-1.0.txt` for stdin"));
}

TEST_F(StagingTest, the_standard_input_decides_what_a_point_is) {
  CommandSpec command = spec(std::vector<std::string>{"cat"});
  command.stdin_file = "data.txt";
  const auto before = definition(command);
  EXPECT_EQ(before.at(1).first, "command.stdin");
  write("data.txt", "43\n");
  EXPECT_NE(definition(command), before);
}

TEST_F(StagingTest, variables_may_have_seeds_and_formats) {
  const Design design = grid({values("x", {1, 2})}, 42);
  CommandSpec command = spec(sh("echo \"$SEED $SMALL $X\""), {{"y", RegexSource{"stdout", ".*"}, "string"}});
  command.environment = {{"SEED", "{{point.seed}}"}, {"SMALL", "{{point.seed31}}"}, {"X", "{{x:%03d}}"}};
  const Command made(command, design);
  EXPECT_TRUE(made.sees_seed());
  for (std::uint64_t i = 0; i < 2; ++i) {
    const Point point = design.point(i);
    EXPECT_EQ(evaluate(made, design, i).value().at(0).text(),
              fmt::format("{} {} 00{}", point.seed(), point.seed31(), i + 1));
  }
  EXPECT_THAT(complaint(command, one("x", 1.5)), HasSubstr("env.X"));
}

TEST_F(StagingTest, variables_reach_the_program) {
  CommandSpec command =
      spec(sh("printf '%s|' \"$A\" \"$HOME\" \"$EMPTY\""), {{"y", RegexSource{"stdout", ".*"}, "string"}});
  command.environment = {{"A", "{{x}} $(touch pwned)"}, {"HOME", "/none"}, {"EMPTY", ""}};
  command.keep = Keep::all;
  EXPECT_EQ(printed(command), "1.0 $(touch pwned)|/none||");
  EXPECT_THAT(content_of(point() / "command"), HasSubstr("env 'A=1.0 $(touch pwned)' HOME=/none EMPTY= sh -c"));
  const auto before = definition(command);
  std::swap(command.environment[0], command.environment[1]);
  EXPECT_EQ(definition(command), before) << "their order does not matter";
  command.environment[0].second = "/other";
  EXPECT_NE(definition(command), before);
  command.environment = {{"A=B", ""}};
  EXPECT_THAT(complaint(command), HasSubstr("`A=B` cannot name a variable"));
  command.environment = {{"A", "{{y}}"}};
  EXPECT_THAT(complaint(command), HasSubstr("env.A: unknown name `y`"));
  command.environment = {{"A", "{{point.index}} {{seed}}"}};
  EXPECT_TRUE(Command(command, one("x", 1.0)).sees_index());
  EXPECT_TRUE(Command(command, one("x", 1.0)).sees_seed());
}

TEST_F(StagingTest, mpirun_passes_the_variables_on) {
  CommandSpec command = spec(std::vector<std::string>{"env"});
  command.ranks = RanksSpec{2, MpiLauncher::mpirun};
  command.environment = {{"A", "1"}, {"B", "2"}};
  const Design design = one("x", 1.0);
  const auto argv = Command(command, design).render(design.point(0)).argv;
  const std::vector<std::string> end(argv.end() - 5, argv.end());
  EXPECT_THAT(end, ElementsAre("-x", "A", "-x", "B", "env"));
}

}  // namespace
}  // namespace windrow
