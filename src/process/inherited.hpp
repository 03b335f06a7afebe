#pragma once

#include <vector>

#include "windrow/process/process.hpp"

namespace windrow::detail {

/// What a Process that starts now is to keep open: what it inherits, and every SharedFd. For the parent, since a lock
/// is taken.
Inherit with_shared(const Inherit& inherit);

/// In the new process: closes all other descriptors from 3 up, and notes it for OpenedIn.
void close_all_but(const Inherit& inherit);

}  // namespace windrow::detail
