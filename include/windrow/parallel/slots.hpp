#pragma once

#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// Room for so many processes on a host.
struct HostSlots {
  std::string host;  ///< as an MPI launcher knows it
  int slots = 0;
  friend bool operator==(const HostSlots&, const HostSlots&) = default;
};

/// Hosts, each once, in an order that means nothing.
using Slots = std::vector<HostSlots>;

}  // namespace windrow
