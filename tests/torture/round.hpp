#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cli/program.hpp"
#include "torture/evidence.hpp"
#include "torture/plan.hpp"
#include "torture/victims.hpp"

namespace windrow::test {

/// How long a run of each kind takes, from those that came to their end: where within a run a kill falls depends on it.
class Paces {
 public:
  double expected(const Plan& plan, std::size_t points) const;
  void add(const Plan& plan, std::size_t points, double seconds);

 private:
  std::map<std::pair<Evaluation, Carrier>, double> seconds_per_point_;
};

/// What came of a round.
struct RoundReport {
  Violations violations;
  std::array<int, kRoles> kills{};  ///< by role
  int runs = 0;
  int hung_launchers = 0;    ///< runs whose ranks had all ended while mpirun had not, and was killed
  std::size_t failed = 0;    ///< points that failed because something was killed, and were retried by a later run
  double longest_end = 0.0;  ///< seconds until no process was left after the end of a run
};

/// Carries a plan out in a directory of its own, which stays if something is wrong.
class Round {
 public:
  Round(Plan plan, Paces& paces);

  RoundReport play();
  const std::filesystem::path& directory() const { return directory_; }

 private:
  /// One run of the sweep and what was killed in it.
  struct Run {
    Program program;
    std::filesystem::path log;
    bool retry_failed;
    std::size_t to_do;  ///< points
    std::vector<Victim> victims{};
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  };

  Run start(bool retry_failed);
  void torture(Run& run, const std::vector<Kill>& kills);
  bool wait_for(Run& run, const Kill& kill);
  void kill_role(Run& run, Role role);
  /// Waits for the end of the run and looks at what is left of it, and at the store.
  void end(Run& run);
  void end_hanging(Run& run);
  bool lacks_what_was_killed(const Run& run, const Ended& ended) const;
  void check_surroundings();
  void check_store(const Run& run, const Outcomes& now);
  void check_new_failures(const Run& run, const Outcomes& now);
  void check_log(const Run& run);
  /// Nothing is in the results directory but what an outcome owns.
  void check_owned(const Outcomes& now);
  void clean(const Outcomes& now);
  void check_completed(const Run& run, const Ended& ended, const Outcomes& now);
  void finish();
  void check_end();

  std::size_t count(bool ok) const;
  void violate(std::string what) { report_.violations.push_back(std::move(what)); }

  Plan plan_;
  Paces& paces_;
  std::filesystem::path directory_;
  std::string mark_;
  std::set<std::string> shared_memory_;
  std::mt19937_64 random_;
  Outcomes known_;                 // that the store had when the last run had ended
  std::set<std::uint64_t> begun_;  // points whose evaluation has begun in any run
  RoundReport report_;
};

}  // namespace windrow::test
