// What `windrow submit` writes and says, where there is no Slurm. tests/slurm has jobs that run.
#include "cli/submit_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(SubmitCliTest, an_array_is_a_shard_a_job) {
  const std::string text = script({"--array", "12", "--cpus-per-task", "4"});
  EXPECT_THAT(text, HasSubstr("\n#SBATCH --array=1-12\n"));
  EXPECT_THAT(text, HasSubstr("/slurm-%A_%a.out\n"));
  EXPECT_THAT(text, HasSubstr(" --workers \"${SLURM_CPUS_PER_TASK:-1}\" --shard \"$SLURM_ARRAY_TASK_ID/12\" &\n"));
  EXPECT_THAT(text, Not(HasSubstr("mpirun")));
}

TEST_F(SubmitCliTest, times_are_slurms_or_windrows) {
  const std::vector<std::pair<std::string, std::string>> times = {
      {"90", "90"},        {"2:30:00", "2:30:00"}, {"1-12", "1-12"},        {"1-02:03:04", "1-02:03:04"},
      {"90s", "00:02:00"}, {"2h30m", "02:30:00"},  {"1d12h", "1-12:00:00"}, {"UNLIMITED", "UNLIMITED"}};
  for (const auto& [given, written] : times) {
    EXPECT_THAT(script({"--time", given}), HasSubstr("\n#SBATCH --time=" + written + "\n"));
  }
}

// At least a minute, the drain and the grace with something to spare; at most a quarter of the time.
TEST_F(SubmitCliTest, the_job_hears_of_its_end_in_time) {
  const std::vector<std::pair<Arguments, std::string>> cases = {
      {{"--time", "1"}, "15"},    {{"--time", "3"}, "45"},      {{"--time", "1:30"}, "22"},
      {{"--time", "1-12"}, "60"}, {{"--drain", "100s"}, "125"}, {{"--drain", "100s", "--time", "4"}, "60"}};
  for (const auto& [options, seconds] : cases) {
    EXPECT_THAT(script(options), HasSubstr("\n#SBATCH --signal=B:USR1@" + seconds + "\n"));
  }
}

TEST_F(SubmitCliTest, contradictions_are_told_before_anything_is_written) {
  expect_refused({"--time", "3x"}, "`3x` is not a time such as 90 (minutes), 2h30m, 2:30:00 or 1-12 (days-hours)");
  expect_refused({"--time", "0"}, "`0` is not a time");
  expect_refused({"--array", "4", "--ntasks", "2"}, "the jobs of an --array run without MPI");
  expect_refused({"--launcher", "srun"}, "--launcher is for jobs of more than one task");
  expect_refused({"--launcher", "mpiexec", "--ntasks", "2"}, "`mpiexec` starts no ranks; valid: `mpirun`, `srun`");
  expect_refused({"--exclusive"}, "unknown option `--exclusive`");
  expect_refused({"--", "exclusive"}, "after `--` come options of sbatch, and `exclusive` is none");
  expect_refused({"--", "--mem=1G", "--time=3"}, "sbatch's `--time=3` goes before `--`");
  expect_refused({"--", "-N3"}, "sbatch's `-N3` goes before `--`");
  expect_refused({"--", "--comment", "a\nb"}, "a batch script cannot hold a line break");
  expect_refused({"--schedule", "static", "--costs-from", "x"}, "--costs-from is for --schedule longest_first");
}

TEST_F(SubmitCliTest, a_script_that_was_edited_is_kept) {
  const std::string first = script({"--time", "1"});
  EXPECT_THAT(submit({"--print", "--time", "2"}).out, Not(HasSubstr("edited")));
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow/slurm.1.sh")));
  for (const char* number : {"1", "2"}) {
    const std::string edited = script({}) + "# and more\n";
    write("study.windrow/slurm.sh", edited);
    const std::string kept = std::string("slurm.") + number + ".sh";
    EXPECT_THAT(submit({"--print", "--time", "3"}).out,
                HasSubstr("slurm.sh had been edited since windrow wrote it: that one is kept as " + kept));
    EXPECT_EQ(read_file(path("study.windrow/" + kept)), edited);
  }
  const Ended status = windrow({"status", "study.windrow"});
  EXPECT_THAT(status.err, HasSubstr("run the study first"));
}

TEST_F(SubmitCliTest, what_sbatch_says_is_passed_on) {
  const Ended taken =
      submit({}, sbatch("[ $1 = --parsable ] && cat $2 > taken && echo 'lua: be quick' >&2 && echo 4711\n"));
  EXPECT_EQ(taken.code, 0) << taken.text();
  EXPECT_THAT(taken.out, HasSubstr("lua: be quick\nSubmitted as job 4711.\n"));
  EXPECT_THAT(taken.out, HasSubstr("  scancel 4711 "));
  EXPECT_EQ(read_file(path("taken")), read_file(path("study.windrow/slurm.sh")));
  EXPECT_THAT(submit({}, sbatch("echo '17;east'\n")).out, HasSubstr("Submitted as job 17.\n"));
  const Ended refused = submit({}, sbatch("echo 'no such thing' >&2; exit 1\n"));
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("windrow: Slurm did not take the job:\n  no such thing\n"));
  const Ended odd = submit({}, sbatch("echo fine\n"));
  EXPECT_EQ(odd.code, 2);
  EXPECT_THAT(odd.err, HasSubstr("sbatch named no job: fine"));
}

TEST_F(SubmitCliTest, without_sbatch_the_script_is_there) {
  const Ended ended = submit({"--cpus-per-task", "4"}, {{"PATH", path("nowhere").string()}});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there is no sbatch in PATH, so nothing was submitted; where Slurm is: sbatch " +
                                   path("study.windrow/slurm.sh").string()));
  EXPECT_THAT(read_file(path("study.windrow/slurm.sh")), HasSubstr("\n#SBATCH --cpus-per-task=4\n"));
}

TEST_F(SubmitCliTest, a_study_is_checked_first) {
  write("wrong.toml", "[parameters.x]\nvalues = [1]\n[command]\nrun = \"true\"\ntimout = \"3s\"\n");
  const Ended wrong = windrow({"submit", "wrong.toml", "--print"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("wrong.toml:5: unknown key `timout` in [command]"));
  EXPECT_FALSE(std::filesystem::exists(path("wrong.windrow")));

  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  const Ended done = submit({});
  EXPECT_EQ(done.code, 0);
  EXPECT_EQ(done.out, "Nothing to do: all 3 points are evaluated already.\n");
  EXPECT_FALSE(std::filesystem::exists(path("study.windrow/slurm.sh")));
  write("study.toml", "[parameters.x]\nvalues = [1, 2, 3, 4]\n[command]\nrun = \"true\"\n");
  EXPECT_THAT(submit({"--print"}).out, HasSubstr("study: 4 points (grid), 1 to run\n"));
}

TEST_F(SubmitCliTest, the_job_runs_the_points_that_are_chosen) {
  const std::string text = script({"--only", "0-1", "--sample", "2", "--order", "random", "--retry-failed=timed_out"});
  EXPECT_THAT(text, HasSubstr("/study.toml --only 0-1 --sample 2 --order random --retry-failed=timed_out --workers"));
  EXPECT_THAT(script({"--array", "3", "--sample", "2"}),
              HasSubstr(" --sample 2 --workers \"${SLURM_CPUS_PER_TASK:-1}\" --shard \"$SLURM_ARRAY_TASK_ID/3\" &\n"));
  std::filesystem::remove_all(path("study.windrow"));
  EXPECT_THAT(submit({"--print", "--only", "0,2"}).out, HasSubstr("study: 3 points (grid), 2 chosen, 2 to run\n"));
  EXPECT_EQ(windrow({"run", "study.toml", "--only", "0"}).code, 0);
  EXPECT_EQ(submit({"--only", "0"}).out, "Nothing to do: all chosen points are evaluated already.\n");
  std::filesystem::remove_all(path("study.windrow"));
  expect_refused({"--only", "3"}, "--only: there is no point 3: study has points 0 to 2");
  expect_refused({"--array", "3", "--again"}, "--again and --array do not go together");
  expect_refused({"--order", "random", "--schedule", "static"}, "the schedule `static` has an order of its own");
}

// A job that meets its limit and begins once more would never come to an end.
TEST_F(SubmitCliTest, points_are_evaluated_again_once_however_often_the_job_begins) {
  write("study.toml", "[parameters.x]\nvalues = [1, 2, 3]\n[command]\nrun = \"echo {{x}} >> {{study.dir}}/log\"\n");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 0);
  const Environment begun = {{"SLURM_JOB_ID", "17"}, {"SLURM_JOB_NODELIST", "here"}};
  Environment begun_once_more = begun;
  begun_once_more["SLURM_RESTART_COUNT"] = "1";
  const auto runs = [&](const Environment& environment) {
    std::filesystem::remove(path("log"));
    const Ended ended = start({"bash", path("study.windrow/slurm.sh").string()}, environment).wait();
    EXPECT_EQ(ended.code, 0) << ended.text();
    return std::filesystem::exists(path("log")) ? logged("log") : std::vector<std::uint64_t>();
  };
  EXPECT_THAT(script({"--again", "1-2"}), HasSubstr("submit study.toml --only 1-2'\n")) << "what goes on";
  EXPECT_EQ(runs(begun), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(runs(begun_once_more).size(), 0U);
  EXPECT_THAT(script({"--again"}), HasSubstr("submit study.toml'\n"));
  EXPECT_EQ(runs(begun), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(runs(begun_once_more).size(), 0U);
}

TEST_F(SubmitCliTest, a_directory_that_cannot_be_written) {
  write("file", "");
  const Ended ended = submit({"--print", "--dir", "file"});
  EXPECT_EQ(ended.code, 2) << ended.text();
  EXPECT_THAT(ended.err, HasSubstr(path("file").string()));
}

}  // namespace
}  // namespace windrow::test
