// Points that are MPI programs, inside jobs of Slurm.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <map>
#include <set>
#include <sstream>

#include "slurm_jobs/sandbox_fixture.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::UnorderedElementsAre;

/// How windrow runs in the job, and what launches its programs.
struct Way {
  const char* name;
  const char* windrow;  ///< goes before it
  const char* launcher;
  friend std::ostream& operator<<(std::ostream& out, const Way& way) { return out << way.name; }
};

class SlurmRanksTest : public SandboxTest, public testing::WithParamInterface<Way> {
 protected:
  void write_study(const std::string& ranks, const std::string& seconds) const {
    write("study.toml", fmt::format(R"toml([parameters.n]
values = [1, 2, 3, 4]
[parameters.i]
values = [0, 1]
[command]
run = ["{}", "{{{{study.dir}}}}/log", "{{{{point.index}}}}", "{}"]
ranks = {}
launcher = "{}"
keep = "all"
[outputs]
size = {{ stdout = 'size=(\d+)', type = "integer" }}
[run]
retries = 1  # Slurm 22.05 itself cancels a step of a nested srun now and then, just after it began
)toml",
                                    WINDROW_MPI_POINT, seconds, ranks, GetParam().launcher));
  }
  /// A job on two nodes with two tasks each. @return its exit code and signal: "0:0"
  std::string run_job(const std::string& script) {
    write("job.sh", "#!/bin/bash\n" + script);
    std::string job = slurm({"sbatch", "--parsable", "--nodes=2", "--ntasks-per-node=2", "--output=out", "job.sh"}).out;
    while (job.ends_with('\n')) job.pop_back();
    EXPECT_TRUE(wait_for_end(job, 120s)) << read_file(path("out"));
    return field(job, "ExitCode");
  }
  std::string run_command() const { return fmt::format("{} {} run study.toml\n", GetParam().windrow, WINDROW_PROGRAM); }

  /// Ranks of a point on each host, as they said themselves.
  std::map<std::string, int> ranks_of(int point) const {
    std::map<std::string, int> ranks_on;
    std::istringstream out(read_file(path(fmt::format("study.windrow/points/{}/stdout", point))));
    for (std::string line; std::getline(out, line);) {
      const std::size_t at = line.find("host=");
      if (at != std::string::npos) ++ranks_on[line.substr(at + 5, 2)];
    }
    return ranks_on;
  }
};

TEST_P(SlurmRanksTest, programs_share_the_tasks_of_the_job) {
  write_study("\"n\"", "0.2");
  ASSERT_EQ(run_job(run_command()), "0:0") << read_file(path("out"));
  const auto records = csv_records(exported("study.windrow"));
  ASSERT_EQ(records.size(), 9U);
  std::set<std::string> nodes;
  for (int i = 0; i < 8; ++i) {
    const auto& record = records[static_cast<std::size_t>(i) + 1];
    EXPECT_EQ(record[1], record[3]) << "point " << i;
    for (const auto& [node, ranks] : ranks_of(i)) {
      EXPECT_LE(ranks, 2) << node << ", point " << i;
      nodes.insert(node);
    }
  }
  EXPECT_EQ(ranks_of(7), (std::map<std::string, int>{{"n1", 2}, {"n2", 2}}));
  EXPECT_THAT(nodes, UnorderedElementsAre("n1", "n2"));
}

TEST_P(SlurmRanksTest, more_ranks_than_tasks_are_refused) {
  write_study("5", "0");
  EXPECT_NE(run_job(run_command()), "0:0");
  EXPECT_THAT(read_file(path("out")),
              testing::HasSubstr("each point's program has 5 ranks, but there are 4 slots in all"));
}

INSTANTIATE_TEST_SUITE_P(Ways, SlurmRanksTest,
                         testing::Values(Way{"alone_mpirun", "", "mpirun"}, Way{"alone_srun", "", "srun"},
                                         Way{"mpirun_mpirun", "mpirun", "mpirun"}, Way{"mpirun_srun", "mpirun", "srun"},
                                         Way{"srun_mpirun", "srun --mpi=pmix", "mpirun"},
                                         Way{"srun_srun", "srun --mpi=pmix", "srun"}),
                         [](const auto& instance) { return instance.param.name; });

/// What is left in a job that goes on.
class SlurmRanksEndTest : public SlurmRanksTest {};

TEST_P(SlurmRanksEndTest, a_killed_windrow_leaves_no_rank_on_any_node) {
  write_study("4", "1000");
  std::string command = run_command();
  command.back() = '&';
  EXPECT_EQ(run_job(command + R"(
until [ -s log.begun ]; do sleep 0.05; done
kill -KILL $!
for i in $(seq 50); do
  sleep 0.1
  left=$(pgrep -c -f "[m]pi_point $PWD/log" || true)
  [ "$left" != 0 ] || exit 0
done
echo "$left are left"
exit 9
)"),
            "0:0")
      << read_file(path("out"));
}

INSTANTIATE_TEST_SUITE_P(Ways, SlurmRanksEndTest, testing::Values(Way{"mpirun", "", "mpirun"}, Way{"srun", "", "srun"}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace windrow::test
