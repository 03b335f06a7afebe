// FIRST ERROR: build must return the model
#include "windrow/run/sweep.hpp"

double evaluate(int& model, const windrow::Point& point);

void declare(windrow::Design design) {
  windrow::Sweep sweep(
      design, [] {}, evaluate);
}
