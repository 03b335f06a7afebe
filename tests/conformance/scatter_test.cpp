#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "conformance/conformance.hpp"
#include "conformance/shared_directory.hpp"

namespace windrow {
namespace {

using test::manager;

std::vector<double> numbers(std::size_t count) {
  std::vector<double> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = static_cast<double>(i) + 0.25;
  return all;
}

// Every worker's outcomes put back in input order; checks that each index occurs once and the columns agree.
template <typename P, typename R>
std::vector<Outcome<R>> in_order(const std::vector<LocalResults<P, R>>& results, const std::vector<P>& parameters) {
  std::vector<Outcome<R>> all(parameters.size(), Outcome<R>(TaskFailure{}));
  std::vector<int> seen(parameters.size(), 0);
  for (const auto& local : results) {
    EXPECT_EQ(local.indices.size(), local.parameters.size());
    EXPECT_EQ(local.indices.size(), local.outcomes.size());
    EXPECT_TRUE(std::is_sorted(local.indices.begin(), local.indices.end()));
    for (std::size_t i = 0; i < local.indices.size(); ++i) {
      const auto index = static_cast<std::size_t>(local.indices[i]);
      EXPECT_EQ(local.parameters[i], parameters[index]);
      all[index] = local.outcomes[i];
      ++seen[index];
    }
  }
  EXPECT_EQ(seen, std::vector<int>(parameters.size(), 1));
  return all;
}

// What every rank must find in its list: all workers at the root, itself elsewhere.
template <typename P, typename R>
void expect_workers(const std::vector<LocalResults<P, R>>& results) {
  EXPECT_EQ(results.size(), static_cast<std::size_t>(manager().is_root() ? manager().worker_count() : 1));
  for (std::size_t w = 0; w < results.size(); ++w) {
    EXPECT_EQ(results[w].worker, manager().is_root() ? static_cast<int>(w) : manager().rank());
  }
}

class ScatterTest : public testing::TestWithParam<Schedule> {};
INSTANTIATE_TEST_SUITE_P(AllSchedules, ScatterTest, testing::ValuesIn(all_schedules),
                         [](const auto& p) { return std::string(name_of(p.param)); });

TEST_P(ScatterTest, every_point_is_evaluated_once_whatever_their_number) {
  for (const std::size_t count : {0U, 1U, 2U, 4U, 7U, 100U, 10007U}) {
    const auto parameters = numbers(count);
    auto results = manager()
                       .scatter([] { return 3.0; }, [](double& model, double p) { return model * p + 1.0; }, parameters,
                                {.schedule = GetParam()})
                       .gather();
    expect_workers(results);
    if (!manager().is_root()) continue;
    const auto outcomes = in_order(results, parameters);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(outcomes[i].value(), 3.0 * parameters[i] + 1.0);
  }
}

TEST_P(ScatterTest, the_reference_example_gives_the_same_on_every_backend) {
  // build(10) -> [10, -1]; execute(local, base, mult) -> (base + p) * mult
  struct Local {
    double base, mult;
  };
  const std::vector<int> parameters = {1, 2, 3, 4};
  auto results =
      manager()
          .scatter(
              [] {
                return Local{10.0, -1.0};
              },
              [](Local& local, int p) { return (local.base + p) * local.mult; }, parameters, {.schedule = GetParam()})
          .gather();
  if (!manager().is_root()) return;
  const auto outcomes = in_order(results, parameters);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(outcomes[i].value(), -11.0 - static_cast<double>(i));
}

TEST_P(ScatterTest, objects_travel_both_ways) {
  std::vector<std::string> parameters;
  if (manager().is_root()) parameters = {"a", "", "quick, \"brown\"", std::string(100000, 'z')};  // the root's count
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int&, const std::string& p) {
                                return std::vector<std::string>{p, p + "!"};
                              },
                              parameters, {.schedule = GetParam()})
                     .gather();
  if (!manager().is_root()) return;
  const auto outcomes = in_order(results, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_EQ(outcomes[i].value(), (std::vector<std::string>{parameters[i], parameters[i] + "!"}));
  }
}

TEST_P(ScatterTest, a_worker_builds_at_most_once) {
  const auto parameters = numbers(200);
  int built = 0;
  auto results = manager()
                     .scatter([&built] { return ++built; }, [](int& model, double) { return model; }, parameters,
                              {.schedule = GetParam()})
                     .gather();
  for (const auto& local : results) {
    for (const auto& outcome : local.outcomes) EXPECT_EQ(outcome.value(), 1);
  }
}

TEST_P(ScatterTest, an_exception_fails_its_point_and_no_other) {
  const auto parameters = numbers(53);
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int&, double p) -> double {
                                const int i = static_cast<int>(p);
                                if (i % 10 == 3) throw std::runtime_error("cannot solve " + std::to_string(i));
                                if (i % 10 == 7) throw 42;
                                return p;
                              },
                              parameters, {.schedule = GetParam()})
                     .gather();
  if (!manager().is_root()) return;
  const auto outcomes = in_order(results, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i % 10 != 3 && i % 10 != 7) {
      EXPECT_EQ(outcomes[i].value(), parameters[i]);
      continue;
    }
    EXPECT_FALSE(outcomes[i].ok());
    if (outcomes[i].ok()) continue;
    const TaskFailure& failure = outcomes[i].failure();
    EXPECT_EQ(failure.kind, FailureKind::exception);
    EXPECT_EQ(failure.index, i);
    EXPECT_EQ(failure.attempts, 1);
    EXPECT_FALSE(failure.host.empty());
    EXPECT_GE(failure.rank, 0);
    EXPECT_LT(failure.rank, manager().worker_count());
    EXPECT_EQ(failure.message, i % 10 == 3 ? "cannot solve " + std::to_string(i) : "42");
  }
}

TEST_P(ScatterTest, what_is_thrown_keeps_its_kind_and_its_words) {
  const auto parameters = numbers(6);
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int&, double p) -> double {
                                switch (static_cast<int>(p)) {
                                  case 0:
                                    throw Rejected("outside the domain");
                                  case 1:
                                    throw std::string("a text");
                                  case 2:
                                    throw "a literal";
                                  case 3:
                                    throw 0.5;
                                  case 4:
                                    throw std::vector<int>();
                                  default:
                                    return p;
                                }
                              },
                              parameters, {.schedule = GetParam()})
                     .gather();
  if (!manager().is_root()) return;
  const std::vector<std::string> words = {"outside the domain", "a text", "a literal", "0.5",
                                          "an exception of type std::vector<int>"};
  const auto outcomes = in_order(results, parameters);
  EXPECT_TRUE(outcomes[5].ok());
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_FALSE(outcomes[i].ok());
    if (outcomes[i].ok()) continue;
    EXPECT_EQ(outcomes[i].failure().kind, i == 0 ? FailureKind::rejected : FailureKind::exception);
    EXPECT_EQ(outcomes[i].failure().message, words[i]);
  }
}

TEST_P(ScatterTest, an_exception_in_every_build_fails_every_point_with_its_message) {
  const auto parameters = numbers(21);
  auto results = manager()
                     .scatter([]() -> int { throw std::runtime_error("no licence"); }, [](int&, double p) { return p; },
                              parameters, {.schedule = GetParam()})
                     .gather();
  if (!manager().is_root()) return;
  for (const auto& outcome : in_order(results, parameters)) {
    EXPECT_FALSE(outcome.ok());
    if (!outcome.ok()) {
      EXPECT_EQ(outcome.failure().message, "build failed: no licence");
    }
  }
}

TEST_P(ScatterTest, an_exception_in_one_build_leaves_the_others_working) {
  const auto parameters = numbers(40);
  const bool peers = manager().size() > 1;
  auto results = manager()
                     .scatter(
                         [] {
                           if (manager().rank() == 1) throw std::runtime_error("no licence here");
                           return 1;
                         },
                         [](int&, double p) { return p; }, parameters, {.schedule = GetParam()})
                     .gather();
  if (!manager().is_root()) return;
  std::size_t failed = 0;
  for (const auto& outcome : in_order(results, parameters)) failed += outcome.ok() ? 0 : 1;
  const std::size_t share = 40 / static_cast<std::size_t>(manager().size()) + (40 % manager().size() > 1 ? 1 : 0);
  EXPECT_EQ(failed, peers && (GetParam() == Schedule::static_split || GetParam() == Schedule::cyclic) ? share : 0);
}

TEST_P(ScatterTest, a_manager_can_be_used_again_and_again) {
  for (int round = 0; round < 20; ++round) {
    const auto parameters = numbers(static_cast<std::size_t>(round));
    auto results = manager()
                       .scatter([] { return 0; }, [round](int&, double p) { return p * round; }, parameters,
                                {.schedule = GetParam()})
                       .gather();
    manager().sync();
    if (!manager().is_root()) continue;
    const auto outcomes = in_order(results, parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i) EXPECT_EQ(outcomes[i].value(), parameters[i] * round);
  }
}

TEST_P(ScatterTest, local_results_are_what_this_process_is_responsible_for) {
  const auto parameters = numbers(30);
  auto results = manager()
                     .scatter([] { return 0; }, [](int&, double p) { return p; }, parameters, {.schedule = GetParam()})
                     .gather();
  const auto own = local_results(manager(), results);
  std::size_t points = 0;
  for (const auto& local : own) points += local.indices.size();
  EXPECT_EQ(manager().all_reduce(points), 30U);
  if (manager().size() > 1) {
    EXPECT_EQ(own.size(), 1U);
    if (own.size() == 1) {
      EXPECT_EQ(own.front().worker, manager().rank());
    }
  }
}

TEST(StaticScatterTest, shares_are_contiguous_and_the_first_workers_get_one_more) {
  for (const std::size_t count : {0U, 2U, 5U, 17U, 64U}) {
    const auto parameters = numbers(count);
    auto results = manager().scatter([] { return 0; }, [](int&, double p) { return p; }, parameters).gather();
    if (!manager().is_root()) continue;
    const auto workers = static_cast<std::size_t>(manager().worker_count());
    std::uint64_t next = 0;
    for (std::size_t w = 0; w < workers; ++w) {
      EXPECT_EQ(results[w].indices.size(), count / workers + (w < count % workers ? 1 : 0));
      for (const std::uint64_t index : results[w].indices) EXPECT_EQ(index, next++);
    }
  }
}

TEST(WholeShareTest, execute_gets_its_whole_share_at_once) {
  const auto parameters = numbers(11);
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int& calls, std::span<const double> share) {
                                ++calls;
                                std::vector<double> out;
                                for (const double p : share) {
                                  out.push_back(p + static_cast<double>(share.size()) * 100.0 + calls * 10000.0);
                                }
                                return out;
                              },
                              parameters)
                     .gather();
  expect_workers(results);
  for (const auto& local : results) {
    for (std::size_t i = 0; i < local.indices.size(); ++i) {
      EXPECT_EQ(local.outcomes[i].value(),
                local.parameters[i] + static_cast<double>(local.indices.size()) * 100.0 + 10000.0);
    }
  }
}

TEST(WholeShareTest, a_failing_share_fails_whole_and_leaves_the_others) {
  const auto parameters = numbers(16);
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int&, std::span<const double> share) {
                                for (const double p : share) {
                                  if (p < 1.0) throw std::runtime_error("first share");
                                }
                                return std::vector<double>(share.begin(), share.end());
                              },
                              parameters)
                     .gather();
  if (!manager().is_root()) return;
  for (const auto& local : results) {
    for (const auto& outcome : local.outcomes) EXPECT_EQ(outcome.ok(), local.worker != 0);
  }
}

TEST(WholeShareTest, a_wrong_number_of_results_is_bad_output) {
  const auto parameters = numbers(9);
  auto results = manager()
                     .scatter([] { return 0; },
                              [](int&, std::span<const double> share) { return std::vector<double>(share.size() + 1); },
                              parameters)
                     .gather();
  for (const auto& local : results) {
    for (const auto& outcome : local.outcomes) {
      EXPECT_FALSE(outcome.ok());
      if (!outcome.ok()) {
        EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
      }
    }
  }
}

TEST(WholeShareTest, a_dynamic_schedule_is_refused) {
  EXPECT_THROW(manager().scatter([] { return 0; },
                                 [](int&, std::span<const double> share) { return std::vector<double>(share.size()); },
                                 numbers(3), {.schedule = Schedule::dynamic}),
               SpecError);
}

/// What a worker says of its share: the sum and the number of its parameters, and how often its model was asked.
struct Digest {
  double sum = 0.0;
  std::size_t count = 0;
  int calls = 0;
};

auto digests(const std::vector<double>& parameters) {
  return manager().scatter([] { return 0; },
                           [](int& calls, std::span<const double> share) {
                             return Digest{std::accumulate(share.begin(), share.end(), 0.0), share.size(), ++calls};
                           },
                           parameters);
}

TEST(SummaryTest, each_worker_gives_one_result_for_its_share) {
  for (const std::size_t count : {0U, 1U, 2U, 4U, 7U, 100U, 10007U}) {
    const auto parameters = manager().is_root() ? numbers(count) : std::vector<double>();  // the root's count
    const auto results = digests(parameters).gather();
    expect_workers(results);
    std::size_t next = 0;
    const auto workers = static_cast<std::size_t>(manager().worker_count());
    for (const auto& local : results) {
      const auto worker = static_cast<std::size_t>(local.worker);
      const std::size_t size = count / workers + (worker < count % workers ? 1 : 0);
      EXPECT_EQ(local.indices.size(), size);
      EXPECT_EQ(local.parameters.size(), size);
      EXPECT_EQ(local.summary.has_value(), size > 0) << "worker " << worker << " of " << count << " parameters";
      if (!local.summary) continue;
      const Digest digest = local.summary->value();
      EXPECT_EQ(digest.count, size);
      EXPECT_EQ(digest.calls, 1);
      EXPECT_EQ(digest.sum, std::accumulate(local.parameters.begin(), local.parameters.end(), 0.0));
      for (std::size_t i = 0; i < size; ++i, ++next) {
        EXPECT_EQ(local.parameters[i], numbers(count)[static_cast<std::size_t>(local.indices[i])]);
        if (manager().is_root()) {
          EXPECT_EQ(local.indices[i], next);
        }
      }
    }
    if (manager().is_root()) {
      EXPECT_EQ(next, count);
    }
  }
}

TEST(SummaryTest, local_results_are_what_this_process_is_responsible_for) {
  const auto own = local_results(manager(), digests(numbers(30)).gather());
  std::size_t points = 0;
  for (const auto& local : own) points += local.summary ? local.summary->value().count : 0;
  EXPECT_EQ(manager().all_reduce(points), 30U);
  if (manager().size() > 1) {
    EXPECT_EQ(own.size(), 1U);
  }
}

TEST(SummaryTest, a_root_that_only_coordinates_has_no_share) {
  const auto results = manager()
                           .scatter([] { return 0; }, [](int&, std::span<const double> share) { return share.size(); },
                                    numbers(30), {.root = RootRole::coordinates})
                           .gather();
  expect_workers(results);
  if (!manager().is_root()) return;
  std::size_t points = 0;
  for (const auto& local : results) points += local.summary ? local.summary->value() : 0;
  EXPECT_EQ(points, 30U);
  EXPECT_EQ(results.front().summary.has_value(), manager().size() == 1);
}

TEST(SummaryTest, texts_and_vectors_travel) {
  const auto parameters = numbers(12);
  const auto texts = manager()
                         .scatter([] { return std::string("sizes "); },
                                  [](std::string& model, std::span<const double> share) {
                                    return model + std::to_string(share.size());
                                  },
                                  parameters)
                         .gather();
  for (const auto& local : texts) {
    if (local.summary) {
      EXPECT_EQ(local.summary->value(), "sizes " + std::to_string(local.indices.size()));
    }
  }
  const auto vectors = manager()
                           .scatter([] { return 0; },
                                    [](int&, std::span<const double> share) {
                                      return Summary{std::vector<double>{share.front(), share.back(), 0.0}};
                                    },
                                    parameters)
                           .gather();
  for (const auto& local : vectors) {
    if (local.summary) {
      EXPECT_EQ(local.summary->value(), (std::vector<double>{local.parameters.front(), local.parameters.back(), 0.0}));
    }
  }
}

TEST(SummaryTest, what_one_worker_throws_is_its_summary_and_no_others) {
  const auto results = manager()
                           .scatter([] { return 0; },
                                    [](int&, std::span<const double> share) {
                                      if (share.back() > 15.0) throw std::runtime_error("the last share");
                                      if (share.front() < 1.0) throw Rejected("the first share");
                                      return share.size();
                                    },
                                    numbers(16))
                           .gather();
  for (const auto& local : results) {
    const bool last = local.indices.back() == 15;
    const bool first = local.indices.front() == 0;
    EXPECT_TRUE(local.summary.has_value());
    EXPECT_EQ(local.summary->ok(), !first && !last);
    if (local.summary->ok()) continue;
    const TaskFailure& failure = local.summary->failure();
    EXPECT_EQ(failure.message, last ? "the last share" : "the first share");
    EXPECT_EQ(failure.kind, last ? FailureKind::exception : FailureKind::rejected);
    EXPECT_EQ(failure.index, local.indices.front());
    EXPECT_EQ(failure.rank, local.worker);
    EXPECT_FALSE(failure.host.empty());
  }
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

TEST(SummaryTest, a_build_that_throws_is_the_summary) {
  const auto results = manager()
                           .scatter([]() -> int { throw std::runtime_error("no licence"); },
                                    [](int&, std::span<const double> share) { return share.size(); }, numbers(2))
                           .gather();
  if (!manager().is_root()) return;
  std::size_t failed = 0;
  for (const auto& local : results) {
    if (!local.summary) continue;
    ++failed;
    EXPECT_EQ(local.summary->failure().message, "build failed: no licence");
  }
  EXPECT_EQ(failed, std::min<std::size_t>(2, results.size()));
}

TEST(SummaryTest, a_dynamic_schedule_is_refused) {
  EXPECT_THROW(manager().scatter([] { return 0; }, [](int&, std::span<const double> share) { return share.size(); },
                                 numbers(3), {.schedule = Schedule::dynamic}),
               SpecError);
}

/// Waits for what another rank does. @throws after a long time in vain
void wait_for_file(const std::filesystem::path& file) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  while (!std::filesystem::exists(file)) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("nobody has made " + file.string());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST_P(ScatterTest, a_begun_one_goes_on_while_its_caller_does_something_else) {
  const test::SharedDirectory directory;
  const auto door = directory / "door";
  const auto parameters = numbers(23);
  int evaluated = 0;
  auto begun = manager().scatter_async([] { return 3.0; },
                                       [&](double& model, double p) {
                                         ++evaluated;
                                         wait_for_file(door);
                                         return model * p;
                                       },
                                       parameters, {.schedule = GetParam()});
  if (!manager().has_other_workers()) {
    EXPECT_EQ(evaluated, 0) << "before anybody waits";
  } else if (manager().is_root()) {
    EXPECT_FALSE(begun.wait_for(std::chrono::milliseconds(1)));
  }
  if (manager().is_root()) std::ofstream(door) << "open";
  const auto results = begun.gather();
  EXPECT_TRUE(begun.wait_for(std::chrono::seconds(0)));
  EXPECT_TRUE(begun.lost_workers().empty());
  expect_workers(results);
  if (!manager().is_root()) return;
  const auto outcomes = in_order(results, parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) EXPECT_EQ(outcomes[i].value(), 3.0 * parameters[i]);
}

TEST(ScatterAsyncTest, summaries_and_nothing_at_all) {
  for (const std::size_t count : {0U, 2U, 50U}) {
    auto begun =
        manager().scatter_async([] { return 0; }, [](int&, std::span<const double> share) { return share.size(); },
                                manager().is_root() ? numbers(count) : std::vector<double>());
    const auto results = begun.gather();
    expect_workers(results);
    std::size_t points = 0;
    for (const auto& local : results) points += local.summary ? local.summary->value() : 0;
    EXPECT_EQ(manager().is_root() ? points : count, count);
  }
}

TEST(ScatterAsyncTest, workers_that_are_forked_see_what_was_there_at_the_call) {
  int value = 1;
  auto begun = manager().scatter_async([] { return 0; }, [&value](int&, double) { return value; }, numbers(5));
  if (!manager().forks_workers()) return begun.wait();
  value = 2;
  for (const auto& local : begun.gather()) {
    for (const auto& outcome : local.outcomes) EXPECT_EQ(outcome.value(), 1);
  }
}

TEST(ScatterAsyncTest, what_ends_it_is_thrown_where_it_is_gathered) {
  auto begun = manager().scatter_async(
      [] { return 0; }, [](int&, double p) { return p; }, numbers(50),
      {.schedule = Schedule::longest_first,
       .costs = known_costs([](std::uint64_t) -> double { throw std::runtime_error("no costs"); })});
  if (manager().is_root()) {
    EXPECT_THROW(begun.gather(), std::runtime_error);
  } else {
    EXPECT_THROW(begun.gather(), RootFailed);
  }
  EXPECT_EQ(manager().all_reduce(1), manager().size());
}

TEST(ScatterAsyncTest, an_abandoned_one_is_waited_for) {
  {
    auto begun = manager().scatter_async([] { return 0; }, [](int&, double p) { return p; }, numbers(100));
    const auto moved = std::move(begun);
  }
  EXPECT_EQ(manager().all_reduce(1), manager().size());
  EXPECT_EQ(digests(numbers(3)).gather().size(), manager().is_root() ? manager().worker_count() : 1U);
}

TEST(ScatterAsyncTest, a_schedule_that_does_not_fit_is_refused_at_once) {
  EXPECT_THROW(static_cast<void>(manager().scatter_async(
                   [] { return 0; }, [](int&, std::span<const double> share) { return share.size(); }, numbers(3),
                   {.schedule = Schedule::dynamic})),
               SpecError);
}

}  // namespace
}  // namespace windrow
