// Values that are drawn from a list: by weights, or as they were observed.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "design/interface/bad_term.hpp"
#include "design/literal.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/distribution.hpp"

namespace windrow {

using detail::BadTerm;

struct Choice::Weighed {
  std::vector<Value> values;
  std::vector<double> weights;
  std::vector<long double> sums;  ///< of the weights so far
};

Choice::Choice(std::vector<Value> values, std::vector<double> weights) {
  if (values.empty()) throw BadTerm("values", " must have at least one item");
  if (weights.size() != values.size()) {
    throw BadTerm("weights", fmt::format(" must be as many as `values`, {}, not {}", values.size(), weights.size()));
  }
  std::vector<long double> sums;
  long double sum = 0.0L;
  for (const double weight : weights) {
    if (!(weight >= 0.0) || !std::isfinite(weight)) {
      throw BadTerm("weights", fmt::format(" must be finite numbers of at least 0; item {} is {}", sums.size() + 1,
                                           text::render(weight)));
    }
    sums.push_back(sum += weight);
  }
  if (sum == 0.0L) throw BadTerm("weights", " must not all be 0");
  weighed_ = std::make_shared<Weighed>(Weighed{std::move(values), std::move(weights), std::move(sums)});
}

const std::vector<Value>& Choice::values() const {
  return weighed_->values;
}

const std::vector<double>& Choice::weights() const {
  return weighed_->weights;
}

const Value& Choice::quantile(double u) const {
  const std::vector<long double>& sums = weighed_->sums;
  // What has no weight ends where it begins, and is passed over.
  const auto found = std::ranges::upper_bound(sums, u * sums.back());
  const auto last = std::ranges::lower_bound(sums, sums.back());
  return weighed_->values[static_cast<std::size_t>(std::min(found, last) - sums.begin())];
}

std::string Choice::definition() const {
  std::string inside;
  for (std::size_t i = 0; i < values().size(); ++i) {
    inside += fmt::format("{}{} {}", i == 0 ? "" : ", ", detail::literal(values()[i]), text::render(weights()[i]));
  }
  return "choice(" + inside + ")";
}

struct Samples::Observed {
  std::vector<double> numbers;
  bool are_integers;
  std::vector<std::string> notes;
  std::string definition;
};

Samples::Samples(std::vector<double> numbers, bool are_integers, std::vector<std::string> notes) {
  if (numbers.empty()) throw SpecError("samples: there are none");
  for (double& number : numbers) {
    number += 0.0;  // -0.0 is 0.0: no order tells them apart
    if (!std::isfinite(number)) throw SpecError("samples: " + text::render(number) + " is no finite number");
    if (are_integers && (std::trunc(number) != number || std::abs(number) > 0x1p53)) {
      throw SpecError("samples: " + text::render(number) + " is no whole number from -2^53 to 2^53");
    }
  }
  std::ranges::sort(numbers);
  detail::ContentHash hash;
  for (const double number : numbers) hash.add(text::render(number) + ' ');
  std::string definition = fmt::format("samples({} {}, xxh3 {})", numbers.size(), are_integers ? "integers" : "numbers",
                                       hash.value().text());
  observed_ =
      std::make_shared<Observed>(Observed{std::move(numbers), are_integers, std::move(notes), std::move(definition)});
}

const std::vector<double>& Samples::numbers() const {
  return observed_->numbers;
}

bool Samples::are_integers() const {
  return observed_->are_integers;
}

const std::vector<std::string>& Samples::notes() const {
  return observed_->notes;
}

Value Samples::at(std::size_t place) const {
  const double number = numbers().at(place);
  return are_integers() ? Value(static_cast<std::int64_t>(number)) : Value(number);
}

Value Samples::quantile(double u) const {
  const std::size_t count = numbers().size();
  const auto enough = static_cast<std::size_t>(std::ceil(u * static_cast<long double>(count)));
  return at(std::clamp<std::size_t>(enough, 1, count) - 1);
}

std::string Samples::definition() const {
  return observed_->definition;
}

}  // namespace windrow
