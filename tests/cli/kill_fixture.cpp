#include "cli/kill_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "cli/entries.hpp"

namespace windrow::test {

void KillTest::SetUp() {
  const char* given = std::getenv("WINDROW_TEST_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
  std::cout << "WINDROW_TEST_SEED=" << seed << " repeats this test\n";
  random_.seed(seed);
  write("logging.toml", kLoggingStudy);
  write_program("logging.sh", kLoggingProgram);
  if (failing_) write("failing", "");
  EXPECT_EQ(windrow({"run", "logging.toml", "--dir", "reference"}).code, failing_ ? 1 : 0);
  EXPECT_EQ(logged("log"), all_indices(40));
  reference_ = exported("reference");
}

std::chrono::milliseconds KillTest::random_moment(int from, int to) {
  return std::chrono::milliseconds(std::uniform_int_distribution<int>(from, to)(random_));
}

std::string KillTest::next_results() {
  std::filesystem::remove(path("log"));
  return "round" + std::to_string(++round_);
}

void KillTest::clean(const std::string& results) {
  const std::string outcomes = exported(results);
  const Ended ended = windrow({"clean", results});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(windrow({"clean", results, "--dry-run"}).out, testing::HasSubstr("Nothing to remove"));
  EXPECT_EQ(exported(results), outcomes);
  std::set<std::string> entries = entries_of(path(results) / "points");
  for (const std::uint64_t index : recorded(results)) entries.erase(std::to_string(index));
  EXPECT_THAT(entries, testing::IsEmpty());
}

void KillTest::expect_owned(const std::string& results) {
  EXPECT_EQ(entries_of(path(results) / "points"),
            failing_ ? std::set<std::string>({"5", "6"}) : std::set<std::string>());
  const auto is_its = testing::AnyOf("results.sqlite", "lock", "live.json", "points");
  EXPECT_THAT(entries_of(path(results)), testing::Each(is_its));
}

void KillTest::check_second_run(const std::string& results, const std::set<std::uint64_t>& before) {
  const auto second = logged("log");
  for (const std::uint64_t index : second) {
    EXPECT_FALSE(before.contains(index)) << "point " << index << " had an outcome and was run again";
  }
  auto covered = second;
  covered.insert(covered.end(), before.begin(), before.end());
  std::sort(covered.begin(), covered.end());
  EXPECT_EQ(covered, all_indices(40));
  EXPECT_EQ(exported(results), reference_);
  expect_owned(results);
}

}  // namespace windrow::test
