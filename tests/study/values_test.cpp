#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/study_files.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/parallel/fork_manager.hpp"

namespace windrow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StudyFolder;

const std::string sampled = testing::command + "[design]\nmethod = \"monte_carlo\"\npoints = 50\n";

/// A study whose parameter `x` says this on line 2.
std::string with(const std::string& values) {
  return "[parameters.x]\nvalues = { " + values + " }\n" + testing::command;
}
std::string drawn_with(const std::string& values) {
  return "[parameters.x]\nvalues = { " + values + " }\n" + sampled;
}

Parameter read(const std::string& study) {
  return StudyFolder().load(study).design.parameters().front();
}

std::vector<std::string> written(const Parameter& parameter) {
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < parameter.level_count(); ++i) texts.push_back(parameter.level(i).written());
  return texts;
}

TEST(ValuesTest, ranges_go_in_steps) {
  EXPECT_THAT(written(read(with("linear = { from = 0, to = 0.3, step = 0.1 }"))),
              ElementsAre("0.0", "0.1", "0.2", "0.3"));
  EXPECT_THAT(written(read(with("linear = { from = 0, to = 4, step = 2 }"))), ElementsAre("0", "2", "4"));
  EXPECT_THAT(written(read(with("linear = { from = 0, to = 4, step = 2.0 }"))), ElementsAre("0.0", "2.0", "4.0"));
  EXPECT_THAT(written(read(with("integers = { from = 1, to = 3 }"))), ElementsAre("1", "2", "3"));
  EXPECT_THAT(written(read(with("integers = { from = 3, to = 1 }"))), ElementsAre("3", "2", "1"));
  EXPECT_THAT(written(read(with("integers = { from = 9223372036854775805, to = 9223372036854775807, step = 2 }"))),
              ElementsAre("9223372036854775805", "9223372036854775807"));
  const StudyFolder folder;
  EXPECT_THAT(folder.load(with("linear = { from = 0, to = 1, step = 0.3 }")).design.notes(),
              ElementsAre("`x`: steps of 0.3 from 0 do not meet 1; the last level is 0.9"));
}

TEST(ValuesTest, distributions_are_by_the_names_of_their_terms) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"uniform = { low = 0, high = 1 }", "uniform(0, 1)"},
      {"log_uniform = { low = 1, high = 10 }", "log_uniform(low = 1, high = 10)"},
      {"normal = { mean = 0, sd = 1 }", "normal(0, 1)"},
      {"normal = { mean = 0, sd = 1, low = -2 }", "normal(mean = 0, sd = 1, low = -2)"},
      {"lognormal = { mean = 300, sd = 30, high = 400 }", "lognormal(mean = 300, sd = 30, high = 400)"},
      {"lognormal = { log_mean = 1, log_sd = 0.5 }", "lognormal(log_mean = 1, log_sd = 0.5)"},
      {"triangular = { low = 0, mode = 1, high = 4 }", "triangular(low = 0, mode = 1, high = 4)"},
      {"beta = { alpha = 2, beta = 3 }", "beta(alpha = 2, beta = 3)"},
      {"gamma = { shape = 2, scale = 3 }", "gamma(shape = 2, scale = 3)"},
      {"weibull = { shape = 2, scale = 3 }", "weibull(shape = 2, scale = 3)"},
      {"exponential = { mean = 2 }", "exponential(mean = 2)"},
      {"gumbel = { location = 2, scale = 3 }", "gumbel(location = 2, scale = 3)"},
      {"poisson = { mean = 2 }", "poisson(mean = 2)"},
      {"binomial = { trials = 10, probability = 0.5 }", "binomial(trials = 10, probability = 0.5)"},
      {"discrete_uniform = { low = 1, high = 6 }", "discrete_uniform(low = 1, high = 6)"},
      {"choice = { values = [\"a\", \"b\"], weights = [1, 2.5] }", "choice(\"a\" 1, \"b\" 2.5)"},
  };
  for (const auto& [values, definition] : cases) EXPECT_EQ(read(drawn_with(values)).definition(), definition);
}

/// A kind with terms that are in order; each is then left out, a text, and called by another name.
struct Kind {
  std::string name;
  std::vector<std::pair<std::string, std::string>> terms;
};

std::string table_of(const Kind& kind, const std::string& without, const std::string& instead = "") {
  std::string inside = instead;
  for (const auto& [name, value] : kind.terms) {
    if (name != without) inside += (inside.empty() ? "" : ", ") + name + " = " + value;
  }
  return kind.name + " = { " + inside + " }";
}

TEST(ValuesTest, every_key_of_every_kind_is_checked) {
  const std::vector<Kind> kinds = {
      {"integers", {{"from", "1"}, {"to", "3"}}},
      {"uniform", {{"low", "0"}, {"high", "1"}}},
      {"log_uniform", {{"low", "1"}, {"high", "2"}}},
      {"normal", {{"mean", "0"}, {"sd", "1"}}},
      {"lognormal", {{"mean", "1"}, {"sd", "1"}}},
      {"lognormal", {{"log_mean", "1"}, {"log_sd", "1"}}},
      {"triangular", {{"low", "0"}, {"mode", "1"}, {"high", "2"}}},
      {"beta", {{"alpha", "1"}, {"beta", "1"}}},
      {"gamma", {{"shape", "1"}, {"scale", "1"}}},
      {"weibull", {{"shape", "1"}, {"scale", "1"}}},
      {"exponential", {{"mean", "1"}}},
      {"gumbel", {{"location", "1"}, {"scale", "1"}}},
      {"poisson", {{"mean", "1"}}},
      {"binomial", {{"trials", "1"}, {"probability", "1"}}},
      {"discrete_uniform", {{"low", "1"}, {"high", "2"}}},
      {"choice", {{"values", "[1]"}, {"weights", "[1]"}}},
      {"samples", {{"file", "\"a.csv\""}, {"column", "\"a\""}}},
  };
  const StudyFolder folder;
  folder.write("a.csv", "a,b\n1,2\n");
  for (const Kind& kind : kinds) {
    const std::string design = kind.name == "integers" ? testing::command : sampled;
    const auto error = [&](const std::string& values) {
      return folder.error("[parameters.x]\nvalues = { " + values + " }\n" + design);
    };
    const std::string place = " in [parameters.x.values." + kind.name + "]";
    EXPECT_EQ(error(table_of(kind, "")), "");
    EXPECT_THAT(error(table_of(kind, "", "zzz = 1")), HasSubstr("study.toml:2: unknown key `zzz`" + place));
    for (const auto& [name, value] : kind.terms) {
      const std::string key = "`" + name + "`" + place;
      if (kind.terms.size() > 1 && name != "weights") {
        EXPECT_EQ(error(table_of(kind, name)), "study.toml:2: missing " + key);
      }
      EXPECT_THAT(error(table_of(kind, name, name + " = true")), HasSubstr("study.toml:2: " + key + " must be "));
      if (value[0] == '"' || value[0] == '[') continue;
      EXPECT_THAT(error(table_of(kind, name, name + " = nan")), HasSubstr("study.toml:2: " + key + " must be "));
    }
  }
}

TEST(ValuesTest, contradictions_are_named_where_they_stand) {
  const StudyFolder folder;
  folder.write("a.csv", "a,b,c\n1,x,3\n2,y,inf\n");
  const std::string x = " in [parameters.x.values.";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"linear = { from = 0, to = 1, points = 5, step = 0.1 }",
       "`step`" + x + "linear] does not go with `points`: one of them says where the levels are"},
      {"linear = { from = 0, to = 1 }", "missing `points`" + x + "linear], or `step` instead"},
      {"geometric = { from = 1, to = 2, step = 1 }",
       "unknown key `step`" + x + "geometric]; valid: `from`, `to`, `points`"},
      {"linear = { from = 0, to = 1, step = 0 }", "`step`" + x + "linear] must not be 0"},
      {"linear = { from = 1, to = 0, step = 0.5 }",
       "`step`" + x + "linear] must be negative, not 0.5: `from` is 1 and `to` is 0"},
      {"integers = { from = 0.5, to = 1 }", "`from`" + x + "integers] must be an integer, not 0.5"},
      {"integers = { from = 0, to = 1, step = -1 }",
       "`step`" + x + "integers] must be above 0, not -1: `from` is 0 and `to` is 1"},
      {"integers = { low = 0, high = 1 }",
       "parameters.x.values.integers are levels, `from` and `to`; whole numbers that are drawn are "
       "`discrete_uniform`"},
      {"normal = { mean = 0, sd = -1 }", "`sd`" + x + "normal] must be at least 0, not -1"},
      {"normal = { mean = 0, sd = 1, low = 1, high = 0 }",
       "`low`" + x + "normal] must be below `high`, which is 0, not 1"},
      {"lognormal = { mean = 1, log_sd = 1 }",
       "`log_sd`" + x +
           "lognormal] does not go with `mean` and `sd`: lognormal has either `mean` and `sd`, or "
           "`log_mean` and `log_sd`"},
      {"lognormal = {}",
       "missing `mean`" + x + "lognormal]; lognormal has `mean` and `sd`, or `log_mean` and `log_sd`"},
      {"uniform = { low = 2, high = 1 }", "`low`" + x + "uniform] must not be above `high`, which is 1, not 2"},
      {"choice = { values = [1, 2], weights = [1] }",
       "`weights`" + x + "choice] must be as many as `values`, 2, not 1"},
      {"choice = { values = [1, 2], weights = [1, \"a\"] }",
       "`weights`" + x + "choice] must be a list of numbers; item 2 is a string"},
      {"choice = { values = [], weights = [] }", "`values`" + x + "choice] must have at least one item"},
      {"samples = { file = \"none.csv\", column = \"a\" }", "cannot open `none.csv`: No such file or directory"},
      {"samples = { file = \"a.csv\", column = \"missing\" }",
       "a.csv:1: there is no column `missing`; valid: `a`, `b`, `c`"},
      {"samples = { file = \"a.csv\", column = \"b\" }",
       "a.csv: the column `b` is not of numbers alone, as samples are"},
      {"samples = { file = \"a.csv\", column = \"c\" }", "a.csv: column `c`: samples: inf is no finite number"},
  };
  for (const auto& [values, message] : cases) {
    EXPECT_EQ(folder.error(drawn_with(values)), "study.toml:2: " + message) << values;
  }
  EXPECT_EQ(folder.error("[parameters.x.values.normal]\nmean = 0\nsd = -1\n"),
            "study.toml:3: `sd` in [parameters.x.values.normal] must be at least 0, not -1");
}

TEST(ValuesTest, a_choice_without_weights_has_equal_ones) {
  const auto points = [](const std::string& choice) {
    return StudyFolder().load(drawn_with("choice = { " + choice + " }")).design.definition();
  };
  EXPECT_EQ(points("values = [1, 2]"), points("values = [1, 2], weights = [1, 1]"));
}

TEST(ValuesTest, samples_are_counted_by_what_they_are) {
  const StudyFolder folder;
  const auto definition = [&](const std::string& table) {
    folder.write("data/loads.csv", table);
    return folder.load(drawn_with("samples = { file = \"data/loads.csv\", column = \"peak load (kN)\" }"))
        .design.parameters()
        .front()
        .definition();
  };
  const std::string first = definition("peak load (kN);day\n1,50;a\n3,25;b\n");
  EXPECT_EQ(first, Samples({3.25, 1.5}).definition());
  EXPECT_EQ(first, definition("peak load (kN)\n3.25\n1.5\n"));
  EXPECT_NE(first, definition("peak load (kN)\n3.25\n1.6\n"));
  EXPECT_EQ(definition("peak load (kN)\n3\n1\n"), Samples({1, 3}, true).definition());
}

TEST(ValuesTest, the_root_alone_opens_the_files_of_samples) {
  const StudyFolder folder;
  std::string many = "load\n";
  for (int i = 0; i < 20'000; ++i) many += std::to_string(i % 997) + ".5\n";  // enough to be shared in memory
  folder.write("many.csv", many);
  folder.write("few.csv", "a,b\n1,2\n3,4\n");
  folder.write("study.toml",
               "[parameters.x]\nvalues.samples = { file = \"many.csv\", column = \"load\" }\n"
               "[parameters.a]\nvalues.samples = { file = \"few.csv\", column = \"a\" }\n"
               "[parameters.b]\nvalues.samples = { file = \"few.csv\", column = \"b\" }\n" +
                   sampled);
  const int code = ForkManager::run_peers(3, [](ParallelManager& manager) {
    if (!manager.is_root()) {
      std::filesystem::create_directories("empty");
      std::filesystem::current_path("empty");
    }
    const Study study = load_study(manager, "study.toml");
    std::string text;
    for (std::uint64_t i = 0; i < study.design.size(); ++i) {
      for (const Value& value : study.design.point(i).values()) text += value.written() + " ";
    }
    for (const Parameter& parameter : study.design.parameters()) text += parameter.definition();
    const auto texts = manager.all_gather(text);
    return texts[0] == texts[1] && texts[0] == texts[2] ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace windrow
