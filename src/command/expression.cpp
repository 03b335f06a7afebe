#include "expression.hpp"

#include <fmt/format.h>
#include <muParser.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <string_view>
#include <utility>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

/// Not a comparison. muparser would set the variable.
bool has_assignment(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('=', at)) != std::string_view::npos; ++at) {
    const bool compares_before = at > 0 && std::string_view("<>!=").find(text[at - 1]) != std::string_view::npos;
    const bool compares_behind = at + 1 < text.size() && text[at + 1] == '=';
    if (!compares_before && !compares_behind) return true;
  }
  return false;
}

}  // namespace

struct Expression::Impl {
  std::string text;
  std::string key;
  std::mutex mutex;  // the parser and the variables serve one evaluation at a time
  mu::Parser parser;
  std::vector<std::size_t> used;
  std::vector<double> values;  // the parser holds their addresses
};

Expression::Expression(std::string text, const std::string& key, const std::vector<std::string>& names,
                       const std::string& kind)
    : impl_(std::make_unique<Impl>()) {
  impl_->text = std::move(text);
  impl_->key = key;
  if (has_assignment(impl_->text)) {
    throw SpecError(fmt::format("`{}`: `=` in `{}` sets a value: `==` compares", key, impl_->text));
  }
  mu::Parser& parser = impl_->parser;
  try {
    parser.DefineFun("floor", [](double x) { return std::floor(x); });
    parser.DefineFun("ceil", [](double x) { return std::ceil(x); });
    // With the dot of a bundle's field: material.E
    parser.DefineNameChars("0123456789_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    parser.SetExpr(impl_->text);
    const auto variables = parser.GetUsedVar();
    impl_->values.resize(variables.size());
    for (const auto& variable : variables) {
      const auto found = std::ranges::find(names, variable.first);
      if (found == names.end()) {
        throw SpecError(fmt::format("`{}`: `{}` in `{}` is no {}{}", key, variable.first, impl_->text, kind,
                                    text::suggestion(variable.first, names)));
      }
      parser.DefineVar(variable.first, &impl_->values[impl_->used.size()]);
      impl_->used.push_back(static_cast<std::size_t>(found - names.begin()));
    }
    parser.Eval();                      // finds what cannot be read, whatever the values
    if (parser.GetNumResults() != 1) {  // of several, the last would be taken
      throw SpecError(fmt::format("`{}`: `{}` gives {} values: a comma parts them; `&&` joins conditions", key,
                                  impl_->text, parser.GetNumResults()));
    }
  } catch (const mu::ParserError& error) {
    throw SpecError(fmt::format("`{}`: `{}` cannot be read: {}", key, impl_->text, error.GetMsg()));
  }
}

Expression::~Expression() = default;
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;

const std::string& Expression::text() const {
  return impl_->text;
}

const std::vector<std::size_t>& Expression::used() const {
  return impl_->used;
}

double Expression::operator()(const std::vector<double>& values) const {
  const std::lock_guard lock(impl_->mutex);
  std::ranges::copy(values, impl_->values.begin());
  try {
    return impl_->parser.Eval();
  } catch (const mu::ParserError& error) {
    throw SpecError(fmt::format("`{}`: `{}` cannot be evaluated here: {}", impl_->key, impl_->text, error.GetMsg()));
  }
}

}  // namespace windrow::detail
