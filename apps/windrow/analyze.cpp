// What came of a study, in numbers: moments, what the outputs go with, where points fail.
#include "analyze.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "common.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/table.hpp"
#include "windrow/error.hpp"

namespace windrow::app {
namespace {

using detail::Align;
using detail::Table;

constexpr std::size_t kEffectsShown = 10;

bool varies(const DataColumn& column) {
  return std::any_of(column.numbers.begin(), column.numbers.end(),
                     [&](double x) { return !std::isnan(x) && x != column.numbers.front(); });
}

/// Whether all inputs that vary have two levels each.
bool has_two_levels(const std::vector<FactorEffect>& effects, const std::vector<DataColumn>& inputs) {
  const auto main_effects = std::ranges::count_if(effects, [](const auto& one) { return one.inputs.size() == 1; });
  return main_effects > 0 && main_effects == std::ranges::count_if(inputs, varies);
}

std::vector<std::vector<double>> numbers_of(const std::vector<DataColumn>& columns) {
  std::vector<std::vector<double>> numbers;
  for (const DataColumn& column : columns) numbers.push_back(column.numbers);
  return numbers;
}

/// Of the columns that vary by themselves.
std::vector<DataColumn> inputs_of(const Analyzed& study) {
  std::vector<DataColumn> inputs;
  for (const std::size_t i : study.varied) inputs.push_back(study.data.inputs[i]);
  return inputs;
}

OutputAnalysis analyse(const Analyzed& study, const std::vector<DataColumn>& inputs, std::size_t which, double level) {
  const Data& data = study.data;
  OutputAnalysis of;
  of.column = &data.outputs[which];
  of.sample = moments(of.column->numbers, level);
  std::vector<double> sorted;
  for (const double y : of.column->numbers) {
    if (!std::isnan(y)) sorted.push_back(y);
  }
  std::sort(sorted.begin(), sorted.end());
  for (const double p : kQuantiles) {
    if (sorted.empty()) break;
    of.quantiles.push_back(quantile(sorted, p));
    of.quantile_intervals.push_back(quantile_interval(sorted, p, level));
  }
  std::vector<std::vector<double>> numeric;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    of.first_order.push_back(first_order_by_bins(inputs[i], of.column->numbers));
    if (inputs[i].is_text() || !varies(inputs[i])) continue;
    of.numeric.push_back(i);
    numeric.push_back(inputs[i].numbers);
  }
  of.associations = associations(numeric, of.column->numbers, level);
  if (study.method == "saltelli") {
    of.sobol = sobol_indices(study.by_index(which), inputs.size(), study.second_order, level);
  } else if (study.method == "morris") {
    of.elementary = elementary_effects(numbers_of(inputs), of.column->numbers, level);
  } else {
    of.factors = factor_effects(numbers_of(inputs), of.column->numbers);
    if (!has_two_levels(of.factors, inputs)) of.factors.clear();
  }
  return of;
}

/// Four digits.
std::string number(double x) {
  return std::isnan(x) ? "-" : fmt::format("{:.4g}", x);
}

std::string interval(const ConfidenceInterval& bounds) {
  if (std::isnan(bounds.low) || std::isnan(bounds.high)) return "-";
  const auto bound = [](double x) { return std::isinf(x) ? std::string("?") : number(x); };
  return fmt::format("{} to {}", bound(bounds.low), bound(bounds.high));
}

std::string two_digits(double x) {
  return std::isnan(x) ? "-" : fmt::format("{:.2f}", x == 0.0 ? 0.0 : x);
}

std::string two_digits(const SensitivityIndex& index) {
  if (std::isnan(index.interval.low)) return two_digits(index.value);
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", index.value, index.interval.low, index.interval.high);
}

std::string percent(double level) {
  return fmt::format("{:g} %", 100.0 * level);
}

void show_table(const Table& table) {
  show("{}", indented(table.text(), 2));
}

void show_sample(const OutputAnalysis& of, double level) {
  const std::string unit = of.column->unit.empty() ? "" : " " + of.column->unit;
  show("\n{}: {}\n", of.column->name, counted(of.sample.count, "value"));
  if (of.sample.count == 0) return;
  Table table({Align::left, Align::right, Align::left});
  const std::string of_level = percent(level) + " of ";
  table.add({"mean", number(of.sample.mean) + unit, interval(of.sample.mean_interval)});
  table.add({"standard deviation", number(of.sample.sd) + unit, interval(of.sample.sd_interval)});
  table.add({"least", number(of.sample.least) + unit, ""});
  for (std::size_t i = 0; i < of.quantiles.size(); ++i) {
    table.add({kQuantiles[i] == 0.5 ? "median" : fmt::format("{:g} % are below", 100.0 * kQuantiles[i]),
               number(of.quantiles[i]) + unit, interval(of.quantile_intervals[i])});
  }
  table.add({"largest", number(of.sample.largest) + unit, ""});
  table.add({"skewness", number(of.sample.skewness), ""});
  table.add({"excess kurtosis", number(of.sample.kurtosis), ""});
  show_table(table);
}

void show_associations(const OutputAnalysis& of, const std::vector<DataColumn>& inputs) {
  const bool by_bins = !of.sobol && of.elementary.empty();
  Table table(std::vector<Align>(by_bins ? 7 : 6, Align::right));
  std::vector<std::string> head{"", "Pearson", "Spearman", "partial", "partial rank", "standardized"};
  if (by_bins) head.emplace_back("share of variance");
  table.add(head);
  std::size_t next = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool is_numeric = next < of.numeric.size() && of.numeric[next] == i;
    std::vector<std::string> cells{inputs[i].name};
    if (is_numeric) {
      const Association& one = of.associations.of[next++];
      for (const double x : {one.pearson, one.spearman, one.partial, one.partial_rank, one.standardized}) {
        cells.push_back(two_digits(x));
      }
    } else {
      cells.resize(6, "-");
    }
    if (by_bins) cells.push_back(two_digits(of.first_order[i]));
    table.add(cells);
  }
  show("\n  What {} goes with:\n", of.column->name);
  show_table(table);
  if (!std::isnan(of.associations.r_squared)) {
    show("  A linear model says {} % of its variance, one of ranks {} % of that of ranks.\n",
         std::lround(100.0 * of.associations.r_squared), std::lround(100.0 * of.associations.rank_r_squared));
  }
}

void show_sobol(const SobolIndices& indices, const std::vector<DataColumn>& inputs, double level) {
  show("\n  Sobol' indices of {} ({}):\n", counted(indices.used, "base point"), percent(level));
  Table table({Align::left, Align::left, Align::left});
  table.add({"", "first order", "total"});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    table.add({inputs[i].name, two_digits(indices.first[i]), two_digits(indices.total[i])});
  }
  for (std::size_t i = 0; i < indices.second.size(); ++i) {
    for (std::size_t j = i + 1; j < inputs.size(); ++j) {
      table.add({inputs[i].name + " with " + inputs[j].name, two_digits(indices.second[i][j]), ""});
    }
  }
  show_table(table);
  if (indices.incomplete > 0) {
    show(
        "  {} left out, since a point of each failed or is not there yet: if failing depends on\n"
        "  the inputs, these are the indices of the rest, not of the whole.\n",
        counted(indices.incomplete, "base point"));
  }
}

void show_elementary(const OutputAnalysis& of, const std::vector<DataColumn>& inputs, double level) {
  show("\n  Elementary effects, in units of {} over the whole range of the input:\n", of.column->name);
  Table table({Align::left, Align::right, Align::left, Align::right, Align::right, Align::right});
  table.add({"", "mu*", percent(level), "mu", "sigma", "effects"});
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ElementaryEffects& one = of.elementary[i];
    table.add({inputs[i].name, number(one.mean_absolute), interval(one.interval), number(one.mean), number(one.sd),
               text::with_thousands(one.count)});
  }
  show_table(table);
}

std::string names_in(const FactorEffect& effect, const std::vector<DataColumn>& inputs) {
  std::string names;
  for (const std::size_t i : effect.inputs) names += (names.empty() ? "" : " with ") + inputs[i].name;
  return names;
}

void show_factors(const OutputAnalysis& of, const std::vector<DataColumn>& inputs) {
  show("\n  From low to high, {} changes on average by:\n", of.column->name);
  Table table({Align::left, Align::right});
  for (std::size_t i = 0; i < std::min(of.factors.size(), kEffectsShown); ++i) {
    table.add({names_in(of.factors[i], inputs), number(of.factors[i].effect)});
  }
  show_table(table);
}

std::vector<FailureAnalysis> analyse_failures(const Data& data) {
  std::map<std::string, std::uint64_t> kinds;
  for (const std::string& status : data.status) {
    if (status != "ok") kinds[status] += 1;
  }
  std::vector<FailureAnalysis> all;
  const auto add = [&](const std::string& kind) {
    std::vector<bool> failed;
    for (const std::string& status : data.status) failed.push_back(kind.empty() ? status != "ok" : status == kind);
    const auto points = static_cast<std::uint64_t>(std::count(failed.begin(), failed.end(), true));
    all.push_back({kind, points, failure_rule(data, failed)});
  };
  if (kinds.empty()) return all;
  add("");
  for (const auto& [kind, count] : kinds) {
    if (kinds.size() > 1) add(kind);
  }
  return all;
}

void show_failures(const std::vector<FailureAnalysis>& failures, const Data& data) {
  if (failures.empty()) return;
  show("\nWhere points fail:\n");
  for (const FailureAnalysis& of : failures) {
    const std::string what = of.kind.empty() ? counted(of.points, "failure") : fmt::format("{} {}", of.points, of.kind);
    show(
        "  {}: {}\n", what,
        of.rule ? of.rule->describe(data.inputs) : std::string("no rule of one or two parameters says more than that"));
  }
}

/// Positions of the outputs that are asked for. @throws SpecError for an unknown one
std::vector<std::size_t> chosen_outputs(const Analyzed& study, const std::vector<std::string>& names) {
  std::vector<std::string> valid;
  for (const DataColumn& output : study.data.outputs) valid.push_back(output.name);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; names.empty() && i < valid.size(); ++i) places.push_back(i);
  for (const std::string& name : names) {
    const auto place = std::find(valid.begin(), valid.end(), name);
    if (place == valid.end()) {
      throw SpecError(
          fmt::format("{} has no output `{}` of numbers{}", study.name, name, text::suggestion(name, valid)));
    }
    places.push_back(static_cast<std::size_t>(place - valid.begin()));
  }
  return places;
}

bool is_table(const std::filesystem::path& given) {
  return given.extension() != ".toml" && given.extension() != ".sqlite" && std::filesystem::is_regular_file(given);
}

Analyzed data_of(const AnalyzeArguments& arguments) {
  if (is_table(arguments.directory)) return analyzed_table(arguments.directory, arguments.inputs, arguments.outputs);
  if (!arguments.inputs.empty())
    throw SpecError("--inputs says which columns of a table are inputs; a study has its own");
  return analyzed_results(open_results(results_directory(arguments.directory)));
}

void show_head(const Analyzed& study) {
  const auto failed = static_cast<std::uint64_t>(
      std::count_if(study.data.status.begin(), study.data.status.end(), [](const auto& s) { return s != "ok"; }));
  show("{}: {} of {} evaluated, {} failed\n", study.name, text::with_thousands(study.data.rows()),
       counted(study.points, "point"), text::with_thousands(failed));
  if (!study.left_out.empty()) show("Left out, since they are no numbers: {}\n", fmt::join(study.left_out, ", "));
}

}  // namespace

int analyze(const AnalyzeArguments& arguments) {
  const Analyzed study = data_of(arguments);
  const Data& data = study.data;
  const std::vector<DataColumn> inputs = inputs_of(study);
  const std::vector<FailureAnalysis> failures = analyse_failures(data);
  const bool is_study = !is_table(arguments.directory);
  std::vector<OutputAnalysis> outputs;
  for (const std::size_t which : chosen_outputs(study, is_study ? arguments.outputs : std::vector<std::string>{})) {
    outputs.push_back(analyse(study, inputs, which, arguments.level));
  }
  if (arguments.json) {
    print_json(study, inputs, outputs, failures, arguments.level);
    return kSuccess;
  }
  show_head(study);
  for (const OutputAnalysis& of : outputs) {
    show_sample(of, arguments.level);
    if (of.sample.count < 2) continue;
    if (of.sobol) show_sobol(*of.sobol, inputs, arguments.level);
    if (!of.elementary.empty()) show_elementary(of, inputs, arguments.level);
    if (!of.factors.empty()) show_factors(of, inputs);
    show_associations(of, inputs);
  }
  show_failures(failures, data);
  return kSuccess;
}

Verb add_analyze(CommandLine& line) {
  const auto arguments = std::make_shared<AnalyzeArguments>();
  CLI::App* verb = line.app.add_subcommand("analyze", "what the outputs depend on, and where points fail");
  verb->add_option("DIR", arguments->directory, std::string(kResults) + ", or a table (CSV)")->required();
  verb->add_option("--of,--outputs", arguments->outputs, "these outputs (default: all; of a table they must be said)")
      ->delimiter(',')
      ->option_text("NAMES");
  verb->add_option("--inputs", arguments->inputs, "these columns of a table are inputs (default: all the others)")
      ->delimiter(',')
      ->option_text("NAMES");
  verb->add_option("--level", arguments->level, "of intervals (default: 0.95)")
      ->check(CLI::Range(0.5, 0.9999))
      ->option_text("SHARE");
  verb->add_flag("--json", arguments->json, kJson);
  return {verb, [arguments] { return analyze(*arguments); }};
}

}  // namespace windrow::app
