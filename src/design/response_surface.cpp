// Designs for quadratic models.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "design/fraction.hpp"
#include "design/interface/bad_term.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::CodedValues;

constexpr std::uint64_t kMostInCentre = 1'000'000;

void check_centre(std::uint64_t centre) {
  if (centre > kMostInCentre)
    throw detail::BadTerm("centre", fmt::format(" must be at most {}, not {}", kMostInCentre, centre));
}

/// The numbers of values: as they are asked for below.
enum Codes : std::size_t { low, high, middle, far_low, far_high };

/// The middle is that of low and high, also where a parameter has a nominal value.
void note_nominals(detail::Coded& kernel, const std::vector<Parameter>& parameters,
                   const std::vector<CodedValues>& values) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Value* nominal = parameters[i].nominal();
    if (nominal == nullptr || !nominal->is_number() || nominal->number() == values[i][middle].number()) continue;
    kernel.note(fmt::format("`{}`: the centre of {} is the middle of low and high, {}, not the nominal value, {}",
                            parameters[i].name(), kernel.method, values[i][middle].render(), nominal->render()));
  }
}

class Composite : public detail::Coded {
 public:
  Composite(detail::Fraction fraction, std::vector<CodedValues> values, std::uint64_t centre,
            detail::KernelOptions options)
      : Coded("central_composite", fraction.points() + 2 * values.size() + centre, values, std::move(options)),
        fraction_(std::move(fraction)),
        axial_(2 * values.size()),
        centre_(centre) {
    if (const auto text = fraction_.note()) note(*text);
  }

  std::size_t code(std::size_t place, std::uint64_t index) const override {
    if (index < fraction_.points()) return fraction_.is_high(place, index) ? high : low;
    const std::uint64_t rest = index - fraction_.points();
    if (rest >= axial_ || rest / 2 != place) return middle;
    return rest % 2 == 0 ? far_low : far_high;
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const override {
    return detail::equal_at_end(size, centre_);
  }

 private:
  detail::Fraction fraction_;
  std::uint64_t axial_, centre_;
};

/// Which parameters vary together; the others are in the middle. Of Box & Behnken's table 4.
std::vector<std::vector<std::size_t>> blocks_of(std::size_t parameters) {
  if (parameters == 6) return {{0, 1, 3}, {1, 2, 4}, {2, 3, 5}, {0, 3, 4}, {1, 4, 5}, {0, 2, 5}};
  if (parameters == 7) return {{3, 4, 5}, {0, 5, 6}, {1, 4, 6}, {0, 1, 3}, {2, 3, 6}, {0, 2, 4}, {1, 2, 5}};
  std::vector<std::vector<std::size_t>> pairs;
  for (std::size_t a = 0; a < parameters; ++a) {
    for (std::size_t b = a + 1; b < parameters; ++b) pairs.push_back({a, b});
  }
  return pairs;
}

class Edges : public detail::Coded {
 public:
  Edges(std::vector<std::vector<std::size_t>> blocks, std::vector<CodedValues> values, std::uint64_t centre,
        detail::KernelOptions options)
      : Coded("box_behnken", (blocks.size() << blocks.front().size()) + centre, std::move(values), std::move(options)),
        blocks_(std::move(blocks)),
        bits_(blocks_.front().size()),
        centre_(centre) {}

  std::size_t code(std::size_t place, std::uint64_t index) const override {
    const std::uint64_t block = index >> bits_;
    if (block >= blocks_.size() || index >= size - centre_) return middle;
    for (std::size_t bit = 0; bit < bits_; ++bit) {
      if (blocks_[block][bit] == place) return (index >> bit & 1U) != 0 ? high : low;
    }
    return middle;
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const override {
    return detail::equal_at_end(size, centre_);
  }

 private:
  std::vector<std::vector<std::size_t>> blocks_;
  std::size_t bits_;
  std::uint64_t centre_;
};

}  // namespace

Design central_composite(std::vector<Parameter> parameters, const CompositeOptions& given, std::uint64_t seed) {
  detail::check_parameters(parameters);
  check_centre(given.centre);
  const detail::Fraction fraction(parameters, given.generators);
  if (fraction.points() > (std::uint64_t{1} << 61)) throw SpecError("the design has more than 2^61 factorial points");
  const double rotatable = std::pow(static_cast<double>(fraction.points()), 0.25);
  const double alpha = given.alpha.value_or(rotatable);
  if (!(alpha > 0.0) || !std::isfinite(alpha)) {
    throw detail::BadTerm("alpha", " must be above 0, not " + text::render(alpha));
  }
  auto values = detail::values_between(parameters, "central_composite", {-1.0, 1.0, 0.0, -alpha, alpha});
  detail::KernelOptions options = fraction.options();
  options.emplace_back("alpha", text::render(alpha));
  options.emplace_back("centre", std::to_string(given.centre));
  auto kernel = std::make_shared<Composite>(fraction, values, given.centre, std::move(options));
  note_nominals(*kernel, parameters, values);
  return {std::move(parameters), seed, std::move(kernel)};
}

Design box_behnken(std::vector<Parameter> parameters, std::uint64_t centre, std::uint64_t seed) {
  detail::check_parameters(parameters);
  check_centre(centre);
  if (parameters.size() < 3 || parameters.size() > 7) {
    throw SpecError(
        fmt::format("box_behnken has 3 to 7 parameters, not {}; take central_composite", parameters.size()));
  }
  auto values = detail::values_between(parameters, "box_behnken", {-1.0, 1.0, 0.0});
  auto kernel = std::make_shared<Edges>(blocks_of(parameters.size()), values, centre,
                                        detail::KernelOptions{{"centre", std::to_string(centre)}});
  note_nominals(*kernel, parameters, values);
  return {std::move(parameters), seed, std::move(kernel)};
}

}  // namespace windrow
