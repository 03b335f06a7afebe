// A function in a process of its own, called by name.
#include <windrow/tools.hpp>

int main() {
  windrow::Service adder(
      "adder", [](windrow::Service::Backend& backend) { backend.on("add", [](int a, int b) { return a + b; }); });
  return adder.call<int>("add", 1, 2).get() == 3 ? 0 : 1;
}
