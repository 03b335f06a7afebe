// A pool of processes.
#include <vector>
#include <windrow/tools.hpp>

int main() {
  windrow::ProcessPool pool(2);
  const auto squares = pool.map([](int x) { return x * x; }, std::vector<int>{1, 2, 3});
  return squares[2].value() == 9 ? 0 : 1;
}
