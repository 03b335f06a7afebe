// Commands that are MPI programs, with a real mpirun inside windrow, and inside windrow's own mpirun.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/cli_fixture.hpp"
#include "cli/entries.hpp"
#include "cli/surroundings.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

class RanksMpiTest : public CliTest {
 protected:
  /// 9 points of 1, 2 and 3 ranks.
  void write_study(const std::string& seconds, const std::string& more = "") const {
    write("study.toml", study(seconds, "\"n\"", more));
  }
  static std::string study(const std::string& seconds, const std::string& ranks, const std::string& more = "") {
    return fmt::format(R"([parameters.n]
values = [1, 2, 3]
[parameters.i]
values = [0, 1, 2]
[command]
run = ["{}", "{{{{study.dir}}}}/log", "{{{{point.index}}}}", "{}"]
ranks = {}
{}
[outputs]
size = {{ stdout = 'size=(\d+)', type = "integer" }}
sum = {{ stdout = 'sum=(\d+)' }}
)",
                       WINDROW_MPI_POINT, seconds, ranks, more);
  }

  /// Not under mpirun, but as one that starts mpirun.
  Program start_forked(const Arguments& more) {
    Arguments arguments = {"run", "study.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start_windrow(arguments, mpi_environment());
  }
  Ended forked(const Arguments& more) { return start_forked(more).wait(std::chrono::seconds(60)); }

  struct Run {
    int ranks;
    double began, ended;
  };
  std::vector<Run> runs() const {
    std::vector<Run> runs;
    std::ifstream in(path("log"));
    for (std::string index, line; std::getline(in, line);) {
      std::istringstream fields(line);
      Run run{};
      fields >> index >> run.ranks >> run.began >> run.ended;
      runs.push_back(run);
    }
    return runs;
  }
  /// Ranks that were there at the same time, at the worst moment: the beginning of one of the programs.
  static int most_at_once(const std::vector<Run>& runs) {
    int most = 0;
    for (const Run& one : runs) {
      int ranks = 0;
      for (const Run& other : runs) {
        if (other.began <= one.began && one.began < other.ended) ranks += other.ranks;
      }
      most = std::max(most, ranks);
    }
    return most;
  }

  void expect_all_nine(const std::string& results) {
    const auto records = csv_records(exported(results));
    ASSERT_EQ(records.size(), 10U);
    for (std::size_t i = 1; i < records.size(); ++i) {
      const int n = std::stoi(records[i][1]);
      EXPECT_EQ(records[i][3], std::to_string(n)) << "point " << i - 1;
      EXPECT_EQ(std::stod(records[i][4]), n * (n - 1) / 2) << "point " << i - 1;
    }
  }
  /// Until programs have begun: their ranks, too, are this test's processes.
  bool wait_for_begun(std::size_t programs) { return wait_for_log("log.begun", programs); }
};

TEST_F(RanksMpiTest, from_forked_workers_programs_never_take_more_slots_than_there_are) {
  write_study("0.3");
  const Ended run = forked({"--workers", "3"});
  EXPECT_EQ(run.code, 0) << run.text();
  expect_all_nine("study.windrow");
  EXPECT_EQ(runs().size(), 9U);
  EXPECT_EQ(most_at_once(runs()), 3) << "and all of them are used";
}

TEST_F(RanksMpiTest, inside_mpirun_programs_share_its_slots_and_give_the_same_bytes) {
  write_study("0.3", "keep = \"all\"\n");
  EXPECT_EQ(forked({"--workers", "3", "--dir", "forked"}).code, 0);
  std::filesystem::remove(path("log"));
  const Ended run = mpirun_windrow(4, {"run", "study.toml"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_EQ(exported("study.windrow"), exported("forked"));
  EXPECT_EQ(runs().size(), 9U);
  EXPECT_LE(most_at_once(runs()), 4);
  EXPECT_THAT(read_file(path("study.windrow/points/8/command")), HasSubstr("mpirun -n 3 --host localhost:3 --bind-to"));
}

TEST_F(RanksMpiTest, ranks_of_a_program_are_not_crowded_on_the_core_that_windrows_rank_is_bound_to) {
  write_study("0", "keep = \"all\"\n");
  const Ended run = start_mpirun(2, {"--bind-to", "core:overload-allowed", WINDROW_PROGRAM, "run", "study.toml"},
                                 {{"OMPI_MCA_hwloc_base_binding_policy", "core:overload-allowed"}})
                        .wait();
  EXPECT_EQ(run.code, 1) << run.text();  // three ranks are too many
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  EXPECT_THAT(read_file(path("study.windrow/points/3/stdout")),
              HasSubstr(fmt::format("with {} cores", CPU_COUNT(&set))));
}

TEST_F(RanksMpiTest, more_ranks_than_slots_are_refused_beforehand_or_rejected) {
  write_study("0");
  const Ended some = forked({"--workers", "2"});
  EXPECT_EQ(some.code, 1) << some.text();
  EXPECT_THAT(some.out, HasSubstr("6 of 9 points succeeded, 3 failed"));
  EXPECT_THAT(some.out, HasSubstr("3 rejected: "));
  EXPECT_THAT(some.out, HasSubstr("it needs 3 slots, and there are 2 in all"));
  write("three.toml", study("0", "3"));
  const Ended none = windrow({"run", "three.toml", "--workers", "2"});
  EXPECT_EQ(none.code, 2) << none.text();
  EXPECT_THAT(none.err,
              HasSubstr("each point's program has 3 ranks, but there are 2 slots in all; more workers make more "
                        "slots (--workers N)"));
  EXPECT_FALSE(std::filesystem::exists(path("three.windrow")));
  const Ended under = mpirun_windrow(2, {"run", "three.toml"});
  EXPECT_EQ(under.code, 2) << under.text();
  EXPECT_THAT(under.err, HasSubstr("but there are 2 slots in all; mpirun gives a slot for each of its ranks"));
}

TEST_F(RanksMpiTest, a_time_out_ends_all_ranks_of_a_program_and_its_slots_are_free_again) {
  write_study("{{i}}{{i}}{{i}}", "timeout = \"2s\"\n");  // 0, 111 or 222 s
  const Ended run = forked({"--workers", "6"});
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("3 of 9 points succeeded, 6 failed"));
  EXPECT_THAT(run.out, HasSubstr("timed_out: over its time limit of 2s"));
}

TEST_F(RanksMpiTest, an_interrupt_ends_all_ranks_and_the_same_again_completes) {
  write_study("1.5");
  Program run = start_forked({"--workers", "3"});
  ASSERT_TRUE(wait_for_begun(1));
  run.signal_group(SIGINT);
  EXPECT_EQ(run.wait().code, 130);
  expect_nothing_left();
  EXPECT_EQ(forked({"--workers", "6"}).code, 0);
  expect_all_nine("study.windrow");
}

TEST_F(RanksMpiTest, a_killed_root_leaves_no_rank_of_any_program) {
  write_study("100");
  for (const bool under_mpirun : {false, true}) {
    std::filesystem::remove(path("log.begun"));
    Program run =
        under_mpirun ? start_mpirun(3, {WINDROW_PROGRAM, "run", "study.toml"}) : start_forked({"--workers", "3"});
    ASSERT_TRUE(wait_for_begun(2));
    run.signal(SIGKILL);
    run.wait();
    expect_nothing_left(std::chrono::seconds(3));  // windrow's ranks notice after a second that mpirun has gone
    EXPECT_FALSE(entries_of(path("study.windrow/points")).empty());
    EXPECT_EQ(windrow({"clean", "study.windrow"}).code, 0);
    EXPECT_TRUE(entries_of(path("study.windrow/points")).empty());
  }
}

TEST_F(RanksMpiTest, a_killed_worker_gives_its_slots_back) {
  write_study("1");
  Program run = start_forked({"--workers", "3"});
  ASSERT_TRUE(wait_for_begun(1));
  for (const Process& process : left_processes()) {
    if (process.name.starts_with("windrow-work")) kill(process.pid, SIGKILL);
  }
  const Ended ended = run.wait(std::chrono::seconds(60));
  EXPECT_EQ(ended.code, 0) << ended.text();
  expect_all_nine("study.windrow");
}

TEST_F(RanksMpiTest, schedules_that_share_out_points_beforehand_are_refused) {
  write_study("0");
  const Ended run = windrow({"run", "study.toml", "--workers", "3", "--schedule", "cyclic"});
  EXPECT_EQ(run.code, 2) << run.text();
  EXPECT_THAT(run.err, HasSubstr("programs with ranks share slots: choose auto, dynamic, guided or longest_first"));
}

}  // namespace
}  // namespace windrow::test
