// A program that leaves everything to launch(), and asks a tool whether the package has it.
#include "pendulum.hpp"

#include <windrow/tools.hpp>

int main(int argc, char** argv) {
  windrow::SerialExecutor executor;
  if (executor.submit([](int x) { return x + 1; }, 1).get().value() != 2) return 3;
  return windrow::launch(argc, argv, sweep_pendulums);
}
