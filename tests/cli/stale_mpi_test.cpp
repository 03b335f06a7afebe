#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class StaleMpiTest : public CliTest {
 protected:
  void SetUp() override { write_sim("1"); }
  void write_sim(const std::string& factor) const {
    write_program("sim", R"sh(
[ -e "$(dirname "$0")/vanish" ] && { [ $1 = 3 ] && rm "$0"; sleep 0.1; }
echo z=$1
)sh"
                         "echo y=$(($1 * " +
                             factor + "))\n");
  }
  void write_study(const std::string& outputs) const {
    write("study.toml",
          "[parameters.x]\nvalues = { linear = { from = 0, to = 19, points = 20 } }\n[command]\n"
          "run = [\"./sim\", \"{{x}}\"]\nkeep = \"all\"\n[outputs]\n" +
              outputs);
  }
};

constexpr const char* kY = "y = { stdout = 'y=(\\S+)' }\n";

TEST_F(StaleMpiTest, a_changed_program_an_added_output_and_chosen_points_as_on_one_rank) {
  for (const int ranks : {1, 3}) {
    const std::string results = "results" + std::to_string(ranks);
    const auto run = [&](Arguments options) {
      options.insert(options.begin(), {"run", "study.toml", "--dir", results});
      const Ended ended = mpirun_windrow(ranks, options);
      EXPECT_EQ(ended.code, 0) << ended.text();
      return ended;
    };
    write_sim("1");
    write_study(kY);
    EXPECT_THAT(run({"--only", "0-4,17"}).out, HasSubstr("6 of 20 points succeeded, 14 left; this run evaluated 6 "));
    EXPECT_THAT(run({"--order", "random"}).out, HasSubstr("this run evaluated 14 "));
    write_study(std::string(kY) + "z = { stdout = 'z=(\\S+)' }\n");
    const Ended read = run({});
    EXPECT_THAT(read.err, HasSubstr("20 of 20 points are known from earlier runs (20 by files that were kept)"));
    EXPECT_THAT(read.out, HasSubstr("Nothing to do"));
    EXPECT_THAT(exported(results), HasSubstr("19,19,19,19,ok\n"));
    EXPECT_THAT(run({"--again", "3"}).out, HasSubstr("this run evaluated 1 "));
    write_sim("7");
    EXPECT_THAT(run({"--sample", "5"}).out, HasSubstr("5 of 20 points succeeded, 15 left"));
    run({});
    EXPECT_THAT(exported(results), HasSubstr("19,19,133,19,ok\n"));
    write_study(std::string(kY) + "z = { stdout = 'z=(\\S+)', valid = \"y < 100\" }\n");
    const Ended judged = mpirun_windrow(ranks, {"run", "study.toml", "--dir", results});
    EXPECT_EQ(judged.code, 1) << judged.text();
    EXPECT_THAT(judged.err, HasSubstr("20 of 20 points are known from earlier runs (20 judged again by their values), "
                                      "5 of them fail: "));
    EXPECT_THAT(judged.out, HasSubstr("Nothing to do"));
    EXPECT_THAT(exported(results), HasSubstr("14,14,98,14,ok\n15,15,nan,nan,bad_output\n"));
    EXPECT_EQ(exported(results), exported("results1"));
  }
}

TEST_F(StaleMpiTest, a_program_that_vanishes_ends_all_ranks_and_fails_no_point) {
  write_study(kY);
  write("vanish", "");
  const Ended stopped = mpirun_windrow(3, {"run", "study.toml"});
  EXPECT_NE(stopped.code, 0) << stopped.text();
  const std::size_t first = stopped.err.find("has vanished");
  ASSERT_NE(first, std::string::npos) << stopped.text();
  EXPECT_EQ(stopped.err.find("has vanished", first + 1), std::string::npos) << "told once";
  EXPECT_LT(recorded("study.windrow").size(), 20U);
  std::filesystem::remove(path("vanish"));
  write_sim("1");
  EXPECT_EQ(mpirun_windrow(3, {"run", "study.toml"}).code, 0) << "no point had failed";
}

TEST_F(StaleMpiTest, ten_failures_in_the_same_way_stop_all_ranks) {
  write("study.toml",
        "[parameters.x]\nvalues = { linear = { from = 0, to = 999, points = 1000 } }\n[command]\n"
        "run = \"echo no licence >&2; exit 5\"\n");
  const Ended run = mpirun_windrow(3, {"run", "study.toml"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("all failed in the same way (exited 5: no licence)"));
  EXPECT_LT(recorded("study.windrow").size(), 500U);
}

}  // namespace
}  // namespace windrow::test
