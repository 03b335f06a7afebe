// FIRST ERROR: windrow cannot send this type to another process
#include <vector>

#include "windrow/parallel/manager.hpp"

struct Field {
  double* values;
};

void run(windrow::ParallelManager& manager) {
  std::vector<Field> fields(3);
  manager.broadcast(fields);
}
