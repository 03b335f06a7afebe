#pragma once

#include <cstdint>
#include <memory>
#include <span>

/// Ranks that evaluate a point together, without MPI's own types.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// A group as one of its ranks sees it.
struct RankGroup {
  const void* communicator = nullptr;  ///< an MPI_Comm of the group alone
  int rank = 0;                        ///< in it; 0 reports what came of a point
  int size = 1;
  std::shared_ptr<void> model{};  ///< what evaluations keep with the group; destroyed before the communicator is freed
};

/// The groups that one rank is in. Called from one thread at a time.
class RankGroups {
 public:
  virtual ~RankGroups() = default;
  /// The group of that number, made when it is first asked for. Collective over its members.
  /// @param members  ranks of the manager, ascending, this one among them
  virtual RankGroup& use(std::uint64_t id, std::span<const int> members) = 0;
  /// Ends a group, if it was ever made, and whatever messages of its communicator are still on their way. Collective
  /// over its members.
  virtual void free(std::uint64_t id) = 0;
  /// A group of this rank alone, made anew each time; the one of before is freed.
  virtual RankGroup& alone() = 0;
};

}  // namespace detail
}  // namespace windrow
