#include <fmt/format.h>

#include "common.hpp"
#include "verbs.hpp"
#include "windrow/text/text.hpp"

namespace windrow::app {

int status(const std::filesystem::path& given) {
  const std::filesystem::path directory = results_directory(given);
  const StoreReader store(directory);
  const StoreStatus status = store.status();
  const std::uint64_t done = status.succeeded + status.failed;
  const auto count = [](std::uint64_t number) { return text::with_thousands(number); };

  fmt::print("{}: {} of {} points evaluated{}\n", status.name, count(done), count(status.points),
             status.running         ? ", running"
             : done < status.points ? ", not running"
                                    : "");
  fmt::print("  succeeded  {}\n  failed     {}\n", count(status.succeeded), count(status.failed));
  for (const auto& [kind, number] : status.failures) fmt::print("    {}: {}\n", kind, count(number));
  fmt::print("  left       {}\n", count(status.points - done));
  if (done > 0) {
    fmt::print("  evaluation time  {} in all, {} a point\n", duration(status.busy_seconds),
               duration(status.busy_seconds / static_cast<double>(done)));
  }
  const auto failures = store.failures(5);
  if (!failures.empty()) fmt::print("First failures:\n");
  for (const TaskFailure& failure : failures) fmt::print("{}", indented(describe(failure), 2));
  if (!failures.empty()) fmt::print("`windrow explain {} INDEX` tells more of a point.\n", given.string());
  return kSuccess;
}

}  // namespace windrow::app
