#include "windrow/pool/mpi/mpi_executor.hpp"

#include <memory>
#include <utility>

#include "pool/driver.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/mpi/mpi_manager.hpp"

namespace windrow {

void MpiExecutor::run(ParallelManager& manager, const std::function<void(Executor&)>& body, ExecutorOptions options) {
  auto* mpi = dynamic_cast<MpiManager*>(&manager);
  if (mpi == nullptr)
    throw SpecError("an MpiExecutor needs an MpiManager: use ProcessPool or ThreadPool on one machine");
  if (mpi->size() == 1) {
    SerialExecutor alone(std::move(options));
    return body(alone);
  }
  if (!mpi->is_root()) {
    detail::ItemEvaluation evaluation(options.initializer);
    mpi->serve(evaluation);
    return;
  }
  options.max_tasks_per_worker = 0;
  detail::StartedWorkers workers;
  workers.workers = mpi->other_ranks();
  workers.count = mpi->size() - 1;
  MpiExecutor executor(std::make_shared<detail::CallerDriver>(std::move(workers), options));
  body(executor);
}

}  // namespace windrow
