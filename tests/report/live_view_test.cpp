// What `windrow watch` draws, from fixed inputs, and how it tells a run that lives from one that was killed.
#include "windrow/report/live_view.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "report/interface/live_writer.hpp"
#include "windrow/store/store.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

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
3 failed   3 of 4 ranks busy   10/s   ETA 38s
  rank  host        done    at point  for
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
3 failed   511 of 512 ranks busy   10/s   ETA 38s
  rank  host          done    at point  for
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
      2/4  20/125  3 failed  running on node7, 16 ranks
      3/4  0/125  not begun
      4/4  125/125  complete
)");
  const auto few = render(frame, 64, 6);
  EXPECT_THAT(few, testing::ElementsAre(testing::_, testing::_, testing::_, testing::HasSubstr("2/4"),
                                        testing::HasSubstr("3/4"), testing::HasSubstr("and 2 more shards")));
}

class LivenessTest : public testing::Test {
 protected:
  LivenessTest() {
    std::string name = (fs::temp_directory_path() / "windrow-liveness-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~LivenessTest() override { fs::remove_all(directory_); }

  static LiveStatus live() {
    LiveStatus live;
    live.study = "rc-filter";
    live.progress = half_way(0).progress;
    live.workers = half_way(4).workers;
    return live;
  }
  /// As another machine would have written it, so long ago.
  void write_as_other_host(double seconds_ago, std::uint64_t beat) const {
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::ofstream(directory_ / "live.json") << fmt::format(
        R"({{"study":"s","shard":"","host":"another","process":1,"written":{},"beat":{},"points":9,"done":1,"failed":0,)"
        R"("evaluated":1,"elapsed":1.0,"finished":false,"stopping":false,"stopped":"","hosts":[],"workers":[]}})",
        now - seconds_ago, beat);
  }

  fs::path directory_;
};

TEST_F(LivenessTest, what_is_written_is_read) {
  detail::LiveWriter(directory_).write(live());
  const auto read = read_live(directory_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->study, "rc-filter");
  EXPECT_EQ(read->process, getpid());
  EXPECT_EQ(read->progress.done, 120U);
  ASSERT_EQ(read->workers.size(), 4U);
  EXPECT_EQ(read->workers[3].host, "node8");
  EXPECT_EQ(read->workers[3].point, 43U);
  EXPECT_FALSE(read->workers[1].point.has_value());
  EXPECT_FALSE(fs::exists(directory_ / "live.json.part"));
}

TEST_F(LivenessTest, garbage_and_what_cannot_be_written_are_nobodys_concern) {
  for (const char* garbage : {"", "{", "[]", "{\"study\": 7}", "null"}) {
    std::ofstream(directory_ / "live.json") << garbage;
    EXPECT_FALSE(read_live(directory_).has_value()) << garbage;
  }
  detail::LiveWriter writer(directory_ / "missing");
  EXPECT_TRUE(writer.is_due(std::chrono::steady_clock::now()));
  writer.write(live());
  EXPECT_FALSE(writer.is_due(std::chrono::steady_clock::now()));
  EXPECT_FALSE(fs::exists(directory_ / "missing"));
}

TEST_F(LivenessTest, the_lock_tells_whether_a_run_of_this_machine_lives) {
  EXPECT_EQ(LivenessWatch(directory_).look().liveness, Liveness::none);
  detail::LiveWriter writer(directory_);
  writer.write(live());
  EXPECT_EQ(LivenessWatch(directory_).look().liveness, Liveness::broken);
  {
    const Store store(directory_, {"s", 9, {}, {}, {}}, {});
    EXPECT_EQ(LivenessWatch(directory_).look().liveness, Liveness::running);
    LiveStatus last = live();
    last.progress.finished = true;
    writer.write(last);
    const LivenessWatch::Look look = LivenessWatch(directory_).look();
    EXPECT_EQ(look.liveness, Liveness::running);
    EXPECT_FALSE(look.live.has_value()) << "of the run before";
  }
  EXPECT_EQ(LivenessWatch(directory_).look().liveness, Liveness::ended);
}

TEST_F(LivenessTest, of_another_machine_its_heartbeat_does) {
  LivenessWatch watch(directory_);
  write_as_other_host(5.0, 1);
  EXPECT_EQ(watch.look().liveness, Liveness::running);
  write_as_other_host(3600.0, 1);
  EXPECT_EQ(watch.look().liveness, Liveness::broken);
  write_as_other_host(3600.0, 2);  // its clock is wrong, but it goes on
  EXPECT_EQ(watch.look().liveness, Liveness::running);
  EXPECT_EQ(watch.look().liveness, Liveness::broken);
}

}  // namespace
}  // namespace windrow
