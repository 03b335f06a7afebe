#include "windrow/slurm/slurm.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "windrow/error.hpp"

namespace windrow {
namespace {

/// A scontrol of our own comes first in PATH.
class SlurmTest : public testing::Test {
 protected:
  SlurmTest() : path_(::getenv("PATH")) {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-slurm-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    ::setenv("PATH", (directory_.string() + ":" + path_).c_str(), 1);
    ::setenv("SLURM_JOB_ID", "4711", 1);
    ::unsetenv("SLURM_JOB_END_TIME");
  }
  ~SlurmTest() override {
    ::setenv("PATH", path_.c_str(), 1);
    ::unsetenv("SLURM_JOB_ID");
    ::unsetenv("SLURM_JOB_END_TIME");
    std::filesystem::remove_all(directory_);
  }
  void write_scontrol(const std::string& text) const {
    std::ofstream(directory_ / "scontrol") << "#!/bin/sh\n" << text;
    std::filesystem::permissions(directory_ / "scontrol", std::filesystem::perms::owner_all);
  }

  std::string path_;
  std::filesystem::path directory_;
};

TEST_F(SlurmTest, the_end_is_taken_from_the_environment) {
  write_scontrol("exit 1\n");
  ::setenv("SLURM_JOB_END_TIME", "1900000000", 1);
  EXPECT_EQ(slurm_job_end(), 1900000000.0);
}

TEST_F(SlurmTest, or_asked_of_scontrol_in_local_time) {
  write_scontrol(R"([ "$1 $2 $3" = "show job 4711" ] || exit 1
echo "JobId=4711 JobName=sweep"
echo "   StartTime=2030-01-01T00:00:00 EndTime=2030-01-02T03:04:05 Deadline=N/A"
)");
  std::tm expected{};
  expected.tm_year = 130;
  expected.tm_mday = 2;
  expected.tm_hour = 3;
  expected.tm_min = 4;
  expected.tm_sec = 5;
  expected.tm_isdst = -1;
  EXPECT_EQ(slurm_job_end(), static_cast<double>(std::mktime(&expected)));
}

TEST_F(SlurmTest, a_job_without_an_end_has_none) {
  for (const char* text : {"echo EndTime=Unknown\n", "echo EndTime=None\n", "echo nothing\n", "exit 1\n", ""}) {
    write_scontrol(text);
    EXPECT_EQ(slurm_job_end(), std::nullopt) << text;
  }
}

TEST_F(SlurmTest, a_scontrol_that_hangs_is_not_waited_for) {
  write_scontrol("exec sleep 3600\n");
  EXPECT_EQ(slurm_job_end(), std::nullopt);
}

TEST_F(SlurmTest, outside_of_slurm_nothing_is_asked) {
  write_scontrol("touch " + (directory_ / "asked").string() + "\n");
  ::unsetenv("SLURM_JOB_ID");
  EXPECT_EQ(slurm_job_end(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "asked"));
  EXPECT_THROW(requeue_slurm_job(), Error);
}

TEST_F(SlurmTest, a_requeue_that_slurm_refuses_says_why) {
  write_scontrol("echo \"$@\" > " + (directory_ / "asked").string() + "\n");
  requeue_slurm_job();
  std::string asked;
  std::getline(std::ifstream(directory_ / "asked") >> std::ws, asked);
  EXPECT_EQ(asked, "requeue 4711");
  write_scontrol("echo 'Requested operation is presently disabled' >&2; exit 1\n");
  try {
    requeue_slurm_job();
    ADD_FAILURE() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("requeue 4711: Requested operation is presently disabled"));
  }
}

// Slurm ends the whole job, and with it the scontrol that asked for it.
TEST_F(SlurmTest, a_requeue_that_ends_scontrol_is_no_refusal) {
  write_scontrol("kill -TERM $$\n");
  EXPECT_NO_THROW(requeue_slurm_job());
  write_scontrol("kill -SEGV $$\n");
  try {
    requeue_slurm_job();
    ADD_FAILURE() << "no exception";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("requeue 4711: ended by signal 11"));
  }
}

class SlurmSlotsTest : public SlurmTest {
 protected:
  SlurmSlotsTest() {
    write_scontrol("[ \"$1 $2 $3\" = 'show hostnames n[1-3]' ] && printf 'n1\\nn2\\nn3\\n'\n");
    ::setenv("SLURM_JOB_NODELIST", "n[1-3]", 1);
  }
  ~SlurmSlotsTest() override {
    ::unsetenv("SLURM_JOB_NODELIST");
    ::unsetenv("SLURM_TASKS_PER_NODE");
  }
  static std::string problem() {
    try {
      slurm_slots();
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
};

TEST_F(SlurmSlotsTest, are_the_tasks_of_each_node) {
  ::setenv("SLURM_TASKS_PER_NODE", "4(x2),1", 1);
  EXPECT_THAT(slurm_slots(), testing::ElementsAre(HostSlots{"n1", 4}, HostSlots{"n2", 4}, HostSlots{"n3", 1}));
  ::setenv("SLURM_TASKS_PER_NODE", "2(x3)", 1);
  EXPECT_THAT(slurm_slots(), testing::ElementsAre(HostSlots{"n1", 2}, HostSlots{"n2", 2}, HostSlots{"n3", 2}));
  ::unsetenv("SLURM_JOB_ID");
  EXPECT_THAT(slurm_slots(), testing::IsEmpty());
}

TEST_F(SlurmSlotsTest, say_what_does_not_fit) {
  for (const char* tasks : {"2", "2(x4)", "two", "2(x3", "0(x3)", "2(x-1)"}) {
    ::setenv("SLURM_TASKS_PER_NODE", tasks, 1);
    EXPECT_EQ(problem(),
              std::string("SLURM_TASKS_PER_NODE is `") + tasks + "`, which does not fit the nodes of the job, n[1-3]");
  }
  ::setenv("SLURM_TASKS_PER_NODE", "2(x3)", 1);
  write_scontrol("echo 'no such list' >&2; exit 1\n");
  EXPECT_EQ(problem(), "scontrol show hostnames n[1-3]: no such list\n");
}

}  // namespace
}  // namespace windrow
