// `windrow submit` on a small cluster of Slurm.
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "slurm_jobs/sandbox_fixture.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// Points that write their index to the file `log`, and the node that they are on to `nodes`.
class SubmitTest : public SandboxTest {
 protected:
  void write_study(int points, const std::string& seconds, const std::string& run = "") {
    points_ = points;
    write_program("point.sh", R"(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
hostname >> "$directory/nodes"
sleep )" + seconds + R"(
echo square=$(($1 * $1))
)");
    write("sweep.toml", "[parameters.x]\nvalues = { linear = { from = 0, to = " + std::to_string(points - 1) +
                            ", points = " + std::to_string(points) + R"( } }
[command]
run = ["./point.sh", "{{point.index}}"]
grace = "200ms"
[outputs]
square = { stdout = 'square=(\d+)', type = "integer" }
[run]
)" + run);
  }

  std::set<std::string> nodes() const {
    std::istringstream words(read_file(path("nodes")));
    std::set<std::string> names;
    for (std::string name; words >> name;) names.insert(name);
    return names;
  }

  std::string exported_by_a_local_run() {
    write_study(points_, "0");
    const Ended ended = windrow({"run", "sweep.toml", "--dir", "local", "--workers", "2"});
    EXPECT_EQ(ended.code, 0) << ended.text();
    return exported("local");
  }

  /// Every point has been evaluated once, none twice, and the results are those of a local run.
  void expect_complete() {
    EXPECT_EQ(logged("log"), all_indices(static_cast<std::uint64_t>(points_)));
    EXPECT_EQ(exported("sweep.windrow"), exported_by_a_local_run());
  }

 private:
  int points_ = 0;
};

TEST_F(SubmitTest, a_study_completes_on_several_nodes) {
  write_study(24, "0.2");
  const std::string job = submit({"sweep.toml", "--nodes", "3", "--ntasks", "6", "--time", "5"});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_EQ(field(job, "JobState"), "COMPLETED") << output("sweep.windrow", job);
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("24 points (grid), 6 workers (mpi)"));
  EXPECT_EQ(nodes(), (std::set<std::string>{"n1", "n2", "n3"}));
  expect_complete();
  write_study(24, "0.2");  // the program that was run is a part of what a point is
  const Ended again = windrow_here({"submit", "sweep.toml", "--nodes", "3", "--ntasks", "6"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, "Nothing to do: all 24 points are evaluated already.\n");
}

TEST_F(SubmitTest, srun_starts_ranks_too) {
  write_study(12, "0.2");
  const std::string job = submit({"sweep.toml", "--nodes", "2", "--ntasks", "4", "--launcher", "srun"});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("12 points (grid), 4 workers (mpi)"));
  EXPECT_EQ(nodes().size(), 2U);
  expect_complete();
}

TEST_F(SubmitTest, one_task_runs_as_many_programs_as_it_has_cores) {
  write_study(8, "0.2");
  const std::string job = submit({"sweep.toml", "--ntasks", "1", "--cpus-per-task", "3"});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_EQ(field(job, "JobState"), "COMPLETED") << output("sweep.windrow", job);
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("8 points (grid), 3 workers (fork)"));
  EXPECT_EQ(nodes().size(), 1U);
  expect_complete();
}

TEST_F(SubmitTest, ranks_may_have_several_cores) {
  write_study(8, "0.1");
  const std::string job = submit({"sweep.toml", "--nodes", "2", "--ntasks", "4", "--cpus-per-task", "2"});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("8 points (grid), 4 workers (mpi)"));
  expect_complete();
}

TEST_F(SubmitTest, an_array_gives_the_same_bytes_as_one_run) {
  write_study(26, "0.1");
  const std::string job = submit({"sweep.toml", "--array", "4", "--cpus-per-task", "2", "--time", "5"});
  ASSERT_TRUE(wait_for_end(job));
  for (const char* shard : {"_1", "_2", "_3", "_4"}) {
    EXPECT_EQ(field(job + shard, "JobState"), "COMPLETED") << output("sweep.windrow", job + shard);
  }
  EXPECT_GE(nodes().size(), 2U);
  expect_complete();
}

TEST_F(SubmitTest, an_array_with_a_job_that_was_cancelled_goes_on) {
  write_study(40, "0.5");
  const Arguments arguments = {"sweep.toml", "--array", "4", "--drain", "1s"};
  const std::string first = submit(arguments);
  ASSERT_TRUE(wait_for_log("log", 8));
  slurm({"scancel", first + "_2"});
  ASSERT_TRUE(wait_for_end(first));
  EXPECT_LT(logged("log").size(), 40U);

  const std::string second = submit(arguments);
  ASSERT_TRUE(wait_for_end(second));
  EXPECT_EQ(windrow({"export", "sweep.windrow", "--csv", "-"}).code, 0);
  const auto evaluated = logged("log");
  EXPECT_EQ(std::set<std::uint64_t>(evaluated.begin(), evaluated.end()).size(), 40U);
  EXPECT_LE(evaluated.size(), 41U) << "at most the point that was ended runs again";
  EXPECT_EQ(exported("sweep.windrow"), exported_by_a_local_run());
}

TEST_F(SubmitTest, programs_with_ranks_share_the_tasks_of_a_job) {
  // Of two mpirun on one host one may remove the session directory that the other is just making, which then fails
  // with "orte_session_dir failed" ahead of its program.
  write_study(6, "0.3", "retries = { exited = 1 }");
  const std::string text = read_file(path("sweep.toml"));
  write("sweep.toml", std::regex_replace(text, std::regex("grace = "), "ranks = 2\ngrace = "));
  const Ended few = windrow_here({"submit", "sweep.toml"});
  EXPECT_THAT(few.err, HasSubstr("the program of each point has 2 ranks: give --ntasks 2 or more"));
  for (const char* launcher : {"", "mpirun", "srun"}) {  // of windrow's own ranks, if it is to have any
    for (const char* file : {"log", "nodes", "sweep.windrow"}) std::filesystem::remove_all(path(file));
    Arguments arguments = {"sweep.toml", "--nodes", "2", "--ntasks", "4"};
    if (*launcher != '\0') arguments.insert(arguments.end(), {"--launcher", launcher});
    const std::string job = submit(arguments);
    ASSERT_TRUE(wait_for_end(job));
    EXPECT_EQ(field(job, "JobState"), "COMPLETED") << launcher << output("sweep.windrow", job);
    EXPECT_EQ(logged("log"), (std::vector<std::uint64_t>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
    EXPECT_EQ(nodes(), (std::set<std::string>{"n1", "n2"}));
  }
}

TEST_F(SubmitTest, status_works_while_the_job_runs) {
  write_study(40, "0.5");
  const std::string job = submit({"sweep.toml", "--nodes", "2", "--ntasks", "2"});
  ASSERT_TRUE(wait_for_log("log", 5));
  const Ended status = windrow({"status", "sweep.windrow"});
  EXPECT_EQ(status.code, 0) << status.text();
  EXPECT_THAT(status.out, testing::ContainsRegex("^sweep: [1-9][0-9]* of 40 points evaluated, running"));
  slurm({"scancel", job});
  EXPECT_TRUE(wait_for_end(job));
}

TEST_F(SubmitTest, a_job_that_is_cancelled_and_submitted_again_completes) {
  write_study(30, "0.5");
  const Arguments arguments = {"sweep.toml", "--nodes", "2", "--ntasks", "2", "--requeue"};
  const std::string first = submit(arguments);
  ASSERT_TRUE(wait_for_log("log", 7));
  slurm({"scancel", first});
  ASSERT_TRUE(wait_for_end(first)) << "a job that is cancelled must not queue itself again";
  expect_nothing_left();
  const auto kept = recorded("sweep.windrow");
  EXPECT_GE(kept.size(), 4U);
  EXPECT_LT(kept.size(), 30U);
  std::filesystem::remove(path("log"));

  const std::string second = submit(arguments);
  ASSERT_TRUE(wait_for_end(second));
  EXPECT_EQ(field(second, "JobState"), "COMPLETED") << output("sweep.windrow", second);
  const auto evaluated = logged("log");
  EXPECT_EQ(evaluated.size(), 30 - kept.size());
  for (const std::uint64_t index : evaluated) EXPECT_FALSE(kept.contains(index)) << "point " << index << " ran twice";
  EXPECT_EQ(exported("sweep.windrow"), exported_by_a_local_run());
}

TEST_F(SubmitTest, without_mpi_a_job_that_is_cancelled_drains) {
  write_study(60, "0.5");
  const std::string job = submit({"sweep.toml", "--cpus-per-task", "2", "--requeue", "--drain", "1s"});
  ASSERT_TRUE(wait_for_log("log", 5));
  slurm({"scancel", job});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_EQ(field(job, "JobState"), "CANCELLED");
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("Stopped by SIGTERM: "));
  EXPECT_THAT(windrow({"status", "sweep.windrow"}).out, HasSubstr("  failed      0\n"));
}

// As Slurm does where cgroups hold the processes of a job: it tells the batch script alone.
TEST_F(SubmitTest, the_batch_script_passes_signals_on) {
  for (const char* signal : {"USR1", "TERM"}) {
    write_study(60, "0.5");
    std::filesystem::remove(path("log"));
    const std::string job = submit({"sweep.toml", "--cpus-per-task", "2", "--drain", "1s"});
    ASSERT_TRUE(wait_for_log("log", 5));
    slurm({"scancel", "--batch", std::string("--signal=") + signal, job});
    ASSERT_TRUE(wait_for_end(job));
    EXPECT_EQ(field(job, "ExitCode"), "75:0");
    EXPECT_THAT(output("sweep.windrow", job), HasSubstr(std::string("Stopped by SIG") + signal));
  }
}

TEST_F(SubmitTest, a_job_whose_time_ended_says_how_to_go_on) {
  write_study(12, "0.5", "time_limit = \"3s\"\n");
  const std::string job = submit({"sweep.toml", "--ntasks", "2"});
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_EQ(field(job, "ExitCode"), "75:0") << output("sweep.windrow", job);
  const std::string again = "cd " + directory().string() + " && " + WINDROW_PROGRAM + " submit sweep.toml --ntasks 2";
  EXPECT_THAT(output("sweep.windrow", job), HasSubstr("Time ended before the points did. This goes on:\n  " + again));
  for (int more = 0; more < 3 && recorded("sweep.windrow").size() < 12; ++more) {
    ASSERT_EQ(slurm({"sh", "-c", again}).code, 0);
    ASSERT_TRUE(eventually(30s, [this] { return slurm({"squeue", "-h"}).out.empty(); }));
  }
  expect_complete();
}

TEST_F(SubmitTest, what_slurm_refuses_is_told) {
  write_study(2, "0");
  const Ended partition = windrow_here({"submit", "sweep.toml", "--partition", "nowhere"});
  EXPECT_EQ(partition.code, 2);
  EXPECT_THAT(partition.err, HasSubstr("windrow: Slurm did not take the job:\n"));
  EXPECT_THAT(partition.err, HasSubstr("invalid partition specified: nowhere"));
  EXPECT_THAT(partition.err, HasSubstr(path("sweep.windrow/slurm.sh").string()));
  EXPECT_THAT(partition.out, Not(HasSubstr("Submitted")));
  EXPECT_TRUE(std::filesystem::exists(path("sweep.windrow/slurm.sh")));
  const Ended option = windrow_here({"submit", "sweep.toml", "--", "--no-such-option"});
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.err, HasSubstr("--no-such-option"));
  EXPECT_EQ(slurm({"squeue", "-h"}).out, "");
}

TEST_F(SubmitTest, options_and_odd_paths_reach_slurm_as_they_are) {
  write_study(4, "0");
  std::filesystem::create_directories(path("100% \"odd\""));
  const std::string results = "100% \"odd\"/it's here";
  const std::string job =
      submit({"sweep.toml", "--dir", results, "--", "--comment", "say \"a\\b\" 'c'", "--exclusive"});
  EXPECT_EQ(field(job, "OverSubscribe"), "NO");
  EXPECT_THAT(slurm({"scontrol", "show", "job", job}).out, HasSubstr("Comment=say \"a\\b\" 'c' "));
  ASSERT_TRUE(wait_for_end(job));
  EXPECT_EQ(logged("log"), all_indices(4)) << output(results, job);
}

}  // namespace
}  // namespace windrow::test
