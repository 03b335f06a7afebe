// What `windrow watch` draws, from fixed inputs.
#include "watch_frame.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace windrow::app {
namespace {

WatchFrame half_way(int ranks) {
  WatchFrame frame;
  frame.study = "rc-filter";
  frame.state = "running on node7";
  frame.progress.points = 500;
  frame.progress.done = 120;
  frame.progress.failed = 3;
  frame.progress.evaluated = 100;
  frame.progress.elapsed = 10.0;
  for (int rank = 0; rank < ranks; ++rank) {
    LiveWorker& worker = frame.workers.emplace_back();
    worker.rank = rank;
    worker.host = fmt::format("node{}", 7 + rank / 2);
    worker.evaluated = static_cast<std::uint64_t>(1000 + rank);
    if (rank == 1) continue;
    worker.point = 40 + static_cast<std::uint64_t>(rank);
    worker.seconds = rank == 77 ? 65.0 : 0.5;
  }
  if (ranks > 300) frame.workers[300].evaluated = 2;
  return frame;
}

std::string drawn(const WatchFrame& frame, std::size_t width, std::size_t height) {
  std::string text = "\n";
  for (const std::string& line : render(frame, width, height)) text += line + "\n";
  return text;
}

TEST(WatchFrameTest, shows_every_rank_that_fits) {
  EXPECT_EQ(drawn(half_way(4), 64, 24), R"(
rc-filter: running on node7, for 10s
[===========                                      ] 120/500  24%
3 failed   3 of 4 workers busy   10/s   ETA 38s
worker  host        done    at point  for
     0  node7      1,000          40  0.5s
     1  node7      1,001        idle
     2  node8      1,002          42  0.5s
     3  node8      1,003          43  0.5s
)");
}

TEST(WatchFrameTest, of_many_ranks_the_slowest_and_a_count) {
  EXPECT_EQ(drawn(half_way(512), 70, 10), R"(
rc-filter: running on node7, for 10s
[=============                                          ] 120/500  24%
3 failed   511 of 512 workers busy   10/s   ETA 38s
worker  host          done    at point  for
     0  node7        1,000          40  0.5s
     1  node7        1,001        idle
     2  node8        1,002          42  0.5s
    77  node45       1,077         117  1m05s
   300  node157          2         340  0.5s
and 507 more: median 1,255, most 1,511 points (shown: longest at a poi
)");
}

TEST(WatchFrameTest, no_line_is_wider_and_no_frame_higher_than_the_terminal) {
  for (const std::size_t width : {20U, 21U, 33U, 60U, 61U, 200U}) {
    for (const std::size_t height : {4U, 5U, 6U, 7U, 24U, 1000U}) {
      for (const int ranks : {0, 1, 4, 512}) {
        WatchFrame frame = half_way(ranks);
        frame.note = "q leaves; the run goes on";
        const auto lines = render(frame, width, height);
        EXPECT_LE(lines.size(), height) << width << " " << ranks;
        for (const std::string& line : lines) EXPECT_LE(line.size(), width) << line;
        EXPECT_EQ(lines.back(), frame.note.substr(0, width));
      }
    }
  }
}

TEST(WatchFrameTest, a_name_is_not_cut_inside_a_character) {
  WatchFrame frame = half_way(0);
  frame.study = "Kühlkörper-äöüäöüäöü";
  const std::string line = render(frame, 20, 10).front();
  EXPECT_EQ(line, "Kühlkörper-äöüäöüäöü");
}

TEST(WatchFrameTest, shows_shards_and_of_many_those_that_are_not_complete) {
  WatchFrame frame = half_way(0);
  frame.state = "1 of 4 shards running";
  for (int k = 1; k <= 4; ++k) {
    WatchedPart& part = frame.shards.emplace_back();
    part.name = fmt::format("{}/4", k);
    part.progress.points = 125;
    part.progress.done = k == 3 ? 0 : 125;
    part.state = k == 3 ? "not begun" : "complete";
    if (k != 2) continue;
    part.progress.done = 20;
    part.progress.failed = 3;
    part.state = "running on node7";
    part.workers = 16;
  }
  EXPECT_EQ(drawn(frame, 64, 24), R"(
rc-filter: 1 of 4 shards running, for 10s
[===========                                      ] 120/500  24%
3 failed   10/s   ETA 38s
      1/4  125/125  complete
      2/4  20/125  3 failed  running on node7, 16 workers
      3/4  0/125  not begun
      4/4  125/125  complete
)");
  const auto few = render(frame, 64, 6);
  EXPECT_THAT(few, testing::ElementsAre(testing::_, testing::_, testing::_, testing::HasSubstr("2/4"),
                                        testing::HasSubstr("3/4"), testing::HasSubstr("and 2 more shards")));
}

TEST(WatchFrameTest, a_point_that_hangs_is_told) {
  std::vector<LiveWorker> workers(2);
  workers[1].point = 7;
  workers[1].seconds = 600.0;
  EXPECT_EQ(suspect_point(workers, 20, 0.002),
            "Point 7 has been running for 10m00s (others took 2ms in the mean); `timeout` in [command] would end it.");
  EXPECT_EQ(suspect_point(workers, 2, 0.002), "") << "too few to compare it with";
  EXPECT_EQ(suspect_point(workers, 20, 40.0), "");
  workers[1].seconds = 50.0;
  EXPECT_EQ(suspect_point(workers, 20, 0.002), "");
  EXPECT_EQ(suspect_point({}, 20, 0.002), "");
}

}  // namespace
}  // namespace windrow::app
