// The functions of expressions. What rounds is computed in extended precision, of which the C library has one variant:
// with doubles, exp() of two processors may differ in the last bit, and a point is known by its bits.
#include <math.h>

#include <algorithm>
#include <cmath>

#include "design/expression_text.hpp"

namespace windrow::detail {
namespace {

template <long double (*Function)(long double)>
double rounded(double x) {
  return static_cast<double>(Function(x));
}

template <long double (*Function)(long double, long double)>
double rounded(double x, double y) {
  return static_cast<double>(Function(x, y));
}

long double log_gamma(long double x) {
  int sign = 0;
  return ::lgammal_r(x, &sign);  // lgammal() leaves the sign in a variable that all threads share
}

/// As muParser's: expressions of `ranks` were rounded so before there were others.
double halves_up(double x) {
  return std::floor(x + 0.5);
}

double sign_of(double x) {
  if (std::isnan(x) || x == 0.0) return x;
  return x > 0.0 ? 1.0 : -1.0;
}

ExpressionFunction of_one_argument(std::string name, double (*function)(double)) {
  return {std::move(name), function, nullptr, false};
}
ExpressionFunction of_two_arguments(std::string name, double (*function)(double, double)) {
  return {std::move(name), nullptr, function, false};
}
ExpressionFunction of_any_number(std::string name, double (*function)(double, double) = nullptr) {
  return {std::move(name), nullptr, function, true};
}

std::vector<ExpressionFunction> all_functions() {
  return {
      of_one_argument("sin", rounded<::sinl>),
      of_one_argument("cos", rounded<::cosl>),
      of_one_argument("tan", rounded<::tanl>),
      of_one_argument("asin", rounded<::asinl>),
      of_one_argument("acos", rounded<::acosl>),
      of_one_argument("atan", rounded<::atanl>),
      of_one_argument("sinh", rounded<::sinhl>),
      of_one_argument("cosh", rounded<::coshl>),
      of_one_argument("tanh", rounded<::tanhl>),
      of_one_argument("asinh", rounded<::asinhl>),
      of_one_argument("acosh", rounded<::acoshl>),
      of_one_argument("atanh", rounded<::atanhl>),
      of_one_argument("exp", rounded<::expl>),
      of_one_argument("exp2", rounded<::exp2l>),
      of_one_argument("expm1", rounded<::expm1l>),
      of_one_argument("log", rounded<::logl>),
      of_one_argument("ln", rounded<::logl>),
      of_one_argument("log2", rounded<::log2l>),
      of_one_argument("log10", rounded<::log10l>),
      of_one_argument("log1p", rounded<::log1pl>),
      of_one_argument("cbrt", rounded<::cbrtl>),
      of_one_argument("erf", rounded<::erfl>),
      of_one_argument("erfc", rounded<::erfcl>),
      of_one_argument("tgamma", rounded<::tgammal>),
      of_one_argument("lgamma", rounded<log_gamma>),
      of_one_argument("sqrt", [](double x) { return std::sqrt(x); }),
      of_one_argument("abs", [](double x) { return std::fabs(x); }),
      of_one_argument("fabs", [](double x) { return std::fabs(x); }),
      of_one_argument("floor", [](double x) { return std::floor(x); }),
      of_one_argument("ceil", [](double x) { return std::ceil(x); }),
      of_one_argument("round", [](double x) { return std::round(x); }),
      of_one_argument("rint", halves_up),
      of_one_argument("trunc", [](double x) { return std::trunc(x); }),
      of_one_argument("sign", sign_of),
      of_two_arguments("atan2", rounded<::atan2l>),
      of_two_arguments("hypot", rounded<::hypotl>),
      of_two_arguments("pow", rounded<::powl>),
      of_two_arguments("fmod", [](double x, double y) { return std::fmod(x, y); }),
      of_two_arguments("remainder", [](double x, double y) { return std::remainder(x, y); }),
      of_two_arguments("copysign", [](double x, double y) { return std::copysign(x, y); }),
      of_any_number("min", [](double x, double y) { return y < x || std::isnan(y) ? y : x; }),
      of_any_number("max", [](double x, double y) { return y > x || std::isnan(y) ? y : x; }),
      of_any_number("sum"),
      of_any_number("avg"),
  };
}

}  // namespace

const std::vector<ExpressionFunction>& expression_functions() {
  static const std::vector<ExpressionFunction> functions = all_functions();
  return functions;
}

}  // namespace windrow::detail
