// What a reader sees, word for word. WINDROW_UPDATE_GOLDEN=1 writes the files anew: look at the difference then.
#include "windrow/timing/report.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "timing/manual_clock.hpp"
#include "windrow/base/text.hpp"

namespace windrow::test {
namespace {

using Json = nlohmann::json;

void expect_golden(const std::string& name, const std::string& actual) {
  const std::filesystem::path file = std::filesystem::path(WINDROW_TEST_DATA) / name;
  if (const char* update = std::getenv("WINDROW_UPDATE_GOLDEN"); update != nullptr && std::string(update) == "1") {
    std::ofstream(file, std::ios::binary) << actual;
  }
  std::ifstream in(file, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(actual, expected) << "differs from " << file << "; WINDROW_UPDATE_GOLDEN=1 writes it anew";
}

/// A solver on rank `rank`, the slower the higher.
TimingRecord solver(int rank) {
  ManualClock clock;
  Timer timer(fmt::format("rank {}", rank), clock);
  const auto stamp = [&](nanoseconds time, std::string_view name) {
    clock.advance(time);
    timer.accumulate(name);
  };
  stamp(123456us, "read/parse");
  for (int step = 0; step < 3; ++step) {
    const Subdivision level(timer, "newton");
    stamp(10ms * (1 + rank), "assemble");
    stamp(1500us + 1us * step, "solve");
    if (rank % 2 == 1) stamp(17ns, "only on odd ranks");
    clock.advance(2ms);
  }
  timer.wrap("output", [&] { clock.advance(1s); });
  timer.stamp("compute");
  timer.wrap("left over", [&] { clock.advance(5ms); });
  return timer.snapshot();
}

TimingRecord root() {
  ManualClock clock;
  Timer timer("root", clock);
  clock.advance(12345ms);
  timer.attach("workers", std::vector{solver(1), solver(2)});
  timer.stamp("sweep");
  TimingRecord record = timer.snapshot();
  record.overhead = 1234ns;
  return record;
}

std::vector<TimingRecord> solvers(int count) {
  std::vector<TimingRecord> records;
  for (int rank = 0; rank < count; ++rank) records.push_back(solver(rank));
  return records;
}

TEST(ReportTest, is_a_tree) {
  expect_golden("report.txt", report(solver(1)));
}

TEST(ReportTest, shows_parallel_records_under_their_stamp) {
  expect_golden("report-parallel.txt", report(root()));
}

TEST(ReportTest, as_tsv) {
  expect_golden("report.tsv", report(root(), TimingFormat::tsv));
}

TEST(ReportTest, as_json) {
  const std::string text = report(root(), TimingFormat::json);
  expect_golden("report.json", text);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["overhead_ns"], 1234);
  EXPECT_EQ(json["rows"][0]["time_ns"], 12'345'000'000);
  EXPECT_EQ(json["rows"][1]["path"], Json::parse(R"(["root", "sweep"])"));
}

TEST(ReportTest, of_nothing) {
  ManualClock clock;
  expect_golden("report-empty.txt", report(Timer("empty", clock).snapshot()));
}

TEST(ReportTest, names_may_be_anything) {
  ManualClock clock;
  Timer timer("tab\tand line\n", clock);
  clock.advance(1ms);
  timer.stamp("größer als \xff\x1b[31m");
  clock.advance(1ms);
  timer.stamp("a/b\\c");
  expect_golden("report-names.txt", report(timer.snapshot()));
  expect_golden("report-names.tsv", report(timer.snapshot(), TimingFormat::tsv));
  EXPECT_NO_THROW(Json::parse(report(timer.snapshot(), TimingFormat::json)));
}

TEST(CompareTest, has_a_column_for_each_record) {
  expect_golden("compare.txt", compare(solvers(3)));
}

TEST(CompareTest, has_statistics_where_columns_would_be_too_wide) {
  expect_golden("compare-many.txt", compare(solvers(40)));
  EXPECT_EQ(compare(solvers(40), {.width = 10000}).find("slowest"), std::string::npos);
  EXPECT_NE(compare(solvers(3), {.width = 50}).find("slowest"), std::string::npos);
}

TEST(CompareTest, as_tsv) {
  expect_golden("compare.tsv", compare(solvers(3), {.format = TimingFormat::tsv}));
}

TEST(CompareTest, as_json) {
  const std::string text = compare(solvers(3), {.format = TimingFormat::json, .slowest = 2});
  expect_golden("compare.json", text);
  const Json json = Json::parse(text);
  EXPECT_EQ(json["records"], Json::parse(R"(["rank 0", "rank 1", "rank 2"])"));
  EXPECT_EQ(json["rows"][0]["slowest"], Json::parse(R"(["rank 2", "rank 1"])"));
}

TEST(CompareTest, statistics_are_of_the_cells_that_are_not_empty) {
  std::vector<TimingRecord> records;
  for (const int time : {2, 4, 0, 6, 8}) {
    ManualClock clock;
    Timer timer(fmt::format("rank {}", time), clock);
    clock.advance(1ns * time);
    time == 0 ? timer.discard() : timer.stamp("x");
    records.push_back(timer.snapshot());
  }
  const Json row = Json::parse(compare(records, {.format = TimingFormat::json}))["rows"][1];
  EXPECT_EQ(row["path"], Json::parse(R"(["total", "x"])"));
  EXPECT_EQ(row["times_ns"], Json::parse("[2, 4, null, 6, 8]"));
  EXPECT_EQ(row["count"], 4);
  EXPECT_EQ(row["max_ns"], 8);
  EXPECT_EQ(row["min_ns"], 2);
  EXPECT_EQ(row["mean_ns"], 5.0);
  EXPECT_EQ(row["median_ns"], 5.0);
  EXPECT_DOUBLE_EQ(row["standard_deviation_ns"].get<double>(), std::sqrt(5.0));  // of the population
  EXPECT_EQ(row["imbalance"], 1.6);
  EXPECT_EQ(row["slowest"], Json::parse(R"(["rank 8", "rank 6", "rank 4"])"));
}

TEST(CompareTest, of_nothing) {
  EXPECT_NO_THROW(compare({}));
  EXPECT_NO_THROW(Json::parse(compare({}, {.format = TimingFormat::json})));
}

TEST(RenderTimeTest, shows_four_digits) {
  using text::render_time;
  EXPECT_EQ(render_time(0), "0 ns");
  EXPECT_EQ(render_time(999.4), "999 ns");
  EXPECT_EQ(render_time(999.6), "1.000 us");
  EXPECT_EQ(render_time(1234), "1.234 us");
  EXPECT_EQ(render_time(9999.6), "10.00 us");
  EXPECT_EQ(render_time(99'996), "100.0 us");
  EXPECT_EQ(render_time(999'940), "999.9 us");
  EXPECT_EQ(render_time(999'960), "1.000 ms");
  EXPECT_EQ(render_time(1e9), "1.000 s");
  EXPECT_EQ(render_time(1e9 * 86400), "86400 s");
  EXPECT_EQ(render_time(-1234), "-1.234 us");
}

}  // namespace
}  // namespace windrow::test
