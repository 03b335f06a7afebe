// Names that are no text.
#include <gmock/gmock.h>

#include "timing/manual_clock.hpp"

namespace windrow::test {
namespace {
enum class Phase { assemble, solve };
struct Label {
  std::string text;
  operator std::string_view() const { return text; }  // NOLINT: stands for its text
};
struct Unprintable {};
}  // namespace
}  // namespace windrow::test

template <>
struct fmt::formatter<windrow::test::Phase> : formatter<string_view> {
  template <class Context>
  auto format(windrow::test::Phase phase, Context& context) const {
    return formatter<string_view>::format(phase == windrow::test::Phase::assemble ? "assemble" : "solve", context);
  }
};

namespace windrow::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Name>
concept CanStamp = requires(Timer& timer, const Name& name) {
  timer.stamp(name);
};

using NamesTest = TimingTest;

TEST_F(NamesTest, of_stamps_may_be_anything_that_can_be_printed) {
  timer.stamp(0);
  timer.stamp(-3);
  timer.stamp(2.5);
  timer.stamp('c');
  timer.stamp(true);
  timer.stamp(Phase::assemble);
  timer.accumulate(Phase::assemble);
  EXPECT_THAT(stamps_of(timer.snapshot()),
              ElementsAre("0 0 1 0 0", "-3 0 1 0 0", "2.5 0 1 0 0", "c 0 1 0 0", "true 0 1 0 0", "assemble 0 2 0 0"));
  static_assert(!CanStamp<Unprintable>);
  static_assert(CanStamp<Phase> && CanStamp<Label>);
}

TEST_F(NamesTest, that_are_printed_are_the_same_as_text) {
  timer.stamp(3);
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp("3"); }), HasSubstr("`3` was stamped before"));
  EXPECT_THAT(error_of<TimingError>([&] { timer.stamp(3); }), HasSubstr("`3` was stamped before"));
  EXPECT_EQ(error_of<TimingError>([&] { timer.stamp(Label{}); }), "a stamp needs a name");
}

TEST_F(NamesTest, that_are_text_of_any_kind_go_as_they_are) {
  const std::string long_name(100, 'x');
  timer.stamp(long_name);
  timer.stamp(std::string_view(long_name).substr(1));
  timer.stamp(long_name.c_str() + 2);
  timer.stamp(Label{"label"});
  const TimingRecord record = timer.snapshot();
  EXPECT_EQ(record.stamps.at(0).name, long_name);
  EXPECT_EQ(record.stamps.at(1).name, long_name.substr(1));
  EXPECT_EQ(record.stamps.at(2).name, long_name.substr(2));
  EXPECT_EQ(record.stamps.at(3).name, "label");
}

TEST_F(NamesTest, of_levels_groups_and_last_stamps_too) {
  const auto now = timer.stamp_at(7, timer.stamp(6));
  timer.accumulate_at(7, now);
  {
    const Subdivision level(timer, 0);
    const Subdivision below(timer, Phase::solve);
  }
  timer.subdivide(1);
  timer.end_subdivision();
  EXPECT_EQ(timer.wrap(
                2, [](int x) { return x + 1; }, 41),
            42);
  EXPECT_EQ(timer.wrap(
                "text", [](int x) { return x + 1; }, 41),
            42);
  timer.attach(Phase::assemble, std::vector{TimingRecord{"one", 1ms, 0ns, 1, {}, {}, {}, {}}});
  timer.stop(8);
  const TimingRecord record = timer.snapshot();
  EXPECT_THAT(stamps_of(record), ElementsAre("6 0 1 0 0", "7 0 2 0 0", "8 0 1 0 0"));
  EXPECT_THAT(places_of(record), ElementsAre("8/0", "8/1", "8/2", "8/text"));
  EXPECT_THAT(places_of(at(record, "8/0")), ElementsAre("UNASSIGNED/solve"));
  EXPECT_EQ(record.parallel.at(0).group, "assemble");
}

TEST_F(NamesTest, of_loops_and_the_stamps_they_expect) {
  const Label label{"label"};
  LoopOptions options{.name = 12, .stamps = {Phase::assemble, 1, "text", label}};
  const LoopOptions copy = options;
  options = {};
  {
    TimedLoop loop(timer, copy);
    loop.next();
    pass(1ms);
    timer.stamp(1);
  }
  timer.stamp("end");
  EXPECT_THAT(stamps_of(at(timer.snapshot(), "end/12")),
              ElementsAre("1 1 1 1 1 0:1", "assemble 0 0 0 0 0:0", "text 0 0 0 0 0:0", "label 0 0 0 0 0:0"));
}

}  // namespace
}  // namespace windrow::test
