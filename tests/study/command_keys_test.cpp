#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::StudyFolder;

const std::string kText = testing::parameters + "[command]\nrun = \"true\"\n";  // lines 1 to 4

TEST(CommandKeysTest, what_programs_are_given_is_read) {
  const StudyFolder folder;
  folder.write("data.txt", "");
  folder.write("in.txt", "");
  const CommandSpec command = folder
                                  .load(kText + R"(shell = ["bash", "-c"]
stage = ["data.txt", { path = "in.txt", copy = true }]
stdin = "in.txt"
env = { B = "{{x}}", A = 3, C = true }
keep = ["*.vtk", "VTK/"]
)")
                                  .command;
  EXPECT_THAT(command.shell, ElementsAre("bash", "-c"));
  ASSERT_EQ(command.stage.size(), 2U);
  EXPECT_EQ(command.stage[0].path, "data.txt");
  EXPECT_FALSE(command.stage[0].copy);
  EXPECT_TRUE(command.stage[1].copy);
  EXPECT_EQ(command.stdin_file, "in.txt");
  EXPECT_THAT(command.environment, ElementsAre(Pair("B", "{{x}}"), Pair("A", "3"), Pair("C", "true")));
  EXPECT_THAT(command.keep_files, ElementsAre("*.vtk", "VTK/"));
  EXPECT_THAT(folder.load(kText + "shell = \"bash\"\n").command.shell, ElementsAre("bash"));
}

TEST(CommandKeysTest, lists_of_texts_are_values) {
  const StudyFolder folder;
  const Study study = folder.load("[parameters.x]\nvalues = [[\"a\", \"b c\"], []]\n" + testing::command);
  EXPECT_EQ(study.design.point(0)["x"].text(), "a 'b c'");
  EXPECT_EQ(study.design.point(1)["x"].text(), "");
}

TEST(CommandKeysTest, mistakes_are_named_with_their_lines) {
  const StudyFolder folder;
  const auto error = [&](const std::string& line) { return folder.error(kText + "\n" + line + "\n"); };
  EXPECT_EQ(error("shell = \"fish\""),
            "study.toml:6: unknown shell `fish` in [command]; valid: `sh`, `bash`, `dash`, `ksh`, `mksh`, `zsh`");
  EXPECT_THAT(error("shell = 3"), HasSubstr("study.toml:6: `shell` in [command] must be a shell's name"));
  EXPECT_THAT(error("shell = [\"bash\"]"), HasSubstr("study.toml:6: `shell` in [command] must be a shell's name"));
  EXPECT_THAT(error("shell = [\"python3\", \"-c\"]"), HasSubstr("study.toml:6: `shell`: values are quoted for sh"));
  EXPECT_THAT(folder.error(testing::parameters + testing::command + "shell = \"sh\"\n"),
              HasSubstr("study.toml:5: `shell` in [command] goes with a text in `run`"));
  EXPECT_THAT(error("stage = \"a\""), HasSubstr("study.toml:6: `stage` in [command] must be a list of files"));
  EXPECT_THAT(error("stage = [3]"), HasSubstr("study.toml:6: `stage` in [command] must be a list of files"));
  EXPECT_THAT(error("stage = [{ file = \"a\" }]"), HasSubstr("study.toml:6: unknown key `file`"));
  EXPECT_THAT(error("stage = [{ copy = true }]"), HasSubstr("study.toml:6: missing `path`"));
  EXPECT_THAT(error("stage = [\"none\"]"), HasSubstr("study.toml:6: the staged file "));
  EXPECT_THAT(error("inputs = [\"*.none\"]"), HasSubstr("study.toml:6: the input `*.none` matches no file"));
  EXPECT_THAT(error("templates = [\"none\"]"), HasSubstr("study.toml:6: the template "));
  EXPECT_THAT(error("stdin = \"none\""), HasSubstr("study.toml:6: the file `none` for stdin"));
  EXPECT_THAT(error("stdin = \"\""), HasSubstr("study.toml:6: `stdin` in [command] is empty"));
  EXPECT_THAT(error("env = 3"), HasSubstr("study.toml:6: `env` in [command] must be a table"));
  EXPECT_THAT(error("env = { A = [] }"), HasSubstr("study.toml:6: `A` in [command.env] must be a string"));
  EXPECT_THAT(error("env = { A = \"{{z}}\" }"), HasSubstr("study.toml:6: env.A: unknown name `z`"));
  EXPECT_THAT(error("keep = []"), HasSubstr("study.toml:6: `keep` in [command] is an empty list"));
  EXPECT_THAT(error("keep = [\"/a\"]"), HasSubstr("study.toml:6: `keep`: `/a` matches no file"));
  EXPECT_THAT(error("keep = \"al\""), HasSubstr("study.toml:6: unknown keep `al` in [command]; did you mean `all`?"));
}

TEST(CommandKeysTest, the_size_of_outputs_is_read_in_any_unit) {
  const StudyFolder folder;
  const auto size = [&](const std::string& value) {
    return folder.load(kText + "max_output_size = " + value + "\n").command.max_output_size;
  };
  EXPECT_EQ(folder.load(kText).command.max_output_size, 1'073'741'824U);
  EXPECT_EQ(size("4096"), 4096U);
  EXPECT_EQ(size("\"20 GiB\""), std::uint64_t{20} << 30U);
  EXPECT_EQ(size("\"1.5MiB\""), 1'572'864U);
  EXPECT_EQ(size("\"500 MB\""), 500'000'000U);
  EXPECT_EQ(size("\"7\""), 7U);
  for (const char* wrong : {"0", "-1", "\"\"", "\"GiB\"", "\"1 gb\"", "\"1 GiB \"", "\"inf\"", "\"nan\"", "\"-1 GiB\"",
                            "\"1e300\"", "\"99999999999 TiB\"", "inf", "1.5", "true"}) {
    EXPECT_THAT(folder.error(kText + "max_output_size = " + wrong + "\n"),
                HasSubstr("study.toml:5: `max_output_size` in [command] must be a size such as \"1 GiB\" or"))
        << wrong;
  }
}

}  // namespace
}  // namespace windrow
