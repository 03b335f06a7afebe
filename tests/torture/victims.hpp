#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "torture/plan.hpp"

namespace windrow::test {

struct Victim {
  pid_t pid;
  std::string name;
  Role role;
};

/// Sends SIGKILL to one of the processes below `main`, itself included, that play the role now.
/// @param pick  chooses among several
/// @return which one, or nothing if there is none
std::optional<Victim> kill_one(pid_t main, Carrier carrier, Role role, std::uint64_t pick);

}  // namespace windrow::test
