// Random programs beside a model that keeps a list of everything instead of merging as it goes.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {

using Sums = std::map<std::string, nanoseconds>;

/// Levels by the names above them; sums of everything that has the same name.
class Model {
 public:
  void advance(nanoseconds time) { now_ += time; }

  void open(const std::string& name) {
    const std::string path = levels_.empty() ? name : levels_.back().path + "." + name;
    levels_.push_back({name, path, now_, now_, {}});
  }

  void close() {
    place("UNASSIGNED");
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    sums[level.path + " total"] += now_ - level.opened;
    ++counts[level.path];
    if (!levels_.empty()) levels_.back().waiting.emplace_back(level.name, now_ - level.opened);
  }

  void stamp(const std::string& name) {
    Level& level = levels_.back();
    sums[level.path + " stamp " + name] += now_ - level.last;
    level.last = now_;
    place(name);
  }

  void discard() {
    levels_.back().last = now_;
    place("UNASSIGNED");
  }

  std::size_t depth() const { return levels_.size(); }

  Sums sums;
  std::map<std::string, std::uint64_t> counts;

 private:
  struct Level {
    std::string name, path;
    nanoseconds opened, last;
    std::vector<std::pair<std::string, nanoseconds>> waiting;
  };

  void place(const std::string& position) {
    Level& level = levels_.back();
    for (const auto& [name, time] : level.waiting) sums[level.path + " at " + position + " " + name] += time;
    level.waiting.clear();
  }

  nanoseconds now_{0};
  std::vector<Level> levels_;
};

void add_up(const TimingRecord& record, const std::string& path, Sums& sums,
            std::map<std::string, std::uint64_t>& counts) {
  sums[path + " total"] += record.total;
  counts[path] += record.count;
  for (const StampRecord& stamp : record.stamps) {
    if (stamp.count > 0) sums[path + " stamp " + stamp.name] += stamp.cumulative;
  }
  for (const PlacedRecord& placed : record.subdivisions) {
    sums[path + " at " + placed.position + " " + placed.record.name] += placed.record.total;
    add_up(placed.record, path + "." + placed.record.name, sums, counts);
  }
}

/// What is true of any record.
void expect_sound(const TimingRecord& record) {
  EXPECT_LE(record.stamps_sum(), record.total);
  EXPECT_GE(record.count, 1U);
  for (const StampRecord& stamp : record.stamps) {
    const auto count = static_cast<std::int64_t>(stamp.count);
    EXPECT_LE(stamp.min * count, stamp.cumulative);
    EXPECT_GE(stamp.max * count, stamp.cumulative);
    nanoseconds sum{0};
    std::size_t longer_than_0 = 0;
    for (const IterationTime& one : stamp.iterations) {
      sum += one.time;
      if (one.time > 0ns) ++longer_than_0;  // the others may be missed ones
    }
    EXPECT_TRUE(count >= 1 || !stamp.iterations.empty());
    EXPECT_LE(longer_than_0, stamp.count);
    EXPECT_LE(sum, stamp.cumulative);
    EXPECT_TRUE(sum == stamp.cumulative || longer_than_0 < stamp.count);
  }
  for (const PlacedRecord& placed : record.subdivisions) expect_sound(placed.record);
}

/// A level or a loop that is open.
struct Open {
  std::unique_ptr<Subdivision> level;
  std::unique_ptr<TimedLoop> loop;
  bool in_model;
};

class Program {
 public:
  explicit Program(unsigned seed, nanoseconds cost) : random_(seed), clock_(cost), timer_("root", clock_) {
    model_.open("root");
  }

  TimingRecord run(int steps) {
    for (int i = 0; i < steps; ++i) step();
    while (!open_.empty()) close();
    timer_.stop();
    model_.close();
    return timer_.snapshot();
  }

  const Model& model() const { return model_; }

 private:
  void step() {
    const nanoseconds time(draw(1000));
    clock_.advance(time);
    model_.advance(time);
    switch (draw(10)) {
      case 0:
      case 1:
        return open_level();
      case 2:
        return open_loop();
      case 3:
      case 4:
        return open_.empty() ? void() : close();
      case 5:
        if (!open_.empty() && open_.back().loop) open_.back().loop->next();
        return;
      case 6:
        timer_.snapshot();
        return;
      case 7:
        if (draw(4) == 0) {
          timer_.discard();
          model_.discard();
        }
        return;
      default:
        const std::string name(1, static_cast<char>('x' + draw(3)));
        timer_.accumulate(name);
        model_.stamp(name);
    }
  }

  void open_level() {
    if (model_.depth() > 4) return;
    const std::string name(1, static_cast<char>('a' + draw(3)));
    open_.push_back({std::make_unique<Subdivision>(timer_, name), nullptr, true});
    model_.open(name);
  }

  void open_loop() {
    if (open_.size() > 8) return;
    const bool named = draw(2) == 0;
    LoopOptions options{.name = named ? "l" : ""};
    if (draw(2) == 0) options.stamps = {"x", "missed"};
    open_.push_back({nullptr, std::make_unique<TimedLoop>(timer_, options), named});
    if (named) model_.open("l");
  }

  void close() {
    if (open_.back().in_model) model_.close();
    open_.pop_back();
  }

  int draw(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  std::mt19937 random_;
  ManualClock clock_;
  Timer timer_;
  Model model_;
  std::vector<Open> open_;
};

TEST(RandomProgramsTest, measure_what_a_simple_model_measures) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Program program(seed, 0ns);
    const TimingRecord record = program.run(400);
    expect_sound(record);
    Sums sums;
    std::map<std::string, std::uint64_t> counts;
    add_up(record, "root", sums, counts);
    ASSERT_EQ(sums, program.model().sums);
    ASSERT_EQ(counts, program.model().counts);
  }
}

TEST(RandomProgramsTest, are_sound_whatever_timing_takes) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    const TimingRecord record = Program(seed, 100ns).run(400);
    expect_sound(record);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace windrow::test
