#include <fmt/core.h>

#include <chrono>
#include <limits>

#include "study/study_parts.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {

namespace {

constexpr std::int64_t most_retries = 1000;
constexpr double kMostBackoff = 1000.0;
constexpr std::chrono::hours kLongestDelay{1};

int retries_in(const TomlTable& table, const std::string& key) {
  return static_cast<int>(table.integer(key, 0, most_retries).value_or(0));
}

/// A number, or a table with a number for each kind of failure, and `default` for the others.
void read_retries(const TomlTable& run, FailurePolicy& policy) {
  const TomlTable::Member* member = run.find("retries");
  if (!member) return;
  if (!std::holds_alternative<std::shared_ptr<const TomlTable>>(member->node.value)) {
    policy.retries = retries_in(run, "retries");
    return;
  }
  const TomlTable& table = *run.table("retries");
  table.allow_only({"default", "exception", "crashed", "exited", "timed_out", "rejected", "lost", "bad_output"});
  for (const auto& kind : table.members()) {
    if (kind.key == "default") {
      policy.retries = retries_in(table, kind.key);
    } else {
      policy.retries_of.set(failure_kind(kind.key), retries_in(table, kind.key));
    }
  }
}

void read_max_failures(const TomlTable& run, FailurePolicy& policy) {
  constexpr const char* form = "a number of points such as 10, or a share of them such as \"5%\"";
  const bool stops = run.choice("on_failure", {"continue", "stop"}).value_or("continue") == "stop";
  const TomlTable::Member* member = run.find("max_failures");
  if (stops && member) {
    run.fail("max_failures", run.name_of("max_failures") + " has no meaning beside on_failure = \"stop\", which is 1");
  }
  if (stops) policy.max_failures = MaxFailures{1.0, false};
  if (const TomlTable::Member* early = run.find("give_up_early")) {
    const auto* given = std::get_if<bool>(&early->node.value);
    if (!given) run.wrong_type(*early, "true or false");
    const bool decided = policy.max_failures || member || run.has("on_failure");
    if (*given && decided) {
      run.fail("give_up_early", run.name_of("give_up_early") +
                                    " has no meaning beside `max_failures` or `on_failure`, which say when to stop");
    }
    policy.give_up_early = *given;
  } else {
    policy.give_up_early = !member && !run.has("on_failure");
  }
  if (!member) return;
  const auto* text = std::get_if<std::string>(&member->node.value);
  if (!text && !std::holds_alternative<std::int64_t>(member->node.value)) run.wrong_type(*member, form);
  policy.max_failures = parse_max_failures(text ? *text : member->node.shown());
  if (!policy.max_failures) run.wrong_value(*member, form);
}

}  // namespace

RunPolicy read_run_policy(const TomlTable& root) {
  RunPolicy result;
  const TomlTable* run = root.table("run");
  result.failures.give_up_early = true;
  if (!run) return result;
  run->allow_only(
      {"retries", "retry_delay", "backoff", "on_failure", "max_failures", "give_up_early", "time_limit", "drain"});
  read_retries(*run, result.failures);
  result.failures.retry_delay = run->duration("retry_delay").value_or(result.failures.retry_delay);
  if (result.failures.retry_delay > kLongestDelay) {
    run->wrong_value(*run->find("retry_delay"), "at most an hour");
  }
  result.failures.backoff = run->number("backoff").value_or(result.failures.backoff);
  if (!(result.failures.backoff >= 1.0 && result.failures.backoff <= kMostBackoff)) {
    run->wrong_value(*run->find("backoff"), fmt::format("a factor from 1 to {}", kMostBackoff));
  }
  read_max_failures(*run, result.failures);
  result.limits.time_limit = run->duration("time_limit").value_or(result.limits.time_limit);
  if (run->has("time_limit") && result.limits.time_limit.count() == 0) {
    run->wrong_value(*run->find("time_limit"), "longer than zero");
  }
  result.limits.drain = run->duration("drain").value_or(result.limits.drain);
  return result;
}

}  // namespace windrow::detail
