#include "windrow/pool/executor.hpp"

#include <fmt/format.h>

#include <utility>

#include "driver.hpp"
#include "parallel/interface/forked_workers.hpp"
#include "parallel/interface/forking_workers.hpp"
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

// Ask nothing and keep nothing: a pool's driver collects the outcomes.
struct SerialSupport {
  detail::ItemEvaluation evaluation;
  detail::JobObserver nobody{};
};

std::shared_ptr<detail::Driver> serial_driver(ExecutorOptions options) {
  options.max_tasks_per_worker = 0;
  auto thrown = std::make_shared<detail::ThrownByItems>();
  auto support = std::make_shared<SerialSupport>(SerialSupport{detail::ItemEvaluation(options.initializer, thrown)});
  auto workers = std::make_unique<detail::SerialWorkers>(support->evaluation, support->nobody, host_name());
  return std::make_shared<detail::CallerDriver>(
      StartedWorkers{std::move(workers), 1, std::move(support), std::move(thrown)}, options);
}

std::shared_ptr<detail::Driver> thread_driver(int count, ExecutorOptions options) {
  options.max_tasks_per_worker = 0;
  return std::make_shared<detail::ThreadDriver>(count, options, [&](int wake) {
    auto thrown = std::make_shared<detail::ThrownByItems>();
    auto evaluation = std::make_shared<detail::ItemEvaluation>(options.initializer, thrown);
    auto workers = std::make_unique<detail::ThreadWorkers>(count, *evaluation, host_name(), wake);
    return StartedWorkers{std::move(workers), count, std::move(evaluation), std::move(thrown)};
  });
}

template <typename ProcessKind>
std::shared_ptr<detail::Driver> process_driver(int count, const ExecutorOptions& options) {
  return std::make_shared<detail::ThreadDriver>(count, options, [&](int wake) {
    auto evaluation = std::make_shared<detail::ForkedItemEvaluation>(options.initializer);
    auto workers = std::make_unique<ProcessKind>(static_cast<std::size_t>(count), *evaluation, wake);
    return StartedWorkers{std::move(workers), count, std::move(evaluation)};
  });
}

std::shared_ptr<detail::Driver> forking_driver(int count, ExecutorOptions options) {
  options.max_tasks_per_worker = 1;  // and a chunk is handed out whole
  return process_driver<detail::ForkingWorkers>(count, options);
}

}  // namespace

Executor::~Executor() {
  try {
    driver_->terminate();
  } catch (...) {  // a communicator that has failed: its own calls will say so
  }
}

SerialExecutor::SerialExecutor(ExecutorOptions options) : LocalExecutor(serial_driver(options)) {}

ThreadPool::ThreadPool(int workers, ExecutorOptions options)
    : LocalExecutor(thread_driver(checked(workers), options)) {}

ProcessPool::ProcessPool(int workers, ExecutorOptions options)
    : Executor(process_driver<detail::ForkedWorkers>(checked(workers), options)) {}

ForkingPool::ForkingPool(int workers, ExecutorOptions options)
    : LocalExecutor(forking_driver(checked(workers), options)) {}

}  // namespace windrow
