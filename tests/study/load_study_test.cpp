#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;
using testing::StudyFolder;
using namespace std::chrono_literals;

std::vector<std::string> names(const Study& study) {
  std::vector<std::string> names;
  for (const Parameter& parameter : study.design.parameters()) names.push_back(parameter.name());
  return names;
}

TEST(LoadStudyTest, reads_a_whole_study) {
  const StudyFolder folder;
  folder.write("filter.cir.mustache", "R1 in out {{resistance}}\nC1 out 0 {{capacitance}}\n");
  folder.write("solver", "#!/bin/sh\n");
  fs::permissions("solver", fs::perms::owner_all);
  const std::string text = R"(# study.toml
[study]
name = "rc-filter"
description = "cut-off of a filter"
seed = 42

[parameters.resistance]
values = { geometric = { from = 100.0, to = 10e3, points = 25 } }
unit = "ohm"

[parameters.capacitance]
values = { linear = { from = 1e-9, to = 100e-9, points = 20 } }
unit = "F"
description = "of the capacitor"

[design]
method = "grid"                     # grid | zip | ...

[command]
run = ["./solver", "-b", "filter.cir"]
templates = ["filter.cir.mustache"]
timeout = "30s"

[outputs]
cutoff = { stdout = 'cutoff\s*=\s*(\S+)', unit = "Hz", description = "-3 dB" }
)";
  const Study study = folder.load(text);

  EXPECT_EQ(study.name, "rc-filter");
  EXPECT_EQ(study.description, "cut-off of a filter");
  EXPECT_EQ(study.seed, 42u);
  EXPECT_EQ(study.source, text);
  EXPECT_EQ(study.file, folder.path() / "study.toml");
  EXPECT_EQ(study.directory, folder.path() / "rc-filter.windrow");
  EXPECT_FALSE(fs::exists(study.directory));

  EXPECT_EQ(study.design.method(), "grid");
  EXPECT_EQ(study.design.seed(), 42u);
  EXPECT_EQ(study.design.size(), 500u);
  EXPECT_EQ(study.design.point(0)["resistance"].number(), 100.0);
  EXPECT_EQ(study.design.point(499)["capacitance"].number(), 100e-9);
  const Parameter& capacitance = study.design.parameters().at(1);
  EXPECT_EQ(capacitance.definition(), linear("capacitance", 1e-9, 100e-9, 20).definition());
  EXPECT_EQ(capacitance.unit(), "F");
  EXPECT_EQ(capacitance.description(), "of the capacitor");

  const CommandSpec& command = study.command;
  EXPECT_THAT(std::get<0>(command.run), ElementsAre("./solver", "-b", "filter.cir"));
  EXPECT_THAT(command.templates, ElementsAre("filter.cir.mustache"));
  EXPECT_EQ(command.timeout, 30s);
  EXPECT_EQ(command.grace, CommandSpec().grace);
  EXPECT_EQ(command.keep, Keep::failed);
  EXPECT_EQ(command.study_directory, folder.path());
  EXPECT_EQ(command.points_directory, folder.path() / "rc-filter.windrow" / "points");
  ASSERT_EQ(command.outputs.size(), 1u);
  EXPECT_EQ(command.outputs[0].name, "cutoff");
  EXPECT_EQ(command.outputs[0].type, "number");
  EXPECT_EQ(command.outputs[0].unit, "Hz");
  EXPECT_EQ(command.outputs[0].description, "-3 dB");
  EXPECT_EQ(std::get<RegexSource>(command.outputs[0].source).file, "stdout");
  EXPECT_EQ(std::get<RegexSource>(command.outputs[0].source).pattern, R"(cutoff\s*=\s*(\S+))");
}

TEST(LoadStudyTest, a_short_study_has_sensible_defaults) {
  const StudyFolder folder;
  folder.write("my_study.v2.toml", testing::parameters + testing::command);
  const Study study = load_study("my_study.v2.toml");
  EXPECT_EQ(study.name, "my_study.v2");
  EXPECT_EQ(study.seed, 0u);
  EXPECT_EQ(study.design.method(), "grid");
  EXPECT_FALSE(study.command.timeout);
  EXPECT_TRUE(study.command.outputs.empty());
}

TEST(LoadStudyTest, results_go_where_the_caller_says) {
  const StudyFolder folder;
  folder.write("deep/study.toml", testing::parameters + testing::command);
  const Study beside = load_study("deep/study.toml");
  EXPECT_EQ(beside.directory, folder.path() / "deep/study.windrow");
  EXPECT_EQ(beside.command.study_directory, folder.path() / "deep");
  const Study elsewhere = load_study("deep/../deep/study.toml", "out/here");
  EXPECT_EQ(elsewhere.file, folder.path() / "deep/study.toml");
  EXPECT_EQ(elsewhere.directory, folder.path() / "out/here");
  EXPECT_EQ(elsewhere.command.points_directory, folder.path() / "out/here/points");
}

TEST(LoadStudyTest, parameters_and_outputs_keep_the_order_of_the_file) {
  const StudyFolder folder;
  const Study study = folder.load(R"(
parameters.zeta.values = [1, 2]
[parameters.beta]
values = [3]
[command]
run = "echo"
[outputs]
w = { stdout = "a" }
b.stderr = "b"
a = { stdout = "c" }
[parameters.alpha]
values = [4, 5]
)");
  EXPECT_THAT(names(study), ElementsAre("zeta", "beta", "alpha"));
  EXPECT_EQ(study.design.point(1)["alpha"].integer(), 5) << "the last parameter varies fastest";
  std::vector<std::string> outputs;
  for (const OutputSpec& output : study.command.outputs) outputs.push_back(output.name);
  EXPECT_THAT(outputs, ElementsAre("w", "b", "a"));
}

TEST(LoadStudyTest, parameters_on_one_line_keep_their_order_too) {
  const StudyFolder folder;
  const Study study = folder.load("parameters = { b = { values = [1] }, a = { values = [2] } }\n" + testing::command);
  EXPECT_THAT(names(study), ElementsAre("b", "a"));
}

TEST(LoadStudyTest, every_kind_of_values_is_the_one_of_the_library) {
  const StudyFolder folder;
  const auto definition = [&](const std::string& values, const std::string& design = "") {
    return folder.load("[parameters.x]\nvalues = " + values + "\n" + design + testing::command)
        .design.parameters()
        .at(0)
        .definition();
  };
  const std::string sampled = "[design]\nmethod = \"monte_carlo\"\npoints = 4\n";
  EXPECT_EQ(definition("{ linear = { from = 0, to = 1, points = 5 } }"), linear("x", 0, 1, 5).definition());
  EXPECT_EQ(definition("{ linear = { from = 0, to = 1, points = 1e3 } }"), linear("x", 0, 1, 1000).definition());
  EXPECT_EQ(definition("{ geometric = { from = 1, to = 10.0, points = 3 } }"), geometric("x", 1, 10, 3).definition());
  EXPECT_EQ(definition("{ reversed_geometric = { from = 1, to = 10, points = 3 } }"),
            reversed_geometric("x", 1, 10, 3).definition());
  EXPECT_EQ(definition("{ uniform = { low = -1, high = 1.5 } }", sampled), uniform("x", -1, 1.5).definition());
  EXPECT_EQ(definition("{ normal = { mean = 0, sd = 2 } }", sampled), normal("x", 0, 2).definition());
  EXPECT_EQ(definition("[1, 2]"), values("x", {1, 2}).definition());
  EXPECT_EQ(definition("[1, 2.5]"), values("x", {1.0, 2.5}).definition());
  EXPECT_EQ(definition("[true, false]"), values("x", {true, false}).definition());
  EXPECT_EQ(definition("[\"steel\", 'brass']"), values("x", {"steel", "brass"}).definition());
}

TEST(LoadStudyTest, every_method_is_the_one_of_the_library) {
  const StudyFolder folder;
  folder.write("deep/points.csv", "a,b\n1,x\n2,y\n");
  const auto load = [&](const std::string& text) {
    folder.write("deep/study.toml", "[study]\nseed = 7\n" + text + testing::command);
    return load_study("deep/study.toml").design;
  };
  const std::string two = "[parameters.a]\nvalues = [1, 2]\n[parameters.b]\nvalues = [3, 4]\n[design]\n";
  const std::vector<Parameter> same = {values("a", {1, 2}), values("b", {3, 4})};
  EXPECT_EQ(load(two).definition(), grid(same, 7).definition());
  EXPECT_EQ(load(two + "method = \"zip\"\n").definition(), zip(same, 7).definition());
  EXPECT_EQ(load(two + "method = \"monte_carlo\"\npoints = 9\n").definition(), monte_carlo(same, 9, 7).definition());
  EXPECT_EQ(load(two + "method = \"latin_hypercube\"\npoints = 9\n").definition(),
            latin_hypercube(same, 9, 7).definition());

  const Design bare = load("[design]\nmethod = \"table\"\nfile = \"points.csv\"\n");
  EXPECT_EQ(bare.definition(), table("deep/points.csv", {}, 7).definition());
  const Design annotated = load("[design]\nmethod = \"table\"\nfile = \"points.csv\"\n[parameters.b]\nunit = \"m\"\n");
  EXPECT_EQ(annotated.parameters().at(1).unit(), "m");
  EXPECT_EQ(annotated.point(1)["b"].text(), "y");
}

TEST(LoadStudyTest, reads_all_of_the_command) {
  const StudyFolder folder;
  const auto command = [&](const std::string& keys) {
    return folder.load(testing::parameters + "[command]\n" + keys).command;
  };
  EXPECT_EQ(std::get<1>(command("run = 'echo {{x}} | cat'\n").run), "echo {{x}} | cat");
  EXPECT_EQ(command("run = ['true']\ntimeout = 90\n").timeout, 90s);
  EXPECT_EQ(command("run = ['true']\ntimeout = 0.25\n").timeout, 250ms);
  EXPECT_EQ(command("run = ['true']\ntimeout = '1h30m'\n").timeout, 90min);
  EXPECT_EQ(command("run = ['true']\ngrace = '500ms'\n").grace, 500ms);
  EXPECT_EQ(command("run = ['true']\ngrace = 0\n").grace, 0s);
  EXPECT_EQ(command("run = ['true']\nranks = 2\nlauncher = ['env']\n").grace, 4s);
  EXPECT_EQ(command("run = ['true']\nranks = 2\nlauncher = ['env']\ngrace = 1\n").grace, 1s);
  EXPECT_EQ(command("run = ['true']\nkeep = 'all'\n").keep, Keep::all);
  EXPECT_EQ(command("run = ['true']\nkeep = 'none'\n").keep, Keep::none);
  EXPECT_EQ(command("run = ['true']\nkeep = 'failed'\n").keep, Keep::failed);
}

TEST(LoadStudyTest, reads_every_source_of_an_output) {
  const StudyFolder folder;
  const Study study = folder.load(testing::parameters + testing::command + R"([outputs]
a = { stderr = 'a=(\d+)', type = "integer" }
b = { file = "log.txt", regex = 'b' , type = "string" }
c = { file = "stdout", json = "/c/0", type = "boolean" }
d = { file = "table.csv", csv = "energy", unit = "J" }
e = { file = "table.csv", csv = "energy", row = 0 }
)");
  const auto& outputs = study.command.outputs;
  ASSERT_EQ(outputs.size(), 5u);
  EXPECT_EQ(std::get<RegexSource>(outputs[0].source).file, "stderr");
  EXPECT_EQ(std::get<RegexSource>(outputs[0].source).pattern, R"(a=(\d+))");
  EXPECT_EQ(outputs[0].type, "integer");
  EXPECT_EQ(std::get<RegexSource>(outputs[1].source).file, "log.txt");
  EXPECT_EQ(outputs[1].type, "string");
  EXPECT_EQ(std::get<JsonSource>(outputs[2].source).file, "stdout");
  EXPECT_EQ(std::get<JsonSource>(outputs[2].source).pointer, "/c/0");
  EXPECT_EQ(outputs[2].type, "boolean");
  EXPECT_EQ(std::get<CsvSource>(outputs[3].source).column, "energy");
  EXPECT_FALSE(std::get<CsvSource>(outputs[3].source).row);
  EXPECT_EQ(outputs[3].unit, "J");
  EXPECT_EQ(std::get<CsvSource>(outputs[4].source).row, 0u);
}

TEST(LoadStudyTest, the_ngspice_example_is_a_study) {
  const fs::path checkout = (fs::path(WINDROW_TEST_DATA) / "../../..").lexically_normal();
  const fs::path file = checkout / "apps/examples/ngspice-rc/study.toml";
  const Study study = load_study(file, fs::temp_directory_path() / "windrow-not-created");
  EXPECT_EQ(study.name, "rc-filter");
  EXPECT_EQ(study.design.size(), 500u);
  EXPECT_THAT(names(study), ElementsAre("resistance", "capacitance"));
  EXPECT_EQ(study.command.study_directory, file.parent_path());
}

TEST(LoadStudyTest, reads_how_a_run_is_read_and_judged) {
  const StudyFolder folder;
  const CommandSpec command = folder
                                  .load(R"(
[parameters.x]
values = [1]
[command]
run = "true"
success_codes = [0, 3]
fail_if = [{ stdout = 'ERROR' }, { file = "*.err", regex = 'Severe' }]
require = { stderr = 'done' }
valid = ["a < 0", "a > -x"]
[outputs]
a = { stdout = 'a', match = "first", optional = true, finite = true }
b = { file = "f_{{x}}.txt", regex = 'b', match = 3 }
c = { file = "stdout", table = "Temp", row = 0, match = 2, valid = "c > 0" }
d = { array = "d.dat", skip = 2, columns = [0, 2] }
e = { array = "e.dat", columns = "CL", match = "last" }
f = { stdout = 'f', match = "last" }
)")
                                  .command;
  EXPECT_EQ(command.success_codes, (std::vector<int>{0, 3}));
  ASSERT_EQ(command.fail_if.size(), 2U);
  EXPECT_EQ(command.fail_if[0].file, "stdout");
  EXPECT_EQ(command.fail_if[1].file, "*.err");
  EXPECT_EQ(command.fail_if[1].pattern, "Severe");
  ASSERT_EQ(command.require.size(), 1U);
  EXPECT_EQ(command.require[0].file, "stderr");
  EXPECT_THAT(command.valid, ElementsAre("a < 0", "a > -x", "c > 0"));
  ASSERT_EQ(command.outputs.size(), 6U);
  EXPECT_TRUE(command.outputs[0].optional);
  EXPECT_TRUE(command.outputs[0].finite);
  EXPECT_EQ(std::get<RegexSource>(command.outputs[0].source).match, WhichOne(1));
  EXPECT_EQ(std::get<RegexSource>(command.outputs[1].source).match, WhichOne(3));
  EXPECT_FALSE(command.outputs[1].optional);
  const auto& table = std::get<TableSource>(command.outputs[2].source);
  EXPECT_EQ(table.column, "Temp");
  EXPECT_EQ(table.row, 0U);
  EXPECT_EQ(table.table, WhichOne(2));
  const auto& rows = std::get<ArraySource>(command.outputs[3].source).form;
  EXPECT_EQ(rows.skip, 2U);
  EXPECT_EQ(std::get<1>(rows.columns), (std::vector<std::uint64_t>{0, 2}));
  EXPECT_THAT(std::get<2>(std::get<ArraySource>(command.outputs[4].source).form.columns), ElementsAre("CL"));
  EXPECT_EQ(std::get<RegexSource>(command.outputs[5].source).match, std::nullopt);
}

}  // namespace
}  // namespace windrow
