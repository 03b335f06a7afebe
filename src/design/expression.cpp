#include "design/interface/expression.hpp"

#include <fmt/format.h>
#include <muParser.h>

#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>
#include <utility>

#include "design/expression_text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// A parser and the numbers that it reads: they serve one evaluation at a time.
class Evaluator {
 public:
  explicit Evaluator(const ReadExpression& read) : read_(read), numbers_(read.used.size()), codes_(read.used.size()) {
    parser_.EnableOptimizer(false);  // it would join operations, and what they give would depend on its version
    parser_.ClearFun();
    for (const ExpressionFunction& function : expression_functions()) {
      if (function.of_one != nullptr) parser_.DefineFun(function.name, function.of_one);
      if (function.of_two != nullptr) parser_.DefineFun(function.name, function.of_two);
    }
    for (std::size_t i = 0; i < read.constants.size(); ++i) {
      parser_.DefineConst(fmt::format("c{}", i), read.constants[i]);
    }
    for (std::size_t i = 0; i < read.used.size(); ++i) {
      if (read.used[i].as_number) parser_.DefineVar(fmt::format("v{}", i), &numbers_[i]);
      if (read.used[i].as_text) parser_.DefineVar(fmt::format("t{}", i), &codes_[i]);
    }
    parser_.SetExpr(read.formula);
    parser_.Eval();  // compiles it
  }

  double number(Expression::Values values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (read_.used[i].as_number) {
        numbers_[i] = values[i]->is_text() ? std::numeric_limits<double>::quiet_NaN() : values[i]->number();
      }
      if (read_.used[i].as_text) codes_[i] = code_of(values, i);
    }
    return parser_.Eval();
  }

  /// @param code  a result of number()
  const std::string& text(double code, Expression::Values values) const {
    const auto place = static_cast<std::size_t>(code);
    return place < read_.texts.size() ? read_.texts[place] : values[place - read_.texts.size()]->text();
  }

 private:
  /// The same for equal texts, and another for each that is not; below 0 for what is no text.
  double code_of(Expression::Values values, std::size_t i) const {
    if (!values[i]->is_text()) return -1.0 - static_cast<double>(i);
    const std::string& text = values[i]->text();
    for (std::size_t known = 0; known < read_.texts.size(); ++known) {
      if (read_.texts[known] == text) return static_cast<double>(known);
    }
    std::size_t first = 0;
    while (first < i && !(read_.used[first].as_text && values[first]->is_text() && values[first]->text() == text)) {
      ++first;
    }
    return static_cast<double>(read_.texts.size() + first);
  }

  const ReadExpression& read_;
  mu::Parser parser_;
  std::vector<double> numbers_, codes_;  // the parser holds their addresses
};

/// Which of the evaluators a thread tries first.
std::size_t number_of_this_thread() {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t mine = threads++;
  return mine;
}

}  // namespace

struct Expression::Impl {
  struct Place {
    std::atomic_flag in_use = ATOMIC_FLAG_INIT;
    std::unique_ptr<Evaluator> evaluator;  // null: nobody needed it yet
  };

  std::string text;
  ReadExpression read;
  std::vector<std::size_t> used;
  std::array<Place, 16> places;

  /// With an evaluator that no other thread uses meanwhile.
  template <typename Call>
  auto with_evaluator(const Call& call) {
    for (std::size_t i = number_of_this_thread();; ++i) {
      Place& place = places[i % places.size()];
      if (place.in_use.test_and_set(std::memory_order_acquire)) {
        if (i % places.size() == 0) std::this_thread::yield();
        continue;
      }
      struct Release {
        ~Release() { flag.clear(std::memory_order_release); }
        std::atomic_flag& flag;
      } const release{place.in_use};
      if (!place.evaluator) place.evaluator = std::make_unique<Evaluator>(read);
      return call(*place.evaluator);
    }
  }
};

Expression::Expression(std::string text, const std::string& key, const std::vector<ExpressionName>& names,
                       const std::string& what)
    : impl_(std::make_unique<Impl>()) {
  impl_->text = std::move(text);
  try {
    constexpr std::size_t most_characters = 4000;
    if (impl_->text.size() > most_characters) {
      throw SpecError(fmt::format("an expression of more than {} characters", most_characters));
    }
    impl_->read = read_expression(impl_->text, names, what);
    impl_->with_evaluator([](const Evaluator&) {});
  } catch (const mu::ParserError& error) {
    throw SpecError(fmt::format("{}in \"{}\": {}", key.empty() ? "" : key + ": ", impl_->text, error.GetMsg()));
  } catch (const SpecError& error) {
    throw SpecError(key.empty() ? error.what() : fmt::format("{}: {}", key, error.what()));
  }
  for (const ReadExpression::Use& use : impl_->read.used) impl_->used.push_back(use.name);
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

const std::string& Expression::text() const {
  return impl_->text;
}

ExpressionKind Expression::kind() const {
  return impl_->read.kind;
}

const std::vector<std::size_t>& Expression::used() const {
  return impl_->used;
}

bool Expression::is_number(std::size_t place) const {
  return impl_->read.used[place].as_number;
}

Value Expression::value(Values values) const {
  return impl_->with_evaluator([&](Evaluator& evaluator) -> Value {
    const double result = evaluator.number(values);
    if (kind() == ExpressionKind::text) return evaluator.text(result, values);
    return kind() == ExpressionKind::truth ? Value(result != 0.0) : Value(result);
  });
}

double Expression::number(Values values) const {
  return impl_->with_evaluator([&](Evaluator& evaluator) { return evaluator.number(values); });
}

bool Expression::holds(Values values) const {
  const double result = number(values);
  return result != 0.0 && !std::isnan(result);
}

ExpressionKind expression_kind(std::optional<ValueType> type) {
  if (!type) return ExpressionKind::any;
  if (*type == ValueType::string) return ExpressionKind::text;
  return *type == ValueType::boolean ? ExpressionKind::truth : ExpressionKind::number;
}

std::vector<ExpressionName> expression_names(const std::vector<Parameter>& parameters) {
  std::vector<ExpressionName> names;
  for (const Parameter& parameter : parameters) {
    names.push_back({parameter.name(), expression_kind(parameter.type_of_values())});
  }
  return names;
}

}  // namespace windrow::detail
