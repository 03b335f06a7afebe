#pragma once

#include <random>
#include <vector>

#include "cli/cli_fixture.hpp"
#include "cli/studies.hpp"

namespace windrow::test {

/// Kills a run at a random moment, then runs the same again: it must end complete, and run nothing again whose outcome
/// the store had recorded.
class KillTest : public CliTest {
 protected:
  /// @param failing  two of the points fail
  explicit KillTest(bool failing) : failing_(failing) {}
  void SetUp() override;

  /// WINDROW_TEST_SEED repeats a test that failed.
  std::mt19937& random() { return random_; }
  std::chrono::milliseconds random_moment(int from, int to);
  /// A results directory of its own for each round, and an empty log.
  std::string next_results();
  /// After the kill: nothing is left, and a second run by `again` completes what the first began. Every other time
  /// `windrow clean` comes before it. Nothing is in the results directory afterwards that no outcome owns.
  template <typename Again>
  void expect_continued(const std::string& results, Again again,
                        std::chrono::milliseconds patience = std::chrono::seconds(1)) {
    expect_nothing_left(patience);
    const auto before = recorded(results);
    if (round_ % 2 == 0 && !before.empty()) clean(results);
    std::filesystem::remove(path("log"));
    const Ended ended = again();
    EXPECT_EQ(ended.code, failing_ ? 1 : 0) << ended.text();
    check_second_run(results, before);
  }

  /// Of a whole run: all points that failed keep their directories, and there is nothing else.
  void expect_owned(const std::string& results);

  /// What `export` prints of the study that nothing happened to.
  const std::string& reference() const { return reference_; }

 private:
  void clean(const std::string& results);
  void check_second_run(const std::string& results, const std::set<std::uint64_t>& before);

  bool failing_;
  std::mt19937 random_;
  std::string reference_;
  int round_ = 0;
};

}  // namespace windrow::test
