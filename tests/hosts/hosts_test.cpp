// Sweeps over three hosts. To be run by with-hosts, on the first of them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/cli_fixture.hpp"
#include "cli/surroundings.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// What runs on all hosts together: they share a process namespace that belongs to them alone.
std::map<pid_t, std::string> all_processes() {
  std::map<pid_t, std::string> processes;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::istringstream status(read_file(entry.path() / "status"));
    std::string line, comm;
    std::getline(status, comm);
    bool zombie = false;
    while (std::getline(status, line)) zombie = zombie || line.starts_with("State:\tZ");
    if (!comm.empty() && !zombie) processes[static_cast<pid_t>(std::stol(name))] = comm;
  }
  return processes;
}

class HostsTest : public CliTest {
 protected:
  HostsTest() {
    write("hostfile", "h1 slots=2\nh2 slots=2\nh3 slots=2\n");
    write("sleeping.toml", R"toml([parameters.x]
values = { linear = { from = 1, to = 60, points = 60 } }
[command]
run = "echo {{point.index}} $(hostname) >> {{study.dir}}/begun; sleep 0.4; echo y=$(({{x}} * 3))"
[outputs]
y = { stdout = 'y=(\d+)', type = "integer" }
)toml");
  }
  void SetUp() override { before_ = all_processes(); }
  void TearDown() override {
    set_link("mend");
    expect_quiet(90s);
    CliTest::TearDown();
  }

  /// Nothing but what was there before runs on any host.
  void expect_quiet(std::chrono::milliseconds limit) {
    const auto left = [this] {
      auto processes = all_processes();
      std::erase_if(processes, [this](const auto& process) { return before_.contains(process.first); });
      return processes;
    };
    if (eventually(limit, [&] { return left().empty(); })) return;
    for (const auto& [pid, name] : left()) ADD_FAILURE() << "process " << pid << " (" << name << ") is left";
  }

  Program start_on_hosts(Arguments arguments, const Arguments& options = {}, const std::string& hostfile = "hostfile") {
    Arguments argv = {"--hostfile", hostfile};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.emplace_back(WINDROW_PROGRAM);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const int ranks = hostfile == "hostfile" ? 6 : 4;
    return start_mpirun(ranks, argv, {{"OMPI_MCA_btl", "self,vader,tcp"}});
  }

  /// @param what  "cut" or "mend": the link of the third host
  static void set_link(const std::string& what) {
    const std::string command = fmt::format("/run/hosts/{} h3", what);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }

  /// As mpirun itself says: "Abort is in progress...hit ctrl-c again to forcibly terminate".
  static Ended end_by_terminal(Program& run) {
    run.signal(SIGINT);
    pause_for(2s);
    run.signal(SIGINT);
    Ended ended = run.wait(20s);
    EXPECT_TRUE(ended.in_time) << ended.text();
    return ended;
  }

  struct Begun {
    std::uint64_t index;
    std::string host;
  };
  std::vector<Begun> begun() const {
    std::vector<Begun> all;
    std::ifstream in(path("begun"));
    for (Begun one; in >> one.index >> one.host;) all.push_back(one);
    return all;
  }
  std::set<std::string> hosts_of_points() const {
    std::set<std::string> hosts;
    for (const Begun& one : begun()) hosts.insert(one.host);
    return hosts;
  }
  bool wait_for_begun(std::size_t programs) {
    return eventually(30s, [&] { return begun().size() >= programs; });
  }
  /// Of the points that have begun, those that began more than once.
  std::set<std::uint64_t> begun_again() const {
    std::set<std::uint64_t> once, again;
    for (const Begun& one : begun()) {
      if (!once.insert(one.index).second) again.insert(one.index);
    }
    return again;
  }

  std::string local_results() {
    EXPECT_EQ(windrow({"run", "sleeping.toml", "--workers", "30", "--dir", "local"}).code, 0);
    std::filesystem::remove(path("begun"));
    return exported("local");
  }

 private:
  std::map<pid_t, std::string> before_;
};

TEST_F(HostsTest, a_sweep_runs_points_on_every_host_and_gives_the_bytes_of_one_machine) {
  const std::string expected = local_results();
  const Ended run = start_on_hosts({"run", "sleeping.toml"}).wait(60s);
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(hosts_of_points(), UnorderedElementsAre("h1", "h2", "h3"));
  EXPECT_TRUE(begun_again().empty());
  EXPECT_EQ(exported("sleeping.windrow"), expected);
}

TEST_F(HostsTest, with_recovery_a_run_goes_on_without_a_host_that_was_cut_off) {
  const std::string expected = local_results();
  Program run = start_on_hosts({"run", "sleeping.toml"}, {"--enable-recovery"});
  ASSERT_TRUE(wait_for_begun(20));
  set_link("cut");
  const auto done_at_cut = recorded("sleeping.windrow");
  EXPECT_LT(done_at_cut.size(), 50U);
  // 30 s until the ranks of the host count as lost, and then their points.
  EXPECT_TRUE(eventually(60s, [&] { return recorded("sleeping.windrow").size() == 60; })) << run.err();
  EXPECT_TRUE(run.is_running()) << "mpirun itself waits for the link, or for Ctrl-C";
  const Ended ended = end_by_terminal(run);
  EXPECT_THAT(ended.out, HasSubstr("60 of 60 points succeeded"));
  EXPECT_THAT(ended.out, HasSubstr("(pid "));
  EXPECT_THAT(ended.out, HasSubstr("h3"));
  EXPECT_EQ(exported("sleeping.windrow"), expected);
  for (const std::uint64_t index : begun_again()) EXPECT_FALSE(done_at_cut.contains(index)) << "point " << index;
  EXPECT_LE(begun_again().size(), 2U) << "those that the cut host was at";
  set_link("mend");
  expect_quiet(90s);
  const auto before = begun().size();
  EXPECT_EQ(windrow({"run", "sleeping.toml"}).code, 0);
  EXPECT_EQ(begun().size(), before) << "there was nothing left to do";
}

TEST_F(HostsTest, without_recovery_a_run_stands_still_until_mpirun_is_ended_and_the_same_again_completes) {
  const std::string expected = local_results();
  Program run = start_on_hosts({"run", "sleeping.toml"});
  ASSERT_TRUE(wait_for_begun(20));
  set_link("cut");
  std::set<std::uint64_t> done;
  EXPECT_TRUE(eventually(30s, [&] {
    const std::size_t before = done.size();
    done = recorded("sleeping.windrow");
    pause_for(3s);
    return done.size() == before;
  })) << "the other hosts have nothing to do";
  EXPECT_GE(done.size(), 50U);
  EXPECT_LT(done.size(), 60U);
  EXPECT_TRUE(run.is_running()) << "mpirun does not notice";
  end_by_terminal(run);
  set_link("mend");
  expect_quiet(90s);
  done = recorded("sleeping.windrow");
  std::filesystem::remove(path("begun"));
  write("two", "h1 slots=2\nh2 slots=2\n");
  const Ended again = start_on_hosts({"run", "sleeping.toml"}, {}, "two").wait(60s);
  EXPECT_EQ(again.code, 0) << again.text();
  EXPECT_EQ(begun().size(), 60U - done.size());
  for (const Begun& one : begun()) EXPECT_FALSE(done.contains(one.index)) << "point " << one.index;
  EXPECT_EQ(exported("sleeping.windrow"), expected);
}

/// MPI programs, each over as many hosts as it needs.
class HostsRanksTest : public HostsTest {
 protected:
  void write_study(const std::string& seconds, const std::string& more) const {
    write("study.toml", fmt::format(R"([parameters.i]
values = [0, 1]
[parameters.n]
values = [1, 2, 3, 4, 6]
[command]
run = ["{}", "{{{{study.dir}}}}/log", "{{{{point.index}}}}", "{}"]
ranks = "n"
keep = "all"
{}
[outputs]
size = {{ stdout = 'size=(\d+)', type = "integer" }}
)",
                                    WINDROW_MPI_POINT, seconds, more));
  }
};

TEST_F(HostsRanksTest, mpi_programs_get_slots_of_as_few_hosts_as_possible) {
  write_study("0.2", "");
  const Ended run = start_on_hosts({"run", "study.toml"}).wait(100s);
  EXPECT_EQ(run.code, 0) << run.text();
  const auto records = csv_records(exported("study.windrow"));
  ASSERT_EQ(records.size(), 11U);
  std::set<std::string> all_hosts;
  for (std::size_t i = 1; i < records.size(); ++i) {
    EXPECT_EQ(records[i][2], records[i][3]) << "point " << i - 1;
    std::map<std::string, int> ranks_on;
    std::istringstream out(read_file(path(fmt::format("study.windrow/points/{}/stdout", i - 1))));
    for (std::string line; std::getline(out, line);) {
      const std::size_t at = line.find("host=");
      if (at != std::string::npos) ++ranks_on[line.substr(at + 5, 2)];
    }
    for (const auto& [host, ranks] : ranks_on) {
      EXPECT_LE(ranks, 2) << host << ", point " << i - 1;
      all_hosts.insert(host);
    }
    if (records[i][2] == "6") {
      EXPECT_EQ(ranks_on.size(), 3U) << "point " << i - 1;
    }
    if (records[i][2] == "1") {
      EXPECT_EQ(ranks_on.size(), 1U) << "point " << i - 1;
    }
  }
  EXPECT_THAT(all_hosts, UnorderedElementsAre("h1", "h2", "h3"));
}

TEST_F(HostsRanksTest, a_time_out_ends_the_ranks_on_all_hosts) {
  write_study("{{i}}00", "timeout = \"4s\"\n");  // 0 or 100 s
  const Ended run = start_on_hosts({"run", "study.toml"}).wait(120s);
  EXPECT_EQ(run.code, 1) << run.text();
  EXPECT_THAT(run.out, HasSubstr("5 of 10 points succeeded, 5 failed"));
  EXPECT_THAT(run.out, HasSubstr("timed_out: over its time limit of 4s"));
  expect_quiet(5s);
}

TEST_F(HostsRanksTest, a_killed_root_leaves_no_rank_on_any_host) {
  write("study.toml", fmt::format("[parameters.i]\nvalues = [0, 1]\n[command]\nranks = 6\nrun = [\"{}\", "
                                  "\"{{{{study.dir}}}}/log\", \"{{{{point.index}}}}\", \"100\"]\n",
                                  WINDROW_MPI_POINT));
  Program run = start_on_hosts({"run", "study.toml"});
  ASSERT_TRUE(wait_for_log("log.begun", 1));
  run.signal(SIGKILL);
  run.wait();
  expect_quiet(5s);
}

}  // namespace
}  // namespace windrow::test
