#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"
#include "windrow/base/serialize.hpp"

namespace windrow {
namespace {

using test::manager;

TEST(CollectivesTest, ranks_are_numbered_from_the_root) {
  const auto ranks = manager().all_gather(manager().rank());
  EXPECT_EQ(ranks.size(), static_cast<std::size_t>(manager().size()));
  for (std::size_t r = 0; r < ranks.size(); ++r) EXPECT_EQ(ranks[r], static_cast<int>(r));
  EXPECT_EQ(manager().is_root(), manager().rank() == 0);
}

TEST(CollectivesTest, broadcast_overwrites_numbers_with_the_roots) {
  std::vector<double> data(1000, manager().rank() + 0.5);
  manager().broadcast(std::span<double>(data));
  EXPECT_EQ(data, std::vector<double>(1000, 0.5));
  std::vector<double> nothing;
  manager().broadcast(std::span<double>(nothing));
}

TEST(CollectivesTest, broadcast_of_different_sizes_is_an_error_on_every_rank) {
  std::vector<int> data(manager().is_root() ? 3 : 4);
  if (manager().size() > 1) {
    EXPECT_THROW(manager().broadcast(std::span<int>(data)), SpecError);
  }
}

TEST(CollectivesTest, broadcast_carries_any_object) {
  using Tree = std::map<std::string, std::vector<std::string>>;
  const Tree tree = {{"fruit", {"apple", "pear"}}, {"empty", {}}};
  EXPECT_EQ(manager().broadcast(manager().is_root() ? tree : Tree{}), tree);
  EXPECT_EQ(manager().broadcast(std::string(manager().is_root() ? "" : "x")), "");
  EXPECT_EQ(manager().broadcast(manager().rank() + 7), 7);
}

TEST(CollectivesTest, all_gather_is_in_rank_order_on_every_rank) {
  const auto texts = manager().all_gather(std::string(static_cast<std::size_t>(manager().rank()), 'x'));
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(manager().size()));
  for (std::size_t r = 0; r < texts.size(); ++r) EXPECT_EQ(texts[r], std::string(r, 'x'));
}

TEST(CollectivesTest, all_gather_carries_large_objects) {
  const auto mine = std::vector<double>(300000, manager().rank());
  const auto all = manager().all_gather(mine);
  for (std::size_t r = 0; r < all.size(); ++r) EXPECT_EQ(all[r], std::vector<double>(300000, static_cast<double>(r)));
}

TEST(CollectivesTest, gather_concatenates_pieces_of_any_size_at_the_root) {
  const auto n = static_cast<std::size_t>(manager().size());
  std::vector<std::size_t> counts(n);
  std::iota(counts.begin(), counts.end(), std::size_t{0});  // rank r sends r numbers
  const std::vector<double> mine(static_cast<std::size_t>(manager().rank()), manager().rank() * 1.5);
  const auto all = manager().gather(std::span<const double>(mine), counts);
  std::vector<double> expected;
  for (std::size_t r = 0; r < n; ++r) expected.insert(expected.end(), r, static_cast<double>(r) * 1.5);
  EXPECT_EQ(all, manager().is_root() ? expected : std::vector<double>{});
}

TEST(CollectivesTest, gather_with_a_wrong_count_is_an_error_on_every_rank) {
  const std::vector<std::size_t> counts(static_cast<std::size_t>(manager().size()), 2);
  const std::vector<int> mine(manager().rank() == manager().size() - 1 ? 3 : 2);
  EXPECT_THROW(static_cast<void>(manager().gather(mine, counts)), SpecError);
  const std::vector<std::size_t> too_few;
  EXPECT_THROW(static_cast<void>(manager().gather(mine, too_few)), SpecError);
}

TEST(CollectivesTest, all_reduce_knows_the_usual_operations) {
  const int n = manager().size();
  const int mine = manager().rank() + 1;
  EXPECT_EQ(manager().all_reduce(mine), n * (n + 1) / 2);
  EXPECT_EQ(manager().all_reduce(mine, op::min), 1);
  EXPECT_EQ(manager().all_reduce(mine, op::max), n);
  double factorial = 1.0;
  for (int i = 1; i <= n; ++i) factorial *= i;
  EXPECT_EQ(manager().all_reduce(static_cast<double>(mine), op::product), factorial);
  EXPECT_EQ(manager().all_reduce(mine > 1 ? 1 : 0, op::logical_and), 0);
  EXPECT_EQ(manager().all_reduce(mine > 1 ? 1 : 0, op::logical_or), n > 1 ? 1 : 0);
  EXPECT_EQ(manager().all_reduce(mine, [](int a, int b) { return a % 1000 * 10 + b % 10; }) % 10, n % 10);
}

TEST(CollectivesTest, all_reduce_folds_in_rank_order_so_that_rounding_is_the_same_everywhere) {
  std::vector<double> data(70000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = 0.1 * (manager().rank() + 1) + 1e-3 * static_cast<double>(i);
  std::vector<double> expected = data;
  for (std::size_t i = 0; i < data.size(); ++i) {
    double sum = 0.1 + 1e-3 * static_cast<double>(i);
    for (int r = 1; r < manager().size(); ++r) sum += 0.1 * (r + 1) + 1e-3 * static_cast<double>(i);
    expected[i] = sum;
  }
  manager().all_reduce(std::span<const double>(data), std::span<double>(data));  // in place
  EXPECT_EQ(data, expected);
}

template <typename T>
T number_of(int rank, std::size_t i) {
  return static_cast<T>(0.1) * static_cast<T>(rank + 1) + static_cast<T>(1e-3) / static_cast<T>(i % 977 + 1);
}

/// Of numbers that round differently in any other order.
template <typename T, typename Op>
void expect_fold_in_rank_order(std::size_t size, Op op) {
  std::vector<T> in(size);
  std::vector<T> expected(size);
  for (std::size_t i = 0; i < size; ++i) {
    in[i] = number_of<T>(manager().rank(), i);
    expected[i] = number_of<T>(0, i);
    for (int r = 1; r < manager().size(); ++r) expected[i] = op(expected[i], number_of<T>(r, i));
  }
  std::vector<T> out(size);
  manager().all_reduce(in, out, op);
  EXPECT_EQ(out, expected) << size;
  manager().all_reduce(in, op);
  EXPECT_EQ(in, expected) << size << ", in place";
}

TEST(CollectivesTest, all_reduce_gives_the_same_bits_on_every_backend_at_any_size) {
  const auto noexcept_op = [](auto a, auto b) noexcept { return static_cast<decltype(a)>(a * decltype(a)(0.7) + b); };
  const auto throwing_op = [](auto a, auto b) { return static_cast<decltype(a)>(a * decltype(a)(0.7) + b); };
  for (const std::size_t size : {1U, 7U, 255U, 256U, 257U, 600U, 5000U, 700000U}) {
    expect_fold_in_rank_order<float>(size, op::sum);
    expect_fold_in_rank_order<double>(size, op::sum);
    expect_fold_in_rank_order<double>(size, noexcept_op);
    expect_fold_in_rank_order<float>(size, throwing_op);
  }
  expect_fold_in_rank_order<double>(1000, op::product);
}

TEST(CollectivesTest, an_operation_that_throws_for_one_of_many_elements_is_an_error_on_every_rank) {
  if (manager().size() == 1) return;
  std::vector<double> data(100000, 1.0);
  data.back() = -1.0;
  int thrown = 0;
  int told = 0;
  try {
    manager().all_reduce(data,
                         [](double a, double b) { return a < 0.0 ? throw std::runtime_error("negative") : a + b; });
  } catch (const ParallelError& error) {
    told = std::string(error.what()).find("the operation of all_reduce threw at") != std::string::npos ? 1 : 0;
  } catch (const std::runtime_error&) {
    thrown = 1;
  }
  EXPECT_EQ(manager().all_reduce(thrown), 1);
  EXPECT_EQ(manager().all_reduce(told), manager().size() - 1);
}

TEST(CollectivesTest, sizes_around_that_of_a_message_with_its_head_arrive_whole) {
  const int n = manager().size();
  for (const std::size_t size : {0U, 1U, 2047U, 2048U, 2049U, 4096U, 3000000U}) {
    const auto mine =
        std::vector<char>(size + static_cast<std::size_t>(manager().rank()), static_cast<char>(manager().rank()));
    std::vector<char> expected;
    for (int r = 0; r < n; ++r)
      expected.insert(expected.end(), size + static_cast<std::size_t>(r), static_cast<char>(r));
    EXPECT_EQ(manager().gather(mine), manager().is_root() ? expected : std::vector<char>());
    std::vector<char> joined;
    for (const auto& part : manager().all_gather(mine)) joined.insert(joined.end(), part.begin(), part.end());
    EXPECT_EQ(joined, expected);
    std::vector<char> sent(manager().is_root() ? size : 5, static_cast<char>(manager().rank() + 1));
    manager().broadcast(sent);
    EXPECT_EQ(sent, std::vector<char>(size, 1));
  }
}

TEST(CollectivesTest, all_reduce_of_different_sizes_is_an_error_on_every_rank) {
  const std::vector<int> in(manager().is_root() ? 2 : 3);
  std::vector<int> out(2);
  if (manager().size() > 1) {
    EXPECT_THROW(manager().all_reduce(std::span<const int>(in), std::span<int>(out)), SpecError);
  }
  const std::vector<int> three(3);
  EXPECT_THROW(manager().all_reduce(std::span<const int>(three), std::span<int>(out)), SpecError);
}

struct Peak {
  double height = 0.0;
  int rank = 0;
};

TEST(CollectivesTest, ranges_are_taken_as_they_are) {
  const int n = manager().size();
  const int rank = manager().rank();
  std::vector<double> data(manager().is_root() ? 3 : 1, rank + 0.5);
  EXPECT_EQ(&manager().broadcast(data), &data) << "in place, and of the root's size";
  EXPECT_EQ(data, std::vector<double>(3, 0.5));
  std::string name(manager().is_root() ? "the root's" : "");
  EXPECT_EQ(manager().broadcast(name), "the root's");
  std::array<int, 2> pair = {rank, rank};
  manager().broadcast(pair);
  EXPECT_EQ(pair, (std::array<int, 2>{0, 0}));
  int plain[2] = {rank + 1, rank + 2};
  manager().broadcast(std::span<int, 2>(plain));
  EXPECT_EQ(plain[1], 2);
  const std::vector<int> constant(1, rank + 4);
  EXPECT_EQ(manager().broadcast(constant), std::vector<int>(1, 4)) << "not in place";

  std::vector<int> ones(70000, 1);
  manager().all_reduce(ones);
  EXPECT_EQ(ones, std::vector<int>(70000, n));
  const std::vector<int> ranks = {rank};
  std::vector<int> largest(1);
  manager().all_reduce(ranks, largest, op::max);
  EXPECT_EQ(largest.front(), n - 1);
  EXPECT_EQ(manager().all_reduce(std::complex<double>(1.0, rank)), std::complex<double>(n, n * (n - 1) / 2.0));
  const auto higher = [](const Peak& a, const Peak& b) { return b.height > a.height ? b : a; };
  EXPECT_EQ(manager().all_reduce(Peak{rank % 3 == 1 ? 2.0 : 1.0, rank}, higher).rank, n > 1 ? 1 : 0);

  const auto together = manager().gather(std::vector<int>(static_cast<std::size_t>(rank), rank));
  const auto names = manager().gather(std::string(static_cast<std::size_t>(rank), 'x'));
  EXPECT_EQ(together.size(), manager().is_root() ? static_cast<std::size_t>(n * (n - 1) / 2) : 0U);
  EXPECT_EQ(names.size(), manager().is_root() ? static_cast<std::size_t>(n) : 0U);
  for (std::size_t r = 0; r < names.size(); ++r) EXPECT_EQ(names[r].size(), r);
}

TEST(CollectivesTest, sync_returns_on_every_rank) {
  for (int i = 0; i < 10; ++i) manager().sync();
}

}  // namespace
}  // namespace windrow
