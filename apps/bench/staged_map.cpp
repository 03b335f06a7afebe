// Memory of an endless source through three stages on a pool of processes: resident memory of the root as items pass.
// It must stay flat, since only the buffer is ever held.
#include "windrow/pool/staged_map.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ranges>

#include "measure.hpp"
#include "windrow/pool/executor.hpp"

int main() {
  constexpr int kItems = 1000000;
  windrow::ProcessPool pool(2);
  windrow::StagedMap map(pool, {.stride = 64, .buffer = 1024});
  auto degrees = map.add_stage(std::views::iota(0), [](int i) { return i * 0.01; });
  auto radians = map.add_stage(degrees, [](double d) { return d * 3.14159265358979 / 180.0; });
  auto squares = map.add_stage(radians, [](double r) { return r * r; });
  map.start();
  const auto begin = std::chrono::steady_clock::now();
  fmt::print("items through three stages   resident memory of the root   items per second\n");
  for (int i = 1; i <= kItems; ++i) {
    if (!squares.next()->ok()) return 1;
    if (i != 1000 && i != 10000 && i != 100000 && i != kItems / 2 && i != kItems) continue;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    fmt::print("{:>26} {:>25.1f} MiB {:>18.0f}\n", i, bench::memory_mib("VmRSS"), i / elapsed.count());
  }
}
