#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "arrays/interface/array_delivery.hpp"
#include "evaluator.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {

/// How the arrays of a sweep get from one rank to the root: written where the root will find them; else, where the rank
/// does not see that directory, in messages ahead of the outcome; without a store, within the outcome.
class ArrayRoute {
 public:
  /// @param outputs  of the sweep; must stay where they are
  ArrayRoute(const std::vector<Column>& outputs, const ArrayOffer& offer, bool is_root);

  /// Whether outcomes hold something to be sent ahead.
  bool is_needed() const { return has_arrays_ && has_store_; }
  /// Sends the arrays of a result on their way, so that files take their place in it, and of programs' files those that
  /// the result names. Where that fails for want of room and the like, the result says so (Evaluated::store_error).
  /// @return a failure if the arrays are too large to travel
  std::optional<TaskFailure> send(Evaluated& evaluated, WorkerContext& context) const;
  /// A file that a program wrote, as send() does.
  ArrayFile send_file(const std::filesystem::path& file, WorkerContext& context) const;

 private:
  const std::vector<Column>& outputs_;
  bool has_arrays_;
  bool has_store_;
  ArrayDelivery delivery_;
};

}  // namespace windrow::detail
