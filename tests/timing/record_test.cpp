#include "windrow/timing/record.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/archive/text_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <fstream>
#include <locale>
#include <nlohmann/json.hpp>
#include <sstream>

#include "timing/manual_clock.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// One with everything that a record can have.
TimingRecord full_record(const std::string& name = "rank 0") {
  ManualClock clock(1us);
  Timer timer(name, clock);
  {
    TimedLoop loop(timer, {.name = "steps", .stamps = {"missed"}});
    for (const std::uint64_t i : {0U, 5U}) {
      loop.next(i);
      clock.advance(1ms);
      timer.stamp("x \"quoted\"\n\xff");
    }
  }
  timer.attach("workers",
               std::vector{TimingRecord{"rank 1", 1ms, 2ns, 3, {{"point", 1ms, 1, 1ms, 1ms, {}}}, {}, {}, {}}});
  timer.stamp("solve");
  return timer.snapshot();
}

class RecordFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "windrow-timing-XXXXXX";
    directory = mkdtemp(pattern.data());
    file = directory / "timings";
  }
  void TearDown() override { fs::remove_all(directory); }

  std::string bytes() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& text) const { std::ofstream(file, std::ios::binary) << text; }
  std::string load_error() const {
    return error_of<TimingError>([&] { load_timings(file); });
  }
  std::size_t files_in_directory() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
  }

  fs::path directory, file;
};

TEST(RecordTest, is_serializable) {
  const TimingRecord record = full_record();
  std::stringstream stream;
  boost::archive::binary_oarchive(stream) << record;
  TimingRecord back;
  boost::archive::binary_iarchive(stream) >> back;
  EXPECT_EQ(to_json(back), to_json(record));
}

TEST(RecordTest, does_not_change_with_its_timer) {
  ManualClock clock;
  Timer timer("main", clock);
  timer.stamp("a");
  const TimingRecord record = timer.snapshot();
  const std::string before = to_json(record);
  clock.advance(1ms);
  timer.accumulate("a");
  timer.rename("another");
  timer.reset_root();
  EXPECT_EQ(to_json(record), before);
}

/// Nothing in a record depends on what a host's clock says, so that records of different hosts can be compared.
TEST(RecordTest, knows_no_points_in_time) {
  const auto measured = [](nanoseconds uptime) {
    ManualClock clock;
    clock.advance(uptime);
    Timer timer("main", clock);
    const Subdivision level(timer, "open");
    TimedLoop loop(timer, {.name = "steps"});
    loop.next();
    clock.advance(1ms);
    timer.stamp("a");
    timer.pause();
    std::ostringstream out;
    boost::archive::text_oarchive archive(out);
    const TimingRecord record = timer.snapshot();
    archive << record;
    return out.str();
  };
  EXPECT_EQ(measured(0ns), measured(100h));
}

TEST(RecordTest, as_json_has_everything) {
  const auto json = nlohmann::json::parse(to_json(full_record()));
  EXPECT_EQ(json["name"], "rank 0");
  EXPECT_EQ(json["stamps"][0]["name"], "solve");
  EXPECT_EQ(json["stamps"][0]["count"], 1);
  EXPECT_EQ(json["stamps"][0]["cumulative_ns"], json["stamps_sum_ns"]);
  EXPECT_EQ(json["total_ns"].get<std::int64_t>(), json["stamps_sum_ns"].get<std::int64_t>() + 1000);
  EXPECT_GT(json["overhead_ns"].get<std::int64_t>(), 0);
  const auto& placed = json["subdivisions"][0];
  EXPECT_EQ(placed["position"], "solve");
  const auto& steps = placed["record"];
  EXPECT_EQ(steps["name"], "steps");
  EXPECT_EQ(steps["iterations"][1][0], 5);
  EXPECT_EQ(steps["stamps"][0]["name"], "x \"quoted\"\n\xEF\xBF\xBD");
  EXPECT_EQ(steps["stamps"][0]["iterations"][1][0], 5);
  EXPECT_GE(steps["stamps"][0]["min_ns"], 1'000'000);
  EXPECT_LE(steps["stamps"][0]["min_ns"], steps["stamps"][0]["max_ns"]);
  EXPECT_EQ(steps["stamps"][1]["iterations"], nlohmann::json::parse("[[0,0],[5,0]]"));
  EXPECT_EQ(steps["stamps"][1]["count"], 0);
  const auto& parallel = json["parallel"][0];
  EXPECT_EQ(parallel["position"], "solve");
  EXPECT_EQ(parallel["group"], "workers");
  EXPECT_EQ(parallel["records"][0]["name"], "rank 1");
  EXPECT_EQ(parallel["records"][0]["overhead_ns"], 2);
}

TEST(RecordMergeTest, adds_and_combines_at_every_depth) {
  TimingRecord one = full_record();
  const TimingRecord before = one;
  merge(one, full_record());
  EXPECT_EQ(one.total, 2 * before.total);
  EXPECT_EQ(one.overhead, 2 * before.overhead);
  EXPECT_EQ(one.count, 2U);
  EXPECT_EQ(at(one, "solve/steps").stamps[0].count, 4U);
  EXPECT_EQ(at(one, "solve/steps").stamps[0].min, at(before, "solve/steps").stamps[0].min);
  EXPECT_EQ(at(one, "solve/steps").iterations.size(), 4U);
  EXPECT_EQ(one.parallel.at(0).records.at(0).total, 2ms);
  merge(one, one);
  EXPECT_EQ(one.total, 4 * before.total);
}

TEST(RecordMergeTest, a_stamp_without_intervals_has_no_minimum) {
  const StampRecord empty{"x", 0ns, 0, 0ns, 0ns, {}};
  const StampRecord some{"x", 5ns, 1, 5ns, 5ns, {}};
  TimingRecord into{"a", 0ns, 0ns, 1, {empty}, {}, {}, {}};
  const TimingRecord next{"a", 5ns, 0ns, 1, {some}, {}, {}, {}};
  merge(into, next);
  merge(into, TimingRecord{"a", 0ns, 0ns, 1, {empty}, {}, {}, {}});
  EXPECT_EQ(into.stamps[0].min, 5ns);
  EXPECT_EQ(into.stamps[0].max, 5ns);
  EXPECT_EQ(empty.mean(), 0ns);
}

TEST(RecordMergeTest, iterations_that_missed_a_stamp_are_kept_but_not_counted) {
  const auto of_source = [](std::vector<int> milliseconds_or_missed) {
    ManualClock clock;
    Timer timer("a", clock);
    TimedLoop loop(timer, {.stamps = {"x"}});
    for (const int time : milliseconds_or_missed) {
      loop.next();
      clock.advance(std::chrono::milliseconds(time));
      if (time > 0) timer.stamp("x");
    }
    loop.end();
    return timer.snapshot();
  };
  TimingRecord into = of_source({0, 0});
  EXPECT_THAT(stamps_of(into), ElementsAre("x 0 0 0 0 0:0 1:0"));
  merge(into, of_source({3, 0, 2}));
  EXPECT_THAT(stamps_of(into), ElementsAre("x 5 2 2 3 0:0 1:0 0:3 1:0 2:2"));
  merge(into, of_source({0}));
  EXPECT_THAT(stamps_of(into), ElementsAre("x 5 2 2 3 0:0 1:0 0:3 1:0 2:2 0:0"));
}

TEST_F(RecordFileTest, gives_back_one_record_many_or_none) {
  for (const auto& records : {std::vector{full_record()}, {full_record("a"), full_record("b")}, {}}) {
    save_timings(file, records);
    const auto back = load_timings(file);
    ASSERT_EQ(back.size(), records.size());
    for (std::size_t i = 0; i < back.size(); ++i) EXPECT_EQ(to_json(back[i]), to_json(records[i]));
    for (std::size_t i = 0; i < back.size(); ++i) {
      EXPECT_EQ(at(back[i], "solve/steps").stamps[0].name, "x \"quoted\"\n\xff");  // JSON cannot have it
    }
  }
  EXPECT_EQ(files_in_directory(), 1U);
}

/// Numbers as some languages write them.
struct Grouping : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST_F(RecordFileTest, does_not_depend_on_the_language) {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Grouping));
  save_timings(file, std::vector{full_record()});
  const auto back = load_timings(file);
  std::locale::global(before);
  EXPECT_EQ(to_json(back.at(0)), to_json(full_record()));
  EXPECT_EQ(to_json(load_timings(file).at(0)), to_json(full_record()));
}

TEST_F(RecordFileTest, that_was_cut_short_anywhere_says_so) {
  save_timings(file, std::vector{full_record()});
  const std::string whole = bytes();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    ASSERT_THAT(load_error(), HasSubstr(file.string() + ": is cut short")) << size;
  }
  write("");
  EXPECT_EQ(load_error(), file.string() + ": is empty");
}

TEST_F(RecordFileTest, that_was_changed_says_so) {
  save_timings(file, std::vector{full_record()});
  const std::string whole = bytes();
  const std::size_t line = whole.find('\n');
  for (std::size_t i = line + 1; i < whole.size(); i += 7) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write(changed);
    ASSERT_EQ(load_error(), file.string() + ": has been damaged: its bytes do not sum up to what they did") << i;
  }
  write(whole + "x");
  EXPECT_EQ(load_error(), file.string() + ": has 1 bytes too many");
  for (std::size_t i = 0; i < line; ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    write(changed);
    ASSERT_NE(load_error(), "") << i;
  }
}

TEST_F(RecordFileTest, of_another_kind_is_refused) {
  for (const std::string text : {"SQLite format 3", "{}", "\n", "windrow-sweep 1 2 3\n"}) {
    write(text);
    EXPECT_EQ(load_error(), file.string() + ": is not a file of timing records") << text;
  }
  write("windrow-timing 3 5 0\nhello");
  EXPECT_EQ(load_error(), file.string() + ": has version 3 of the format; this program knows 2");
  // What claims to be one, but holds something else.
  write(fmt::format("windrow-timing 2 5 {:x}\nhello", detail::hash64("hello")));
  EXPECT_THAT(load_error(), StartsWith(file.string() + ": its records cannot be read"));
}

TEST_F(RecordFileTest, that_is_not_there_is_an_error_of_the_system) {
  EXPECT_THROW(load_timings(file), SystemError);
  EXPECT_THROW(load_timings(directory), SystemError);
  EXPECT_THROW(save_timings(directory / "none" / "timings", {}), SystemError);
}

TEST_F(RecordFileTest, a_full_disk_leaves_the_old_one) {
  save_timings(file, std::vector{full_record("old")});
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200, 200};
    setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      save_timings(file, std::vector{full_record("new")});
    } catch (const SystemError& error) {
      code = error.error_number() == EFBIG ? 0 : 2;
    }
    _exit(code);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(load_timings(file).at(0).name, "old");
  EXPECT_EQ(files_in_directory(), 1U);
}

}  // namespace
}  // namespace windrow::test
