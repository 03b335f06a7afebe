// Times of points alone, and what differs between two definitions.
#include <vector>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

StudyIdentity study_of(std::uint64_t points) {
  return {"times", points, {{"x", "", "number", ""}}, {{"y", "", "number", ""}}, {{"a", "1"}}};
}

Record taking(std::uint64_t index, double seconds, bool succeeds) {
  Record record;
  record.index = index;
  record.parameters = {1.0};
  record.elapsed = seconds;
  if (succeeds) {
    record.outcome = std::vector<Value>{2.0};
  } else {
    record.outcome = TaskFailure{};
  }
  return record;
}

TEST(StoreTimesTest, come_in_index_order_with_failed_points_marked) {
  const TemporaryDirectory directory;
  Store store(directory.path(), study_of(10), {});
  for (const auto& [index, succeeds] : std::vector<std::pair<std::uint64_t, bool>>{{7, true}, {2, false}, {3, true}}) {
    store.record(taking(index, 0.5 * static_cast<double>(index), succeeds));
  }
  store.commit();
  std::vector<std::uint64_t> indices;
  StoreReader(directory.path()).for_each_time([&](const PointTime& time) {
    indices.push_back(time.index);
    EXPECT_EQ(time.seconds, 0.5 * static_cast<double>(time.index));
    EXPECT_EQ(time.succeeded, time.index != 2);
  });
  EXPECT_THAT(indices, ElementsAre(2, 3, 7));
}

TEST(StoreTimesTest, are_complete_however_many) {
  for (const std::uint64_t points : {0, 1, 4095, 4096, 4097, 10000}) {
    const TemporaryDirectory directory;
    {
      Store store(directory.path(), study_of(20000), {});
      for (std::uint64_t i = 0; i < points; ++i) store.record(taking(2 * i, 1.0, true));
    }
    std::uint64_t next = 0;
    const StoreReader reader(directory.path());
    reader.for_each_time([&](const PointTime& time) {
      EXPECT_EQ(time.index, next);
      next += 2;
    });
    EXPECT_EQ(next, 2 * points);
  }
}

TEST(StoreDifferencesTest, name_what_was_changed_added_and_removed) {
  EXPECT_THAT(differences({{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}}), IsEmpty());
  EXPECT_THAT(differences({{"a", "1"}, {"b", "2"}}, {{"a", "3"}, {"c", "4"}}),
              ElementsAre("a: 1 -> 3", "b: 2 -> (none)", "c: (none) -> 4"));
  EXPECT_THAT(differences({{"a", "1"}, {"b", "2"}}, {{"b", "2"}, {"a", "1"}}), ElementsAre(HasSubstr("order")));
}

}  // namespace
}  // namespace windrow
