// What `windrow submit` writes for jobs of several ranks.
#include "cli/submit_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SubmitMpiTest : public SubmitCliTest {};

TEST_F(SubmitMpiTest, what_the_job_needs_goes_to_slurm_and_how_it_runs_to_windrow) {
  const std::string text = script({"--nodes",         "2",           "--ntasks",    "8",
                                   "--cpus-per-task", "4",           "--partition", "long",
                                   "--account",       "me",          "--requeue",   "--retry-failed",
                                   "--schedule",      "dynamic",     "--retries",   "2",
                                   "--max-failures",  "5%",          "--drain",     "3m",
                                   "--root",          "coordinates", "--",          "--mem=4G",
                                   "--mail-type",     "END"});
  for (const char* line : {"--nodes=2", "--ntasks=8", "--cpus-per-task=4", "--partition=long", "--account=me",
                           "--requeue", "--mem=4G", "--mail-type END", "--signal=B:USR1@205", "--job-name=study"}) {
    EXPECT_EQ(times(text, std::string("\n#SBATCH ") + line + "\n"), 1) << line << "\n" << text;
  }
  EXPECT_THAT(text, HasSubstr("\nmpirun --bind-to none " + std::string(WINDROW_PROGRAM) + " run " +
                              path("study.toml").string() +
                              " --schedule dynamic --root coordinates --retries 2 --max-failures 5% --drain 3m "
                              "--retry-failed --requeue &\n"));
  EXPECT_THAT(text, Not(HasSubstr("--time")));
}

TEST_F(SubmitMpiTest, srun_is_told_what_sbatch_is) {
  EXPECT_THAT(script({"--ntasks", "4", "--launcher", "srun"}), HasSubstr("\nsrun --mpi=pmix " WINDROW_PROGRAM " run "));
  EXPECT_THAT(script({"--nodes", "4", "--cpus-per-task", "2", "--launcher", "srun"}),
              HasSubstr("\nsrun --mpi=pmix --cpus-per-task=2 " WINDROW_PROGRAM " run "));
}

TEST_F(SubmitMpiTest, fewer_tasks_than_nodes) {
  expect_refused({"--nodes", "4", "--ntasks", "2"}, "--ntasks 2 cannot be spread over --nodes 4");
}

}  // namespace
}  // namespace windrow::test
