#include "cli/kill_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>

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
}

}  // namespace windrow::test
