#include <signal.h>

#include "cli/timing_fixture.hpp"

namespace windrow::test {
namespace {

class TimingTest : public TimingVerbTest {};

TEST_F(TimingTest, the_trace_of_a_run_on_forked_workers_adds_up_to_its_account) {
  const Ended run = windrow({"run", "unequal.toml", "--workers", "4"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_NE(run.out.find("\nTime: evaluate "), std::string::npos) << run.text();
  EXPECT_NE(run.out.find("\n  longest points: "), std::string::npos) << run.text();
  expect_trace_of_the_account("unequal.windrow");
}

TEST_F(TimingTest, every_run_is_listed_and_can_be_asked_for) {
  write("three.toml",
        "[parameters.x]\nvalues = [1, 2, 3]\n[command]\nrun = 'echo r={{x}}'\n"
        "[outputs]\nr = { stdout = 'r=(.)' }\n");
  EXPECT_EQ(windrow({"run", "three.toml", "--workers", "8"}).code, 0);
  EXPECT_EQ(windrow({"run", "three.toml", "--workers", "8"}).code, 0);  // nothing to do
  const Ended last = windrow({"timing", "three.toml"});
  EXPECT_EQ(last.code, 0);
  EXPECT_NE(last.out.find("three: run 1, "), std::string::npos) << "the last that evaluated something: " << last.text();
  EXPECT_NE(last.out.find("There were fewer points (3) than workers (8)."), std::string::npos) << last.text();
  EXPECT_NE(last.out.find(" *1  "), std::string::npos) << last.text();
  EXPECT_NE(last.out.find("  2  "), std::string::npos) << last.text();
  const Ended second = windrow({"timing", "three.windrow", "--run", "2", "--format", "json"});
  const Json json = Json::parse(second.out);
  EXPECT_EQ(json["run"], 2);
  EXPECT_EQ(json["workers"][0]["attempts"], 0);
  EXPECT_EQ(json["runs"].size(), 2U);
  const Ended third = windrow({"timing", "three.windrow", "--run", "3"});
  EXPECT_EQ(third.code, 2);
  EXPECT_NE(third.err.find("there is no run 3: the study has runs 1 to 2"), std::string::npos) << third.text();
  const Ended compared = windrow({"timing", "three.windrow", "--compare", "--format", "tsv"});
  EXPECT_NE(compared.out.find("evaluate"), std::string::npos) << compared.text();
  EXPECT_EQ(windrow({"timing", "three.windrow", "--format", "xml"}).code, 2);
  EXPECT_EQ(windrow({"timing", "nowhere"}).code, 2);
}

TEST_F(TimingTest, of_a_run_that_was_killed_the_evaluations_tell) {
  Program run = start_windrow({"run", "unequal.toml", "--workers", "2"});
  ASSERT_TRUE(eventually(std::chrono::seconds(20), [this] { return recorded("unequal.windrow").size() >= 20; }));
  run.signal(SIGKILL);
  run.wait();
  expect_nothing_left();
  const Ended timing = windrow({"timing", "unequal.windrow"});
  EXPECT_EQ(timing.code, 0) << timing.text();
  EXPECT_NE(timing.out.find("This run kept no account: it was killed."), std::string::npos) << timing.text();
  auto rows = account("unequal.windrow");
  EXPECT_EQ(rows.size(), 2U) << "the workers";
  EXPECT_GE(rows["0"]["evaluate"] + rows["1"]["evaluate"], 20 * 0.010);
  EXPECT_EQ(windrow({"timing", "unequal.windrow", "--trace", "t.json"}).code, 0);
  const Json trace = Json::parse(read_file(path("t.json")));
  expect_valid(trace);
  EXPECT_GE(slices_of(trace).size(), 20U);
  tracks_of(trace);

  EXPECT_EQ(windrow({"run", "unequal.toml", "--workers", "2"}).code, 0);
  auto second = account("unequal.windrow");
  EXPECT_EQ(second.size(), 3U) << "and the root";
  EXPECT_LT(second["0"]["attempts"] + second["1"]["attempts"], 200) << "those of the first run are not in the second";
}

}  // namespace
}  // namespace windrow::test
