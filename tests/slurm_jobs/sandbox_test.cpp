// scripts/slurm-sandbox itself.
#include <gmock/gmock.h>
#include <signal.h>

#include "slurm_jobs/sandbox_fixture.hpp"

namespace windrow::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SlurmSandboxTest : public SandboxTest {
 protected:
  Ended sandbox(const Arguments& arguments) {
    Arguments argv = {WINDROW_SLURM_SANDBOX};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return start(argv).wait();
  }

  /// The daemons of the sandbox in a directory, and everything that they started.
  std::size_t processes(const std::string& name) const {
    return processes_with("WINDROW_SLURM_SANDBOX=" + path(name).string()).size();
  }

  void expect_gone(const std::string& name) const {
    EXPECT_TRUE(eventually(1s, [&] { return processes(name) == 0; }));
    EXPECT_THAT(read_file("/proc/self/mountinfo"), testing::Not(HasSubstr(path(name).string())));
  }
};

// Beside the one that these tests have anyway.
TEST_F(SlurmSandboxTest, starts_tells_how_it_is_and_stops_with_its_jobs) {
  const Arguments here = {"--directory", path("box").string()};
  const Ended started = sandbox({"start", "--nodes", "2", "--cpus", "3", here[0], here[1]});
  ASSERT_EQ(started.code, 0) << started.text();
  EXPECT_THAT(started.out, HasSubstr("export SLURM_CONF=" + path("box/slurm.conf").string()));
  const Ended status = sandbox({"status", here[0], here[1]});
  EXPECT_THAT(status.out, HasSubstr("n1 idle 0/3/0/3\nn2 idle 0/3/0/3\n"));
  EXPECT_EQ(sandbox({"start", here[0], here[1]}).code, 1) << "there is one already";

  write("job.sh", "#!/bin/sh\nsetsid sleep 1000 &\necho 1 >> log\nsleep 1000\n");
  const Ended sent = sandbox({"run", here[0], here[1], "sbatch", "--output=/dev/null", "job.sh"});
  EXPECT_THAT(sent.out, HasSubstr("Submitted batch job 1")) << sent.text();
  ASSERT_TRUE(wait_for_log("log", 1));
  EXPECT_GE(processes("box"), 5U);
  const Ended stopped = sandbox({"stop", here[0], here[1]});
  EXPECT_EQ(stopped.code, 0) << stopped.text();
  EXPECT_FALSE(std::filesystem::exists(path("box")));
  expect_gone("box");
  EXPECT_EQ(sandbox({"status", here[0], here[1]}).code, 1);
}

TEST_F(SlurmSandboxTest, the_one_of_a_command_ends_with_it) {
  const Arguments run = {WINDROW_SLURM_SANDBOX, "run", "--directory", path("box").string()};
  Arguments quick = run;
  quick.insert(quick.end(), {"sh", "-c", "sinfo -h -o %D; exit 3"});
  const Ended ended = start(quick).wait();
  EXPECT_EQ(ended.code, 3) << ended.text();
  EXPECT_EQ(ended.out, "4\n");
  EXPECT_FALSE(std::filesystem::exists(path("box")));

  Arguments endless = run;
  endless.insert(endless.end(), {"sh", "-c", "echo 1 >> log; sleep 1000"});
  Program killed = start(endless);
  ASSERT_TRUE(wait_for_log("log", 1));
  EXPECT_GE(processes("box"), 5U);
  killed.signal_group(SIGKILL);
  expect_gone("box");
}

TEST_F(SlurmSandboxTest, a_directory_with_something_else_is_left_alone) {
  write("mine/file", "text");
  const Ended started = sandbox({"start", "--directory", path("mine").string()});
  EXPECT_EQ(started.code, 1);
  EXPECT_THAT(started.err, HasSubstr("holds something else"));
  EXPECT_EQ(sandbox({"stop", "--directory", path("mine").string()}).code, 0);
  EXPECT_EQ(read_file(path("mine/file")), "text");
}

}  // namespace
}  // namespace windrow::test
