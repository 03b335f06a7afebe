// A program that leaves everything to launch().
#include "pendulum.hpp"

int main(int argc, char** argv) {
  return windrow::launch(argc, argv, sweep_pendulums);
}
