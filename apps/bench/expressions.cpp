// What derived values and filters cost: ns a point beside the same design without them, and ns a candidate.
#include <cstdint>
#include <cstdlib>
#include <functional>

#include "measure.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/design/correlated.hpp"
#include "windrow/design/derived.hpp"
#include "windrow/design/filtered.hpp"

namespace {

using namespace windrow;

constexpr int kRepetitions = 7;

std::vector<Parameter> ranges() {
  return {linear("a", 0.0, 1.0, 1000), linear("b", 0.0, 1.0, 1000), linear("c", 0.0, 1.0, 1000),
          linear("d", 0.0, 1.0, 1000), linear("e", 0.0, 1.0, 1000)};
}

std::vector<Parameter> draws() {
  return {uniform("a", 0, 1), uniform("b", 0, 1), uniform("c", 0, 1), uniform("d", 0, 1), uniform("e", 0, 1)};
}

double ns_per_point(const Design& design) {
  constexpr std::uint64_t points = 200'000;
  double sum = 0.0;
  const double seconds = bench::seconds_of([&] {
    for (std::uint64_t i = 0; i < points; ++i) sum += design.point(i * 7 % design.size()).values().back().number();
  });
  if (sum == 0.5) std::puts("");
  return 1e9 * seconds / points;
}

bench::Figures repeated(const std::function<double()>& measure) {
  std::vector<double> values;
  for (int i = 0; i < kRepetitions; ++i) values.push_back(measure());
  return bench::figures_of(std::move(values));
}

void show(const char* what, const bench::Figures& figures, const char* unit) {
  std::printf("%-58s %9.1f %s (%.1f to %.1f)\n", what, figures.median, unit, figures.low, figures.high);
}

void show_points(const char* what, const Design& design) {
  show(what, repeated([&] { return ns_per_point(design); }), "ns a point");
}

/// By as many threads as there are.
void show_filter(const char* what, const Design& design, const std::vector<std::string>& conditions) {
  std::uint64_t candidates = 0;
  const double seconds = bench::seconds_of([&] { candidates = filtered(design, conditions).candidates(); });
  std::printf("%-58s %9.1f ns a candidate, %.2f s for %.2e on %d cores\n", what,
              1e9 * seconds / static_cast<double>(candidates), seconds, static_cast<double>(candidates),
              available_parallelism());
}

}  // namespace

int main() {
  const Design grid5 = grid(ranges()), random5 = monte_carlo(draws(), 1'000'000, 1);
  show_points("grid of 5", grid5);
  show_points("grid of 5, derived a * b", derived(grid5, "f", "a * b"));
  show_points("grid of 5, derived sqrt(a^2 + b^2) / (1 + exp(-c))",
              derived(grid5, "f", "sqrt(a^2 + b^2) / (1 + exp(-c))"));
  show_points("Monte Carlo of 5", random5);
  show_points("Monte Carlo of 5, derived a * b", derived(random5, "f", "a * b"));
  show_points("Monte Carlo of 5, correlated a b c", correlated(random5, {{"a", "b", 0.5}, {"b", "c", -0.3}}));
  show_points("Monte Carlo of 5, where a < 0.5 (point by point)", filtered(random5, {"a < 0.5"}));
  show_filter("Monte Carlo, 10^5 points, one in 1000: a < 0.001", monte_carlo(draws(), 100'000, 1), {"a < 0.001"});
  show_filter("Monte Carlo, 10^5 points, one in 1000: a * b < 1.18e-4", monte_carlo(draws(), 100'000, 1),
              {"a * b < 1.18e-4"});
  const std::vector<Parameter> two = {linear("a", 0.0, 1.0, 10'000), linear("b", 0.0, 1.0, 10'000)};
  show_filter("grid of 10^4 x 10^4, abs(a - b) < 0.0005", grid(two), {"abs(a - b) < 0.0005"});
  return EXIT_SUCCESS;
}
