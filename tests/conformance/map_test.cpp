#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "conformance/conformance.hpp"

namespace windrow {
namespace {

using test::manager;

class MapTest : public testing::TestWithParam<std::tuple<Schedule, RootRole>> {
 protected:
  static DispatchOptions options() {
    return {std::get<0>(GetParam()), known_costs([](std::uint64_t index) { return static_cast<double>(index % 7); }),
            std::get<1>(GetParam())};
  }
};
INSTANTIATE_TEST_SUITE_P(AllSchedules, MapTest,
                         testing::Combine(testing::ValuesIn(all_schedules),
                                          testing::Values(RootRole::evaluates, RootRole::coordinates)),
                         [](const auto& p) {
                           return std::string(name_of(std::get<0>(p.param))) + "_root_" +
                                  std::string(name_of(std::get<1>(p.param)));
                         });

TEST_P(MapTest, values_are_in_index_order_whatever_their_number) {
  for (const std::uint64_t count :
       {0U, 1U, 2U, 7U, 100U, std::get<0>(GetParam()) == Schedule::dynamic ? 2'003U : 50'021U}) {
    const auto mapped = manager().map([] { return 0.5; },
                                      [](double& model, std::uint64_t i) { return model + static_cast<double>(i * i); },
                                      count, options());
    EXPECT_EQ(mapped.values.size(), manager().is_root() ? count : 0);
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < mapped.values.size(); ++i) {
      wrong += mapped.values[i] == 0.5 + static_cast<double>(i * i) ? 0 : 1;
    }
    EXPECT_EQ(manager().all_reduce(wrong), 0U) << "of " << count << ", on all ranks";
    EXPECT_TRUE(mapped.failures.empty());
    EXPECT_TRUE(mapped.lost_workers.empty());
  }
}

TEST_P(MapTest, failures_are_told_in_index_order_and_leave_the_others_alone) {
  const auto mapped = manager().map([] { return 0; },
                                    [](int&, std::uint64_t i) -> std::string {
                                      if (i % 10 == 3) throw std::runtime_error("no " + std::to_string(i));
                                      return std::string(i % 5, 'x');
                                    },
                                    200, options());
  if (!manager().is_root()) return;
  ASSERT_EQ(mapped.failures.size(), 20U);
  for (std::size_t k = 0; k < 20; ++k) {
    EXPECT_EQ(mapped.failures[k].index, 10 * k + 3);
    EXPECT_EQ(mapped.failures[k].message, "no " + std::to_string(10 * k + 3));
  }
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(mapped.values[i], std::string(i % 10 == 3 ? 0 : i % 5, 'x'));
}

TEST_P(MapTest, a_stream_consumes_every_outcome_once_at_the_root) {
  std::vector<int> seen(1003, 0);
  std::uint64_t failed = 0;
  const Streamed streamed = manager().stream([] { return 0; },
                                             [](int&, std::uint64_t i) {
                                               if (i == 77) throw std::runtime_error("no");
                                               return 3 * i;
                                             },
                                             seen.size(),
                                             [&](std::uint64_t index, const Outcome<std::uint64_t>& outcome) {
                                               ++seen[index];
                                               failed += outcome.ok() ? 0 : 1;
                                               if (outcome.ok()) {
                                                 EXPECT_EQ(outcome.value(), 3 * index);
                                               }
                                             },
                                             options());
  const bool root = manager().is_root();
  EXPECT_EQ(seen, std::vector<int>(1003, root ? 1 : 0));
  EXPECT_EQ(failed, root ? 1U : 0U);
  EXPECT_EQ(streamed.succeeded, root ? 1002U : 0U);
  EXPECT_EQ(streamed.failed, root ? 1U : 0U);
}

TEST_P(MapTest, a_root_that_only_coordinates_evaluates_nothing_if_another_rank_can) {
  const auto mapped =
      manager().map([] { return manager().rank(); }, [](int& rank, std::uint64_t) { return rank; }, 240, options());
  if (!manager().is_root() || manager().size() == 1) return;
  const bool may = std::get<1>(GetParam()) == RootRole::evaluates;
  const auto by_root = std::count(mapped.values.begin(), mapped.values.end(), 0);
  if (!may) {
    EXPECT_EQ(by_root, 0);
  } else if (std::get<0>(GetParam()) == Schedule::static_split || std::get<0>(GetParam()) == Schedule::cyclic) {
    EXPECT_EQ(by_root, 240 / manager().size());
  }
}

TEST(MapTest, an_exception_of_the_consumer_ends_the_job_and_the_next_one_works) {
  const auto stream = [](std::uint64_t fatal) {
    manager().stream([] { return 0; }, [](int&, std::uint64_t i) { return i; }, 5000,
                     [fatal](std::uint64_t index, const Outcome<std::uint64_t>&) {
                       if (index == fatal) throw std::runtime_error("disk full");
                     });
  };
  if (manager().is_root()) {
    EXPECT_THROW(stream(1234), std::runtime_error);
  } else {
    EXPECT_THROW(stream(1234), RootFailed);
  }
  EXPECT_NO_THROW(stream(5001));
}

}  // namespace
}  // namespace windrow
