// FIRST ERROR: nobody receives what a handler of the front returns
#include "windrow/process/service.hpp"

void listen(windrow::Service& service) {
  service.on("frame", [](int number) { return number + 1; });
}
