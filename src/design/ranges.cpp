#include "design/ranges.hpp"

#include <fmt/format.h>

#include <charconv>

#include "design/interface/bad_term.hpp"
#include "design/kernel.hpp"
#include "windrow/base/text.hpp"

namespace windrow {
namespace {

using detail::BadTerm;

constexpr const char* kTooMany = " is too small: there are more than 2^62 levels";

void check_direction(bool is_zero, bool leads_away, const std::string& step, const std::string& from,
                     const std::string& to, bool falls) {
  if (is_zero) throw BadTerm("step", " must not be 0");
  if (!leads_away) return;
  throw BadTerm("step", fmt::format(" must be {}, not {}: `from` is {} and `to` is {}", falls ? "negative" : "above 0",
                                    step, from, to));
}

// Levels are computed in extended precision and rounded once: 0.3 is 0.3, not 0.30000000000000004, and no processor's
// variant of pow() shows in the last bit.

long double inner_level(const Linear& source, std::uint64_t i) {
  const long double from = source.from;
  return from + (source.to - from) * static_cast<long double>(i) / static_cast<long double>(source.points - 1);
}

long double inner_level(const Geometric& source, std::uint64_t i) {
  const long double from = source.from;
  return from * std::pow(source.to / from, static_cast<long double>(i) / static_cast<long double>(source.points - 1));
}

long double inner_level(const ReversedGeometric& source, std::uint64_t i) {
  const Geometric mirror{source.from, source.to, source.points};
  return static_cast<long double>(source.from) + source.to - inner_level(mirror, source.points - 1 - i);
}

double level_between(const detail::OfPoints auto& source, std::uint64_t i) {
  if (i == 0) return source.from;
  if (i == source.points - 1) return source.to;
  return static_cast<double>(inner_level(source, i));
}

bool is_whole_number(double value) {
  return std::trunc(value) == value;
}

bool has_whole_ratios(const auto& source) {
  if (!is_whole_number(source.from) || !is_whole_number(source.to)) return false;
  constexpr std::uint64_t most = 1'000'000;  // whole numbers in equal ratios are few
  if (source.points > most) return false;
  for (std::uint64_t i = 0; i < source.points; ++i) {
    if (!is_whole_number(detail::level_of(source, i))) return false;
  }
  return true;
}

bool tells_inner(double from, double to, std::uint64_t points) {
  return points < 3 || std::max(std::abs(from), std::abs(to)) <= detail::kTellsWhole;
}

std::string ends_and_points(const detail::OfPoints auto& source) {
  return fmt::format("{}, {}, {}", text::render(source.from), text::render(source.to), source.points);
}

}  // namespace

long double detail::as_written(double number) {
  const std::string text = text::render(number);
  long double written = number;
  std::from_chars(text.data(), text.data() + text.size(), written);
  return written;
}

LinearSteps::LinearSteps(double from, double to, double step)
    : from_(from),
      to_(to),
      step_(step),
      written_from_(detail::as_written(from)),
      written_step_(detail::as_written(step)) {
  for (const auto& [name, value] : {std::pair("from", from), {"to", to}, {"step", step}}) {
    if (!std::isfinite(value)) throw BadTerm(name, " must be a finite number, not " + text::render(value));
  }
  check_direction(step == 0.0, (to > from && step < 0.0) || (to < from && step > 0.0), text::render(step),
                  text::render(from), text::render(to), to < from);
  const double largest = std::max(std::abs(from), std::abs(to));
  const double spacing = largest - std::nextafter(largest, 0.0);
  if (from != to && std::abs(step) < spacing) throw BadTerm("step", " is too small to tell such large levels apart");
  const long double length = detail::as_written(to) - written_from_;
  const long double steps = length / written_step_;
  if (steps >= static_cast<long double>(detail::max_points)) throw BadTerm("step", kTooMany);
  // A step of 16 digits for one third meets its end, too.
  const long double nearest = std::round(steps);
  const long double tolerance = std::min(4.0L * spacing, std::abs(written_step_) / 1000.0L);
  meets_end_ = std::abs(nearest * written_step_ - length) <= tolerance;
  points_ = static_cast<std::uint64_t>(meets_end_ ? nearest : std::floor(steps)) + 1;
}

double LinearSteps::level(std::uint64_t i) const {
  if (i == 0) return from_;
  if (meets_end_ && i == points_ - 1) return to_;
  return static_cast<double>(written_from_ + static_cast<long double>(i) * written_step_);
}

Integers::Integers(std::int64_t from, std::int64_t to, std::int64_t step) : from_(from), to_(to), step_(step) {
  check_direction(step == 0, (to > from && step < 0) || (to < from && step > 0), std::to_string(step),
                  std::to_string(from), std::to_string(to), to < from);
  // Unsigned, differences and products of any two cannot overflow.
  const auto distance = [](std::int64_t low, std::int64_t high) {
    return static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  };
  const std::uint64_t length = to < from ? distance(to, from) : distance(from, to);
  const std::uint64_t size = step < 0 ? distance(step, 0) : distance(0, step);
  if (length / size >= detail::max_points) throw BadTerm("step", kTooMany);
  points_ = length / size + 1;
}

std::int64_t Integers::level(std::uint64_t i) const {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(from_) + i * static_cast<std::uint64_t>(step_));
}

namespace detail {

std::uint64_t count_of(const LinearSteps& source) {
  return source.points();
}
std::uint64_t count_of(const Integers& source) {
  return source.points();
}

double level_of(const Linear& source, std::uint64_t i) {
  return level_between(source, i);
}
double level_of(const Geometric& source, std::uint64_t i) {
  return level_between(source, i);
}
double level_of(const ReversedGeometric& source, std::uint64_t i) {
  return level_between(source, i);
}
double level_of(const LinearSteps& source, std::uint64_t i) {
  return source.level(i);
}
std::int64_t level_of(const Integers& source, std::uint64_t i) {
  return source.level(i);
}

bool is_whole(const Linear& source) {
  if (!is_whole_number(source.from) || !is_whole_number(source.to)) return false;
  if (source.points < 3) return true;
  return std::fmod(source.to - source.from, static_cast<double>(source.points - 1)) == 0.0;
}
bool is_whole(const LinearSteps& source) {
  return is_whole_number(source.from()) && (source.points() == 1 || is_whole_number(source.step()));
}
bool is_whole(const Geometric& source) {
  return has_whole_ratios(source);
}
bool is_whole(const ReversedGeometric& source) {
  return has_whole_ratios(source);
}

bool tells_whole(const Linear& source) {
  return tells_inner(source.from, source.to, source.points);
}
bool tells_whole(const LinearSteps& source) {
  return tells_inner(source.from(), source.to(), source.points());
}
bool tells_whole(const Geometric& source) {
  return tells_inner(source.from, source.to, source.points);
}
bool tells_whole(const ReversedGeometric& source) {
  return tells_inner(source.from, source.to, source.points);
}
bool tells_whole(const Integers& source) {
  constexpr std::int64_t most = std::int64_t{1} << 53U;
  const auto is_told = [](std::int64_t value) { return value >= -most && value <= most; };
  return is_told(source.from()) && is_told(source.level(source.points() - 1));
}

std::string said_of(const Linear& source) {
  return ends_and_points(source);
}
std::string said_of(const LinearSteps& source) {
  return fmt::format("{}, {}, step = {}", text::render(source.from()), text::render(source.to()),
                     text::render(source.step()));
}
std::string said_of(const Geometric& source) {
  return ends_and_points(source);
}
std::string said_of(const ReversedGeometric& source) {
  return ends_and_points(source);
}
std::string said_of(const Integers& source) {
  return fmt::format("{}, {}, step = {}", source.from(), source.to(), source.step());
}

std::optional<std::string> note_on(const LinearSteps& source) {
  if (source.meets_end()) return {};
  return fmt::format("steps of {} from {} do not meet {}; the last level is {}", text::render(source.step()),
                     text::render(source.from()), text::render(source.to()),
                     text::render(source.level(source.points() - 1)));
}
std::optional<std::string> note_on(const Integers& source) {
  if (source.meets_end()) return {};
  return fmt::format("steps of {} from {} do not meet {}; the last level is {}", source.step(), source.from(),
                     source.to(), source.level(source.points() - 1));
}

}  // namespace detail
}  // namespace windrow
