// The program that a tortured sweep of commands runs at each point: torture-point INDEX
#include <cstdio>
#include <cstdlib>

#include "torture/work.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::printf("value=%.17g\n", windrow::test::work(std::strtoull(argv[1], nullptr, 10), true));
  return 0;
}
