// Methods of designs in study files: what they make, and what is said of each key that is wrong.
#include <gmock/gmock.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StudyFolder;
using List = std::vector<Value>;

std::string study_of(const std::string& design, const std::string& parameters) {
  return "[design]\n" + design + parameters + testing::command;
}

std::string unit_square() {
  return "[parameters]\nx.values.uniform = { low = 0, high = 1 }\ny.values.uniform = { low = 0, high = 1 }\n";
}

std::vector<List> points_in(const std::string& design, const std::string& parameters = unit_square()) {
  const StudyFolder folder;
  const Study study = folder.load(study_of(design, parameters));
  std::vector<List> points;
  for (std::uint64_t i = 0; i < study.design.size(); ++i) points.push_back(study.design.point(i).values());
  return points;
}

std::string error_in(const std::string& design, const std::string& parameters = unit_square()) {
  return StudyFolder().error(study_of(design, parameters));
}

TEST(MethodStudyTest, sequences_have_their_points) {
  EXPECT_THAT(points_in("method = 'sobol'\npoints = 3\nscramble = 'none'\n"),
              ElementsAre(List{0.0, 0.0}, List{0.5, 0.5}, List{0.75, 0.25}));
  EXPECT_THAT(points_in("method = 'halton'\npoints = 2\nscramble = 'none'\n"),
              ElementsAre(List{1.0 / 2, 1.0 / 3}, List{1.0 / 4, 2.0 / 3}));
  EXPECT_THAT(points_in("method = 'lattice'\npoints = 2\nscramble = 'none'\n"),
              ElementsAre(List{0.0, 0.0}, List{0.5, 0.5}));
  EXPECT_NE(points_in("method = 'sobol'\npoints = 3\n"),
            points_in("method = 'sobol'\npoints = 3\nscramble = 'shift'\n"));
  const std::vector<List> before = points_in("method = 'latin_hypercube'\npoints = 5\n");
  const std::vector<List> grown = points_in("method = 'latin_hypercube'\npoints = 10\ngrow_from = 5\n");
  EXPECT_EQ(before, std::vector<List>(grown.begin(), grown.begin() + 5));
  EXPECT_EQ(points_in("method = 'saltelli'\nbase_points = 3\nsecond_order = true\n").size(), 18U);
  EXPECT_EQ(points_in("method = 'morris'\ntrajectories = 3\nlevels = 6\ncandidates = 9\n").size(), 9U);
}

TEST(MethodStudyTest, two_level_designs_have_their_points) {
  EXPECT_EQ(points_in("method = 'corners'\n").size(), 4U);
  EXPECT_EQ(points_in("method = 'plackett_burman'\n").size(), 4U);
  EXPECT_EQ(points_in("method = 'factorial'\n"), (std::vector<List>{{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}}));
  EXPECT_EQ(points_in("method = 'central_composite'\nalpha = 1\ncentre = 2\n").back(), (List{0.5, 0.5}));
  EXPECT_EQ(points_in("method = 'central_composite'\nalpha = 1\ncentre = 2\n").size(), 10U);
  const std::string three = unit_square() + "z.values.linear = { from = 0, to = 2, points = 9 }\n";
  EXPECT_EQ(points_in("method = 'box_behnken'\ncentre = 4\n", three).size(), 16U);
  EXPECT_EQ(points_in("method = 'factorial'\ngenerators = ['z = x*y']\n", three).size(), 4U);
}

TEST(MethodStudyTest, parameters_go_one_at_a_time_from_nominal_values) {
  EXPECT_THAT(
      points_in("method = 'one_at_a_time'\nstep = 0.1\nsteps = 2\n", "[parameters]\nx.nominal = 1\ny.nominal = 1\n"),
      ElementsAre(List{1.0, 1.0}, List{.8, 1.0}, List{.9, 1.0}, List{1.1, 1.0}, List{1.2, 1.0}, List{1.0, .8},
                  List{1.0, .9}, List{1.0, 1.1}, List{1.0, 1.2}));
  EXPECT_THAT(points_in("method = 'one_at_a_time'\nstep = { x = 1, y = 0.5 }\nsteps = { x = 1, y = 0 }\n",
                        "[parameters]\nx.nominal = 3\nx.type = 'integer'\ny.nominal = 1\n"),
              ElementsAre(List{3, 1.0}, List{2, 1.0}, List{4, 1.0}));
  EXPECT_THAT(
      points_in("method = 'one_at_a_time'\n",
                "[parameters]\nx = { values = [1, 2, 3], nominal = 2 }\ny = { values = ['a', 'b'], nominal = 'a' }\n"),
      ElementsAre(List{2, "a"}, List{1, "a"}, List{3, "a"}, List{2, "b"}));
  EXPECT_EQ(points_in("method = 'star'\n").front(), (List{0.5, 0.5}));
}

TEST(MethodStudyTest, whole_steps_are_written_without_a_point) {
  const StudyFolder folder;
  const auto written = [&](const std::string& step) {
    const Study study = folder.load(
        study_of("method = 'one_at_a_time'\nsteps = 1\nstep = " + step + "\n", "[parameters]\nx.nominal = 5\n"));
    return study.design.point(0).values()[0].written() + " " + study.design.point(1).values()[0].written();
  };
  EXPECT_EQ(written("2"), "5 3");
  EXPECT_EQ(written("2.0"), "5.0 3.0");
}

TEST(MethodStudyTest, points_can_be_written_down) {
  EXPECT_THAT(points_in("method = 'list'\npoints = [{ x = 1, y = 'a' }, { y = 'b', x = 2.5 }]\n", ""),
              ElementsAre(List{1.0, "a"}, List{2.5, "b"}));
  EXPECT_THAT(points_in("method = 'list'\npoints = [[1, 'a'], [2, 'b']]\n", "[parameters]\nx.unit = 'm'\ny = {}\n"),
              ElementsAre(List{1, "a"}, List{2, "b"}));
  EXPECT_EQ(error_in("method = 'list'\n", ""), "study.toml:1: missing `points` in [design]");
  EXPECT_EQ(
      error_in("method = 'list'\npoints = 3\n", ""),
      "study.toml:3: `points` in [design] must be a list of points, such as [{ x = 1, y = 2 }, { x = 3, y = 4 }], not "
      "an integer");
  EXPECT_EQ(error_in("method = 'list'\npoints = []\n", ""), "study.toml:3: `points` in [design] is empty");
  EXPECT_EQ(error_in("method = 'list'\npoints = [{ x = 1, y = 2 }, { x = 1 }]\n", ""),
            "study.toml:3: `points` in [design]: point 2 has no `y`");
  EXPECT_THAT(error_in("method = 'list'\npoints = [{ x = 1, y = 2 }, { x = 1, y = 2, z = 3 }]\n", ""),
              HasSubstr("study.toml:3: unknown key `z` in [design.points]; valid: `x`, `y`"));
  EXPECT_EQ(
      error_in("method = 'list'\npoints = [{ x = 1 }, { x = 'a' }]\n", ""),
      "study.toml:3: `x` in [design.points] must be a list of numbers, of strings or of booleans; item 2 is a string");
  EXPECT_EQ(error_in("method = 'list'\npoints = [[1, 2], [1]]\n", "[parameters]\nx = {}\ny = {}\n"),
            "study.toml:3: `points` in [design]: point 2 has 1 values for the parameters `x`, `y`");
  EXPECT_THAT(error_in("method = 'list'\npoints = [[1, 2]]\n", ""), HasSubstr("point 1 is no table by the names"));
  EXPECT_EQ(error_in("method = 'list'\npoints = [[1]]\n", "[parameters]\nx.values = [1]\n"),
            "study.toml:5: `values` in [parameters.x] is given by the points of method `list`: only `type`, `format`, "
            "`unit` and `description` apply");
}

/// The key of a method, the others that the method needs, and the message for what it says.
struct WrongKey {
  std::string method;
  std::string line;
  std::string message;
};

TEST(MethodStudyTest, each_key_that_is_wrong_is_named_with_what_is_valid) {
  const std::vector<WrongKey> cases = {
      {"sobol", "points = 'many'", "3: `points` in [design] must be an integer of at least 1, not a string"},
      {"sobol", "points = 0", "3: `points` in [design] must be an integer of at least 1, not 0"},
      {"sobol", "points = -3", "3: `points` in [design] must be an integer of at least 1, not -3"},
      {"sobol", "points = 5e18", "1: sobol: points must be from 1 to 2^62"},
      {"sobol", "", "1: missing `points` in [design]: method `sobol` needs it"},
      {"sobol", "point = 3", "3: unknown key `point` in [design]; did you mean `points`?"},
      {"sobol", "points = 4\nscramble = 1", "4: `scramble` in [design] must be a string, not an integer"},
      {"sobol", "points = 4\nscramble = 'Owen'",
       "4: `scramble` in [design] must be one of \"owen\", \"shift\", \"none\", not \"Owen\""},
      {"sobol", "points = 4\nscrambel = 'owen'", "4: unknown key `scrambel` in [design]; did you mean `scramble`?"},
      {"lattice", "points = 4\nscramble = 'owen'",
       "4: `scramble` in [design] must be one of \"shift\", \"none\", not \"owen\""},
      {"monte_carlo", "points = 4\nscramble = 'owen'",
       "4: `scramble` in [design] has no meaning for method `monte_carlo`: it belongs to `sobol`, `halton`, `lattice` "
       "and "
       "`saltelli`"},
      {"halton", "points = 1e18", "1: halton tells 1853020188851840 points of 2 parameters apart"},
      {"latin_hypercube", "points = 4\ngrow_from = 'x'",
       "4: `grow_from` in [design] must be an integer of at least 1, not a string"},
      {"latin_hypercube", "points = 4\ngrow_from = 0",
       "4: `grow_from` in [design] must be an integer of at least 1, not 0"},
      {"latin_hypercube", "points = 4\ngrow_from = 5",
       "4: `grow_from` in [design] must be from 1 to `points`, 4, not 5"},
      {"latin_hypercube", "points = 4\ngrow_form = 2",
       "4: unknown key `grow_form` in [design]; did you mean `grow_from`?"},
      {"latin_hypercube", "grow_from = 2", "1: missing `points` in [design]: method `latin_hypercube` needs it"},
      {"sobol", "points = 4\ngrow_from = 2",
       "4: `grow_from` in [design] has no meaning for method `sobol`: it belongs to `latin_hypercube`"},
      {"one_at_a_time", "step = 'x'\nsteps = 2",
       "3: `step` in [design] must be a number for all parameters, or a table such as { x = 1, y = 2 }, not a string"},
      {"one_at_a_time", "step = 0\nsteps = 2", "3: `step` in [design] of `x` must be above 0, not 0"},
      {"one_at_a_time", "step = { x = 1, y = 'a' }\nsteps = 2",
       "3: `y` in [design.step] must be a number, not a string"},
      {"one_at_a_time", "step = { x = 1, z = 2 }\nsteps = 2",
       "3: `step` in [design]: `z` is no parameter; valid: `x`, `y`"},
      {"one_at_a_time", "step = { x = 1 }\nsteps = 2", "3: `step` in [design]: none for the parameter `y`"},
      {"one_at_a_time", "step = 1", "1: missing `steps` in [design]: `step` says how far each goes"},
      {"one_at_a_time", "steps = 1", "1: missing `step` in [design]: `steps` says how many there are"},
      {"one_at_a_time", "step = 1\nsteps = 1.5",
       "4: `steps` in [design] must be an integer from 0 to 9007199254740992, not"},
      {"one_at_a_time", "step = 1\nsteps = -1",
       "4: `steps` in [design] must be an integer from 0 to 9007199254740992, not"},
      {"factorial", "generators = 'y = x'", "3: `generators` in [design] must be a list of strings, not a string"},
      {"factorial", "generators = [1]", "3: `generators` in [design] must be a list of strings; item 1 is an integer"},
      {"factorial", "generators = ['y x']",
       "3: `generators` in [design]: \"y x\": one parameter is to be a product of others, such as \"d = a*b*c\" or \"D "
       "= "
       "ABC\""},
      {"factorial", "generators = ['y = z']",
       "3: `generators` in [design]: \"y = z\": `z` is no parameter, nor letters"},
      {"factorial", "generators = ['y = x']", "3: `generators` in [design] make x*y vary together always"},
      {"factorial", "generator = ['y = x']", "3: unknown key `generator` in [design]; did you mean `generators`?"},
      {"corners", "generators = ['y = x']",
       "3: `generators` in [design] has no meaning for method `corners`: it belongs to `factorial` and "
       "`central_composite`"},
      {"central_composite", "alpha = 'face'", "3: `alpha` in [design] must be a number, not a string"},
      {"central_composite", "alpha = 0", "3: `alpha` in [design] must be above 0, not 0"},
      {"central_composite", "alpha = inf", "3: `alpha` in [design] must be"},
      {"central_composite", "alhpa = 1", "3: unknown key `alhpa` in [design]; did you mean `alpha`?"},
      {"box_behnken", "alpha = 1",
       "3: `alpha` in [design] has no meaning for method `box_behnken`: it belongs to `central_composite`"},
      {"central_composite", "centre = 'x'", "3: `centre` in [design] must be an integer of at least 0, not a string"},
      {"central_composite", "centre = -1", "3: `centre` in [design] must be an integer of at least 0, not -1"},
      {"central_composite", "centre = 1e12", "3: `centre` in [design] must be at most 1000000, not 1000000000000"},
      {"central_composite", "center = 1", "3: unknown key `center` in [design]; did you mean `centre`?"},
      {"box_behnken", "", "1: box_behnken has 3 to 7 parameters, not 2; take central_composite"},
      {"morris", "", "1: missing `trajectories` in [design]: method `morris` needs it"},
      {"morris", "trajectories = 0", "3: `trajectories` in [design] must be an integer of at least 1, not 0"},
      {"morris", "trajectories = true",
       "3: `trajectories` in [design] must be an integer of at least 1, not a boolean"},
      {"morris", "trajectories = 4e18", "3: `trajectories` in [design] make more than 2^62 points"},
      {"morris", "trajectory = 4", "3: unknown key `trajectory` in [design]; did you mean `trajectories`?"},
      {"morris", "trajectories = 4\nlevels = 5",
       "4: `levels` in [design] must be an even number from 2 to 1000, not 5"},
      {"morris", "trajectories = 4\nlevels = 1", "4: `levels` in [design] must be an integer of at least 2, not 1"},
      {"morris", "trajectories = 4\nlevels = '4'",
       "4: `levels` in [design] must be an integer of at least 2, not a string"},
      {"morris", "trajectories = 4\ncandidates = 3",
       "4: `candidates` in [design] must be from `trajectories`, 4, to 10000, not 3"},
      {"morris", "trajectories = 4\ncandidates = 1e9", "4: `candidates` in [design] must be from `trajectories`"},
      {"morris", "trajectories = 4\npoints = 3",
       "4: `points` in [design] has no meaning for method `morris`: it belongs to"},
      {"saltelli", "", "1: missing `base_points` in [design]: method `saltelli` needs it"},
      {"saltelli", "points = 3", "1: missing `base_points` in [design]: method `saltelli` needs it"},
      {"saltelli", "base_points = 'x'", "3: `base_points` in [design] must be an integer of at least 1, not a string"},
      {"saltelli", "base_points = 4e18", "1: saltelli: there are more than 2^62 points"},
      {"saltelli", "base_points = 4\nsecond_order = 1",
       "4: `second_order` in [design] must be a boolean, not an integer"},
      {"saltelli", "base_points = 4\nsecond_orders = true", "4: unknown key `second_orders` in [design]; did you mean"},
      {"star", "points = 3",
       "3: `points` in [design] has no meaning for method `star`: it belongs to `monte_carlo`, "
       "`latin_hypercube`, `sobol`, `halton` and `lattice`"},
      {"table", "file = 'a'\nscramble = 'owen'",
       "4: `scramble` in [design] has no meaning for method `table`: it belongs to"},
  };
  for (const WrongKey& c : cases) {
    const bool is_centred = c.method == "one_at_a_time";
    const std::string parameters = is_centred ? "[parameters]\nx.nominal = 1\ny.nominal = 1\n" : unit_square();
    EXPECT_THAT(error_in("method = '" + c.method + "'\n" + c.line + "\n", parameters),
                HasSubstr("study.toml:" + c.message))
        << c.method << "\n"
        << c.line;
  }
}

TEST(MethodStudyTest, a_parameter_that_does_not_fit_is_named_with_its_line) {
  const std::string normal =
      "[parameters]\nx.values.uniform = { low = 0, high = 1 }\ny.values.normal = { mean = 0, sd = 1 }\n";
  EXPECT_EQ(
      error_in("method = 'corners'\n", normal),
      "study.toml:5: parameter `y` is normal, and corners needs a low and a high value: make it uniform (low, high), "
      "linear (from, to) or a list of two values");
  EXPECT_EQ(error_in("method = 'one_at_a_time'\n", "[parameters.x]\nvalues = [1, 2]\n"),
            "study.toml:3: parameter `x` has no nominal value, and one_at_a_time needs one");
  EXPECT_EQ(
      error_in("method = 'one_at_a_time'\nstep = 1\nsteps = 1\n", "[parameters.x]\nvalues = [1, 2]\nnominal = 1\n"),
      "study.toml:6: `values` in [parameters.x] does not go with `step` in [design]: values are steps from `nominal`");
  EXPECT_EQ(error_in("method = 'one_at_a_time'\nstep = 1\nsteps = 1\n", "[parameters.x]\n"),
            "study.toml:5: missing `nominal` in [parameters.x]");
  EXPECT_EQ(error_in("method = 'one_at_a_time'\n", "[parameters.x]\nvalues = [1, 2]\nnominal = [1]\n"),
            "study.toml:5: `nominal` in [parameters.x] must be a number, a string or a boolean, not an array");
  EXPECT_EQ(error_in("method = 'one_at_a_time'\n", "[parameters.x]\nvalues = [1, 2]\nnominal = 'a'\n"),
            "study.toml:5: parameter `x`: nominal: \"a\" is not of the type of its values, integer");
  EXPECT_EQ(error_in("method = 'star'\n", "[parameters.x]\nvalues = [1, 2]\nnominal = 3\n"),
            "study.toml:3: parameter `x`: its nominal value 3 is not from 1 to 2");
}

}  // namespace
}  // namespace windrow
