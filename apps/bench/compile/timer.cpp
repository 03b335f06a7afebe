// Times of a loop, as text.
#include <cstdio>
#include <windrow/timing/report.hpp>
#include <windrow/timing/timer.hpp>

int main() {
  windrow::Timer timer("solver");
  for (const int step : windrow::timed(timer, std::vector<int>{1, 2, 3}, {.name = "steps"})) {
    std::printf("%d\n", step);
    timer.stamp("print");
  }
  timer.stop("compute");
  std::puts(windrow::report(timer.snapshot()).c_str());
}
