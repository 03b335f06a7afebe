#pragma once

#include <cmath>
#include <iostream>
#include <stdexcept>
#include <windrow/windrow.hpp>

/// The period of a pendulum of any amplitude (arithmetic-geometric mean); the longest are refused.
struct Pendulum {
  double period(double length, double amplitude) const {
    if (length > 1.9) throw windrow::Rejected("too long");
    double a = 1.0, g = std::cos(amplitude / 2.0);
    while (std::abs(a - g) > 1e-15) {
      const double mean = (a + g) / 2.0;
      g = std::sqrt(a * g);
      a = mean;
    }
    return 2.0 * 3.14159265358979323846 * std::sqrt(length / 9.81) / a;
  }
};

inline int sweep_pendulums(windrow::ParallelManager& manager) {
  const auto design = windrow::grid(
      {windrow::linear("length", 0.1, 2.0, 20).unit("m"), windrow::linear("amplitude", 0.1, 3.0, 10).unit("rad")});
  windrow::Sweep sweep(
      design, [] { return Pendulum(); },
      [](Pendulum& p, const windrow::Point& point) { return p.period(point["length"], point["amplitude"]); },
      {{"period", "s", "number", ""}});
  const auto result = sweep.run(manager);
  if (manager.is_root()) {
    std::cout.precision(17);
    for (std::size_t i = 0; i < result.outcomes.size(); ++i) {
      const auto& outcome = result.outcomes[i];
      std::cout << i << ' ' << (outcome.ok() ? outcome.value().front().render() : outcome.failure().message) << '\n';
    }
  }
  return result.succeeded == 190 && result.failed == 10 ? 0 : 1;
}
