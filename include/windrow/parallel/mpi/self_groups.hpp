#pragma once

#include <memory>

#include "windrow/parallel/rank_group.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Groups of this process alone, for a manager without ranks of MPI.
/// @throws SpecError if MPI is not initialized
std::shared_ptr<RankGroups> self_groups();

}  // namespace detail
}  // namespace windrow
