// Cooling of a bar: how long does a rod of given conductivity and length take to fall to half its temperature?
// A finite-difference solver of the 1-D heat equation, swept over both parameters.
//
//   embedded-solver                          one process
//   WINDROW_WORKERS=4 embedded-solver        four
//   mpirun -n 64 embedded-solver             sixty-four, with the same output bytes
#include <algorithm>
#include <cmath>
#include <iostream>
#include <vector>

#include "windrow/store/export.hpp"
#include "windrow/windrow.hpp"

namespace {

/// du/dt = k d2u/dx2 on [0, length], u = 1 at the start, both ends held at 0. Crank-Nicolson in time, which is stable
/// at any step; the tridiagonal system is solved by the Thomas algorithm.
class HeatBar {
 public:
  explicit HeatBar(std::size_t cells) : u_(cells), right_(cells), ratio_(cells) {}

  /// @return seconds until the middle has fallen to half
  double half_life(double conductivity, double length) {
    std::fill(u_.begin(), u_.end(), 1.0);
    const double dx = length / static_cast<double>(u_.size() + 1);
    const double dt = 1e-3 * length * length / conductivity;
    double time = 0.0;
    double before = 1.0;
    while (middle() > 0.5) {
      before = middle();
      step(0.5 * conductivity * dt / (dx * dx));
      time += dt;
    }
    return time - dt * (0.5 - middle()) / (before - middle());  // linear within the last step
  }

 private:
  double middle() const { return u_[u_.size() / 2]; }

  void step(double r) {
    const std::size_t n = u_.size();
    for (std::size_t i = 0; i < n; ++i) {
      right_[i] = (1.0 - 2.0 * r) * u_[i] + r * ((i > 0 ? u_[i - 1] : 0.0) + (i + 1 < n ? u_[i + 1] : 0.0));
    }
    for (std::size_t i = 0; i < n; ++i) {  // forward
      const double pivot = 1.0 + 2.0 * r + (i > 0 ? r * ratio_[i - 1] : 0.0);
      ratio_[i] = -r / pivot;
      right_[i] = (right_[i] + (i > 0 ? r * right_[i - 1] : 0.0)) / pivot;
    }
    for (std::size_t i = n; i-- > 0;) u_[i] = right_[i] - (i + 1 < n ? ratio_[i] * u_[i + 1] : 0.0);  // back
  }

  std::vector<double> u_, right_, ratio_;
};

}  // namespace

int main(int argc, char** argv) {
  return windrow::launch(argc, argv, [&](windrow::ParallelManager& manager) {
    const auto design = windrow::grid({windrow::geometric("conductivity", 1e-6, 1e-4, 12).unit("m2/s"),
                                       windrow::linear("length", 0.1, 1.0, 10).unit("m")});
    windrow::Sweep sweep(
        design, [] { return HeatBar(201); },
        [](HeatBar& bar, const windrow::Point& p) { return bar.half_life(p["conductivity"], p["length"]); },
        {{"half_life", "s", "number", "time until the middle has fallen to half"}});
    const auto result = sweep.run(manager, {.store = argc > 1 ? argv[1] : "heat.windrow", .name = "heat"});
    if (manager.is_root()) {
      std::cerr << result.summary();
      windrow::export_csv(windrow::StoreReader(result.store), std::cout);
    }
    return result.exit_code();
  });
}
