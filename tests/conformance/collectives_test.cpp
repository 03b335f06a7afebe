#include <gtest/gtest.h>

#include <complex>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "windrow/base/serialize_containers.hpp"
namespace windrow {
#include "windrow/base/serialize_containers.hpp"
namespace {
#include "windrow/base/serialize_containers.hpp"
using test::manager;
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, ranks_are_numbered_from_the_root) {
#include "windrow/base/serialize_containers.hpp"
  const auto ranks = manager().all_gather(manager().rank());
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(ranks.size(), static_cast<std::size_t>(manager().size()));
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t r = 0; r < ranks.size(); ++r) EXPECT_EQ(ranks[r], static_cast<int>(r));
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().is_root(), manager().rank() == 0);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, broadcast_overwrites_numbers_with_the_roots) {
#include "windrow/base/serialize_containers.hpp"
  std::vector<double> data(1000, manager().rank() + 0.5);
#include "windrow/base/serialize_containers.hpp"
  manager().broadcast(std::span<double>(data));
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(data, std::vector<double>(1000, 0.5));
#include "windrow/base/serialize_containers.hpp"
  std::vector<double> nothing;
#include "windrow/base/serialize_containers.hpp"
  manager().broadcast(std::span<double>(nothing));
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, broadcast_of_different_sizes_is_an_error_on_every_rank) {
#include "windrow/base/serialize_containers.hpp"
  std::vector<int> data(manager().is_root() ? 3 : 4);
#include "windrow/base/serialize_containers.hpp"
  if (manager().size() > 1) {
#include "windrow/base/serialize_containers.hpp"
    EXPECT_THROW(manager().broadcast(std::span<int>(data)), SpecError);
#include "windrow/base/serialize_containers.hpp"
  }
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, broadcast_carries_any_object) {
#include "windrow/base/serialize_containers.hpp"
  using Tree = std::map<std::string, std::vector<std::string>>;
#include "windrow/base/serialize_containers.hpp"
  const Tree tree = {{"fruit", {"apple", "pear"}}, {"empty", {}}};
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().broadcast(manager().is_root() ? tree : Tree{}), tree);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().broadcast(std::string(manager().is_root() ? "" : "x")), "");
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().broadcast(manager().rank() + 7), 7);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, all_gather_is_in_rank_order_on_every_rank) {
#include "windrow/base/serialize_containers.hpp"
  const auto texts = manager().all_gather(std::string(static_cast<std::size_t>(manager().rank()), 'x'));
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(manager().size()));
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t r = 0; r < texts.size(); ++r) EXPECT_EQ(texts[r], std::string(r, 'x'));
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, all_gather_carries_large_objects) {
#include "windrow/base/serialize_containers.hpp"
  const auto mine = std::vector<double>(300000, manager().rank());
#include "windrow/base/serialize_containers.hpp"
  const auto all = manager().all_gather(mine);
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t r = 0; r < all.size(); ++r) EXPECT_EQ(all[r], std::vector<double>(300000, static_cast<double>(r)));
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, gather_concatenates_pieces_of_any_size_at_the_root) {
#include "windrow/base/serialize_containers.hpp"
  const auto n = static_cast<std::size_t>(manager().size());
#include "windrow/base/serialize_containers.hpp"
  std::vector<std::size_t> counts(n);
#include "windrow/base/serialize_containers.hpp"
  std::iota(counts.begin(), counts.end(), std::size_t{0});  // rank r sends r numbers
#include "windrow/base/serialize_containers.hpp"
  const std::vector<double> mine(static_cast<std::size_t>(manager().rank()), manager().rank() * 1.5);
#include "windrow/base/serialize_containers.hpp"
  const auto all = manager().gather(std::span<const double>(mine), counts);
#include "windrow/base/serialize_containers.hpp"
  std::vector<double> expected;
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t r = 0; r < n; ++r) expected.insert(expected.end(), r, static_cast<double>(r) * 1.5);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(all, manager().is_root() ? expected : std::vector<double>{});
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, gather_with_a_wrong_count_is_an_error_on_every_rank) {
#include "windrow/base/serialize_containers.hpp"
  const std::vector<std::size_t> counts(static_cast<std::size_t>(manager().size()), 2);
#include "windrow/base/serialize_containers.hpp"
  const std::vector<int> mine(manager().rank() == manager().size() - 1 ? 3 : 2);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_THROW(manager().gather(std::span<const int>(mine), counts), SpecError);
#include "windrow/base/serialize_containers.hpp"
  const std::vector<std::size_t> too_few;
#include "windrow/base/serialize_containers.hpp"
  EXPECT_THROW(manager().gather(std::span<const int>(mine), too_few), SpecError);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, all_reduce_knows_the_usual_operations) {
#include "windrow/base/serialize_containers.hpp"
  const int n = manager().size();
#include "windrow/base/serialize_containers.hpp"
  const int mine = manager().rank() + 1;
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine), n * (n + 1) / 2);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine, op::min), 1);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine, op::max), n);
#include "windrow/base/serialize_containers.hpp"
  double factorial = 1.0;
#include "windrow/base/serialize_containers.hpp"
  for (int i = 1; i <= n; ++i) factorial *= i;
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(static_cast<double>(mine), op::product), factorial);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine > 1 ? 1 : 0, op::logical_and), 0);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine > 1 ? 1 : 0, op::logical_or), n > 1 ? 1 : 0);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(manager().all_reduce(mine, [](int a, int b) { return a * 10 + b; }) % 10, n % 10);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, all_reduce_folds_in_rank_order_so_that_rounding_is_the_same_everywhere) {
#include "windrow/base/serialize_containers.hpp"
  std::vector<double> data(70000);
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = 0.1 * (manager().rank() + 1) + 1e-3 * static_cast<double>(i);
#include "windrow/base/serialize_containers.hpp"
  std::vector<double> expected = data;
#include "windrow/base/serialize_containers.hpp"
  for (std::size_t i = 0; i < data.size(); ++i) {
#include "windrow/base/serialize_containers.hpp"
    double sum = 0.1 + 1e-3 * static_cast<double>(i);
#include "windrow/base/serialize_containers.hpp"
    for (int r = 1; r < manager().size(); ++r) sum += 0.1 * (r + 1) + 1e-3 * static_cast<double>(i);
#include "windrow/base/serialize_containers.hpp"
    expected[i] = sum;
#include "windrow/base/serialize_containers.hpp"
  }
#include "windrow/base/serialize_containers.hpp"
  manager().all_reduce(std::span<const double>(data), std::span<double>(data));  // in place
#include "windrow/base/serialize_containers.hpp"
  EXPECT_EQ(data, expected);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, all_reduce_of_different_sizes_is_an_error_on_every_rank) {
#include "windrow/base/serialize_containers.hpp"
  const std::vector<int> in(manager().is_root() ? 2 : 3);
#include "windrow/base/serialize_containers.hpp"
  std::vector<int> out(2);
#include "windrow/base/serialize_containers.hpp"
  if (manager().size() > 1) {
#include "windrow/base/serialize_containers.hpp"
    EXPECT_THROW(manager().all_reduce(std::span<const int>(in), std::span<int>(out)), SpecError);
#include "windrow/base/serialize_containers.hpp"
  }
#include "windrow/base/serialize_containers.hpp"
  const std::vector<int> three(3);
#include "windrow/base/serialize_containers.hpp"
  EXPECT_THROW(manager().all_reduce(std::span<const int>(three), std::span<int>(out)), SpecError);
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
TEST(CollectivesTest, sync_returns_on_every_rank) {
#include "windrow/base/serialize_containers.hpp"
  for (int i = 0; i < 10; ++i) manager().sync();
#include "windrow/base/serialize_containers.hpp"
}
#include "windrow/base/serialize_containers.hpp"
}  // namespace
#include "windrow/base/serialize_containers.hpp"
}  // namespace windrow
