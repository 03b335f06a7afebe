#pragma once

#include <functional>

#include "windrow/parallel/manager.hpp"
#include "windrow/pool/executor.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The other ranks of an MPI communicator as workers of the root.
class MpiExecutor : public Executor {
 public:
  /// Runs `body` at the root with an executor that the other ranks serve until it returns. With one rank the root
  /// evaluates itself. Items advance while the root waits in a call of the executor. An error in an item is an outcome
  /// on every rank; an exception that leaves `body` ends the service on all ranks and is thrown at the root.
  /// Collective.
  /// @throws SpecError if the manager is not one of MPI
  static void run(ParallelManager& manager, const std::function<void(Executor&)>& body, ExecutorOptions options = {});

 private:
  using Executor::Executor;
};

}  // namespace windrow
