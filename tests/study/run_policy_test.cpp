#include <gtest/gtest.h>

#include "study/study_files.hpp"

namespace windrow {
namespace {

using namespace std::chrono_literals;
using testing::StudyFolder;

const std::string head = testing::parameters + testing::command;  // lines 1 to 4

TEST(RunPolicyTest, a_study_without_it_tries_once_and_has_no_limits) {
  const Study study = StudyFolder().load(head);
  EXPECT_EQ(study.failure_policy.retries, 0);
  EXPECT_FALSE(study.failure_policy.max_failures);
  EXPECT_EQ(study.limits.time_limit, 0s);
  EXPECT_EQ(study.limits.drain, 20s);
}

TEST(RunPolicyTest, all_keys_are_read) {
  const Study study = StudyFolder().load(head +
                                         "[run]\nretries = 3\nretry_delay = \"1m\"\nbackoff = 1.5\nmax_failures = 10\n"
                                         "time_limit = \"2h\"\ndrain = \"5s\"\n");
  EXPECT_EQ(study.failure_policy.retries, 3);
  EXPECT_EQ(study.failure_policy.retry_delay, 60s);
  EXPECT_EQ(study.failure_policy.backoff, 1.5);
  EXPECT_EQ(study.failure_policy.max_failures->of(1000), 10U);
  EXPECT_EQ(study.limits.time_limit, 2h);
  EXPECT_EQ(study.limits.drain, 5s);
}

TEST(RunPolicyTest, retries_by_kind_and_a_share_of_failures) {
  const Study study = StudyFolder().load(
      head + "[run]\nretries = { default = 2, timed_out = 0, bad_output = 1 }\nmax_failures = \"5%\"\n");
  EXPECT_EQ(study.failure_policy.retries, 2);
  EXPECT_EQ(study.failure_policy.retries_of.of(FailureKind::timed_out), 0);
  EXPECT_EQ(study.failure_policy.retries_of.of(FailureKind::bad_output), 1);
  EXPECT_FALSE(study.failure_policy.retries_of.of(FailureKind::exited));
  EXPECT_EQ(study.failure_policy.max_failures->of(1000), 50U);
}

TEST(RunPolicyTest, stop_is_a_limit_of_one_failure) {
  const StudyFolder folder;
  EXPECT_EQ(folder.load(head + "[run]\non_failure = \"stop\"\n").failure_policy.max_failures->of(1000), 1U);
  EXPECT_FALSE(folder.load(head + "[run]\non_failure = \"continue\"\n").failure_policy.max_failures);
}

TEST(RunPolicyTest, time_outs_are_durations_or_relative) {
  const StudyFolder folder;
  const Study fixed = folder.load(head + "timeout = \"30s\"\n");
  EXPECT_EQ(fixed.command.timeout, 30s);
  EXPECT_FALSE(fixed.command.relative_timeout);
  const Study relative = folder.load(head + "timeout = \"300%\"\n");
  EXPECT_FALSE(relative.command.timeout);
  EXPECT_EQ(relative.command.relative_timeout, 3.0);
}

TEST(RunPolicyTest, mistakes_are_named_with_file_line_and_key) {
  const StudyFolder folder;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[run]\nretrys = 1\n", "study.toml:6: unknown key `retrys` in [run]; did you mean `retries`?"},
      {"[rum]\n", "study.toml:5: unknown key `rum`; did you mean `run`?"},
      {"[run]\nretries = -1\n", "study.toml:6: `retries` in [run] must be an integer from 0 to 1000, not -1"},
      {"[run]\nretries = { time_out = 1 }\n",
       "study.toml:6: unknown key `time_out` in [run.retries]; did you mean `timed_out`?"},
      {"[run]\nmax_failures = \"many\"\n",
       "study.toml:6: `max_failures` in [run] must be a number of points such as 10, or a share of them such as "
       "\"5%\", "
       "not \"many\""},
      {"[run]\nmax_failures = 0\n",
       "study.toml:6: `max_failures` in [run] must be a number of points such as 10, or a share of them such as "
       "\"5%\", "
       "not 0"},
      {"[run]\non_failure = \"halt\"\n", "study.toml:6: unknown on_failure `halt` in [run]; valid: `continue`, `stop`"},
      {"[run]\non_failure = \"stop\"\nmax_failures = 3\n",
       "study.toml:7: `max_failures` in [run] has no meaning beside on_failure = \"stop\", which is 1"},
      {"[run]\nbackoff = 0.5\n", "study.toml:6: `backoff` in [run] must be a factor from 1 to 1000, not 0.5"},
      {"[run]\nbackoff = inf\n", "study.toml:6: `backoff` in [run] must be a factor from 1 to 1000, not inf"},
      {"[run]\nbackoff = nan\n", "study.toml:6: `backoff` in [run] must be a factor from 1 to 1000, not nan"},
      {"[run]\nbackoff = 1e300\n", "study.toml:6: `backoff` in [run] must be a factor from 1 to 1000, not 1e+300"},
      {"[run]\nretry_delay = \"2h\"\n", "study.toml:6: `retry_delay` in [run] must be at most an hour, not \"2h\""},
      {"[run]\ntime_limit = inf\n", "study.toml:6: `time_limit` in [run] must be a duration such as \"30s\", not inf"},
      {"[run]\ndrain = nan\n", "study.toml:6: `drain` in [run] must be a duration such as \"30s\", not nan"},
      {"timeout = 1e300\n", "study.toml:5: `timeout` in [command] must be a duration such as \"30s\", not 1e+300"},
      {"grace = -1\n", "study.toml:5: `grace` in [command] must be a duration such as \"30s\", not -1"},
      {"[run]\ntime_limit = 0\n", "study.toml:6: `time_limit` in [run] must be longer than zero, not 0"},
      {"timeout = \"50%\"\n",
       "study.toml:5: `timeout` in [command] must be more than 100% of the median of finished points, not \"50%\""},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(folder.error(head + text), message) << text;
}

}  // namespace
}  // namespace windrow
