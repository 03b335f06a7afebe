// What a point of a design takes, for each method, with 5 parameters, on one core; and how even samples are.
// `bench-designs [--anyway]`; `bench-designs points METHOD POINTS PARAMETERS SEED [SCRAMBLE]` prints points of the unit
// cube, and `bench-designs discrepancy PARAMETERS` reads such and prints their centred discrepancy, squared: for
// scripts/discrepancy
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "measure.hpp"
#include "windrow/design/methods.hpp"

namespace {

using namespace windrow;

constexpr std::size_t kParameters = 5;
constexpr std::uint64_t kPoints = 100'000;
constexpr int kRuns = 21;

volatile double sink = 0.0;

std::vector<Parameter> levels(std::uint64_t count) {
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < kParameters; ++i) parameters.push_back(linear(fmt::format("x{}", i), 0.0, 1.0, count));
  for (Parameter& parameter : parameters) parameter.nominal(0.5);
  return parameters;
}

std::vector<Parameter> unit_cube(std::size_t count) {
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < count; ++i) parameters.push_back(uniform(fmt::format("x{}", i), 0.0, 1.0));
  return parameters;
}

struct Case {
  std::string name;
  Design design;
  std::vector<double> nanoseconds = {};
};

std::vector<Case> cases() {
  const auto cube = unit_cube(kParameters);
  const auto ends = levels(9);
  const std::uint64_t million = 1'000'000, billion = 1'000'000'000;
  return {{"grid, 10 levels each", grid(levels(10))},
          {"zip, 10^5 levels", zip(levels(kPoints))},
          {"corners", corners(ends)},
          {"factorial, 2^(5-1)", factorial(ends, {"E = ABCD"})},
          {"plackett_burman", plackett_burman(ends)},
          {"central_composite", central_composite(ends)},
          {"box_behnken", box_behnken(ends)},
          {"one_at_a_time", one_at_a_time(levels(1001))},
          {"star", star(ends)},
          {"monte_carlo", monte_carlo(cube, million)},
          {"latin_hypercube, 10^6 points", latin_hypercube(cube, million)},
          {"latin_hypercube, 10^9 points", latin_hypercube(cube, billion)},
          {"latin_hypercube, 10^6 grown from 1000", nested_latin_hypercube(cube, million, 1000)},
          {"sobol, owen", sobol(cube, million)},
          {"sobol, none", sobol(cube, million, Scramble::none)},
          {"halton, owen", halton(cube, million)},
          {"halton, none", halton(cube, million, Scramble::none)},
          {"lattice", lattice(cube, million)},
          {"morris", morris(cube, million)},
          {"saltelli", saltelli(cube, million)}};
}

void ask_for_points(const Design& design) {
  std::uint64_t index = 0;
  double sum = 0.0;
  for (std::uint64_t i = 0; i < kPoints; ++i) {
    sum += design.point(index).values().front().number();
    if (++index == design.size()) index = 0;
  }
  sink = sum;
}

int print_points(const std::vector<std::string>& words) {
  const std::string& method = words[0];
  std::vector<MethodOption> options = {{"points", static_cast<std::uint64_t>(std::stoull(words[1]))}};
  if (words.size() > 4) options.push_back({"scramble", words[4]});
  const Design design = designed(method, unit_cube(std::stoul(words[2])), options, std::stoull(words[3]));
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    std::string line;
    for (const Value& value : design.point(i).values()) line += fmt::format("{} ", value.number());
    fmt::print("{}\n", line);
  }
  return 0;
}

/// Hickernell 1998, doi:10.1090/S0025-5718-98-00894-1. @param x  of points of the unit cube, parameter by parameter
double squared_discrepancy(const std::vector<std::vector<double>>& x) {
  const std::size_t points = x.front().size();
  double single = 0.0, pairs = 0.0;
  std::vector<double> products(points);
  for (std::size_t i = 0; i < points; ++i) {
    std::fill(products.begin() + static_cast<std::ptrdiff_t>(i), products.end(), 1.0);
    double product = 1.0;
    for (const std::vector<double>& column : x) {
      const double here = column[i], away = std::abs(here - 0.5);
      product *= 1.0 + 0.5 * away - 0.5 * away * away;
      for (std::size_t j = i; j < points; ++j) {
        products[j] *= 1.0 + 0.5 * (away + std::abs(column[j] - 0.5) - std::abs(here - column[j]));
      }
    }
    single += product;
    double sum = 0.0;
    for (std::size_t j = i + 1; j < points; ++j) sum += products[j];
    pairs += products[i] + 2.0 * sum;
  }
  const auto count = static_cast<double>(points);
  return std::pow(13.0 / 12.0, static_cast<double>(x.size())) - 2.0 / count * single + pairs / (count * count);
}

int print_discrepancy(std::size_t parameters) {
  std::vector<std::vector<double>> x(parameters);
  std::size_t place = 0;
  for (double number = 0.0; std::scanf("%lf", &number) == 1; place = (place + 1) % parameters)
    x[place].push_back(number);
  if (place != 0 || x.front().empty()) return 1;
  fmt::print("{}\n", squared_discrepancy(x));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 6 && std::strcmp(argv[1], "points") == 0) return print_points({argv + 2, argv + argc});
  if (argc == 3 && std::strcmp(argv[1], "discrepancy") == 0) return print_discrepancy(std::stoul(argv[2]));
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  std::vector<Case> all = cases();
  for (int run = 0; run < kRuns; ++run) {
    for (Case& one : all) {
      const double seconds = bench::seconds_of([&] { ask_for_points(one.design); });
      one.nanoseconds.push_back(1e9 * seconds / static_cast<double>(kPoints));
    }
  }
  fmt::print("a point of {} parameters, median (minimum to maximum) of {} runs of {} points\n", kParameters, kRuns,
             kPoints);
  for (const Case& one : all) {
    const auto [median, low, high] = bench::figures_of(one.nanoseconds);
    fmt::print("{:<40} {:7.1f} ns  ({:.1f} to {:.1f})\n", one.name, median, low, high);
  }
}
