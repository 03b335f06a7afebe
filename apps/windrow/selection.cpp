#include "selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common.hpp"
#include "windrow/run/selection.hpp"

namespace windrow::app {

std::string unknown_points(const Selection& selection, const Study& study) {
  const auto beyond = [&](const std::string& chosen, const char* option) -> std::string {
    if (chosen.empty()) return "";
    const IndexSet indices = *parse_indices(chosen);
    const IndexRange& last = indices.ranges().back();
    const std::uint64_t index = last.first + last.count - 1;
    if (index < study.design.size()) return "";
    return fmt::format("{}: {}", option, no_such_point(index, study.name, study.design.size()));
  };
  for (const std::string& problem : {beyond(selection.only, "--only"), beyond(selection.again_points, "--again")}) {
    if (!problem.empty()) return problem;
  }
  if (selection.only.empty() || !selection.sample) return "";
  SweepOptions options;
  choose_points(selection, study, options);
  return chosen_points(study.design, options).empty() ? "--only and --sample have no point in common" : "";
}

void choose_points(const Selection& selection, const Study& study, SweepOptions& options) {
  options.retry_failed = selection.retry_failed;
  for (const std::string& kind : selection.retry_kinds) options.retry_kinds.push_back(failure_kind(kind));
  if (!selection.only.empty()) options.only = parse_indices(selection.only);
  options.sample = selection.sample;
  options.random_order = selection.random_order;
  if (!selection.again) return;
  options.again =
      selection.again_points.empty() ? IndexSet::first(study.design.size()) : *parse_indices(selection.again_points);
  // Only these are meant: others that are left are for another run.
  if (!selection.again_points.empty() && !options.only) options.only = options.again;
}

std::vector<std::string> words_of(const Selection& selection) {
  std::vector<std::string> words;
  if (!selection.only.empty()) words.insert(words.end(), {"--only", selection.only});
  if (selection.sample) words.insert(words.end(), {"--sample", std::to_string(*selection.sample)});
  if (selection.random_order) words.insert(words.end(), {"--order", "random"});
  if (selection.retry_failed && selection.retry_kinds.empty()) words.emplace_back("--retry-failed");
  if (!selection.retry_kinds.empty()) {
    words.push_back(fmt::format("--retry-failed={}", fmt::join(selection.retry_kinds, ",")));
  }
  return words;
}

}  // namespace windrow::app
