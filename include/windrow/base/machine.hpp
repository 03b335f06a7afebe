#pragma once

#include <string>

namespace [[gnu::visibility("default")]] windrow {

/// How many threads may run at once in this process: its CPU affinity and its cgroup's quota, not what the machine has.
int available_parallelism();

/// This machine's name.
const std::string& host_name();

}  // namespace windrow
