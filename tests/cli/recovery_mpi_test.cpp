#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <set>

#include "cli/kill_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

/// Over shared memory, over TCP, and as if every rank were on a host of its own.
struct Connection {
  const char* name;
  Environment environment;
  friend std::ostream& operator<<(std::ostream& out, const Connection& connection) { return out << connection.name; }
};

/// `windrow run` under `mpirun --enable-recovery`, which goes on when a rank dies.
class RecoveryMpiSlowTest : public KillTest, public testing::WithParamInterface<Connection> {
 protected:
  RecoveryMpiSlowTest() : KillTest(false) {}

  Program start_run(const std::string& results) {
    return start_mpirun(4, {"--enable-recovery", WINDROW_PROGRAM, "run", "logging.toml", "--dir", results},
                        GetParam().environment);
  }

  void kill_rank(int rank) {
    const std::string variable = "OMPI_COMM_WORLD_RANK=" + std::to_string(rank);
    for (const Process& process : left_processes()) {
      if (process.name == "windrow" && process.has(variable)) kill(process.pid, SIGKILL);
    }
  }

  /// If a rank dies at the moment when it connects to mpirun, mpirun stays, with all its ranks gone.
  void end_mpirun_after_its_ranks(Program& run) {
    const auto ranks_are_gone = [&] {
      const auto left = left_processes();
      return std::none_of(left.begin(), left.end(), [](const Process& process) { return process.name == "windrow"; });
    };
    EXPECT_TRUE(eventually(std::chrono::seconds(30), ranks_are_gone));
    if (!eventually(std::chrono::seconds(5), [&] { return !run.is_running(); })) run.signal(SIGKILL);
  }

  int random_number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random()); }

  /// All points have their outcomes, and a second run finds nothing to do.
  void expect_complete(const std::string& results, const Ended& ended) {
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_THAT(ended.out, HasSubstr("40 of 40 points succeeded")) << ended.text();
    expect_owned(results);
    expect_continued(results, [&] { return windrow({"run", "logging.toml", "--dir", results}); });
    EXPECT_TRUE(logged("log").empty());
  }
};

TEST_P(RecoveryMpiSlowTest, points_of_lost_ranks_run_elsewhere_and_the_run_says_so) {
  for (const std::set<int>& lost : {std::set{1}, std::set{3}, std::set{1, 2}, std::set{1, 2, 3}}) {
    const std::string results = next_results();
    Program run = start_run(results);
    for (const int rank : lost) {
      wait_for_log("log", static_cast<std::size_t>(random_number(1, 5) + 5 * rank));
      kill_rank(rank);
    }
    const Ended ended = run.wait();
    for (int rank = 1; rank < 4; ++rank) {
      const std::string note = "note: rank " + std::to_string(rank) + " (pid ";
      EXPECT_EQ(ended.out.find(note) != std::string::npos, lost.contains(rank)) << ended.text();
    }
    expect_complete(results, ended);
  }
}

TEST_P(RecoveryMpiSlowTest, a_rank_lost_at_any_moment_costs_at_most_the_run) {
  for (int round = 0; round < 4; ++round) {
    const std::string results = next_results();
    Program run = start_run(results);
    pause_for(random_moment(30, 400));
    kill_rank(random_number(1, 3));
    end_mpirun_after_its_ranks(run);
    const Ended ended = run.wait();
    SCOPED_TRACE(ended.text());
    // windrow's words while MPI starts and before the first point, and Open MPI's where MPI_Init fails in the others.
    const auto is_told = [&](const char* text) { return ended.err.find(text) != std::string::npos; };
    const bool gave_up = is_told("was lost while MPI was starting") || is_told("MPI_Init") || is_told("MPI_INIT") ||
                         is_told("was lost: the ranks can make no collective calls");
    // Of ranks that say so the root need not be one: it has heard all that it needed, and goes on without them.
    const bool began = ended.out.find("points succeeded") != std::string::npos || !gave_up;
    if (began && ended.signal == 0) {
      expect_complete(results, ended);
    } else {
      EXPECT_TRUE(logged("log").empty());
      expect_continued(results, [&] { return windrow({"run", "logging.toml", "--dir", results}); });
    }
  }
}

TEST_P(RecoveryMpiSlowTest, a_lost_root_loses_nothing_that_was_recorded) {
  const std::string results = next_results();
  Program run = start_run(results);
  wait_for_log("log", static_cast<std::size_t>(random_number(5, 25)));
  kill_rank(0);
  const Ended ended = run.wait();
  EXPECT_THAT(ended.err, HasSubstr("the root, rank 0 (pid "));
  expect_continued(results, [&] { return windrow({"run", "logging.toml", "--dir", results}); });
}

const Environment kTcp = {{"OMPI_MCA_btl", "self,tcp"}, {"OMPI_MCA_btl_tcp_if_include", "lo"}};

Environment as_if_on_hosts_of_their_own() {
  Environment environment = kTcp;
  environment["WINDROW_TEST_REMOTE_RANKS"] = "1";
  return environment;
}

INSTANTIATE_TEST_SUITE_P(Over, RecoveryMpiSlowTest,
                         testing::Values(Connection{"memory", {}}, Connection{"tcp", kTcp},
                                         Connection{"hosts", as_if_on_hosts_of_their_own()}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace windrow::test
