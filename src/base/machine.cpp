#include "windrow/base/machine.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string>

namespace windrow {
namespace {

// CPUs that a cgroup-v2 quota allows ("max 100000" or "150000 100000"), or 0 if there is none.
int cgroup_quota(const std::string& path) {
  std::ifstream file(path + "/cpu.max");
  std::string quota;
  double period = 0.0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0.0) return 0;
  return std::max(1, static_cast<int>(std::ceil(std::stod(quota) / period)));
}

// The tightest quota of this process's cgroup and all above it.
int cgroup_limit() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::")) continue;
    int limit = 0;
    for (std::string path = line.substr(3);; path.resize(path.rfind('/'))) {
      if (const int quota = cgroup_quota("/sys/fs/cgroup" + path); quota > 0) {
        limit = limit == 0 ? quota : std::min(limit, quota);
      }
      if (path.rfind('/') == std::string::npos) break;
    }
    return limit;
  }
  return 0;
}

}  // namespace

int available_parallelism() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cpus = 1;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    cpus = CPU_COUNT(&set);
  } else if (const long online = ::sysconf(_SC_NPROCESSORS_ONLN); online > 0) {
    cpus = static_cast<int>(online);  // more CPUs than a cpu_set_t holds
  }
  const int limit = cgroup_limit();
  return std::max(1, limit > 0 ? std::min(cpus, limit) : cpus);
}

const std::string& host_name() {
  static const std::string name = [] {
    std::array<char, 256> text{};
    return ::gethostname(text.data(), text.size() - 1) == 0 ? std::string(text.data()) : std::string("localhost");
  }();
  return name;
}

}  // namespace windrow
