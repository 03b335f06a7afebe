// Which point is evaluated when: longest first, by the times of an earlier run or by what points teach.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "cli/cli_fixture.hpp"
#include "cli/usage.hpp"

namespace windrow::test {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Order = std::vector<std::uint64_t>;

class ScheduleTest : public CliTest {
 protected:
  /// Points `slow` take 0.2 s, all others 0.01 s; each appends its index to the file `log`.
  void write_study(std::uint64_t points, const Order& slow) {
    std::string values;
    for (std::uint64_t i = 0; i < points; ++i) {
      values +=
          std::string(i == 0 ? "" : ", ") + (std::find(slow.begin(), slow.end(), i) != slow.end() ? "true" : "false");
    }
    write("study.toml", "[parameters.fine]\nvalues = [" + values +
                            "]\n[design]\nmethod = \"zip\"\n[command]\n"
                            "run = [\"./timed.sh\", \"{{point.index}}\", \"{{fine}}\"]\n");
    write_program("timed.sh", R"(
echo $1 >> "$(dirname "$0")/log"
[ "$2" = true ] && sleep 0.2 || sleep 0.01
)");
  }

  Ended run(const Arguments& options, int code = 0) {
    std::filesystem::remove(path("log"));
    Arguments arguments = {"run", "study.toml"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, code) << ended.text();
    return ended;
  }

  Order order() const {
    std::istringstream words(read_file(path("log")));
    Order order;
    for (std::uint64_t index = 0; words >> index;) order.push_back(index);
    return order;
  }

  void expect_refused(const Arguments& options, const std::string& message) {
    const Ended ended = run(options, 2);
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(messages(ended.err), 1) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(message));
    EXPECT_EQ(order(), Order());
  }
};

TEST_F(ScheduleTest, the_times_of_an_earlier_run_say_which_points_are_long) {
  write_study(24, {5, 11, 23});
  run({"--workers", "3"});
  const std::string results = exported("study.windrow");
  for (const char* earlier : {"study.windrow", "study.windrow/results.sqlite", "study.toml"}) {
    const std::string directory = std::string("second") + std::to_string(std::string(earlier).size());
    const Ended ended = run({"--workers", "1", "--dir", directory, "--costs-from", earlier});
    EXPECT_THAT(ended.out, Not(HasSubstr("note:")));
    Order first = order();
    ASSERT_EQ(first.size(), 24U);
    first.resize(3);
    std::sort(first.begin(), first.end());
    EXPECT_THAT(first, ElementsAre(5, 11, 23));
    EXPECT_EQ(exported(directory), results);
  }
}

TEST_F(ScheduleTest, times_of_another_design_are_refused) {
  write_study(4, {3});
  run({"--workers", "2"});
  write_study(4, {1});
  expect_refused({"--dir", "second", "--costs-from", "study.windrow"},
                 "costs cannot be taken from here: these are the times of another design; what differs, there -> here:"
                 "\n  parameters.fine: values(false, false, false, true) -> values(false, true, false, false)");
  EXPECT_FALSE(std::filesystem::exists(path("second")));
  expect_refused({"--dir", "second", "--costs-from", "nowhere"}, "there are no results here: nowhere does not exist");
  expect_refused({"--dir", "second", "--costs-from", "timed.sh"}, "timed.sh");
}

TEST_F(ScheduleTest, unknown_names_are_refused_with_the_valid_ones) {
  write_study(1, {});
  expect_refused({"--schedule", "longest"}, "--schedule: unknown schedule `longest`");
  expect_refused(
      {"--schedule", "longest"},
      "; valid: `auto`, `static`, `cyclic`, `dynamic`, `guided`, `longest_first`\nTry `windrow run --help`.");
  expect_refused({"--root", "idle"}, "--root: unknown root role `idle`; valid: `auto`, `evaluates`, `coordinates`");
  expect_refused({"--costs-from", "a", "--schedule", "guided"},
                 "--costs-from is for --schedule longest_first, not for guided");
}

TEST_F(ScheduleTest, points_that_all_take_the_same_time_keep_their_order_and_that_is_said) {
  write_study(40, {});
  const Ended ended = run({"--workers", "2", "--schedule", "longest_first"});
  EXPECT_THAT(ended.out,
              HasSubstr("  note: no parameter tells points apart: points were handed out in no special order\n"));
}

class ScheduleSlowTest : public ScheduleTest {};

TEST_F(ScheduleSlowTest, finished_points_teach_which_parameter_makes_them_long) {
  Order slow;
  for (std::uint64_t i = 3; i < 120; i += 8) slow.push_back(i);
  write_study(120, slow);
  const Ended ended = run({"--workers", "2", "--schedule", "longest_first"});
  EXPECT_THAT(ended.out,
              ContainsRegex("  note: the order follows learned times \\(R2 = 0\\.[0-9]+ over 112 points\\)"));
  Order last = order();
  ASSERT_EQ(last.size(), 120U);
  last.erase(last.begin(), last.end() - 40);
  for (const std::uint64_t index : last) EXPECT_NE(index % 8, 3U) << index;
}

}  // namespace
}  // namespace windrow::test
