// What throws in a user's code that is called from inside: the outcome of its point, or an error on every rank, and
// nothing hangs.
#include <gtest/gtest.h>

#include <array>
#include <complex>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/conformance.hpp"

namespace windrow {
namespace {

using test::manager;

/// A value that cannot be sent, or cannot be read, if its number says so.
struct Touchy {
  static constexpr int unsendable = 3;
  static constexpr int unreadable = 5;
  int number = 0;

  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    if (Archive::is_saving::value && number == unsendable) throw std::runtime_error("cannot be sent");
    archive& number;
    if (Archive::is_loading::value && number == unreadable) throw std::runtime_error("cannot be read");
  }
  friend bool operator==(const Touchy&, const Touchy&) = default;
};

constexpr int kNumbers = 8;  // that repeat, so that every worker has all of them

std::vector<Touchy> parameters() {
  std::vector<Touchy> all(80);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].number = static_cast<int>(i) % kNumbers;
  return all;
}

void expect_usable() {
  EXPECT_EQ(manager().all_reduce(1), manager().size());
  const Mapped<std::uint64_t> mapped = manager().map([] { return 0; }, [](int&, std::uint64_t i) { return i; }, 10);
  EXPECT_EQ(mapped.values.size(), manager().is_root() ? 10U : 0U);
}

class UserCodeTest : public testing::TestWithParam<Schedule> {};
INSTANTIATE_TEST_SUITE_P(AllSchedules, UserCodeTest, testing::ValuesIn(all_schedules),
                         [](const auto& p) { return std::string(name_of(p.param)); });

// Sent, and read, only where the worker does not see the root's memory.
TEST_P(UserCodeTest, a_parameter_that_cannot_be_sent_or_read_fails_its_point_alone) {
  const auto results = manager()
                           .scatter([] { return 0; }, [](int&, const Touchy& p) { return p.number; }, parameters(),
                                    {.schedule = GetParam()})
                           .gather();
  std::size_t seen = 0;
  for (const auto& local : results) {
    for (std::size_t i = 0; i < local.indices.size(); ++i, ++seen) {
      const int number = static_cast<int>(local.indices[i]) % kNumbers;
      EXPECT_EQ(local.parameters[i].number, number) << "point " << local.indices[i];
      if (local.outcomes[i].ok()) {
        EXPECT_EQ(local.outcomes[i].value(), number);
        continue;
      }
      EXPECT_TRUE(number == Touchy::unsendable || number == Touchy::unreadable);
      EXPECT_NE(local.worker, 0) << "the root's own worker";
      EXPECT_EQ(local.outcomes[i].failure().index, local.indices[i]);
      EXPECT_EQ(local.outcomes[i].failure().message,
                number == Touchy::unsendable ? "cannot be sent" : "cannot be read");
    }
  }
  if (manager().is_root()) {
    EXPECT_EQ(seen, 80U);
  }
  expect_usable();
}

TEST_P(UserCodeTest, a_result_that_cannot_be_sent_or_read_fails_its_point_alone) {
  const auto results = manager()
                           .scatter([] { return 0; }, [](int&, int p) { return Touchy{p}; },
                                    std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}, {.schedule = GetParam()})
                           .gather();
  std::size_t failed = 0;
  for (const auto& local : results) {
    for (std::size_t i = 0; i < local.indices.size(); ++i) {
      const int number = local.parameters[i];
      EXPECT_EQ(local.indices[i], static_cast<std::uint64_t>(number));
      const bool good = number != Touchy::unsendable && number != Touchy::unreadable;
      EXPECT_EQ(local.outcomes[i].ok(), good);
      if (good || local.outcomes[i].ok()) continue;
      ++failed;
      EXPECT_EQ(local.outcomes[i].failure().index, local.indices[i]);
      EXPECT_EQ(local.outcomes[i].failure().message,
                number == Touchy::unsendable ? "cannot be sent" : "cannot be read");
    }
  }
  if (manager().is_root()) {
    EXPECT_EQ(failed, 2U);
  }
  const Mapped<Touchy> mapped = manager().map(
      [] { return 0; }, [](int&, std::uint64_t i) { return Touchy{static_cast<int>(i)}; }, 8, {.schedule = GetParam()});
  EXPECT_EQ(mapped.failures.size(), manager().is_root() ? 2U : 0U);
  expect_usable();
}

TEST(UserCodeTest, costs_that_throw_are_an_error_on_every_rank) {
  const DispatchOptions options{.schedule = Schedule::longest_first,
                                .costs = known_costs([](std::uint64_t index) -> double {
                                  return index == 17 ? throw std::runtime_error("no cost") : static_cast<double>(index);
                                })};
  const auto run = [&] {
    static_cast<void>(manager().map([] { return 0; }, [](int&, std::uint64_t i) { return i; }, 100, options));
  };
  if (manager().is_root()) {
    EXPECT_THROW(run(), std::runtime_error);
  } else {
    EXPECT_THROW(run(), RootFailed);
  }
  expect_usable();
}

template <typename Thrown>
void expect_thrown(const std::function<void()>& call, const std::string& text) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Thrown& error) {
    EXPECT_EQ(error.what(), text);
  }
}

TEST(UserCodeTest, a_value_that_cannot_be_sent_is_an_error_on_every_rank) {
  const auto broadcast = [] { static_cast<void>(manager().broadcast(Touchy{Touchy::unsendable})); };
  if (manager().is_root()) {
    expect_thrown<std::runtime_error>(broadcast, "cannot be sent");
  } else {
    expect_thrown<ParallelError>(broadcast, "rank 0 could not send its value: cannot be sent");
  }
  const int culprit = manager().size() - 1;
  const auto all_gather = [culprit] {
    static_cast<void>(manager().all_gather(Touchy{manager().rank() == culprit ? Touchy::unsendable : 0}));
  };
  if (manager().rank() == culprit) {
    expect_thrown<std::runtime_error>(all_gather, "cannot be sent");
  } else {
    expect_thrown<ParallelError>(all_gather,
                                 "rank " + std::to_string(culprit) + " could not send its value: cannot be sent");
  }
  EXPECT_THROW(static_cast<void>(manager().all_gather(Touchy{Touchy::unreadable})), std::runtime_error);
  expect_usable();
}

TEST(UserCodeTest, an_operation_that_throws_is_an_error_on_every_rank) {
  if (manager().size() == 1) return;  // nothing is combined
  const auto reduce = [] {
    static_cast<void>(
        manager().all_reduce(1, [](int, int) -> int { throw std::runtime_error("not for these numbers"); }));
  };
  if (manager().is_root()) {
    expect_thrown<std::runtime_error>(reduce, "not for these numbers");
  } else {
    expect_thrown<ParallelError>(reduce, "the operation of all_reduce threw at the root: not for these numbers");
  }
  expect_usable();
}

}  // namespace
}  // namespace windrow
