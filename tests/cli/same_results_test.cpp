// One study, one export, however it was run.
#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {
namespace {

class SameResultsTest : public CliTest {
 protected:
  void SetUp() override {
    write("mixed.toml", kMixedStudy);
    write_program("mixed.sh", kMixedProgram);
    write("sampled.toml", kSampledStudy);
  }

  std::string run_and_export(const std::string& study, const Arguments& options, int code,
                             const Environment& environment = {}) {
    const std::string results = "results" + std::to_string(++runs_);
    Arguments arguments = {"run", study, "--dir", results};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ended ended = windrow(arguments, environment);
    EXPECT_EQ(ended.code, code) << ended.text();
    return exported(results);
  }

  void expect_same_everywhere(const std::string& study, int code) {
    const std::string one = run_and_export(study, {"--workers", "1"}, code);
    EXPECT_GT(one.size(), 1000U);
    EXPECT_EQ(one, run_and_export(study, {"--workers", "3"}, code));
    EXPECT_EQ(one, run_and_export(study, {}, code, {{"WINDROW_BACKEND", "serial"}}));
    EXPECT_EQ(one, run_and_export(study, {}, code, {{"WINDROW_WORKERS", "5"}}));
  }

  int runs_ = 0;
};

TEST_F(SameResultsTest, failing_points_and_all_types_for_any_number_of_workers) {
  expect_same_everywhere("mixed.toml", 1);
}

TEST_F(SameResultsTest, whatever_the_schedule) {
  const std::string one = run_and_export("mixed.toml", {"--workers", "1"}, 1);
  for (const char* schedule : {"auto", "static", "cyclic", "dynamic", "guided", "longest_first"}) {
    EXPECT_EQ(one, run_and_export("mixed.toml", {"--workers", "3", "--schedule", schedule}, 1)) << schedule;
  }
}

TEST_F(SameResultsTest, random_draws_for_any_number_of_workers) {
  expect_same_everywhere("sampled.toml", 0);
}

TEST_F(SameResultsTest, an_export_holds_what_the_program_was_given_and_what_it_said) {
  const auto records = csv_records(run_and_export("mixed.toml", {}, 1));
  ASSERT_EQ(records.size(), 37U);
  using Record = std::vector<std::string>;
  EXPECT_EQ(records[0],
            (Record{"index", "mode", "flag", "count", "word", "label", "negated", "tripled", "third", "status"}));
  EXPECT_EQ(records[6], (Record{"5", "fine", "true", "3", "a \"quoted\", comma", "<a \"quoted\", comma>", "false", "9",
                                "1.3333333333333333", "ok"}));
  EXPECT_EQ(records[13], (Record{"12", "exit", "true", "1", "plain", "", "", "nan", "nan", "exited"}));
  EXPECT_EQ(records[25], (Record{"24", "silent", "true", "1", "plain", "", "", "nan", "nan", "bad_output"}));
}

TEST_F(SameResultsTest, a_drawn_number_reaches_the_program_with_every_digit) {
  const auto records = csv_records(run_and_export("sampled.toml", {}, 0));
  ASSERT_EQ(records.size(), 41U);
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_EQ(records[i][1], records[i][4]);
    EXPECT_EQ(records[i][2], records[i][5]);
    EXPECT_EQ(records[i][3], records[i][6]);
    EXPECT_EQ(records[i][7], "20240229");
  }
}

TEST_F(SameResultsTest, an_export_to_files_has_the_same_bytes_and_explains_its_columns) {
  const std::string printed = run_and_export("mixed.toml", {}, 1);
  const Ended ended = windrow({"export", "results1", "--csv", "out.csv", "--evaluations", "evaluations.csv"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_EQ(ended.out + ended.err, "");
  EXPECT_EQ(read_file(path("out.csv")), printed);
  EXPECT_NE(read_file(path("out.columns.csv")).find("count,parameter,pieces,integer,\n"), std::string::npos);
  const auto evaluations = csv_records(read_file(path("evaluations.csv")));
  ASSERT_EQ(evaluations.size(), 37U);
  EXPECT_EQ(evaluations[13][1], "exited");
  EXPECT_NE(evaluations[13].back().find("cannot do plain"), std::string::npos);
}

}  // namespace
}  // namespace windrow::test
