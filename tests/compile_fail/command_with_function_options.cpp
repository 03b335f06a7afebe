// FIRST ERROR: windrow::Sweep::Sweep(windrow::Design&, windrow::Command&, windrow::FunctionOptions)'
// FIRST ERROR: no matching constructor for initialization of 'windrow::Sweep'
#include "windrow/run/sweep.hpp"

void declare(windrow::Design design, windrow::Command command) {
  windrow::Sweep sweep(design, command, windrow::FunctionOptions{.isolated = windrow::Isolated{}});
}
