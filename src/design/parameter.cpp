#include "windrow/design/parameter.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "design/kernel.hpp"
#include "design/literal.hpp"
#include "design/ranges.hpp"
#include "design/table_cells.hpp"
#include "design/table_text.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;  // clang 14 needs it said

using detail::Computed;
using detail::count_of;
using detail::is_whole;
using detail::level_of;
using detail::note_on;
using detail::Range;
using detail::said_of;
using detail::tells_whole;

constexpr const char* kNeedsOthers =
    "it is derived from others, which a design has and it alone has not: use derived()";

[[noreturn]] void fail(const std::string& name, const std::string& message) {
  throw SpecError("parameter `" + name + "`: " + message);
}

void check_name(const std::string& name) {
  if (!detail::is_identifier(name)) {
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

template <detail::OfPoints Kind>
void check_source(const std::string& name, const Kind& source) {
  check_finite(name, source.from, source.to);
  if (source.points < 1 || source.points > detail::max_points) fail(name, "points must be from 1 to 2^62");
  if constexpr (!std::same_as<Kind, Linear>) {
    const bool through_zero = source.from == 0.0 || source.to == 0.0 || (source.from < 0.0) != (source.to < 0.0);
    if (through_zero) fail(name, "a geometric range cannot reach or cross zero; use linear, or a list of values");
  }
}

void check_levels(const std::string& name, const std::vector<Value>& values) {
  for (const Value& value : values) {
    if (value.is_array())
      fail(name, "an array cannot be a level: list a name or number for each, and look it up by that");
  }
}

void check_source(const std::string& name, const Levels& source) {
  if (source.values.empty()) fail(name, "an empty list of values");
  check_levels(name, source.values);
}

void check_source(const std::string& name, const Choice& source) {
  check_levels(name, source.values());
}

void check_source(const std::string& name, const TableColumn& source) {
  if (source.cells == nullptr || source.column >= source.cells->columns()) fail(name, "there is no such column");
}

void check_source(const std::string& name, const Bundle& /*source*/) {
  if (name == "point" || name == "study") {
    throw SpecError("`" + name + "` cannot name a bundle: `" + name + ".dir` and others are tags of their own");
  }
}

void check_source(const std::string& /*name*/, const BundleField& source) {
  if (source.field >= source.bundle.fields().size()) throw SpecError("a bundle has no such field");
}

void check_source(const std::string& name, const PartsOf& source) {
  if (source.parts == nullptr || source.parts->empty()) fail(name, "there are no parts");
}

/// Of a bundle's field "material.E" what stands before the dot; its end is in order since the bundle was made.
std::string checked_part(const std::string& name, const Parameter::Source& source) {
  return std::holds_alternative<BundleField>(source) ? name.substr(0, name.find('.')) : name;
}

/// The others are in order since they were made.
void check_source(const std::string& /*name*/, const auto& /*source*/) {}

}  // namespace

std::string detail::literal(const Value& value) {
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

namespace {

void check_told_apart(const std::string& name, const Range auto& source) {
  if (tells_whole(source)) return;
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

/// What `make` makes; what is wrong with it is said of the parameter.
template <typename Make>
auto made_for(const std::string& name, const Make& make) {
  try {
    return make();
  } catch (const SpecError& error) {
    fail(name, error.what());
  }
}

std::vector<Value> converted(const std::string& name, const std::vector<Value>& values, ValueType type) {
  std::vector<Value> converted;
  for (const Value& value : values) {
    const std::string place = "value " + std::to_string(converted.size() + 1) + ": ";
    try {
      converted.push_back(convert(value, type));
    } catch (const SpecError& error) {
      fail(name, place + error.what());
    }
  }
  return converted;
}

/// All of a kind, or none.
std::optional<ValueType> type_of_all(const std::vector<Value>& values) {
  const auto kind = [](const Value& value) { return value.variant().index(); };
  const std::size_t first = kind(values.front());
  const bool same = std::ranges::all_of(values, [&](const Value& value) { return kind(value) == first; });
  return same ? std::optional(static_cast<ValueType>(first)) : std::nullopt;
}

bool is_whole(const Samples& samples) {
  return samples.are_integers() || std::ranges::all_of(samples.numbers(), [](double number) {
           return std::trunc(number) == number && std::abs(number) <= detail::kTellsWhole;
         });
}

/// A number, or an integer, as the other if that was said.
Value as_type(Value value, std::optional<ValueType> type) {
  if (!type || value.variant().index() == static_cast<std::size_t>(*type)) return value;
  return *type == ValueType::integer ? Value(static_cast<std::int64_t>(value.number())) : Value(value.number());
}

bool any_of(const PartsOf& source, bool (Parameter::*is)() const) {
  return std::ranges::any_of(*source.parts, [is](const Parameter& part) { return (part.*is)(); });
}

bool all_of(const PartsOf& source, bool (Parameter::*is)() const) {
  return std::ranges::all_of(*source.parts, [is](const Parameter& part) { return (part.*is)(); });
}

std::uint64_t count_of_parts(const PartsOf& source) {
  std::uint64_t count = 0;
  for (const Parameter& part : *source.parts) count += part.level_count();
  return count;
}

Value level_of_parts(const PartsOf& source, std::uint64_t i) {
  auto part = source.parts->begin();
  for (; i >= part->level_count(); ++part) i -= part->level_count();
  return part->level(i);
}

/// Each part has the same share.
Value quantile_of_parts(const PartsOf& source, double u) {
  const double place = u * static_cast<double>(source.parts->size());
  const std::size_t which = std::min(static_cast<std::size_t>(place), source.parts->size() - 1);
  const Parameter& part = (*source.parts)[which];
  const double inside = std::clamp(place - static_cast<double>(which), 0x1p-53, 1.0 - 0x1p-53);
  if (!part.has_levels()) return part.quantile(inside);
  const std::uint64_t count = part.level_count();
  return part.level(std::min(static_cast<std::uint64_t>(inside * static_cast<double>(count)), count - 1));
}

std::optional<ValueType> type_of_parts(const PartsOf& source) {
  const auto first = source.parts->front().type_of_values();
  const auto same = [&](const Parameter& part) { return part.type_of_values() == first; };
  return std::ranges::all_of(*source.parts, same) ? first : std::nullopt;
}

std::vector<Value> values_of_field(const BundleField& source) {
  std::vector<Value> values;
  for (std::size_t entry = 0; entry < source.bundle.size(); ++entry) {
    values.push_back(source.bundle.value(entry, source.field));
  }
  return values;
}

}  // namespace

Parameter::Parameter(std::string name, Source source) : name_(std::move(name)), source_(std::move(source)) {
  check_name(checked_part(name_, source_));
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
  const auto check_numeric = [&](const char* what) {
    if (type != ValueType::number && type != ValueType::integer) wrong(what);
  };
  const auto convert_levels = [&](Levels& source) { source.values = converted(name_, source.values, type); };
  const auto convert_choice = [&](Choice& source) {
    source = Choice(converted(name_, source.values(), type), source.weights());
  };
  const auto check_range = [&](const Computed auto& source) {
    check_numeric("the levels of a range are");
    if (type == ValueType::number) return;
    check_told_apart(name_, source);
    if (!is_whole(source)) wrong("not all levels are whole:");
  };
  const auto check_integers = [&](const Integers& source) {
    check_numeric("the levels of a range are");
    if (type == ValueType::number) check_told_apart(name_, source);
  };
  const auto check_samples = [&](const Samples& source) {
    check_numeric("samples are");
    if (type == ValueType::integer && !is_whole(source)) wrong("not all samples are whole:");
  };
  const auto check_drawn = [&](const Distribution& source) {
    check_numeric("numbers that are drawn are");
    if (type == ValueType::integer && !source.is_discrete()) wrong("numbers that are drawn are");
  };
  if (!is_of_type(source_, type)) {
    if (const auto* column = std::get_if<TableColumn>(&source_)) source_ = listed(*column);
    std::visit(Overloaded{convert_levels, convert_choice, check_range, check_integers, check_samples, check_drawn,
                          [&](const Bundle&) {
                            if (type != ValueType::string) wrong("the names of a bundle are");
                          },
                          [&](const BundleField&) { wrong("the fields of a bundle have types of their own:"); },
                          [&](const PartsOf&) { wrong("the parts of a design have types of their own:"); },
                          [](const TableColumn&) {}, [](const Derived&) {}},
               source_);
  }
  type_ = type;
  writes_whole_ = false;
  if (nominal_) nominal(*std::exchange(nominal_, std::nullopt));
  return *this;
}

Parameter& Parameter::nominal(Value value) {
  const auto wrong = [&](const std::string& what) { fail(name_, "nominal: " + what); };
  if (value.is_array()) wrong("an array cannot be a value of a parameter");
  try {
    if (type_) value = convert(value, *type_);
    if (format_) format_->check(value);
  } catch (const SpecError& error) {
    wrong(error.what());
  }
  const auto is_number = [](std::optional<ValueType> type) {
    return type == ValueType::number || type == ValueType::integer;
  };
  const auto type = type_of_values();
  const bool fits =
      !type || (is_number(type) ? value.is_number() : value.variant().index() == static_cast<std::size_t>(*type));
  if (!fits) wrong(detail::literal(value) + " is not of the type of its values, " + std::string(name_of(*type)));
  if (type && is_number(type) && value.variant().index() != static_cast<std::size_t>(*type)) {
    value = value_of(value.number());
  }
  nominal_ = std::move(value);
  return *this;
}

Value Parameter::value_of(double number) const {
  const bool whole = std::trunc(number) == number && std::abs(number) <= detail::kTellsWhole;
  if (type_of_values() == ValueType::integer) {
    if (!whole)
      fail(name_,
           text::render(number) + " is no whole number, as its values are; type = \"number\" makes them numbers");
    return static_cast<std::int64_t>(number);
  }
  return writes_whole_ && whole ? Value(number).spelled(text::render_plain(number)) : Value(number);
}

Parameter& Parameter::format(std::string_view conversion) {
  try {
    auto format = std::make_shared<const Format>(conversion);
    for (std::uint64_t i = 0; is_listed() && i < level_count(); ++i) format->check(level(i));
    if (nominal_) format->check(*nominal_);
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
  if (const auto* distribution = std::get_if<Distribution>(&source_)) return distribution->kind();
  constexpr std::array<std::string_view, std::variant_size_v<Source>> names = {
      "linear",   "linear", "geometric", "reversed_geometric",
      "integers", "values", "values",    "choice",
      "samples",  "",       "bundle",    "values",
      "parts",    "derived"};
  return names[source_.index()];
}

bool Parameter::is_random() const {
  if (const auto* several = std::get_if<PartsOf>(&source_)) return any_of(*several, &Parameter::is_random);
  return std::holds_alternative<Distribution>(source_) || std::holds_alternative<Choice>(source_) ||
         std::holds_alternative<Samples>(source_);
}

bool Parameter::is_listed() const {
  if (const auto* several = std::get_if<PartsOf>(&source_)) return all_of(*several, &Parameter::is_listed);
  const auto lists = [](const auto& source) {
    using Kind = std::decay_t<decltype(source)>;
    return !Range<Kind> && !std::same_as<Kind, Distribution> && !std::same_as<Kind, Derived>;
  };
  return std::visit(lists, source_);
}

bool Parameter::has_levels() const {
  if (const auto* several = std::get_if<PartsOf>(&source_)) return all_of(*several, &Parameter::has_levels);
  return !std::holds_alternative<Distribution>(source_) && !is_derived();
}

std::optional<ValueType> Parameter::type_of_values() const {
  if (type_) return type_;
  using Type = std::optional<ValueType>;
  const auto numeric = [](bool are_integers) -> Type { return are_integers ? ValueType::integer : ValueType::number; };
  return std::visit(
      Overloaded{[](const Levels& source) { return type_of_all(source.values); },
                 [](const Choice& source) { return type_of_all(source.values()); },
                 [](const TableColumn& source) -> Type { return source.cells->form(source.column).type; },
                 [](const Bundle&) -> Type { return ValueType::string; },
                 [](const BundleField& source) { return type_of_all(values_of_field(source)); },
                 [](const PartsOf& source) { return type_of_parts(source); },
                 [&](const Samples& source) { return numeric(source.are_integers()); },
                 [&](const Distribution& source) { return numeric(source.is_discrete()); },
                 [](const Derived& source) { return source.result; }, [&](const Integers&) { return numeric(true); },
                 [&](const Computed auto&) { return numeric(false); }},
      source_);
}

std::uint64_t Parameter::level_count() const {
  const auto none = [this](const Distribution&) -> std::uint64_t {
    fail(name_, std::string(kind()) + " has no levels; it must be sampled");
  };
  const auto computed = [this](const Derived&) -> std::uint64_t { fail(name_, kNeedsOthers); };
  return std::visit(Overloaded{[](const Range auto& source) { return count_of(source); },
                               [](const Levels& source) -> std::uint64_t { return source.values.size(); },
                               [](const TableColumn& source) { return source.cells->rows(); },
                               [](const Choice& source) -> std::uint64_t { return source.values().size(); },
                               [](const Samples& source) -> std::uint64_t { return source.numbers().size(); },
                               [](const Bundle& source) -> std::uint64_t { return source.size(); },
                               [](const BundleField& source) -> std::uint64_t { return source.bundle.size(); },
                               [](const PartsOf& source) { return count_of_parts(source); }, none, computed},
                    source_);
}

Value Parameter::level(std::uint64_t i) const {
  const auto check = [&](std::uint64_t count) {
    if (i >= count) fail(name_, "level " + std::to_string(i) + " of " + std::to_string(count));
  };
  const auto computed = [&](const Computed auto& source) -> Value {
    check(count_of(source));
    const double level = level_of(source, i);
    if (type_ == ValueType::integer) return static_cast<std::int64_t>(level);
    return writes_whole_ ? Value(level).spelled(text::render_plain(level)) : Value(level);
  };
  const auto whole = [&](const Integers& source) {
    check(count_of(source));
    return as_type(level_of(source, i), type_);
  };
  const auto listed = [&](const auto& source) -> Value {
    check(level_count());
    if constexpr (requires { source.cells; }) return source.cells->value(i, source.column);
    if constexpr (requires { source.values; }) return source.values[i];
    if constexpr (requires { source.weights(); }) return source.values()[i];
    if constexpr (requires { source.at(i); }) return as_type(source.at(i), type_);
    return {};  // of a distribution or a derived one, whose level_count() has thrown
  };
  const auto in_bundle = [&](const Bundle& source) -> Value {
    check(source.size());
    return source.name(i);
  };
  const auto of_bundle = [&](const BundleField& source) {
    check(source.bundle.size());
    return source.bundle.value(i, source.field);
  };
  const auto of_parts = [&](const PartsOf& source) {
    check(count_of_parts(source));
    return level_of_parts(source, i);
  };
  return std::visit(Overloaded{computed, whole, in_bundle, of_bundle, of_parts, listed}, source_);
}

Value Parameter::quantile(double u) const {
  if (!(u > 0.0 && u < 1.0)) fail(name_, "the quantile " + text::render(u) + " is not between 0 and 1");
  const auto choose = [&](const auto&) -> Value {
    const std::uint64_t count = level_count();
    return level(std::min(static_cast<std::uint64_t>(u * static_cast<double>(count)), count - 1));
  };
  const auto impossible = [this](const Range auto&) -> Value {
    fail(name_, std::string(kind()) + " cannot be sampled; make it uniform, normal or a list of values, or use a grid");
  };
  return std::visit(Overloaded{[&](const Levels& source) { return choose(source); },
                               [&](const TableColumn& source) { return choose(source); }, impossible,
                               [&](const Bundle& source) { return choose(source); },
                               [&](const BundleField& source) { return choose(source); },
                               [u](const PartsOf& source) { return quantile_of_parts(source, u); },
                               [this](const Derived&) -> Value { fail(name_, kNeedsOthers); },
                               [u](const Choice& source) { return source.quantile(u); },
                               [&](const Samples& source) { return as_type(source.quantile(u), type_); },
                               [&](const Distribution& source) { return as_type(source.quantile(u), type_); }},
                    source_);
}

std::vector<std::string> Parameter::notes() const {
  const auto of_source = [this](const auto& source) {
    std::vector<std::string> notes;
    if constexpr (requires { note_on(source); }) {
      if (const auto note = note_on(source)) notes.push_back("`" + name_ + "`: " + *note);
    } else if constexpr (std::same_as<std::decay_t<decltype(source)>, Samples>) {
      notes = source.notes();
    } else if constexpr (std::same_as<std::decay_t<decltype(source)>, PartsOf>) {
      for (const Parameter& part : *source.parts) std::ranges::move(part.notes(), std::back_inserter(notes));
    }
    return notes;
  };
  return std::visit(of_source, source_);
}

std::string Parameter::definition() const {
  const auto list = [this](const auto&) {
    std::string inside;
    for (std::uint64_t i = 0; i < level_count(); ++i) {
      inside += (inside.empty() ? "" : ", ") + detail::literal(level(i));
    }
    return "values(" + inside + ")";
  };
  const auto range = [this](const Range auto& source) { return std::string(kind()) + "(" + said_of(source) + ")"; };
  const auto parts = [](const PartsOf& source) {
    std::string text;
    for (const Parameter& part : *source.parts) text += (text.empty() ? "" : " + ") + part.definition();
    return text;
  };
  return std::visit(Overloaded{range, parts, [&](const Levels& source) { return list(source); },
                               [](const Bundle& source) { return source.definition(); },
                               [&](const BundleField& source) { return list(source); },
                               [&](const TableColumn& source) { return list(source); },
                               [](const Choice& source) { return source.definition(); },
                               [](const Samples& source) { return source.definition(); },
                               [](const Distribution& source) { return source.definition(); },
                               [](const Derived& source) { return "derived(" + source.expression + ")"; }},
                    source_);
}

void Parameter::check(const Value& value) const {
  const auto* source = std::get_if<Derived>(&source_);
  if (source == nullptr) return;
  const auto* number = std::get_if<double>(&value.variant());
  if (number == nullptr) return;
  const auto type = type_of_values().value_or(ValueType::number);
  if (type == ValueType::number && std::isfinite(*number)) return;
  const std::string what =
      std::isfinite(*number) ? "which is not of the type " + std::string(name_of(type)) : "no number";
  throw Rejected("`" + name_ + "`, derived as \"" + source->expression + "\", is " + text::render(*number) + " here, " +
                 what);
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
Parameter bundle(std::string name, std::vector<Bundle::Entry> entries) {
  Bundle source = made_for(name, [&] { return Bundle(std::move(entries)); });
  return {std::move(name), std::move(source)};
}
Parameter linear_steps(std::string name, double from, double to, double step) {
  const LinearSteps source = made_for(name, [&] { return LinearSteps(from, to, step); });
  return {std::move(name), source};
}
Parameter integers(std::string name, std::int64_t from, std::int64_t to) {
  return integers(std::move(name), from, to, to < from ? -1 : 1);
}
Parameter integers(std::string name, std::int64_t from, std::int64_t to, std::int64_t step) {
  const Integers source = made_for(name, [&] { return Integers(from, to, step); });
  return {std::move(name), source};
}
Parameter uniform(std::string name, double low, double high) {
  return drawn(std::move(name), "uniform", {{"low", low}, {"high", high}});
}
Parameter normal(std::string name, double mean, double sd) {
  return drawn(std::move(name), "normal", {{"mean", mean}, {"sd", sd}});
}
Parameter drawn(std::string name, std::string_view kind, std::vector<Term> terms) {
  Distribution source = made_for(name, [&] { return Distribution(kind, std::move(terms)); });
  return {std::move(name), std::move(source)};
}

}  // namespace windrow
