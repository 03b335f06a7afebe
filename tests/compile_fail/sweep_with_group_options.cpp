// FIRST ERROR: <brace-enclosed initializer list>, windrow::GroupOptions)'
// FIRST ERROR: no matching constructor for initialization of 'windrow::Sweep'
#include "windrow/run/sweep.hpp"

double evaluate(int& model, const windrow::Point& point);

void declare(windrow::Design design) {
  windrow::Sweep sweep(
      design, [] { return 0; }, evaluate, {{"heat", "W"}}, windrow::GroupOptions{.ranks = 4});
}
