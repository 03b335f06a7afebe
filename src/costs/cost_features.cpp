#include "cost_features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <variant>

namespace windrow::detail {
namespace {

constexpr std::size_t kMostNumericLevels = 8;
constexpr std::size_t kMostLevels = 32;
constexpr std::uint64_t kSamples = 64;

/// The different levels of a fixed parameter, in order of first appearance; at most `most` + 1 of them.
std::vector<Value> distinct_levels(const Parameter& parameter, std::size_t most) {
  std::vector<Value> levels;
  const auto add = [&levels](const Value& value) {
    if (std::find(levels.begin(), levels.end(), value) == levels.end()) levels.push_back(value);
    return levels.size();
  };
  const std::uint64_t all = parameter.level_count();
  const std::uint64_t count = parameter.is_listed() ? all : std::min<std::uint64_t>(all, most + 1);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (add(parameter.level(i)) > most) break;
  }
  return levels;
}

bool all_numbers(const Parameter& parameter) {
  const auto are_numbers = [](const std::vector<Value>& values) {
    return std::ranges::all_of(values, &Value::is_number);
  };
  if (const auto* list = std::get_if<Levels>(&parameter.source())) return are_numbers(list->values);
  if (const auto* choice = std::get_if<Choice>(&parameter.source())) return are_numbers(choice->values());
  const auto type = parameter.type_of_values();
  return type == ValueType::number || type == ValueType::integer;
}

/// Numbers that stand for the parameter: all that are listed, or an even sample.
std::vector<double> sample(const Parameter& parameter) {
  std::vector<double> numbers;
  const auto add = [&numbers](double number) {
    if (std::isfinite(number)) numbers.push_back(number);
  };
  if (parameter.is_listed()) {
    for (std::uint64_t i = 0; i < parameter.level_count(); ++i) add(parameter.level(i).number());
  } else if (!parameter.has_levels()) {
    for (std::uint64_t i = 0; i < kSamples; ++i) {
      add(parameter.quantile((static_cast<double>(i) + 0.5) / static_cast<double>(kSamples)).number());
    }
  } else {
    const std::uint64_t last = parameter.level_count() - 1;
    for (std::uint64_t i = 0; i < kSamples; ++i) {
      const double place = static_cast<double>(last) * static_cast<double>(i) / static_cast<double>(kSamples - 1);
      add(parameter.level(std::min(last, static_cast<std::uint64_t>(place))).number());
    }
  }
  return numbers;
}

/// Below all values of the parameter, or the lowest of them.
double lower_bound(const Parameter& parameter, std::span<const double> sampled) {
  if (const auto* distribution = std::get_if<Distribution>(&parameter.source())) return distribution->lowest();
  return sampled.empty() ? 0.0 : *std::min_element(sampled.begin(), sampled.end());
}

}  // namespace

std::size_t CostFeatures::Encoder::size() const {
  if (!levels.empty()) return levels.size() - 1;
  return (linear.sd > 0.0 ? 2U : 0U) + (logarithmic.sd > 0.0 ? 2U : 0U);
}

CostFeatures::CostFeatures(const std::vector<Parameter>& parameters) {
  std::vector<Encoder> wanted;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (parameter.is_derived()) continue;  // it follows from the others
    const bool numbers = all_numbers(parameter);
    const std::size_t most = numbers ? kMostNumericLevels : kMostLevels;
    auto levels = parameter.has_levels() ? distinct_levels(parameter, most) : std::vector<Value>();
    const bool few = parameter.has_levels() && levels.size() <= most;
    if (few) {
      wanted.push_back(level_encoder(i, std::move(levels)));
    } else if (numbers) {
      wanted.push_back(number_encoder(i, parameter));
    } else {
      left_out_.push_back(fmt::format("`{}` has more than {} levels", parameter.name(), kMostLevels));
    }
  }
  // Those of few features first, so that many parameters find a place.
  std::stable_sort(wanted.begin(), wanted.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  for (Encoder& encoder : wanted) {
    if (encoder.size() == 0) continue;
    if (size_ + encoder.size() > kMost) {
      left_out_.push_back(
          fmt::format("`{}` found no place among {} features", parameters[encoder.parameter].name(), kMost));
      continue;
    }
    size_ += encoder.size();
    encoders_.push_back(std::move(encoder));
  }
}

CostFeatures::Encoder CostFeatures::level_encoder(std::size_t parameter, std::vector<Value> levels) {
  Encoder encoder;
  encoder.parameter = parameter;
  encoder.levels = std::move(levels);
  return encoder;
}

CostFeatures::Encoder CostFeatures::number_encoder(std::size_t parameter, const Parameter& source) {
  Encoder encoder;
  encoder.parameter = parameter;
  std::vector<double> numbers = sample(source);
  encoder.linear = scale_of(numbers);
  const double low = lower_bound(source, numbers);
  const double high = numbers.empty() ? 0.0 : *std::max_element(numbers.begin(), numbers.end());
  if (low > 0.0 && high >= 4.0 * low) {  // over less than that a logarithm is a parabola
    for (double& number : numbers) number = std::log(number);
    encoder.logarithmic = scale_of(numbers);
  }
  return encoder;
}

CostFeatures::Scale CostFeatures::scale_of(std::span<const double> numbers) {
  if (numbers.empty()) return {};
  const auto count = static_cast<double>(numbers.size());
  double mean = 0.0;
  for (const double number : numbers) mean += number / count;
  double variance = 0.0;
  for (const double number : numbers) variance += (number - mean) * ((number - mean) / count);
  const double sd = std::sqrt(variance);
  return {mean, std::isfinite(sd) ? sd : 0.0};
}

void CostFeatures::append(std::vector<double>& features, const Scale& scale, double number) {
  if (!(scale.sd > 0.0)) return;
  constexpr double limit = 10.0;  // no outlier may rule the sums
  const double z = std::clamp((number - scale.mean) / scale.sd, -limit, limit);
  const double standardised = std::isnan(z) ? 0.0 : z;  // what is no number counts as the mean
  features.push_back(standardised);
  features.push_back(standardised * standardised);
}

std::vector<double> CostFeatures::of(std::span<const Value> values) const {
  std::vector<double> features;
  features.reserve(size_);
  for (const Encoder& encoder : encoders_) {
    const Value& value = values[encoder.parameter];
    for (std::size_t i = 1; i < encoder.levels.size(); ++i) features.push_back(value == encoder.levels[i] ? 1.0 : 0.0);
    if (!encoder.levels.empty()) continue;
    append(features, encoder.linear, value.number());
    append(features, encoder.logarithmic, std::log(value.number()));
  }
  return features;
}

}  // namespace windrow::detail
