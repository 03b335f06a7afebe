#pragma once

#include <cstdint>

namespace simulated {

/// What the dispatcher's calls of MPI cost the rank that makes them, besides what the network takes; seconds.
/// That includes its own work on a message.
struct MessageCosts {
  double receive = 1e-6;  ///< a message received
  double send = 1e-6;     ///< a message sent
  double look = 0.3e-6;   ///< a look for a message, or whether one has been sent
};

/// From now on, on all ranks.
void charge(const MessageCosts& costs);

struct MessageCounts {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
};

/// Messages of the calling rank so far.
const MessageCounts& messages();

}  // namespace simulated
