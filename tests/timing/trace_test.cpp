#include "windrow/timing/trace.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "timing/manual_clock.hpp"
#include "timing/trace_checks.hpp"

namespace windrow::test {
namespace {

const std::vector<TraceTrack> kTracks = {{"rank 0", "node7"}, {"rank 1", "node7"}, {"rank \"2\"\n", "node8"}};

Json written(const std::vector<TraceTrack>& tracks, const std::vector<TraceSlice>& slices) {
  std::ostringstream out;
  write_trace(out, tracks, slices);
  return Json::parse(out.str());  // throws unless all of it is JSON
}

TEST(TraceTest, is_of_the_format) {
  const std::vector<TraceSlice> slices = {
      {0, "point 1", 0ns, 1500ns, {}},
      {1, "a \"quoted\"\\\n\x01\xff name", 5ms, 1s, {{"index", 7}, {"x", 0.1}, {"e", "no"}}},
      {2, "at the end", 1h, 0ns, {{"x", std::numeric_limits<double>::quiet_NaN()}}}};
  const Json trace = written(kTracks, slices);
  expect_valid(trace);
  const auto found = slices_of(trace);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]["name"], "point 1");
  EXPECT_EQ(found[0]["ts"], 0.0);
  EXPECT_EQ(found[0]["dur"], 1.5);  // microseconds
  EXPECT_FALSE(found[0].contains("args"));
  EXPECT_EQ(found[1]["name"], "a \"quoted\"\\\n\x01\xEF\xBF\xBD name");
  EXPECT_EQ(found[1]["ts"], 5000.0);
  EXPECT_EQ(found[1]["args"], Json::parse(R"({"index": 7, "x": 0.1, "e": "no"})"));
  EXPECT_EQ(found[2]["ts"], 3.6e9);
  EXPECT_EQ(found[2]["args"]["x"], "nan");
}

TEST(TraceTest, tracks_of_a_process_stand_together) {
  const Json trace = written(kTracks, {{0, "a", 0ns, 1ns, {}}, {1, "b", 0ns, 1ns, {}}, {2, "c", 0ns, 1ns, {}}});
  const auto slices = slices_of(trace);
  EXPECT_EQ(slices[0]["pid"], slices[1]["pid"]);
  EXPECT_NE(slices[0]["tid"], slices[1]["tid"]);
  EXPECT_NE(slices[0]["pid"], slices[2]["pid"]);
}

TEST(TraceTest, without_slices_or_tracks_is_of_the_format_too) {
  expect_valid(written(kTracks, {}));
  expect_valid(written({}, {}));
}

TEST(TraceTest, keeps_nanoseconds_and_times_before_the_beginning) {
  std::ostringstream out;
  write_trace(out, kTracks, std::vector<TraceSlice>{{0, "a", -1ns, 123456789012345ns, {}}, {0, "b", -2001ns, 1ns, {}}});
  EXPECT_THAT(out.str(), testing::HasSubstr(R"("ts":-0.001,"dur":123456789012.345,)"));
  EXPECT_THAT(out.str(), testing::HasSubstr(R"("ts":-2.001,"dur":0.001,)"));
}

TEST(TraceTest, its_slices_add_up) {
  std::vector<TraceSlice> slices;
  std::vector<double> expected(3, 0.0);
  for (std::size_t i = 0; i < 200; ++i) {
    const nanoseconds duration(1000 * (i * i % 977));
    slices.push_back({i % 3, fmt::format("point {}", i), nanoseconds(1'000'000 * i), duration, {}});
    expected[i % 3] += static_cast<double>(duration.count()) / 1000.0;
  }
  const Json trace = written(kTracks, slices);
  expect_valid(trace);
  std::vector<double> sums(3, 0.0);
  for (const Json& slice : slices_of(trace)) sums[slice["tid"].get<std::size_t>() - 1] += slice["dur"].get<double>();
  EXPECT_EQ(sums, expected);
}

TEST(TraceTest, refuses_what_cannot_be_drawn) {
  std::ostringstream out;
  TraceWriter writer(out, kTracks);
  EXPECT_EQ(error_of<TimingError>([&] {
              writer.write({3, "a", 0ns, 1ns, {}});
            }),
            "there is no track 3: the trace has 3");
  EXPECT_EQ(error_of<TimingError>([&] {
              writer.write({0, "a", 0ns, -1ns, {}});
            }),
            "the slice `a` ends before it begins");
  writer.close();
  writer.close();
  EXPECT_EQ(error_of<TimingError>([&] { writer.write({0, "a", 0ns, 1ns, {}}); }), "the trace is closed");
  expect_valid(Json::parse(out.str()));
}

TEST(TraceTest, ends_with_its_writer) {
  std::ostringstream out;
  { TraceWriter(out, kTracks).write({0, "a", 0ns, 1ns, {}}); }
  expect_valid(Json::parse(out.str()));
}

TEST(TraceTest, says_that_it_is_not_complete) {
  std::ofstream full("/dev/full");
  EXPECT_EQ(error_of<TimingError>([&] { write_trace(full, kTracks, {}); }),
            "the trace could not be written completely");
}

}  // namespace
}  // namespace windrow::test
