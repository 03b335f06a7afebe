// A job that is too short for its study.
#include <gmock/gmock.h>

#include "slurm_jobs/sandbox_fixture.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class RequeueTest : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
    write_program("point.sh", R"(
echo $1 >> "$(dirname "$0")/log"
sleep 2
echo square=$(($1 * $1))
)");
    write("long.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 74, points = 75 } }
[command]
run = ["./point.sh", "{{point.index}}"]
[outputs]
square = { stdout = 'square=(\d+)', type = "integer" }
)");
  }

  /// Slurm lets a job that was queued again wait for two minutes. It may start earlier, but not within the second in
  /// which its first start ended: slurmd takes the new credential for the one that was revoked, and the job fails.
  bool wait_for_end_at_once(const std::string& job) {
    const auto end = std::chrono::steady_clock::now() + 200s;
    for (std::string state = queue(job); !state.empty(); state = queue(job)) {
      if (std::chrono::steady_clock::now() > end) return false;
      pause_for(300ms);
      if (state != "PENDING BeginTime") continue;
      pause_for(2s);
      slurm({"scontrol", "update", "jobid=" + job, "StartTime=now"});
    }
    return true;
  }
};

// 150 s of points on two nodes in jobs of 60 s.
TEST_F(RequeueTest, a_study_completes_over_jobs_that_end_too_early) {
  const std::string job = submit({"long.toml", "--nodes", "2", "--ntasks", "2", "--time", "1", "--requeue"});
  ASSERT_TRUE(wait_for_end_at_once(job)) << output("long.windrow", job);
  EXPECT_EQ(field(job, "JobState"), "COMPLETED");
  EXPECT_GE(std::stoi(field(job, "Restarts")), 1);
  const std::string said = output("long.windrow", job);
  EXPECT_THAT(said, HasSubstr("Slurm is asked to queue job " + job + " again."));
  EXPECT_THAT(said, HasSubstr(", start 2, on n"));
  EXPECT_THAT(said, HasSubstr("75 of 75 points succeeded"));
  EXPECT_EQ(logged("log"), all_indices(75)) << "no point twice, none left out";
  const auto evaluations = csv_records(windrow({"export", "long.windrow", "--evaluations", "-"}).out);
  ASSERT_EQ(evaluations.size(), 76U);
  ASSERT_EQ(evaluations[0][2], "attempts");
  for (std::size_t i = 1; i < evaluations.size(); ++i) EXPECT_EQ(evaluations[i][2], "1") << "point " << i - 1;
}

}  // namespace
}  // namespace windrow::test
