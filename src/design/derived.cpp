// Columns that are computed from others.
#include "windrow/design/derived.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "design/interface/bad_parameter.hpp"
#include "design/interface/expression.hpp"
#include "design/kernel.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// A derived column: how it is computed, and where it and what it needs stand among all columns.
struct Formula {
  std::size_t column;
  ValueType type;
  std::shared_ptr<const detail::Expression> expression;
};

/// As the type, or as it is if it is none of it: Parameter::check() tells.
Value of_type(Value value, ValueType type) {
  if (value.variant().index() == static_cast<std::size_t>(type)) return value;
  if (type == ValueType::string) return Value(value.written());
  const double number = value.number();
  if (type == ValueType::number) return Value(number);
  if (type == ValueType::boolean) return number == 0.0 || number == 1.0 ? Value(number == 1.0) : value;
  constexpr double most = 9007199254740992.0;
  const bool whole = std::trunc(number) == number && std::abs(number) <= most;
  return whole ? Value(static_cast<std::int64_t>(number)) : value;
}

/// @param columns  those that the formula uses are there
Value computed_value(const Formula& formula, const std::vector<Value>& columns, std::vector<const Value*>& used) {
  used.clear();
  for (const std::size_t column : formula.expression->used()) used.push_back(&columns[column]);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (formula.expression->is_number(i) && detail::loses_digits(*used[i])) return Value(std::nan(""));
  }
  return of_type(formula.expression->value(used), formula.type);
}

/// The points of another method with more columns.
class WithDerived : public Design::Kernel::Around {
 public:
  /// @param places    of the other method's parameters among all columns
  /// @param formulas  each behind those that it needs
  WithDerived(const Component& of, std::vector<std::size_t> places, std::vector<Formula> formulas)
      : Around(of), places_(std::move(places)), formulas_(std::move(formulas)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> given = values_of(seed, index);
    std::vector<Value> columns(parameters.size());
    for (std::size_t i = 0; i < given.size(); ++i) columns[places_[i]] = std::move(given[i]);
    std::vector<const Value*> used;
    for (const Formula& formula : formulas_) columns[formula.column] = computed_value(formula, columns, used);
    return columns;
  }

  std::unique_ptr<Reader> reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                 const std::vector<std::size_t>& which) const override;

 private:
  std::vector<std::size_t> places_;
  std::vector<Formula> formulas_;
};

/// Reads what some columns need, and no more.
class DerivedReader : public Design::Kernel::Reader {
 public:
  DerivedReader(std::unique_ptr<Reader> given, std::vector<std::size_t> places, std::vector<Formula> formulas,
                std::vector<std::size_t> which, std::size_t columns)
      : given_(std::move(given)),
        places_(std::move(places)),
        formulas_(std::move(formulas)),
        which_(std::move(which)),
        read_(places_.size()),
        columns_(columns) {}

  void read(std::uint64_t index, std::span<Value> values) override {
    given_->read(index, read_);
    for (std::size_t i = 0; i < read_.size(); ++i) columns_[places_[i]] = std::move(read_[i]);
    for (const Formula& formula : formulas_) columns_[formula.column] = computed_value(formula, columns_, used_);
    for (std::size_t i = 0; i < which_.size(); ++i) values[i] = columns_[which_[i]];
  }

 private:
  std::unique_ptr<Reader> given_;
  std::vector<std::size_t> places_;
  std::vector<Formula> formulas_;
  std::vector<std::size_t> which_;
  std::vector<Value> read_, columns_;
  std::vector<const Value*> used_;
};

std::unique_ptr<Design::Kernel::Reader> WithDerived::reader(const std::vector<Parameter>& parameters,
                                                            std::uint64_t seed,
                                                            const std::vector<std::size_t>& which) const {
  std::vector<bool> needed(parameters.size());
  for (const std::size_t column : which) needed[column] = true;
  std::vector<Formula> formulas;
  for (auto formula = formulas_.rbegin(); formula != formulas_.rend(); ++formula) {
    if (!needed[formula->column]) continue;
    for (const std::size_t column : formula->expression->used()) needed[column] = true;
    formulas.push_back(*formula);
  }
  std::ranges::reverse(formulas);
  std::vector<std::size_t> given, places;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!needed[places_[i]]) continue;
    given.push_back(i);
    places.push_back(places_[i]);
  }
  return std::make_unique<DerivedReader>(of_.kernel->reader(of_.parameters, seed, given), std::move(places),
                                         std::move(formulas), which, parameters.size());
}

/// Where what is wrong is said of.
template <typename Make>
auto made_for_parameter(const std::string& name, const Make& make) {
  try {
    return make();
  } catch (const SpecError& error) {
    throw detail::BadParameter(name, error.what());
  }
}

detail::Expression expression_of(const Parameter& parameter, const std::vector<detail::ExpressionName>& names) {
  return made_for_parameter(parameter.name(), [&] {
    return detail::Expression(std::get<Derived>(parameter.source()).expression, "", names, "parameter");
  });
}

/// Orders derived columns so that each is behind those that it needs.
class DependencyOrder {
 public:
  /// @param needs  of each column, those that it uses
  DependencyOrder(const std::vector<Parameter>& columns, const std::vector<std::vector<std::size_t>>& needs)
      : columns_(columns), needs_(needs), state_(columns.size(), State::unseen) {}

  /// @throws BadParameter that names a cycle
  std::vector<std::size_t> order() {
    for (std::size_t column = 0; column < columns_.size(); ++column) visit(column);
    return order_;
  }

 private:
  enum class State { unseen, open, done };

  /// Without recursion: a chain of formulas may be long.
  void visit(std::size_t first) {
    struct Step {
      std::size_t column;
      std::size_t next;  // among its needs
    };
    std::vector<Step> path;
    const auto enter = [&](std::size_t column) {
      if (state_[column] != State::unseen || !columns_[column].is_derived()) return;
      state_[column] = State::open;
      path.push_back({column, 0});
    };
    enter(first);
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == needs_[step.column].size()) {
        state_[step.column] = State::done;
        order_.push_back(step.column);
        path.pop_back();
        continue;
      }
      const std::size_t needed = needs_[step.column][step.next++];
      if (state_[needed] == State::open) {
        std::vector<std::string> names;
        for (const Step& open : path) names.push_back(columns_[open.column].name());
        names.erase(names.begin(), std::ranges::find(names, columns_[needed].name()));
        names.push_back(columns_[needed].name());
        throw detail::BadParameter(names.front(), fmt::format("it needs itself: {}", fmt::join(names, " -> ")));
      }
      enter(needed);
    }
  }

  const std::vector<Parameter>& columns_;
  const std::vector<std::vector<std::size_t>>& needs_;
  std::vector<State> state_;
  std::vector<std::size_t> order_;
};

ValueType natural_type(detail::ExpressionKind kind) {
  if (kind == detail::ExpressionKind::text) return ValueType::string;
  return kind == detail::ExpressionKind::truth ? ValueType::boolean : ValueType::number;
}

/// @throws BadParameter if its expression cannot give what its type says
ValueType type_for(const Parameter& parameter, detail::ExpressionKind kind) {
  const ValueType natural = natural_type(kind);
  const ValueType type = parameter.type().value_or(natural);
  if (natural == ValueType::string && type != ValueType::string) {
    throw detail::BadParameter(parameter.name(),
                               fmt::format("\"{}\" is a text, not of the type {}",
                                           std::get<Derived>(parameter.source()).expression, name_of(type)));
  }
  return type;
}

/// All columns, as they are to stand.
std::vector<Parameter> in_order(std::vector<Parameter> columns, const std::vector<std::string>& order) {
  const auto place = [&](const Parameter& column) {  // the fields of a bundle go with it
    return std::ranges::find(order, column.name().substr(0, column.name().find('.'))) - order.begin();
  };
  std::ranges::stable_sort(columns, {}, place);
  return columns;
}

std::size_t column_of(const std::vector<Parameter>& columns, const std::string& name) {
  const auto found = std::ranges::find(columns, name, &Parameter::name);
  return static_cast<std::size_t>(found - columns.begin());
}

}  // namespace

Parameter derived(std::string name, std::string_view expression) {
  return {std::move(name), Derived{std::string(expression)}};
}

Design derived(const Design& design, std::string name, std::string_view expression) {
  return derived(design, {derived(std::move(name), expression)});
}

Design derived(const Design& design, std::vector<Parameter> parameters, const std::vector<std::string>& order) {
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_derived()) throw detail::BadParameter(parameter.name(), "it is not derived from others");
  }
  if (parameters.empty()) return design;
  const Design::Kernel::Component given = Design::Kernel::with_fields(design);
  std::vector<Parameter> columns = given.parameters;
  std::ranges::move(parameters, std::back_inserter(columns));
  detail::check_parameters(columns);
  columns = in_order(std::move(columns), order);

  std::vector<detail::ExpressionName> names = detail::expression_names(columns);
  const auto is_new = [&](const Parameter& column) {
    return column.is_derived() &&
           std::ranges::find(given.parameters, column.name(), &Parameter::name) == given.parameters.end();
  };
  std::vector<std::vector<std::size_t>> needs(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_new(columns[i])) needs[i] = expression_of(columns[i], names).used();
  }
  std::vector<Formula> formulas;
  for (const std::size_t column : DependencyOrder(columns, needs).order()) {
    Parameter& parameter = columns[column];
    if (!is_new(parameter)) continue;
    auto expression = std::make_shared<const detail::Expression>(expression_of(parameter, names));
    const ValueType type = type_for(parameter, expression->kind());
    auto& source = std::get<Derived>(parameter.source_);
    source.result = type;
    for (const std::size_t used : expression->used()) source.uses.push_back(columns[used].name());
    names[column].kind = detail::expression_kind(type);
    formulas.push_back({column, type, std::move(expression)});
  }
  std::vector<std::size_t> places;
  for (const Parameter& parameter : given.parameters) places.push_back(column_of(columns, parameter.name()));
  auto kernel = std::make_shared<WithDerived>(given, std::move(places), std::move(formulas));
  return {std::move(columns), design.seed(), std::move(kernel)};
}

}  // namespace windrow
