#include "windrow/design/parameter.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "design/kernel.hpp"
#include "design/table_cells.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;  // clang 14 needs it said

template <typename Kind>
concept Computed = std::same_as<Kind, Linear> || std::same_as<Kind, Geometric> || std::same_as<Kind, ReversedGeometric>;

[[noreturn]] void fail(const std::string& name, const std::string& message) {
  throw SpecError("parameter `" + name + "`: " + message);
}

void check_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool identifier = !name.empty() && !digit(name[0]) &&
                          std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
  if (!identifier) {
    throw SpecError("`" + name +
                    "` cannot name a parameter; a name is letters, digits and underscores, not a digit first");
  }
  constexpr std::array reserved = {"index", "status", "seed"};
  if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
    throw SpecError("`" + name + "` cannot name a parameter: it is reserved (so are `index`, `status` and `seed`)");
  }
}

void check_finite(const std::string& name, double a, double b) {
  if (!std::isfinite(a) || !std::isfinite(b)) fail(name, "its limits must be finite numbers");
}

template <Computed Kind>
void check_source(const std::string& name, const Kind& source) {
  check_finite(name, source.from, source.to);
  if (source.points < 1 || source.points > detail::max_points) fail(name, "points must be from 1 to 2^62");
  if constexpr (!std::same_as<Kind, Linear>) {
    const bool through_zero = source.from == 0.0 || source.to == 0.0 || (source.from < 0.0) != (source.to < 0.0);
    if (through_zero) fail(name, "a geometric range cannot reach or cross zero; use linear, or a list of values");
  }
}

void check_source(const std::string& name, const Levels& source) {
  if (source.values.empty()) fail(name, "an empty list of values");
  for (const Value& value : source.values) {
    if (value.is_array())
      fail(name, "an array cannot be a level: list a name or number for each, and look it up by that");
  }
}

void check_source(const std::string& name, const TableColumn& source) {
  if (source.cells == nullptr || source.column >= source.cells->columns()) fail(name, "there is no such column");
}

void check_source(const std::string& name, const Uniform& source) {
  check_finite(name, source.low, source.high);
  if (source.low > source.high) fail(name, "low is above high");
}

void check_source(const std::string& name, const Normal& source) {
  check_finite(name, source.mean, source.sd);
  if (source.sd < 0.0) fail(name, "the standard deviation is negative");
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

template <Computed Kind>
double level_of(const Kind& source, std::uint64_t i) {
  if (i == 0) return source.from;
  if (i == source.points - 1) return source.to;
  return static_cast<double>(inner_level(source, i));
}

/// As in a study file: numbers show a point or an exponent, so that they differ from integers, and texts are quoted.
std::string literal(const Value& value) {
  std::string text = value.identity_text();
  if (std::holds_alternative<double>(value.variant())) {
    const bool plain = text.find_first_not_of("-0123456789") == std::string::npos;
    return plain ? text + ".0" : text;
  }
  if (!value.is_text()) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

constexpr double kWhole = 0x1p53;  // beyond, a double has no neighbour that is the next whole number

template <Computed Kind>
bool is_whole(const Kind& source) {
  const auto whole = [](double value) { return std::trunc(value) == value; };
  if (!whole(source.from) || !whole(source.to)) return false;
  if constexpr (std::same_as<Kind, Linear>) {
    if (source.points < 3) return true;
    const double steps = static_cast<double>(source.points - 1);
    return std::fmod(source.to - source.from, steps) == 0.0;
  } else {
    constexpr std::uint64_t most = 1'000'000;  // whole numbers in equal ratios are few
    if (source.points > most) return false;
    for (std::uint64_t i = 0; i < source.points; ++i) {
      if (!whole(level_of(source, i))) return false;
    }
    return true;
  }
}

/// Ends may be any whole doubles, they are exact.
void check_told_apart(const std::string& name, const Computed auto& source) {
  if (source.points < 3 || std::max(std::abs(source.from), std::abs(source.to)) <= kWhole) return;
  fail(name, "whole numbers beyond 2^53 lose digits in a range; list them as integers");
}

Levels listed(const TableColumn& source) {
  Levels levels;
  for (std::uint64_t row = 0; row < source.cells->rows(); ++row) {
    levels.values.push_back(source.cells->value(row, source.column));
  }
  return levels;
}

bool is_of_type(const Parameter::Source& source, ValueType type) {
  const auto* column = std::get_if<TableColumn>(&source);
  if (column == nullptr) return false;
  const detail::ColumnForm& form = column->cells->form(column->column);
  return form.is_typed && form.type == type;
}

std::string arguments(double a, double b) {
  return text::render(a) + ", " + text::render(b);
}

}  // namespace

Parameter::Parameter(std::string name, Source source) : name_(std::move(name)), source_(std::move(source)) {
  check_name(name_);
  std::visit([this](const auto& kind) { check_source(name_, kind); }, source_);
}

Parameter& Parameter::unit(std::string text) {
  unit_ = std::move(text);
  return *this;
}

Parameter& Parameter::description(std::string text) {
  description_ = std::move(text);
  return *this;
}

Parameter& Parameter::type(ValueType type) {
  const auto wrong = [&](const std::string& what) {
    fail(name_, what + " not of the type " + std::string(name_of(type)));
  };
  const auto convert_all = [&](Levels& source) {
    for (std::size_t i = 0; i < source.values.size(); ++i) {
      try {
        source.values[i] = convert(source.values[i], type);
      } catch (const SpecError& error) {
        fail(name_, "value " + std::to_string(i + 1) + ": " + error.what());
      }
    }
  };
  const auto check_range = [&](const Computed auto& source) {
    if (type != ValueType::number && type != ValueType::integer) wrong("the levels of a range are");
    if (type == ValueType::number) return;
    check_told_apart(name_, source);
    if (!is_whole(source)) wrong("not all levels are whole:");
  };
  const auto check_drawn = [&](const auto&) {
    if (type != ValueType::number) wrong("numbers that are drawn are");
  };
  if (!is_of_type(source_, type)) {
    if (const auto* column = std::get_if<TableColumn>(&source_)) source_ = listed(*column);
    std::visit(Overloaded{convert_all, check_range, check_drawn}, source_);
  }
  type_ = type;
  writes_whole_ = false;
  return *this;
}

Parameter& Parameter::format(std::string_view conversion) {
  try {
    auto format = std::make_shared<const Format>(conversion);
    for (std::uint64_t i = 0; is_listed() && i < level_count(); ++i) format->check(level(i));
    format_ = std::move(format);
  } catch (const SpecError& error) {
    fail(name_, error.what());
  }
  return *this;
}

Parameter& Parameter::whole_numbers() {
  const auto check = [this](const Computed auto& source) {
    if (!is_whole(source)) return;
    check_told_apart(name_, source);
    writes_whole_ = true;
  };
  std::visit(Overloaded{check, [](const auto&) {}}, source_);
  return *this;
}

std::string_view Parameter::kind() const {
  constexpr std::array<std::string_view, std::variant_size_v<Source>> names = {
      "linear", "geometric", "reversed_geometric", "values", "uniform", "normal", "values"};
  return names[source_.index()];
}

bool Parameter::is_random() const {
  return std::holds_alternative<Uniform>(source_) || std::holds_alternative<Normal>(source_);
}

bool Parameter::is_listed() const {
  return std::holds_alternative<Levels>(source_) || std::holds_alternative<TableColumn>(source_);
}

std::optional<ValueType> Parameter::type_of_values() const {
  if (type_) return type_;
  if (const auto* column = std::get_if<TableColumn>(&source_)) return column->cells->form(column->column).type;
  const auto* levels = std::get_if<Levels>(&source_);
  if (levels == nullptr) return ValueType::number;
  const auto kind = [](const Value& value) { return value.variant().index(); };
  const std::size_t first = kind(levels->values.front());
  const bool same = std::ranges::all_of(levels->values, [&](const Value& value) { return kind(value) == first; });
  return same ? std::optional(static_cast<ValueType>(first)) : std::nullopt;
}

std::uint64_t Parameter::level_count() const {
  const auto random = [this]() -> std::uint64_t {
    fail(name_, std::string(kind()) + " has no levels; it must be sampled");
  };
  return std::visit(
      Overloaded{[](const Computed auto& source) { return source.points; },
                 [](const Levels& source) -> std::uint64_t { return source.values.size(); },
                 [](const TableColumn& source) { return source.cells->rows(); }, [&](const auto&) { return random(); }},
      source_);
}

Value Parameter::level(std::uint64_t i) const {
  if (i >= level_count()) fail(name_, "level " + std::to_string(i) + " of " + std::to_string(level_count()));
  const auto computed = [&](const Computed auto& source) -> Value {
    const double level = level_of(source, i);
    if (type_ == ValueType::integer) return static_cast<std::int64_t>(level);
    return writes_whole_ ? Value(level).spelled(text::render_plain(level)) : Value(level);
  };
  return std::visit(Overloaded{computed, [i](const Levels& source) -> Value { return source.values[i]; },
                               [i](const TableColumn& source) { return source.cells->value(i, source.column); },
                               [](const auto&) -> Value { return {}; }},  // level_count() has thrown
                    source_);
}

Value Parameter::quantile(double u) const {
  if (!(u > 0.0 && u < 1.0)) fail(name_, "the quantile " + text::render(u) + " is not between 0 and 1");
  const auto fixed = [this]() -> Value {
    fail(name_, std::string(kind()) + " cannot be sampled; make it uniform, normal or a list of values, or use a grid");
  };
  const auto choose = [&](const auto&) -> Value {
    const std::uint64_t count = level_count();
    return level(std::min(static_cast<std::uint64_t>(u * static_cast<double>(count)), count - 1));
  };
  // In extended precision the width of the range cannot overflow, and rounding cannot leave it.
  const auto between = [u](const Uniform& source) -> Value {
    const long double low = source.low;
    return static_cast<double>(low + (source.high - low) * u);
  };
  const auto around = [u](const Normal& source) -> Value {
    return static_cast<double>(source.mean + source.sd * static_cast<long double>(rng::normal_quantile(u)));
  };
  const auto impossible = [&](const Computed auto&) { return fixed(); };
  return std::visit(Overloaded{choose, between, around, impossible}, source_);
}

std::string Parameter::definition() const {
  const auto computed = [](const Computed auto& source) {
    return arguments(source.from, source.to) + ", " + std::to_string(source.points);
  };
  const auto all = [this](const auto&) {
    std::string list;
    for (std::uint64_t i = 0; i < level_count(); ++i) list += (list.empty() ? "" : ", ") + literal(level(i));
    return list;
  };
  const std::string inside =
      std::visit(Overloaded{computed, all, [](const Uniform& source) { return arguments(source.low, source.high); },
                            [](const Normal& source) { return arguments(source.mean, source.sd); }},
                 source_);
  return std::string(kind()) + "(" + inside + ")";
}

Parameter linear(std::string name, double from, double to, std::uint64_t points) {
  return {std::move(name), Linear{from, to, points}};
}
Parameter geometric(std::string name, double from, double to, std::uint64_t points) {
  return {std::move(name), Geometric{from, to, points}};
}
Parameter reversed_geometric(std::string name, double from, double to, std::uint64_t points) {
  return {std::move(name), ReversedGeometric{from, to, points}};
}
Parameter values(std::string name, std::vector<Value> levels) {
  return {std::move(name), Levels{std::move(levels)}};
}
Parameter uniform(std::string name, double low, double high) {
  return {std::move(name), Uniform{low, high}};
}
Parameter normal(std::string name, double mean, double sd) {
  return {std::move(name), Normal{mean, sd}};
}

}  // namespace windrow
