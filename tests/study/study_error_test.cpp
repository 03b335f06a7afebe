#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
namespace fs = std::filesystem;
using testing::StudyFolder;

/// A study text and the whole message that it must give.
struct Case {
  std::string text;
  std::string message;
};

void expect_messages(const std::vector<Case>& cases) {
  const StudyFolder folder;
  for (const Case& c : cases) EXPECT_EQ(folder.error(c.text), c.message) << c.text;
}

const std::string parameters = testing::parameters;  // lines 1 and 2
const std::string command = testing::command;        // then 3 and 4

TEST(StudyErrorTest, text_that_is_not_toml_is_named_with_its_line) {
  expect_messages({
      {"[study]\nseed = \n", "study.toml:2: Error while parsing key-value pair: expected value, saw '\\n'"},
      {"a = 1\na = 2\n", "study.toml:2: Error while parsing key-value pair: cannot redefine existing integer 'a'"},
  });
}

TEST(StudyErrorTest, what_toml_does_not_know_is_told_with_what_helps) {
  const StudyFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[parameters.x]\nvalues = [1, 2\nunit = \"m\"\n" + command, "; the `[` in line 2 is not closed: `]` is missing"},
      {"[parameters.x]\nunit = \"m\nvalues = [1]\n", "; the text that begins in line 2 is not closed: \" is missing"},
      {"# it's a comment\n[parameters.x]\nunit = m # metres\n", "; texts stand in quotes: \"m\""},
      {"[outputs]\ny = { stdout = \"y = (\\S+)\" }\n", "write regular expressions in single quotes, as 'x = (\\S+)'"},
      {"[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\n[ parameters.x ]\n",
       "; [parameters.x] stands in line 1 already: write its keys there"},
  };
  for (const auto& [text, advice] : cases) EXPECT_THAT(folder.error(text), ::testing::EndsWith(advice)) << text;
}

TEST(StudyErrorTest, other_names_of_methods_are_understood) {
  const StudyFolder folder;
  const auto with = [&](const std::string& method) {
    return folder.error(parameters + command + "[design]\nmethod = \"" + method + "\"\n");
  };
  EXPECT_THAT(with("lhs"),
              HasSubstr("unknown method `lhs` in [design]; did you mean `latin_hypercube`? Valid: `grid`"));
  EXPECT_THAT(with("MC"), HasSubstr("did you mean `monte_carlo`?"));
  EXPECT_THAT(with("Monte-Carlo"), HasSubstr("did you mean `monte_carlo`?"));
  EXPECT_THAT(with("full factorial"), HasSubstr("did you mean `grid`?"));
  EXPECT_THAT(with("anything"), HasSubstr("; valid: `grid`"));
}

TEST(StudyErrorTest, ranks_and_launchers_are_named_with_their_lines) {
  const std::string launched = parameters + command + "launcher = [\"env\"]\n";
  expect_messages({
      {parameters + command + "ranks = 0\n",
       "study.toml:5: `ranks` in [command] must be an integer of at least 1, not 0"},
      {parameters + command + "ranks = 2.5\n",
       "study.toml:5: `ranks` in [command] must be an integer, or an expression of parameters such as \"2 * nodes\", "
       "not "
       "a number"},
      {launched + "ranks = \"2 * y\"\n", "study.toml:6: `ranks`: `y` in `2 * y` is no parameter; valid: `x`"},
      {launched, "study.toml:5: `launcher` in [command] goes with `ranks`, which says how many to launch"},
      {parameters + command + "ranks = 2\nlauncher = \"mpirunn\"\n",
       "study.toml:6: unknown launcher `mpirunn` in [command]; did you mean `mpirun`?"},
      {parameters + command + "ranks = 2\nlauncher = 3\n",
       "study.toml:6: `launcher` in [command] must be \"mpirun\", \"srun\" or a list of arguments, not an integer"},
      {parameters + command + "ranks = 2\nlauncher = [\"env\", \"{{rank}}\"]\n",
       "study.toml:6: launcher[1]: unknown name `rank` in a tag; did you mean `ranks`?"},
      {parameters + command + "launcher = [\"no-such-launcher\"]\nranks = 2\n",
       "study.toml:5: the launcher of MPI programs, `no-such-launcher`, is not found"},
  });
}

TEST(StudyErrorTest, unknown_keys_are_named_with_what_was_probably_meant) {
  expect_messages({
      {"[study]\nname = \"a\"\nseed = 1\n\n[parameters.x]\nvalues = [1]\nunit = \"m\"\n\n[command]\nrun = \"true\"\n"
       "timeout = 3\n\n[design]\nmetod = \"grid\"\n",
       "study.toml:14: unknown key `metod` in [design]; did you mean `method`?"},
      {parameters + command + "[desing]\n", "study.toml:5: unknown key `desing`; did you mean `design`?"},
      {"[study]\nsede = 1\n", "study.toml:2: unknown key `sede` in [study]; did you mean `seed`?"},
      {"[parameters.x]\nvaules = [1]\n",
       "study.toml:2: unknown key `vaules` in [parameters.x]; did you mean `values`?"},
      {"[parameters.x]\nvalues = { lineer = { from = 1 } }\n",
       "study.toml:2: unknown key `lineer` in [parameters.x.values]; did you mean `linear`?"},
      {"[parameters.x]\nvalues.linear.from = 1\nvalues.linear.too = 1\n",
       "study.toml:3: unknown key `too` in [parameters.x.values.linear]; did you mean `to`?"},
      {"[parameters.x]\nvalues.uniform.lo = 1\n",
       "study.toml:2: unknown key `lo` in [parameters.x.values.uniform]; did you mean `low`?"},
      {parameters + command + "template = []\n",
       "study.toml:5: unknown key `template` in [command]; did you mean `templates`?"},
      {parameters + command + "[outputs]\ny = { stdot = 'a' }\n",
       "study.toml:6: unknown key `stdot` in [outputs.y]; did you mean `stdout`?"},
      {"[parameters.x]\nvalues.normal.quux = 1\n",
       "study.toml:2: unknown key `quux` in [parameters.x.values.normal]; valid: `mean`, `sd`, `low`, `high`"},
  });
}

TEST(StudyErrorTest, wrong_types_are_named_with_what_is_wanted) {
  const std::string list = "`values` in [parameters.x] must be a list of numbers, of strings or of booleans; ";
  expect_messages({
      {"study = 3\n", "study.toml:1: `study` must be a table, not an integer"},
      {"[[study]]\n", "study.toml:1: `study` must be a table, not an array"},
      {"[study]\nname = 3.5\n", "study.toml:2: `name` in [study] must be a string, not a number"},
      {"[study]\nseed = \"x\"\n", "study.toml:2: `seed` in [study] must be an integer of at least 0, not a string"},
      {"[study]\ndescription = 1979-05-27\n",
       "study.toml:2: `description` in [study] must be a string, not a date or time"},
      {"[parameters]\nx = 3\n", "study.toml:2: `x` in [parameters] must be a table, not an integer"},
      {"[parameters.x]\nvalues = 3\n",
       "study.toml:2: `values` in [parameters.x] must be a list, or a table such as { linear = { from = 0, to = 1, "
       "points = 5 } }, not an integer"},
      {"[parameters.x]\nvalues = { linear = [1] }\n",
       "study.toml:2: `linear` in [parameters.x.values] must be a table, not an array"},
      {"[parameters.x]\nvalues = { linear = { from = \"1\", to = 2, points = 3 } }\n",
       "study.toml:2: `from` in [parameters.x.values.linear] must be a number, not a string"},
      {"[parameters.x]\nvalues = [1, \"a\"]\n", "study.toml:2: " + list + "item 2 is a string"},
      {"[parameters.x]\nvalues = [[1], [2]]\n", "study.toml:2: " + list + "item 1 is an array"},
      {"[parameters.x]\nvalues = []\n", "study.toml:2: `values` in [parameters.x] must have at least one item"},
      {parameters + "[command]\nrun = true\n",
       "study.toml:4: `run` in [command] must be a list of arguments or a text for the shell, not a boolean"},
      {parameters + "[command]\nrun = [\n  \"echo\",\n  3]\n",
       "study.toml:6: `run` in [command] must be a list of strings; item 2 is an integer"},
      {parameters + command + "templates = \"a\"\n",
       "study.toml:5: `templates` in [command] must be a list of strings, not a string"},
      {parameters + command + "\n\ntimeout = true\n",
       "study.toml:7: `timeout` in [command] must be a duration such as \"30s\", not a boolean"},
      {parameters + command + "keep = true\n",
       "study.toml:5: `keep` in [command] must be one of \"failed\", \"all\", \"none\", or a list of patterns such as "
       "[\"*.vtk\"], not a boolean"},
      {parameters + command + "[outputs]\ny = 'a'\n",
       "study.toml:6: `y` in [outputs] must be a table such as { stdout = 'total = (\\S+)' }, not a string"},
      {parameters + command + "[outputs]\ny = { stdout = 1 }\n",
       "study.toml:6: `stdout` in [outputs.y] must be a string, not an integer"},
  });
}

TEST(StudyErrorTest, wrong_values_are_shown) {
  const std::string sampled = "[design]\nmethod = \"monte_carlo\"\n";
  expect_messages({
      {"[study]\nseed = -1\n", "study.toml:2: `seed` in [study] must be an integer of at least 0, not -1"},
      {"[study]\nseed = 1.5\n", "study.toml:2: `seed` in [study] must be an integer of at least 0, not 1.5"},
      {"[study]\nseed = 1e19\n", "study.toml:2: `seed` in [study] must be an integer of at least 0, not 1e+19"},
      {"[study]\nname = \"a/b\"\n", "study.toml:2: `a/b` cannot name a study: letters, digits, `.`, `_` and `-` only"},
      {"[study]\nname = \"\"\n", "study.toml:2: `` cannot name a study: letters, digits, `.`, `_` and `-` only"},
      {"[parameters.x]\nvalues.linear = { from = 0, to = 1, points = 0 }\n",
       "study.toml:2: `points` in [parameters.x.values.linear] must be an integer of at least 1, not 0"},
      {sampled + "points = 0\n" + parameters + command,
       "study.toml:3: `points` in [design] must be an integer of at least 1, not 0"},
      {parameters + command + "timeout = \"soon\"\n",
       "study.toml:5: `timeout` in [command] must be a duration such as \"30s\", not \"soon\""},
      {parameters + command + "timeout = -2\n",
       "study.toml:5: `timeout` in [command] must be a duration such as \"30s\", not -2"},
      {parameters + command + "timeout = 1e300\n",
       "study.toml:5: `timeout` in [command] must be a duration such as \"30s\", not 1e+300"},
      {parameters + command + "timeout = 0\n", "study.toml:5: `timeout` in [command] must be longer than zero, not 0"},
      {parameters + command + "keep = \"fialed\"\n",
       "study.toml:5: unknown keep `fialed` in [command]; did you mean `failed`?"},
      {parameters + "[command]\nrun = []\n", "study.toml:4: `run` in [command] must start with a program"},
      {parameters + "[command]\nrun = \" \\n\"\n", "study.toml:4: `run` in [command] is empty"},
      {parameters + command + "[outputs]\ny = { stdout = 'a', type = \"float\" }\n",
       "study.toml:6: unknown type `float` in [outputs.y]; valid: `number`, `integer`, `boolean`, `string`"},
      {parameters + command + "[outputs]\ny = { file = 'a', csv = 'c', row = -1 }\n",
       "study.toml:6: `row` in [outputs.y] must be an integer of at least 0, not -1"},
  });
}

TEST(StudyErrorTest, what_is_missing_is_named_with_the_table_it_belongs_in) {
  expect_messages({
      {"", "study.toml:1: no parameters: a study needs at least one table [parameters.NAME]"},
      {"\n[parameters]\n" + command, "study.toml:2: no parameters: a study needs at least one table [parameters.NAME]"},
      {parameters, "study.toml:1: missing table [command]: it says what to run"},
      {"\n[parameters.x]\n", "study.toml:2: missing `values` in [parameters.x]"},
      {"\n[parameters.x]\nvalues = { linear = { from = 1, points = 3 } }\n",
       "study.toml:3: missing `to` in [parameters.x.values.linear]"},
      {"[parameters.x]\nvalues = {}\n",
       "study.toml:2: `values` in [parameters.x] needs exactly one of `linear`, `geometric`, `reversed_geometric`, "
       "`integers`, `choice`, `samples`, `uniform`, `log_uniform`, `normal`, `lognormal`, `triangular`, `beta`, "
       "`gamma`, `weibull`, `exponential`, `gumbel`, `poisson`, `binomial`, `discrete_uniform`"},
      {"[parameters.x.values]\nlinear = { from = 0, to = 1, points = 5 }\nuniform = { low = 1, high = 2 }\n",
       "study.toml:1: `values` in [parameters.x] needs exactly one of `linear`, `geometric`, `reversed_geometric`, "
       "`integers`, `choice`, `samples`, `uniform`, `log_uniform`, `normal`, `lognormal`, `triangular`, `beta`, "
       "`gamma`, `weibull`, `exponential`, `gumbel`, `poisson`, `binomial`, `discrete_uniform`"},
      {parameters + "[command]\nkeep = \"all\"\n", "study.toml:3: missing `run` in [command]"},
  });
}

TEST(StudyErrorTest, a_method_takes_only_its_own_keys) {
  expect_messages({
      {parameters + command + "[design]\nmethod = \"gird\"\n",
       "study.toml:6: unknown method `gird` in [design]; did you mean `grid`?"},
      {parameters + command + "[design]\nmethod = \"kriging\"\n",
       "study.toml:6: unknown method `kriging` in [design]; valid: `grid`, `zip`, `list`, `monte_carlo`, "
       "`latin_hypercube`, "
       "`sobol`, `halton`, `lattice`, `one_at_a_time`, `star`, `corners`, `factorial`, `plackett_burman`, "
       "`central_composite`, `box_behnken`, `morris`, `saltelli`, `table`"},
      {parameters + command + "\n[design]\nmethod = \"latin_hypercube\"\n",
       "study.toml:6: missing `points` in [design]: method `latin_hypercube` needs it"},
      {parameters + command + "[design]\npoints = 3\n",
       "study.toml:6: `points` in [design] has no meaning for method `grid`: it belongs to `monte_carlo`, "
       "`latin_hypercube`, `sobol`, `halton` and `lattice`"},
      {parameters + command + "[design]\nmethod = \"zip\"\nfile = \"a.csv\"\n",
       "study.toml:7: `file` in [design] has no meaning for method `zip`: it belongs to `table`"},
      {command + "[design]\nmethod = \"table\"\n", "study.toml:3: missing `file` in [design]: method `table` needs it"},
      {parameters + command + "[design]\nmethod = \"table\"\nfile = \"points.csv\"\n",
       "study.toml:2: `values` in [parameters.x] is given by the file of method `table`: only `type`, `format`, `unit` "
       "and `description` "
       "apply"},
  });
}

TEST(StudyErrorTest, an_output_has_exactly_one_source) {
  const auto message = [](const std::string& has) {
    return "study.toml:6: [outputs.y] needs exactly one source, `stdout`, `stderr`, `array`, or `file` with one of "
           "`regex`, "
           "`json`, `csv`, `table`, but has " +
           has;
  };
  const auto with = [](const std::string& keys) { return parameters + command + "[outputs]\ny = { " + keys + " }\n"; };
  expect_messages({
      {with("unit = 'm'"), message("none")},
      {with("stdout = 'a', stderr = 'b'"), message("`stdout` and `stderr`")},
      {with("stdout = 'a', file = 'f', regex = 'b'"), message("`stdout` and `file` and `regex`")},
      {with("stdout = 'a', regex = 'b'"), message("`stdout` and `regex`")},
      {with("file = 'f'"), message("`file`")},
      {with("csv = 'f'"), message("`csv`")},
      {with("file = 'f', json = '/a', csv = 'a'"), message("`file` and `json` and `csv`")},
      {with("file = 'f', json = '/a', row = 1"), "study.toml:6: `row` in [outputs.y] goes with `csv`, `table` only"},
      {with("file = 'f', json = '/a', match = 1"),
       "study.toml:6: `match` in [outputs.y] goes with `stdout`, `stderr`, `regex`, `table`, `columns` only"},
      {with("stdout = 'a', match = 'second'"),
       "study.toml:6: unknown match `second` in [outputs.y]; valid: `first`, `last`"},
      {with("stdout = 'a', match = 0"), "study.toml:6: `match` in [outputs.y] must be an integer of at least 1, not 0"},
      {with("stdout = 'a', match = true"),
       "study.toml:6: `match` in [outputs.y] must be \"first\", \"last\" or a number from 1, not a boolean"},
      {with("stdout = 'a', skip = 1"), "study.toml:6: `skip` in [outputs.y] goes with `array` only"},
      {with("array = 'a.dat', columns = [1, 'a']"),
       "study.toml:6: `columns` in [outputs.y] must be names of columns, or their numbers from 0"},
      {with("array = 'a.npy', skip = 1"),
       "study.toml:6: output `y`: `skip` and `columns` go with texts, not with .npy"},
      {with("stdout = 'a', optional = 'yes'"),
       "study.toml:6: `optional` in [outputs.y] must be true or false, not a string"},
      {with("stdout = 'a', type = 'string', finite = true"),
       "study.toml:6: output `y`: `finite` goes with numbers, not with the type string"},
      {with("file = '{{z}}', json = '/a'"),
       "study.toml:6: output `y`: file: unknown name `z` in a tag; valid: `x`, `point.index`, `point.dir`, "
       "`study.dir`, "
       "`seed`, `point.seed`, `point.seed31`"},
      {with("file = '', json = '/a'"), "study.toml:6: `file` in [outputs.y] is empty"},
  });
}

TEST(StudyErrorTest, checks_are_named_with_their_lines) {
  const auto with = [](const std::string& keys) {
    return parameters + command + keys + "\n[outputs]\ny = { stdout = 'a' }\n";
  };
  const std::string codes = "must be a list of exit codes, from 0 to 255, such as [0, 3]";
  expect_messages({
      {with("success_codes = 3"), "study.toml:5: `success_codes` in [command] " + codes + ", not an integer"},
      {with("success_codes = [0, 300]"), "study.toml:5: `success_codes` in [command] " + codes},
      {with("fail_if = 'ERROR'"),
       "study.toml:5: `fail_if` in [command] must be a table such as { stdout = 'ERROR' }, or a list of such, not a "
       "string"},
      {with("require = { file = 'log' }"),
       "study.toml:5: [command.require] needs exactly one of `stdout`, `stderr`, or `file` with `regex`, but has "
       "`file`"},
      {with("fail_if = [{ stdout = 'a' }, { stderr = '(' }]"),
       "study.toml:5: `fail_if`: the regular expression `(` is invalid: Unmatched marking parenthesis ( or \\(.  The "
       "error occurred while parsing the regular expression: '(>>>HERE>>>'."},
      {with("\nvalid = 'y < z'"),
       "study.toml:6: `valid`: `z` in `y < z` is no parameter and no output; valid: `x`, `y`"},
      {with("valid = 3"),
       "study.toml:5: `valid` in [command] must be an expression such as \"energy < 0\", or a list of such, not an "
       "integer"},
      {parameters + command + "[outputs]\na = { stdout = 'a' }\ny = { stdout = 'a', valid = ['y < b'] }\n",
       "study.toml:7: `valid`: `b` in `y < b` is no parameter and no output; valid: `x`, `a`, `y`"},
  });
}

TEST(StudyErrorTest, an_output_has_a_name_of_its_own) {
  const auto named = [](const std::string& name) {
    return parameters + command + "[outputs]\n" + name + " = { stdout = 'a' }\n";
  };
  const std::string rule = " cannot name an output; a name is letters, digits and underscores, not a digit first";
  const std::string reserved = " cannot name an output: it is reserved (so are `index`, `status` and `seed`)";
  expect_messages({
      {named("x"), "study.toml:6: `x` is an output and a parameter: one of them needs another name"},
      {named("a-b"), "study.toml:6: `a-b`" + rule},
      {named("1a"), "study.toml:6: `1a`" + rule},
      {named("\"\""), "study.toml:6: ``" + rule},
      {named("index"), "study.toml:6: `index`" + reserved},
      {named("status"), "study.toml:6: `status`" + reserved},
      {named("seed"), "study.toml:6: `seed`" + reserved},
  });
}

TEST(StudyErrorTest, what_the_design_refuses_gets_the_line_of_the_table) {
  const std::string lengths = "[parameters.a]\nvalues = [1, 2]\n[parameters.b]\nvalues = [1]\n" + command;
  const std::string zip_message = test::error_of<SpecError>([] { zip({values("a", {1, 2}), values("b", {1})}); });
  const std::string grid_message = test::error_of<SpecError>([] { grid({uniform("x", 0, 1)}); });
  const std::string random = "\n\n[parameters.x]\nvalues.uniform = { low = 0, high = 1 }\n" + command;
  expect_messages({
      {parameters + "\n[parameters.g]\nunit = \"m\"\nvalues.geometric = { from = 0, to = 1, points = 3 }\n" + command,
       "study.toml:4: " + test::error_of<SpecError>([] { geometric("g", 0, 1, 3); })},
      {"[parameters.index]\nvalues = [1]\n",
       "study.toml:1: " + test::error_of<SpecError>([] { values("index", {1}); })},
      {"[parameters.\"a b\"]\nvalues = [1]\n",
       "study.toml:1: " + test::error_of<SpecError>([] { values("a b", {1}); })},
      {lengths + "[design]\nmethod = \"zip\"\n", "study.toml:7: " + zip_message},
      {random, "study.toml:3: " + grid_message},
      {random + "[design]\nmethod = \"grid\"\n", "study.toml:7: " + grid_message},
  });
}

TEST(StudyErrorTest, what_a_table_file_refuses_gets_the_line_of_its_cause) {
  const StudyFolder folder;
  folder.write("good.csv", "a,b\n1,2\n");
  folder.write("ragged.csv", "a,b\n1\n");
  const std::string start = command + "[design]\nmethod = \"table\"\n";
  const auto message = [](const std::string& file, const std::vector<Parameter>& annotations = {}) {
    return test::error_of<SpecError>([&] { table(file, annotations); });
  };
  EXPECT_EQ(folder.error(start + "file = \"ragged.csv\"\n"), "study.toml:5: " + message("ragged.csv"));
  EXPECT_EQ(folder.error(start + "file = \"none.csv\"\n"), "study.toml:5: " + message("none.csv"));
  EXPECT_EQ(folder.error(start + "file = \"good.csv\"\n[parameters.a]\nunit = \"m\"\n[parameters.c]\nunit = \"m\"\n"),
            "study.toml:8: " + message("good.csv", {values("c", {0})}));
}

TEST(StudyErrorTest, what_the_command_refuses_gets_the_line_of_its_cause) {
  const StudyFolder folder;
  folder.write("bad.in.mustache", "{{reistance}}");
  const std::string start = "\n" + parameters;
  EXPECT_THAT(folder.error(start + "[command]\nrun = [\"no-such-program-anywhere\"]\n"),
              AllOf(StartsWith("study.toml:4: "), HasSubstr("no-such-program-anywhere")));
  EXPECT_THAT(folder.error(start + command + "templates = [\"none.mustache\"]\n"),
              AllOf(StartsWith("study.toml:6: "), HasSubstr("none.mustache")));
  EXPECT_THAT(folder.error(start + command + "templates = [\"bad.in.mustache\"]\n"),
              AllOf(StartsWith("study.toml:6: "), HasSubstr("reistance")));
  EXPECT_THAT(folder.error(start + command + "[outputs]\ngood = { stdout = 'a' }\nbad = { stdout = '(' }\n"),
              AllOf(StartsWith("study.toml:8: "), HasSubstr("bad")));
  folder.write("sim.py", "print(1)\n");
  EXPECT_THAT(folder.error(start + "[command]\nrun = [\"python3\", \"sim.py\"]\n"),
              AllOf(StartsWith("study.toml:5: run[1]: `sim.py` lies beside"), HasSubstr("`{{study.dir}}/sim.py`")));
  EXPECT_THAT(folder.error(start + command + "[outputs]\ngood = { stdout = 'a' }\nbad = { stdout = 'x=\\S+' }\n"),
              AllOf(StartsWith("study.toml:8: "), HasSubstr("put ( ) around the number")));
  EXPECT_THAT(folder.error(start + command + "[outputs]\nbad = { file = 'f', json = 'a/b' }\n"),
              AllOf(StartsWith("study.toml:7: "), HasSubstr("a/b")));
}

TEST(StudyErrorTest, names_the_file_as_the_user_gave_it) {
  const StudyFolder folder;
  folder.write("deep/a study.toml", "[study]\nseed = -1\n");
  const auto message = [](const fs::path& file) { return test::error_of<SpecError>([&] { load_study(file); }); };
  const std::string seed = "`seed` in [study] must be an integer of at least 0, not -1";
  EXPECT_EQ(message("deep/../deep/a study.toml"),
            "deep/../deep/a study.toml:1: the file's name cannot name the study (letters, digits, `.`, `_` and `-` "
            "only): add `name` to [study]");
  folder.write("deep/study.toml", "[study]\nseed = -1\n");
  EXPECT_EQ(message("./deep/study.toml"), "./deep/study.toml:2: " + seed);
  EXPECT_EQ(message(folder.path() / "deep/study.toml"), (folder.path() / "deep/study.toml").string() + ":2: " + seed);
}

TEST(StudyErrorTest, a_file_that_cannot_be_read_says_why) {
  const StudyFolder folder;
  fs::create_directory("folder.toml");
  const auto message = [](const fs::path& file) { return test::error_of<SpecError>([&] { load_study(file); }); };
  EXPECT_EQ(message("none.toml"), "none.toml: cannot read the study file: No such file or directory");
  EXPECT_EQ(message("folder.toml"), "folder.toml: is a directory, not a study file");
}

TEST(StudyErrorTest, what_is_nested_without_end_is_refused_with_its_line) {
  const StudyFolder folder;
  const auto repeated = [](const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
  };
  const std::string beginning = testing::parameters + testing::command;  // 4 lines
  const std::string refused = "study.toml:5: tables and lists are nested more than 256 deep";
  EXPECT_EQ(folder.error(beginning + "[" + repeated("a.", 100'000) + "a]\nb = 1\n"), refused);
  EXPECT_EQ(folder.error(beginning + "[[" + repeated("a.", 100'000) + "a]]\nb = 1\n"), refused);
  EXPECT_EQ(folder.error(beginning + repeated("a.", 100'000) + "a = 1\n"), refused);
  EXPECT_EQ(folder.error(beginning + "a = " + repeated("[", 100'000) + repeated("]", 100'000) + "\n"), refused);
  EXPECT_EQ(folder.error(beginning + "a = " + repeated("{b=", 100'000) + "1" + repeated("}", 100'000) + "\n"), refused);
  EXPECT_EQ(folder.error(beginning + "a = " + repeated("{b.c.d.e=", 80) + "1" + repeated("}", 80) + "\n"), refused);
  EXPECT_EQ(folder.error(beginning + "a = " + repeated("[\n", 300) + "\n"),
            "study.toml:261: tables and lists are nested more than 256 deep");
}

TEST(StudyErrorTest, points_in_texts_comments_and_numbers_nest_nothing) {
  const StudyFolder folder;
  const std::string many(1000, '.');
  std::string numbers = "[0.5";
  for (int i = 0; i < 1000; ++i) numbers += ",\n 1.5e-" + std::to_string(i % 300);
  const std::string texts = R"(["echo", "\"MANY", '\', '''a'
MANY[''', """\""
MANY{"""])";
  const std::string run = std::regex_replace(texts, std::regex("MANY"), many);
  const Study study =
      folder.load("# " + many + "[[[\n[parameters.x]\nvalues = " + numbers + "]\n[command]\nrun = " + run + "\n");
  EXPECT_EQ(study.design.size(), 1001U);
}

}  // namespace
}  // namespace windrow
