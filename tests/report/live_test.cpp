// How a run that lives is told from one that was killed.
#include "windrow/report/live.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "report/interface/live_writer.hpp"
#include "windrow/store/store.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

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
    live.progress = {.points = 500, .done = 120, .failed = 3, .evaluated = 100, .elapsed = 10.0};
    for (int rank = 0; rank < 4; ++rank) {
      const auto number = static_cast<std::uint64_t>(rank);
      live.workers.push_back({rank, fmt::format("node{}", 7 + rank / 2), 1000 + number, 40 + number, 0.5});
    }
    live.workers[1].point.reset();
    return live;
  }
  /// As another machine would have written it, so long ago.
  void write_as_other_host(double seconds_ago, std::uint64_t revision) const {
    const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    std::ofstream(directory_ / "live.json") << fmt::format(
        R"({{"study":"s","shard":"","host":"another","process":1,"written":{},"revision":{},"points":9,"done":1,"failed":0,)"
        R"("evaluated":1,"elapsed":1.0,"finished":false,"stopping":false,"stopped":"","hosts":[],"workers":[]}})",
        now - seconds_ago, revision);
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
  const std::string deep(1'000'000, '[');
  for (const std::string& garbage : {std::string(), std::string("{"), std::string("[]"), std::string("{\"study\": 7}"),
                                     std::string("null"), deep, deep + std::string(deep.size(), ']')}) {
    std::ofstream(directory_ / "live.json") << garbage;
    EXPECT_FALSE(read_live(directory_).has_value()) << garbage.substr(0, 100);
  }
  detail::LiveWriter writer(directory_ / "missing");
  EXPECT_TRUE(writer.is_due(std::chrono::steady_clock::now()));
  writer.write(live());
  EXPECT_FALSE(writer.is_due(std::chrono::steady_clock::now()));
  EXPECT_FALSE(fs::exists(directory_ / "missing"));
}

TEST_F(LivenessTest, numbers_that_no_run_has_are_garbage_too) {
  write_as_other_host(1.0, 1);
  std::ifstream in(directory_ / "live.json");
  const std::string right(std::istreambuf_iterator<char>(in), {});
  ASSERT_TRUE(read_live(directory_).has_value());
  const auto reads = [&](const std::string& name, const std::string& number) {
    std::string text = right;
    const std::size_t begin = text.find("\"" + name + "\":") + name.size() + 3;
    text.replace(begin, text.find(',', begin) - begin, number);
    std::ofstream(directory_ / "live.json") << text;
    return read_live(directory_).has_value();
  };
  EXPECT_TRUE(reads("points", "10"));
  for (const char* name : {"process", "written", "revision", "points", "done", "failed", "evaluated", "elapsed"}) {
    for (const char* number : {"-1", "1e300", "-1e300", "99999999999999999999", "null", "true", "\"1\"", "[]"}) {
      if (std::string_view(name) == "process" && std::string_view(number) == "-1") continue;
      EXPECT_FALSE(reads(name, number)) << name << " " << number;
    }
  }
  EXPECT_FALSE(reads("done", "10")) << "of 9 points";
  EXPECT_FALSE(reads("failed", "2")) << "of 1 that is done";
  for (const char* worker :
       {"[[0,0,1,null,0.0]]", "[[0]]", "[7]", "{\"a\":1}", "[[0,-1,1,null,0]]", "[[1e300,0,1,2,3]]"}) {
    std::string text = right;
    text.replace(text.find("\"workers\":[]") + 10, 2, worker);
    std::ofstream(directory_ / "live.json") << text;
    EXPECT_FALSE(read_live(directory_).has_value()) << worker;
  }
}

TEST_F(LivenessTest, what_has_no_end_or_no_writer_is_not_read) {
  const fs::path file = directory_ / "live.json";
  std::ofstream(file) << "{";
  fs::resize_file(file, std::uintmax_t{1} << 40U);
  EXPECT_FALSE(read_live(directory_).has_value());
  fs::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_FALSE(read_live(directory_).has_value());
  fs::remove(file);
  fs::create_symlink("/dev/zero", file);
  EXPECT_FALSE(read_live(directory_).has_value());
  fs::remove(file);
  fs::create_directory(file);
  EXPECT_FALSE(read_live(directory_).has_value());
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

TEST_F(LivenessTest, of_another_machine_a_new_revision_does) {
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
