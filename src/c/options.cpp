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

using Set = void (*)(windrow_sweep&, const std::string& name, const std::string& value);

const std::vector<std::pair<std::string, Set>>& known_options() {
  static const std::vector<std::pair<std::string, Set>> known = {
      {"store", [](auto& o, auto&, auto& value) { o.options.store = value; }},
      {"name", [](auto& o, auto&, auto& value) { o.options.name = value; }},
      {"version", [](auto& o, auto&, auto& value) { o.version = value; }},
      {"schedule", [](auto& o, auto&, auto& value) { o.options.schedule = schedule(value); }},
      {"root", [](auto& o, auto&, auto& value) { o.options.root = root_role(value); }},
      {"retries",
       [](auto& o, auto& name, auto& value) {
         o.options.failure_policy.retries = static_cast<int>(std::min<std::int64_t>(number(name, value), 1000));
       }},
      {"max_failures",
       [](auto& o, auto& name, auto& value) {
         o.options.failure_policy.max_failures = parse_max_failures(value);
         if (!o.options.failure_policy.max_failures)
           wrong(name, value, "a number of points such as 10, or a share such as 5%");
       }},
      {"time_limit", [](auto& o, auto& name, auto& value) { o.options.limits.time_limit = duration(name, value); }},
      {"retry_failed", [](auto& o, auto& name, auto& value) { o.options.retry_failed = truth(name, value); }},
      {"isolation", [](auto& o, auto&, auto& value) { o.isolation = isolation(value); }},
      {"timeout", [](auto& o, auto& name, auto& value) { o.isolated.timeout = duration(name, value); }},
      {"relative_timeout",
       [](auto& o, auto& name, auto& value) { o.isolated.relative_timeout = multiple(name, value); }},
      {"memory_limit", [](auto& o, auto& name,
                          auto& value) { o.isolated.memory_limit = static_cast<std::uint64_t>(number(name, value)); }},
      {"handle_interrupts", [](auto& o, auto& name, auto& value) { o.options.handle_interrupts = truth(name, value); }},
  };
  return known;
}

}  // namespace

void set_option(windrow_sweep& sweep, const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const auto& [known, set] : known_options()) {
    if (known == name) return set(sweep, name, value);
    names.push_back(known);
  }
  throw SpecError(fmt::format("unknown option `{}`{}", name, text::suggestion(name, names)));
}

}  // namespace windrow::detail

windrow::FunctionOptions windrow_sweep::function_options() const {
  windrow::FunctionOptions functions{version, {}};
  if (isolation) {
    functions.isolated = isolated;
    functions.isolated->where = *isolation;
  } else if (isolated.timeout || isolated.relative_timeout || isolated.memory_limit > 0) {
    throw windrow::SpecError(
        "a time or memory limit needs evaluations that can be ended: choose isolation = process, or fork");
  }
  return functions;
}
