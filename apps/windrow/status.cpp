#include <fmt/format.h>

#include <algorithm>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/text/text.hpp"

namespace windrow::app {

namespace {

/// "12  (crashed 2, exited 10)"
std::string failed_text(const StoreStatus& status, int width) {
  std::string text = fmt::format("{:>{}}", text::with_thousands(status.failed), width);
  for (std::size_t i = 0; i < status.failures.size(); ++i) {
    const auto& [kind, number] = status.failures[i];
    text += fmt::format("{}{} {}", i == 0 ? "  (" : ", ", kind, text::with_thousands(number));
  }
  return text + (status.failures.empty() ? "" : ")");
}

void print_counts(const StoreStatus& status) {
  const std::uint64_t done = status.succeeded + status.failed;
  const std::string succeeded = text::with_thousands(status.succeeded);
  const std::string left = text::with_thousands(status.points - done);
  const int width =
      static_cast<int>(std::max({succeeded.size(), left.size(), text::with_thousands(status.failed).size()}));
  fmt::print("  succeeded  {:>{}}\n  failed     {}\n  left       {:>{}}\n", succeeded, width,
             failed_text(status, width), left, width);
  if (status.earlier > 0) {
    fmt::print("Kept, not counted: {} of points that the design has no more\n", counted(status.earlier, "outcome"));
  }
  if (done > 0) {
    fmt::print("Evaluation time: {} in all, {} per point\n", duration(status.busy_seconds),
               duration(status.busy_seconds / static_cast<double>(done)));
  }
}

void print_failures(const StoreReader& store, std::uint64_t failed, const std::string& given) {
  constexpr std::size_t kShown = 5;
  const auto failures = store.failures(kShown);
  if (failures.empty()) return;
  fmt::print("{}:\n", failed > kShown ? "First failures" : "Failures");
  for (const TaskFailure& failure : failures) fmt::print("{}", indented(describe(failure), 2));
  fmt::print("`windrow explain {} INDEX` tells more of a point.\n", shell_line({given}));
}

}  // namespace

int status(const std::filesystem::path& given) {
  const StoreReader store(results_directory(given));
  const StoreStatus status = store.status();
  const std::uint64_t done = status.succeeded + status.failed;
  const std::string stopped = why_stopped(store);
  fmt::print("{}: {} of {} evaluated{}\n", status.name, text::with_thousands(done), counted(status.points, "point"),
             status.running         ? std::string(", running")
             : done < status.points ? fmt::format(", not running{}; `windrow run` continues it",
                                                  stopped.empty() ? "" : "; the last run was stopped " + stopped)
                                    : "");
  print_counts(status);
  print_failures(store, status.failed, given.string());
  return kSuccess;
}

}  // namespace windrow::app
