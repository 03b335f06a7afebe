// FIRST ERROR: the function of a Process returns an exit code or nothing
#include <string>

#include "windrow/process/process.hpp"

void start() {
  windrow::Process process([] { return std::string("done"); });
}
