#include "dispatch/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace bench {
namespace {

bool meets(const Target& target, double value) {
  return target.kind == Target::Kind::at_most ? value <= target.value : value >= target.value;
}

Figures figures_over(const Quantity& quantity, const std::vector<Printed>& printed) {
  std::vector<double> values;
  for (const Printed& repetition : printed) values.push_back(quantity(repetition));
  return figures_of(std::move(values));
}

Result result_of(const Row& row, const std::vector<Printed>& printed) {
  Result result{row, figures_over(row.value, printed)};
  if (!row.target) return result;
  result.verdict = meets(*row.target, result.figures.median) ? Verdict::met : Verdict::not_met;
  if (!row.without_overhead) return result;
  result.without_overhead = figures_over(row.without_overhead, printed).median;
  if (!meets(*row.target, result.without_overhead)) result.verdict = Verdict::out_of_reach;
  return result;
}

/// Four digits, and no exponent.
std::string number(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size >= 1000.0 ? 0 : size >= 100.0 ? 1 : size >= 10.0 ? 2 : 3);
}

std::string verdict_of(const Result& result) {
  if (result.verdict == Verdict::none) return "";
  const std::string target = fmt::format(
      "target {} {:g}: ", result.row.target->kind == Target::Kind::at_most ? "<=" : ">=", result.row.target->value);
  if (result.verdict == Verdict::met) return target + "met";
  if (result.verdict == Verdict::not_met) return target + "NOT met";
  return target + fmt::format("out of reach, {} if handing out cost nothing", number(result.without_overhead));
}

long count(const std::vector<Finished>& all, Verdict verdict) {
  long sum = 0;
  for (const Finished& finished : all) {
    sum += std::count_if(finished.results.begin(), finished.results.end(),
                         [&](const Result& result) { return result.verdict == verdict; });
  }
  return sum;
}

nlohmann::json to_json(const Result& result) {
  nlohmann::json row = {{"what", result.row.what},
                        {"unit", result.row.unit},
                        {"median", result.figures.median},
                        {"minimum", result.figures.low},
                        {"maximum", result.figures.high}};
  if (result.verdict == Verdict::none) return row;
  row[result.row.target->kind == Target::Kind::at_most ? "at_most" : "at_least"] = result.row.target->value;
  if (result.row.without_overhead) row["without_overhead"] = result.without_overhead;
  row["met"] = result.verdict == Verdict::met;
  row["out_of_reach"] = result.verdict == Verdict::out_of_reach;
  return row;
}

}  // namespace

Finished finish(const Experiment& experiment, const std::vector<Printed>& printed, double cores_of_others) {
  Finished finished{experiment, printed.size(), cores_of_others};
  for (const Row& row : experiment.rows) finished.results.push_back(result_of(row, printed));
  return finished;
}

void print(const Finished& finished) {
  fmt::print("\n{}: {}\n", finished.experiment.name, finished.experiment.about);
  std::size_t width = 0;
  for (const Result& result : finished.results) width = std::max(width, result.row.what.size());
  for (const Result& result : finished.results) {
    const Figures& figures = result.figures;
    const std::string range =
        finished.repetitions > 1 ? fmt::format("({} to {})", number(figures.low), number(figures.high)) : "";
    fmt::print("  {:<{}}  {:>7} {:<11} {:<18} {}\n", result.row.what, width, number(figures.median), result.row.unit,
               range, verdict_of(result));
  }
  if (finished.cores_of_others > kCoresOfOthers) {
    fmt::print("  REMARK: other processes used {:.2f} cores meanwhile\n", finished.cores_of_others);
  }
  std::fflush(stdout);
}

void print_totals(const std::vector<Finished>& all) {
  const long met = count(all, Verdict::met);
  const long beyond = count(all, Verdict::out_of_reach);
  fmt::print("\n{} of {} targets met", met, met + count(all, Verdict::not_met));
  fmt::print("{}\n", beyond == 0 ? "" : fmt::format("; {} more are out of reach of any dispatcher", beyond));
}

bool write_json(const std::filesystem::path& path, const std::vector<Finished>& all,
                const std::vector<std::string>& remarks) {
  nlohmann::json experiments = nlohmann::json::array();
  for (const Finished& finished : all) {
    nlohmann::json rows = nlohmann::json::array();
    for (const Result& result : finished.results) rows.push_back(to_json(result));
    experiments.push_back({{"name", finished.experiment.name},
                           {"about", finished.experiment.about},
                           {"repetitions", finished.repetitions},
                           {"cores_of_others", finished.cores_of_others},
                           {"rows", rows}});
  }
  std::ofstream file(path);
  file << nlohmann::json{{"remarks", remarks}, {"experiments", experiments}}.dump(2) << '\n';
  return static_cast<bool>(file.flush());
}

}  // namespace bench
