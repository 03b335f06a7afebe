#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "c/handles.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

[[noreturn]] void wrong(const std::string& name, const std::string& value, const char* form) {
  throw SpecError(fmt::format("option `{}`: `{}` is not {}", name, value, form));
}

bool truth(const std::string& name, const std::string& value) {
  if (value != "true" && value != "false") wrong(name, value, "true or false");
  return value == "true";
}

std::int64_t number(const std::string& name, const std::string& value) {
  const auto parsed = text::parse_integer(value);
  if (!parsed || *parsed < 0) wrong(name, value, "a whole number from 0");
  return *parsed;
}

std::chrono::nanoseconds duration(const std::string& name, const std::string& value) {
  const auto parsed = text::parse_duration(value);
  if (!parsed || parsed->count() <= 0) wrong(name, value, "a duration such as 30s, 90m or 1h30m");
  return *parsed;
}

double multiple(const std::string& name, const std::string& value) {
  const auto per_cent = value.ends_with('%') ? text::parse_double(value.substr(0, value.size() - 1)) : std::nullopt;
  if (!per_cent) wrong(name, value, "a share such as 300%");
  return *per_cent / 100.0;
}

using Set = void (*)(SweepOptions&, const std::string& name, const std::string& value);

const std::vector<std::pair<std::string, Set>>& known_options() {
  static const std::vector<std::pair<std::string, Set>> known = {
      {"store", [](auto& o, auto&, auto& value) { o.store = value; }},
      {"name", [](auto& o, auto&, auto& value) { o.name = value; }},
      {"version", [](auto& o, auto&, auto& value) { o.version = value; }},
      {"schedule", [](auto& o, auto&, auto& value) { o.schedule = schedule(value); }},
      {"root", [](auto& o, auto&, auto& value) { o.root = root_role(value); }},
      {"retries",
       [](auto& o, auto& name, auto& value) {
         o.failure_policy.retries = static_cast<int>(std::min<std::int64_t>(number(name, value), 1000));
       }},
      {"max_failures",
       [](auto& o, auto& name, auto& value) {
         o.failure_policy.max_failures = parse_max_failures(value);
         if (!o.failure_policy.max_failures) wrong(name, value, "a number of points such as 10, or a share such as 5%");
       }},
      {"time_limit", [](auto& o, auto& name, auto& value) { o.limits.time_limit = duration(name, value); }},
      {"retry_failed", [](auto& o, auto& name, auto& value) { o.retry_failed = truth(name, value); }},
      {"isolation", [](auto& o, auto&, auto& value) { o.isolation = isolation(value); }},
      {"timeout", [](auto& o, auto& name, auto& value) { o.timeout = duration(name, value); }},
      {"relative_timeout", [](auto& o, auto& name, auto& value) { o.relative_timeout = multiple(name, value); }},
      {"memory_limit",
       [](auto& o, auto& name, auto& value) { o.memory_limit = static_cast<std::uint64_t>(number(name, value)); }},
      {"handle_interrupts", [](auto& o, auto& name, auto& value) { o.handle_interrupts = truth(name, value); }},
  };
  return known;
}

}  // namespace

void set_option(SweepOptions& options, const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const auto& [known, set] : known_options()) {
    if (known == name) return set(options, name, value);
    names.push_back(known);
  }
  throw SpecError(fmt::format("unknown option `{}`{}", name, text::suggestion(name, names)));
}

}  // namespace windrow::detail
