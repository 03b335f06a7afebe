// A sweep over two parameters.
#include <windrow/windrow.hpp>

int main() {
  windrow::Sweep sweep(
      windrow::grid({windrow::linear("angle", 10, 80, 8), windrow::linear("speed", 10, 40, 3)}), [] { return 9.81; },
      [](double& gravity, const windrow::Point& point) {
        return point["speed"].number() * point["angle"].number() / gravity;
      });
  windrow::ForkManager manager(2);
  return sweep.run(manager).failed == 0 ? 0 : 1;
}
