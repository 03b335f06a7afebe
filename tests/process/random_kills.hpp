#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <thread>

#include "faults/support.hpp"
#include "windrow/process/process.hpp"

namespace windrow::test {

/// Long enough for anything that is not a hang, on a loaded machine too.
inline constexpr std::chrono::seconds kLong{20};

/// How many times a test kills. Forking a process under AddressSanitizer takes 50 times as long.
#ifdef __SANITIZE_ADDRESS__
inline constexpr int kRounds = 50;
#else
inline constexpr int kRounds = 300;
#endif

/// Random choices of a test that kills: from WINDROW_TEST_SEED, or new each time and told.
class RandomKills {
 public:
  RandomKills() {
    const char* given = std::getenv("WINDROW_TEST_SEED");
    const auto seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
    std::cout << "WINDROW_TEST_SEED=" << seed << std::endl;
    random_.seed(seed);
  }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  /// Lets a child run for a random moment, most often a short one, and kills it.
  void kill_soon(Process& child) {
    const unsigned longest = 1U << (5 + below(7));
    std::this_thread::sleep_for(std::chrono::microseconds(below(longest)));
    child.signal(SIGKILL);
    child.join();
  }

 private:
  std::mt19937 random_;
};

/// A child that does something again and again until it is killed.
inline Process again_and_again(const std::function<void()>& action) {
  return test::forked("victim", [action]() -> int {
    for (;;) action();
  });
}

/// How often this thread goes to sleep while it does something. A wait that never sleeps takes a core; one that
/// polls sleeps thousands of times a second.
inline long sleeps_during(const std::function<void()>& action) {
  const auto sleeps = [] {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
  };
  const long before = sleeps();
  action();
  return sleeps() - before;
}

}  // namespace windrow::test
