// FIRST ERROR: windrow cannot send this type to another process
#include <string_view>

#include "windrow/parallel/manager.hpp"

void run(windrow::ParallelManager& manager) {
  manager.broadcast(std::string_view("mesh.vtk"));
}
