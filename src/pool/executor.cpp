#include "windrow/pool/executor.hpp"

#include <fmt/format.h>

#include <utility>

#include "driver.hpp"
#include "parallel/interface/forked_workers.hpp"
#include "parallel/interface/serial_workers.hpp"
#include "thread_workers.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow {

using detail::StartedWorkers;

namespace {

int checked(int workers) {
  if (workers < 1) throw SpecError(fmt::format("an executor needs at least 1 worker, not {}", workers));
  return workers;
}

// A workers whose workers refer to `support`.
template <typename Support, typename MakeWorkers>
StartedWorkers started(std::shared_ptr<Support> support, int count, MakeWorkers make_workers) {
  StartedWorkers workers;
  workers.workers = make_workers(*support);
  workers.count = count;
  workers.support = std::move(support);
  return workers;
}

std::shared_ptr<detail::Driver> serial_driver(ExecutorOptions options) {
  options.max_tasks_per_worker = 0;
  auto job = std::make_shared<detail::Job>();
  job->task = detail::item_task(options.initializer);
  auto workers = started(std::move(job), 1, [](detail::Job& shared) {
    return std::make_unique<detail::SerialWorkers>(shared, host_name());
  });
  return std::make_shared<detail::CallerDriver>(std::move(workers), options);
}

std::shared_ptr<detail::Driver> thread_driver(int workers, ExecutorOptions options) {
  options.max_tasks_per_worker = 0;
  return std::make_shared<detail::ThreadDriver>(workers, options, [&](int wake) {
    auto task = std::make_shared<detail::WorkerTask>(detail::item_task(options.initializer));
    return started(std::move(task), workers, [&](auto& shared_task) {
      return std::make_unique<detail::ThreadWorkers>(workers, shared_task, host_name(), wake);
    });
  });
}

struct ProcessSupport {
  ProcessSupport(std::size_t count, const std::function<void()>& initializer)
      : task(detail::item_task(initializer)), processes(count, task) {}

  detail::WorkerTask task;
  detail::ForkedWorkers processes;
};

std::shared_ptr<detail::Driver> process_driver(int workers, const ExecutorOptions& options) {
  return std::make_shared<detail::ThreadDriver>(workers, options, [&](int wake) {
    auto support = std::make_shared<ProcessSupport>(static_cast<std::size_t>(workers), options.initializer);
    return started(std::move(support), workers, [&](auto& shared) { return shared.processes.workers(wake); });
  });
}

}  // namespace

Executor::~Executor() {
  try {
    driver_->terminate();
  } catch (...) {  // a communicator that has failed: its own calls will say so
  }
}

SerialExecutor::SerialExecutor(ExecutorOptions options) : Executor(serial_driver(options)) {}

ThreadPool::ThreadPool(int workers, ExecutorOptions options) : Executor(thread_driver(checked(workers), options)) {}

ProcessPool::ProcessPool(int workers, ExecutorOptions options) : Executor(process_driver(checked(workers), options)) {}

}  // namespace windrow
