#include "windrow/analysis/sensitivity.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "analysis/missing.hpp"
#include "windrow/analysis/moments.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::kMissing;

/// Outputs of a base point: A, B, AB_1 ... AB_d, BA_1 ... BA_d.
struct Base {
  const double* outputs;
  std::size_t inputs;
  double centre = 0.0;  // is taken off: of large outputs, products would lose what differs

  double a() const { return outputs[0] - centre; }
  double b() const { return outputs[1] - centre; }
  double ab(std::size_t i) const { return outputs[2 + i] - centre; }
  double ba(std::size_t i) const { return outputs[2 + inputs + i] - centre; }
};

/// All indices, one after the other: first, total, second (i < j).
std::vector<double> estimate(const std::vector<Base>& bases, std::span<const std::uint32_t> chosen, bool second_order,
                             double& mean, double& variance) {
  const std::size_t d = bases.front().inputs;
  const double n = static_cast<double>(chosen.size());
  std::vector<double> first(d), total(d), second(second_order ? d * (d - 1) / 2 : 0);
  double sum = 0.0, squares = 0.0, across = 0.0;
  for (const std::uint32_t c : chosen) {
    const Base& base = bases[c];
    const double a = base.a(), b = base.b();
    sum += a + b;
    squares += a * a + b * b;
    across += a * b;
    std::size_t pair = 0;
    for (std::size_t i = 0; i < d; ++i) {
      const double ab = base.ab(i);
      first[i] += b * (ab - a);
      total[i] += (a - ab) * (a - ab);
      for (std::size_t j = i + 1; second_order && j < d; ++j) second[pair++] += base.ba(i) * base.ab(j);
    }
  }
  mean = sum / (2.0 * n);
  variance = squares / (2.0 * n) - mean * mean;
  std::vector<double> all;
  for (const double v : first) all.push_back(v / n / variance);
  for (const double v : total) all.push_back(v / (2.0 * n) / variance);
  std::size_t pair = 0;
  for (std::size_t i = 0; second_order && i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) all.push_back((second[pair++] - across) / n / variance - all[i] - all[j]);
  }
  return all;
}

std::vector<std::uint32_t> drawn(std::size_t count, std::uint64_t seed, std::uint64_t resample) {
  std::vector<std::uint32_t> chosen(count);
  for (std::size_t i = 0; i < count; i += 4) {
    const auto bits = rng::block(seed, resample, i / 4);
    for (std::size_t k = i; k < std::min(i + 4, count); ++k) {
      chosen[k] = static_cast<std::uint32_t>((std::uint64_t{bits[k - i]} * count) >> 32U);
    }
  }
  return chosen;
}

struct Groups {
  std::vector<double> sums;
  std::vector<double> counts;
};

/// Rows by bin, in ascending order of the input.
Groups in_bins(const DataColumn& input, std::span<const double> output, std::vector<std::size_t> rows,
               std::size_t bins) {
  const auto before = [&](std::size_t a, std::size_t b) { return input.numbers[a] < input.numbers[b]; };
  std::sort(rows.begin(), rows.end(), before);
  Groups groups;
  for (std::size_t at = 0, bin = 0; at < rows.size(); ++bin) {
    std::size_t end = input.is_text() ? at : std::min(rows.size() * (bin + 1) / bins, rows.size());
    end = std::max(end, at + 1);
    while (end < rows.size() && !before(rows[end - 1], rows[end])) ++end;  // equal ones stay together
    double sum = 0.0;
    for (std::size_t i = at; i < end; ++i) sum += output[rows[i]];
    groups.sums.push_back(sum);
    groups.counts.push_back(static_cast<double>(end - at));
    at = end;
  }
  return groups;
}

/// Positions of the low and the high level, -1 and 1; empty if there are not two.
std::vector<int> signs_of(const std::vector<double>& column) {
  double low = kMissing, high = kMissing;
  for (const double x : column) {
    if (std::isnan(x)) return {};
    low = std::fmin(low, x);
    high = std::fmax(high, x);
  }
  std::vector<int> signs;
  if (!(low < high)) return signs;
  for (const double x : column) {
    if (x != low && x != high) return {};
    signs.push_back(x == low ? -1 : 1);
  }
  return signs;
}

template <typename Sign>
double contrast(std::span<const double> output, const Sign& sign) {
  double sums[2] = {0.0, 0.0}, counts[2] = {0.0, 0.0};
  for (std::size_t row = 0; row < output.size(); ++row) {
    if (std::isnan(output[row])) continue;
    const int side = sign(row) > 0 ? 1 : 0;
    sums[side] += output[row];
    counts[side] += 1.0;
  }
  return sums[1] / counts[1] - sums[0] / counts[0];
}

}  // namespace

SobolIndices sobol_indices(std::span<const double> outputs, std::size_t inputs, bool second_order, double level,
                           std::uint64_t resamples, std::uint64_t seed) {
  const std::size_t group = (second_order ? 2 * inputs : inputs) + 2;
  if (inputs == 0 || outputs.empty() || outputs.size() % group != 0) {
    throw SpecError("Sobol' indices of " + std::to_string(inputs) + " inputs need a multiple of " +
                    std::to_string(group) + " outputs, not " + std::to_string(outputs.size()));
  }
  SobolIndices result;
  std::vector<Base> bases;
  for (std::size_t at = 0; at < outputs.size(); at += group) {
    const auto of_base = outputs.subspan(at, group);
    const bool whole = std::none_of(of_base.begin(), of_base.end(), [](double y) { return std::isnan(y); });
    if (whole) bases.push_back({of_base.data(), inputs});
  }
  double centre = 0.0;
  for (const Base& base : bases) {
    centre += (base.outputs[0] + base.outputs[1]) / 2.0 / static_cast<double>(bases.size());
  }
  for (Base& base : bases) base.centre = centre;
  result.used = bases.size();
  result.incomplete = outputs.size() / group - bases.size();
  const std::size_t count = 2 * inputs + (second_order ? inputs * (inputs - 1) / 2 : 0);
  std::vector<SensitivityIndex> all(count, {kMissing, {kMissing, kMissing}});
  if (bases.size() > 1) {
    std::vector<std::uint32_t> chosen(bases.size());
    std::iota(chosen.begin(), chosen.end(), 0U);
    const std::vector<double> values = estimate(bases, chosen, second_order, result.mean, result.variance);
    result.mean += centre;
    std::vector<std::vector<double>> again(count);
    for (std::uint64_t r = 0; r < resamples; ++r) {
      double mean = 0.0, variance = 0.0;
      const auto values_again = estimate(bases, drawn(bases.size(), seed, r), second_order, mean, variance);
      for (std::size_t k = 0; k < count; ++k) {
        if (!std::isnan(values_again[k])) again[k].push_back(values_again[k]);
      }
    }
    for (std::size_t k = 0; k < count; ++k) {
      all[k].value = values[k];
      std::sort(again[k].begin(), again[k].end());
      if (again[k].empty()) continue;
      all[k].interval = {quantile(again[k], (1.0 - level) / 2.0), quantile(again[k], (1.0 + level) / 2.0)};
    }
  } else {
    result.mean = result.variance = kMissing;
  }
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(inputs);
  result.first.assign(all.begin(), middle);
  result.total.assign(middle, middle + static_cast<std::ptrdiff_t>(inputs));
  std::size_t next = 2 * inputs;
  if (second_order)
    result.second.assign(inputs, std::vector<SensitivityIndex>(inputs, {kMissing, {kMissing, kMissing}}));
  for (std::size_t i = 0; second_order && i < inputs; ++i) {
    for (std::size_t j = i + 1; j < inputs; ++j) result.second[i][j] = all[next++];
  }
  return result;
}

double first_order_by_bins(const DataColumn& input, std::span<const double> output, std::size_t bins) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < output.size(); ++row) {
    if (!std::isnan(output[row]) && !std::isnan(input.numbers[row])) rows.push_back(row);
  }
  const double n = static_cast<double>(rows.size());
  if (rows.size() < 4) return kMissing;
  if (bins == 0) bins = static_cast<std::size_t>(std::lround(2.0 * std::cbrt(n)));
  bins = std::clamp<std::size_t>(bins, 2, rows.size() / 2);
  double mean = 0.0, total = 0.0, between = 0.0;
  for (const std::size_t row : rows) mean += output[row] / n;
  for (const std::size_t row : rows) total += (output[row] - mean) * (output[row] - mean);
  const Groups groups = in_bins(input, output, std::move(rows), bins);
  for (std::size_t g = 0; g < groups.sums.size(); ++g) {
    const double off = groups.sums[g] / groups.counts[g] - mean;
    between += groups.counts[g] * off * off;
  }
  const double k = static_cast<double>(groups.sums.size());
  if (total == 0.0 || n <= k) return kMissing;
  const double within = (total - between) / (n - k);
  return std::clamp((between - (k - 1.0) * within) / total, 0.0, 1.0);
}

std::vector<ElementaryEffects> elementary_effects(const std::vector<std::vector<double>>& inputs,
                                                  std::span<const double> output, double level) {
  std::vector<std::vector<double>> effects(inputs.size());
  std::vector<double> ranges;
  for (const auto& column : inputs) {
    const Moments all = moments(column);
    ranges.push_back(all.largest - all.least);
  }
  for (std::size_t row = 1; row < output.size(); ++row) {
    std::size_t changed = inputs.size(), changes = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i][row] == inputs[i][row - 1]) continue;
      changed = i;
      ++changes;
    }
    if (changes != 1) continue;
    const double step = (inputs[changed][row] - inputs[changed][row - 1]) / ranges[changed];
    const double effect = (output[row] - output[row - 1]) / step;
    if (!std::isnan(effect)) effects[changed].push_back(effect);
  }
  std::vector<ElementaryEffects> result;
  for (std::vector<double>& of_input : effects) {
    const Moments signed_ones = moments(of_input, level);
    for (double& effect : of_input) effect = std::abs(effect);
    const Moments sizes = moments(of_input, level);
    result.push_back({signed_ones.count, signed_ones.mean, sizes.mean, signed_ones.sd, sizes.mean_interval});
  }
  return result;
}

std::vector<FactorEffect> factor_effects(const std::vector<std::vector<double>>& inputs,
                                         std::span<const double> output) {
  std::vector<std::vector<int>> signs;
  for (const auto& column : inputs) signs.push_back(signs_of(column));
  std::vector<FactorEffect> effects;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (signs[i].empty()) continue;
    effects.push_back({{i}, contrast(output, [&](std::size_t row) { return signs[i][row]; })});
    for (std::size_t j = i + 1; j < inputs.size(); ++j) {
      if (signs[j].empty()) continue;
      effects.push_back({{i, j}, contrast(output, [&](std::size_t row) { return signs[i][row] * signs[j][row]; })});
    }
  }
  std::erase_if(effects, [](const FactorEffect& one) { return std::isnan(one.effect); });
  std::stable_sort(effects.begin(), effects.end(), [](const FactorEffect& a, const FactorEffect& b) {
    return std::abs(a.effect) > std::abs(b.effect);
  });
  return effects;
}

}  // namespace windrow
