// Designs in which one parameter varies while the others stay where they are.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "design/coded.hpp"
#include "design/interface/bad_term.hpp"
#include "design/ranges.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::CodedValues;
using detail::UnfitParameter;

const Value& nominal_of(const Parameter& parameter, std::string_view method) {
  if (parameter.nominal() != nullptr) return *parameter.nominal();
  throw UnfitParameter(parameter.name(),
                       fmt::format("parameter `{}` has no nominal value, and {} needs one", parameter.name(), method));
}

/// Levels that differ from the nominal value.
class OtherLevels {
 public:
  OtherLevels(const Parameter& parameter, const Value& nominal) : count_(parameter.level_count()) {
    if (!parameter.is_listed()) {
      if (nominal.is_number()) skip_in_order(parameter, nominal.number());
      return;
    }
    for (std::uint64_t level = 0; level < count_; ++level) {
      if (is_same(parameter.level(level), nominal)) skipped_.push_back(level);
    }
  }

  std::uint64_t count() const { return count_ - skipped_.size(); }
  /// @pre i < count()
  std::uint64_t operator[](std::uint64_t i) const {
    for (const std::uint64_t level : skipped_) i += level <= i ? 1 : 0;
    return i;
  }

 private:
  static bool is_same(const Value& a, const Value& b) {
    return a.is_number() && b.is_number() ? a.number() == b.number() : a == b;
  }

  /// Levels of a range rise or fall.
  void skip_in_order(const Parameter& parameter, double nominal) {
    const bool rises = parameter.level(0).number() <= parameter.level(count_ - 1).number();
    std::uint64_t low = 0, high = count_;
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      const double level = parameter.level(middle).number();
      (rises ? level < nominal : level > nominal) ? low = middle + 1 : high = middle;
    }
    if (low < count_ && parameter.level(low).number() == nominal) skipped_.push_back(low);
  }

  std::uint64_t count_;
  std::vector<std::uint64_t> skipped_{};
};

/// After the nominal point, `counts[i]` points of parameter i.
class OneAtATime : public Design::Kernel {
 public:
  OneAtATime(std::string_view name, std::vector<std::uint64_t> ends)
      : Kernel(name, ends.back()), ends_(std::move(ends)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    std::uint64_t begin = 1;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const bool varies = index >= begin && index < ends_[i];
      values.push_back(varies ? value_of(parameters[i], i, index - begin) : nominal(parameters[i], i));
      begin = ends_[i];
    }
    return values;
  }

  std::string definition(const Parameter& parameter) const override {
    return detail::definition_with_nominal(parameter);
  }

 protected:
  virtual Value nominal(const Parameter& parameter, std::size_t /*place*/) const { return *parameter.nominal(); }
  virtual Value value_of(const Parameter& parameter, std::size_t place, std::uint64_t number) const = 0;

 private:
  std::vector<std::uint64_t> ends_;
};

/// Where the points of each parameter end.
std::vector<std::uint64_t> ends_of(const std::vector<std::uint64_t>& counts) {
  std::vector<std::uint64_t> ends;
  std::uint64_t end = 1;
  for (const std::uint64_t count : counts) {
    if (count > detail::max_points - end) throw SpecError("one_at_a_time: there are more than 2^62 points");
    ends.push_back(end += count);
  }
  return ends;
}

class ByLevels : public OneAtATime {
 public:
  ByLevels(std::vector<std::uint64_t> ends, std::vector<OtherLevels> levels)
      : OneAtATime("one_at_a_time", std::move(ends)), levels_(std::move(levels)) {}

 protected:
  Value value_of(const Parameter& parameter, std::size_t place, std::uint64_t number) const override {
    return parameter.level(levels_[place][number]);
  }

 private:
  std::vector<OtherLevels> levels_;
};

class BySteps : public OneAtATime {
 public:
  BySteps(std::vector<std::uint64_t> ends, std::vector<Steps> steps, detail::KernelOptions options)
      : OneAtATime("one_at_a_time", std::move(ends)), steps_(std::move(steps)), options_(std::move(options)) {}

  std::string definition(const Parameter& parameter) const override {
    return "nominal " + text::render(parameter.nominal()->number());
  }
  detail::KernelOptions options() const override { return options_; }

 protected:
  Value value_of(const Parameter& parameter, std::size_t place, std::uint64_t number) const override {
    const auto& [step, steps] = steps_[place];
    const bool is_below = number < steps;
    const auto away = static_cast<long double>(is_below ? steps - number : number - steps + 1);
    const long double distance = detail::as_written(step) * (is_below ? -away : away);
    return parameter.value_of(static_cast<double>(detail::as_written(parameter.nominal()->number()) + distance));
  }

 private:
  std::vector<Steps> steps_;
  detail::KernelOptions options_;
};

class Star : public OneAtATime {
 public:
  Star(std::vector<std::uint64_t> ends, std::vector<CodedValues> values)
      : OneAtATime("star", std::move(ends)), values_(std::move(values)) {}

 protected:
  Value nominal(const Parameter& /*parameter*/, std::size_t place) const override { return values_[place][2]; }
  Value value_of(const Parameter& /*parameter*/, std::size_t place, std::uint64_t number) const override {
    return values_[place][number];
  }

 private:
  std::vector<CodedValues> values_;  ///< low, high, nominal
};

CodedValues star_values(const Parameter& parameter) {
  const Value* nominal = parameter.nominal();
  if (nominal == nullptr) return detail::values_between(parameter, "star", {-1.0, 1.0, 0.0});
  CodedValues values = detail::values_between(parameter, "star", {-1.0, 1.0});
  const bool is_number = values[0].is_number() && nominal->is_number();
  const bool is_beyond = is_number && (nominal->number() < std::min(values[0].number(), values[1].number()) ||
                                       nominal->number() > std::max(values[0].number(), values[1].number()));
  if (is_beyond) {
    throw UnfitParameter(parameter.name(),
                         fmt::format("parameter `{}`: its nominal value {} is not from {} to {}", parameter.name(),
                                     nominal->render(), values[0].render(), values[1].render()));
  }
  values.push_back(*nominal);
  return values;
}

void check_steps(const std::vector<Parameter>& parameters, const std::vector<Steps>& steps) {
  if (steps.size() != parameters.size()) throw SpecError("one_at_a_time: not as many steps as parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].name();
    if (!nominal_of(parameters[i], "one_at_a_time").is_number()) {
      throw UnfitParameter(name, fmt::format("parameter `{}`: steps need a nominal value that is a number", name));
    }
    if (!(steps[i].step > 0.0) || !std::isfinite(steps[i].step)) {
      throw detail::BadTerm("step", fmt::format(" of `{}` must be above 0, not {}", name, text::render(steps[i].step)));
    }
    constexpr std::uint64_t most = std::uint64_t{1} << 53;
    if (steps[i].steps > most) throw detail::BadTerm("steps", fmt::format(" of `{}` must be at most 2^53", name));
    const bool is_whole = std::trunc(steps[i].step) == steps[i].step;
    if (parameters[i].type_of_values() == ValueType::integer && !is_whole) {
      throw detail::BadTerm(
          "step", fmt::format(" of `{}` must be whole, as its values are, not {}", name, text::render(steps[i].step)));
    }
  }
}

}  // namespace

Design one_at_a_time(std::vector<Parameter> parameters, std::uint64_t seed) {
  detail::check_parameters(parameters);
  std::vector<OtherLevels> levels;
  std::vector<std::uint64_t> counts;
  for (const Parameter& parameter : parameters) {
    const Value& nominal = nominal_of(parameter, "one_at_a_time");
    if (parameter.is_random()) {
      throw UnfitParameter(parameter.name(),
                           fmt::format("parameter `{}` is {}, and one_at_a_time needs levels: a range or "
                                       "a list, or `step` and `steps` around the nominal value",
                                       parameter.name(), parameter.kind()));
    }
    counts.push_back(levels.emplace_back(parameter, nominal).count());
  }
  auto kernel = std::make_shared<ByLevels>(ends_of(counts), std::move(levels));
  return {std::move(parameters), seed, std::move(kernel)};
}

Design centred(std::vector<Parameter> parameters, const std::vector<Steps>& steps, std::uint64_t seed) {
  detail::check_parameters(parameters);
  check_steps(parameters, steps);
  std::vector<std::uint64_t> counts;
  std::string said;
  for (const Steps& one : steps) {
    counts.push_back(2 * one.steps);
    said += fmt::format("{}{} x {}", said.empty() ? "" : ", ", one.steps, text::render(one.step));
  }
  auto kernel = std::make_shared<BySteps>(ends_of(counts), steps, detail::KernelOptions{{"steps", said}});
  return {std::move(parameters), seed, std::move(kernel)};
}

Design star(std::vector<Parameter> parameters, std::uint64_t seed) {
  detail::check_parameters(parameters);
  std::vector<CodedValues> values;
  for (const Parameter& parameter : parameters) values.push_back(star_values(parameter));
  auto ends = ends_of(std::vector<std::uint64_t>(parameters.size(), 2));
  return {std::move(parameters), seed, std::make_shared<Star>(std::move(ends), std::move(values))};
}

}  // namespace windrow
