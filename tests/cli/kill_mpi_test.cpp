#include <signal.h>

#include "cli/kill_fixture.hpp"

namespace windrow::test {
namespace {

class KillMpiSlowTest : public KillTest {
 protected:
  // mpirun takes 2 s to end when a program exits with 1: with this study it exits with 0.
  KillMpiSlowTest() : KillTest(false) {}

  void kill_and_continue(bool only_root) {
    for (int round = 0; round < 5; ++round) {
      SCOPED_TRACE("round " + std::to_string(round));
      const std::string results = next_results();
      const Arguments arguments = {"run", "logging.toml", "--dir", results};
      Program run = start_mpirun(3, {WINDROW_PROGRAM, "run", "logging.toml", "--dir", results});
      pause_for(random_moment(50, 700));
      if (only_root) kill_rank_0();
      if (!only_root) run.signal(SIGKILL);
      run.wait();
      // Open MPI's ranks notice after a second that mpirun has gone, and only then do they end.
      expect_continued(
          results, [&] { return mpirun_windrow(2, arguments); }, std::chrono::seconds(2));
    }
  }

  // Before MPI has started a rank there is none to kill, and after the end there is none any more.
  void kill_rank_0() {
    for (const Process& process : left_processes()) {
      if (process.name == "windrow" && process.has("OMPI_COMM_WORLD_RANK=0")) kill(process.pid, SIGKILL);
    }
  }
};

TEST_F(KillMpiSlowTest, a_killed_mpirun_loses_nothing_that_was_recorded) {
  kill_and_continue(false);
}

TEST_F(KillMpiSlowTest, a_killed_rank_0_loses_nothing_that_was_recorded) {
  kill_and_continue(true);
}

}  // namespace
}  // namespace windrow::test
