// What changed between two runs, point by point.
#include "compare.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>

#include "common.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/table.hpp"
#include "windrow/base/text.hpp"
#include "windrow/store/failure_groups.hpp"

namespace windrow::app {
namespace {

using detail::Align;
using detail::Table;

constexpr std::size_t kValueWidth = 40;
constexpr std::size_t kParametersWidth = 60;

CLI::Validator tolerance() {
  const auto check = [](std::string& word) -> std::string {
    const auto number = text::parse_double(word);
    if (number && std::isfinite(*number) && *number >= 0) return "";
    return fmt::format("`{}` is not a number from 0, such as 1e-6", word);
  };
  return {check, ""};
}

std::string assignments(const std::vector<Column>& columns, const std::vector<Value>& values) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    line += (i > 0 ? ", " : "") + assignment(columns[i].name, values[i].written(), columns[i].unit);
  }
  return within_line(line, kParametersWidth);
}

std::string shown_value(const Value& value) {
  const bool is_real = std::holds_alternative<double>(value.variant());
  return within_line(is_real ? text::render_plain(value.number()) : value.written(), kValueWidth);
}

std::string index_of(const ComparedPoint& point) {
  return point.first == point.second ? std::to_string(point.first) : fmt::format("{} / {}", point.first, point.second);
}

std::string rounded(double x) {
  return std::isfinite(x) ? fmt::format("{:.4g}", x) : "-";
}

/// "exited with code 3: no convergence"
std::string reason(const TaskFailure& failure) {
  const std::string line = telling_line(failure);
  const std::string kind = describe_kind(failure.kind, failure.code);
  return within_line(line.empty() ? kind : fmt::format("{}: {}", kind, line), 200);
}

void show_counts(const Comparison& result, double tolerance) {
  Table table({Align::left, Align::right});
  const auto add = [&](const std::string& what, std::uint64_t points) {
    if (points > 0) table.add({what, text::with_thousands(points)});
  };
  add(tolerance > 0 ? fmt::format("equal, within {:g}", tolerance) : "equal", result.equal);
  add("different", result.different);
  add("failed in both, in the same way", result.failed_alike);
  add("failed in both, in different ways", result.failed_otherwise.points);
  add("failed in the first alone", result.failed_in_first.points);
  add("failed in the second alone", result.failed_in_second.points);
  show("{} in both\n", counted(result.points(), "point"));
  if (result.points() > 0) show("{}", indented(table.text(), 2));
}

/// "drag: 12 points differ, by at most 0.03 N (point 7), relatively 0.021 (point 4)"
std::string headline(const ComparedOutput& output) {
  std::string line = fmt::format("{}: {} differ{}", within_line(output.column.name), counted(output.different, "point"),
                                 output.different == 1 ? "s" : "");
  if (!output.absolute || !output.relative) return line;
  const std::string unit = output.column.unit.empty() ? "" : " " + within_line(output.column.unit);
  return line + fmt::format(", by at most {}{} (point {}), relatively {} (point {})", rounded(output.absolute->value),
                            unit, output.absolute->point, rounded(output.relative->value), output.relative->point);
}

void show_output(const ComparedOutput& output, const std::vector<Column>& parameters) {
  if (output.different == 0) return;
  show("\n{}\n", headline(output));
  Table table({Align::right, Align::right, Align::right, Align::right, Align::right, Align::left});
  table.add({"point", "first", "second", "difference", "relative", ""});
  for (const OutputDifference& one : output.largest) {
    table.add({index_of(one.point), shown_value(one.first), shown_value(one.second), rounded(one.absolute),
               rounded(one.relative), assignments(parameters, one.point.parameters)});
  }
  show("{}", indented(table.text(), 2));
  if (output.different > output.largest.size()) {
    show("  and {}\n", counted(output.different - output.largest.size(), "smaller one"));
  }
}

void show_failure_differences(const char* title, const FailureDifferences& differences,
                              const std::vector<Column>& parameters) {
  if (differences.points == 0) return;
  show("\n{}: {}\n", title, counted(differences.points, "point"));
  for (const FailureDifference& one : differences.shown) {
    show("  {} ({})\n", index_of(one.point), assignments(parameters, one.point.parameters));
    if (one.first && one.second) {
      show("    first: {}\n    second: {}\n", reason(*one.first), reason(*one.second));
    } else {
      show("    {}\n", reason(one.first ? *one.first : *one.second));
    }
  }
  if (differences.points > differences.shown.size()) {
    show("  and {} more\n", text::with_thousands(differences.points - differences.shown.size()));
  }
}

void show_only(const char* which, const OnlyInOne& only, const std::vector<Column>& parameters) {
  if (only.points == 0 && only.parameters.empty() && only.outputs.empty()) return;
  show("\nOnly in the {}:\n", which);
  if (!only.parameters.empty())
    show("  parameters: {}\n", within_line(fmt::format("{}", fmt::join(only.parameters, ", "))));
  if (!only.outputs.empty()) show("  outputs: {}\n", within_line(fmt::format("{}", fmt::join(only.outputs, ", "))));
  if (only.points > 0) show("  {}\n", counted(only.points, "point"));
  if (only.ambiguous > 0) {
    show("  {} of them differ in parameters that the other run does not have, and in no others\n",
         text::with_thousands(only.ambiguous));
  }
  for (const Record& record : only.shown)
    show("    {} ({})\n", record.index, assignments(parameters, record.parameters));
  if (only.points > only.shown.size()) show("    and {} more\n", text::with_thousands(only.points - only.shown.size()));
}

void show_run(const char* which, const std::filesystem::path& given, const StoreReader& run) {
  show("{:<7} {}: {}, {} of {} evaluated\n", which, given.string(), run.identity().name,
       text::with_thousands(run.outcomes()), counted(run.identity().points, "point"));
}

void show_comparison(const Comparison& result, const StoreReader& first, const StoreReader& second) {
  const std::vector<Column>& parameters = first.identity().parameters;
  for (const ComparedOutput& output : result.outputs) show_output(output, parameters);
  show_failure_differences("Failed in the first alone", result.failed_in_first, parameters);
  show_failure_differences("Failed in the second alone", result.failed_in_second, parameters);
  show_failure_differences("Failed in both, in different ways", result.failed_otherwise, parameters);
  show_only("first", result.only_first, parameters);
  show_only("second", result.only_second, second.identity().parameters);
  for (const UnitDifference& unit : result.units) {
    show("\nThe unit of {} is `{}` in the first, `{}` in the second; values are compared as they are.\n",
         within_line(unit.column), within_line(unit.first), within_line(unit.second));
  }
}

}  // namespace

int compare(const CompareArguments& arguments) {
  const std::filesystem::path directories[] = {results_directory(arguments.first), results_directory(arguments.second)};
  const StoreReader first = open_results(directories[0]);
  const StoreReader second = open_results(directories[1]);
  for (const std::filesystem::path& directory : directories) {
    if (const std::string shards = unmerged(directory); !shards.empty()) show_aside("note: {}\n", shards);
  }
  const Comparison result =
      compare_results(first, second, {.outputs = arguments.outputs, .tolerance = arguments.tolerance});
  if (arguments.json) {
    print(json_of(result, first, second, arguments.tolerance));
  } else {
    show_run("first", arguments.first, first);
    show_run("second", arguments.second, second);
    show("\n");
    show_counts(result, arguments.tolerance);
    show_comparison(result, first, second);
  }
  return result.agrees() ? kSuccess : kDifferent;
}

Verb add_compare(CommandLine& line) {
  const auto arguments = std::make_shared<CompareArguments>();
  CLI::App* verb = line.app.add_subcommand("compare", "what changed between two runs, point by point");
  verb->add_option("DIR1", arguments->first, kResults)->required();
  verb->add_option("DIR2", arguments->second, "the same of the other run")->required();
  verb->add_option("--of", arguments->outputs, "these outputs alone (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("OUTPUTS");
  verb->add_option("--tolerance", arguments->tolerance,
                   "numbers are equal if they differ by no more than this share of the\n"
                   "larger one: 1e-6 (default: 0)")
      ->check(tolerance())
      ->option_text("REL");
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return compare(*arguments); }};
}

}  // namespace windrow::app
