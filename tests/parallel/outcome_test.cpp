#include "windrow/parallel/outcome.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <clocale>
#include <limits>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"

namespace windrow {
namespace {

using testing::HasSubstr;

TaskFailure crash() {
  TaskFailure failure;
  failure.index = 17;
  failure.kind = FailureKind::crashed;
  failure.code = -SIGSEGV;
  failure.rank = 3;
  failure.host = "node7";
  failure.attempts = 2;
  failure.elapsed = 1.2;
  failure.message = "last line of stderr";
  return failure;
}

TEST(FailureKindTest, every_name_reads_back) {
  for (const FailureKind kind :
       {FailureKind::exception, FailureKind::crashed, FailureKind::exited, FailureKind::timed_out,
        FailureKind::rejected, FailureKind::lost, FailureKind::bad_output}) {
    EXPECT_EQ(failure_kind(name_of(kind)), kind);
  }
  EXPECT_EQ(name_of(FailureKind::timed_out), "timed_out");
}

TEST(FailureKindTest, an_unknown_name_is_an_error_that_names_it) {
  try {
    failure_kind("timedout");
    FAIL() << "no error";
  } catch (const SpecError& error) {
    EXPECT_THAT(error.what(), HasSubstr("`timedout`"));
    EXPECT_THAT(error.what(), HasSubstr("timed_out"));
  }
}

TEST(DescribeTest, says_point_kind_signal_place_and_effort) {
  EXPECT_EQ(describe(crash()),
            "point 17 crashed (signal 11, Segmentation fault) on rank 3 (node7) after 2 attempts, 1.2s: "
            "last line of stderr");
}

TEST(DescribeTest, leaves_out_what_is_not_known) {
  TaskFailure failure;
  failure.index = 4;
  failure.kind = FailureKind::lost;
  EXPECT_EQ(describe(failure), "point 4 was lost on rank 0");
}

TEST(DescribeTest, tells_exit_codes_from_signals) {
  TaskFailure failure = crash();
  failure.kind = FailureKind::exited;
  failure.code = 3;
  EXPECT_THAT(describe(failure), HasSubstr("point 17 exited (code 3) on rank 3"));
}

TEST(DescribeTest, is_one_line_whatever_the_message_holds) {
  TaskFailure failure = crash();
  failure.message = "\n first\r\n\tsecond \x1b[31m\n";
  EXPECT_THAT(describe(failure), testing::EndsWith(": first second [31m"));
  failure.message = " \n\t";
  EXPECT_THAT(describe(failure), testing::EndsWith("1.2s"));
}

TEST(DescribeTest, survives_every_signal_number_and_time) {
  TaskFailure failure = crash();
  failure.code = -(SIGRTMIN + 3);
  EXPECT_THAT(describe(failure), HasSubstr("Real-time signal 3"));
  failure.code = std::numeric_limits<int>::min();
  EXPECT_THAT(describe(failure), HasSubstr("(signal 2147483648, Unknown signal)"));
  failure.elapsed = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(describe(failure), HasSubstr("after 2 attempts: "));
  failure.elapsed = 1e300;
  EXPECT_THAT(describe(failure), HasSubstr("after 2 attempts: "));
}

TEST(DescribeTest, does_not_depend_on_the_locale) {
  const char* before = std::setlocale(LC_ALL, nullptr);
  const std::string saved = before != nullptr ? before : "C";
  const std::string expected = describe(crash());
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) == nullptr) continue;  // not installed here
    EXPECT_EQ(describe(crash()), expected);
  }
  std::setlocale(LC_ALL, saved.c_str());
}

TEST(OutcomeTest, holds_a_result) {
  const Outcome<std::string> outcome(std::string("done"));
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome);
  EXPECT_EQ(outcome.value(), "done");
}

TEST(OutcomeTest, moves_a_result_that_cannot_be_copied) {
  Outcome<std::unique_ptr<int>> outcome(std::make_unique<int>(5));
  const std::unique_ptr<int> value = std::move(outcome).value();
  EXPECT_EQ(*value, 5);
}

TEST(OutcomeTest, holds_a_failure_and_throws_it_when_asked_for_the_result) {
  Outcome<double> outcome(crash());
  EXPECT_FALSE(outcome);
  EXPECT_EQ(outcome.failure().index, 17u);
  outcome.failure().attempts = 5;
  try {
    static_cast<void>(outcome.value());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), describe(outcome.failure()));
    EXPECT_THAT(error.what(), HasSubstr("after 5 attempts"));
  }
  EXPECT_THROW(static_cast<void>(std::move(outcome).value()), Error);
}

TEST(TaskFailureTest, of_a_process_says_how_that_ended) {
  const std::vector<std::pair<ExitStatus, FailureKind>> ends = {{ExitStatus::signalled(11), FailureKind::crashed},
                                                                {ExitStatus::exited(3), FailureKind::exited},
                                                                {ExitStatus::timed_out(), FailureKind::timed_out},
                                                                {ExitStatus::lost(), FailureKind::lost}};
  for (const auto& [status, kind] : ends) {
    const TaskFailure failure = TaskFailure::ended(status, "why");
    EXPECT_EQ(failure.kind, kind);
    EXPECT_EQ(failure.code, status.code());
    EXPECT_EQ(failure.message, "why");
  }
}

TEST(TaskFailureTest, throws_its_cause_as_it_was_and_an_error_without_one) {
  TaskFailure failure = TaskFailure::exception("too far");
  EXPECT_THROW(failure.rethrow(), Error);
  failure.cause = std::make_exception_ptr(std::out_of_range("too far"));
  EXPECT_THROW(failure.rethrow(), std::out_of_range);
  const Outcome<int> outcome(failure);
  try {
    outcome.value();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), describe(failure));
    EXPECT_THROW(std::rethrow_if_nested(error), std::out_of_range);
  }
}

TEST(TaskFailureTest, travels_without_its_cause) {
  TaskFailure failure = TaskFailure::exception("too far");
  failure.index = 7;
  failure.cause = std::make_exception_ptr(std::out_of_range("too far"));
  const auto arrived = detail::from_bytes<TaskFailure>(detail::to_bytes(failure));
  EXPECT_EQ(arrived.index, 7U);
  EXPECT_EQ(arrived.message, "too far");
  EXPECT_FALSE(arrived.cause);
}

}  // namespace
}  // namespace windrow
