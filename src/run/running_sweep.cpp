#include <atomic>
#include <exception>
#include <mutex>
#include <utility>

#include "sweep_run.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/background.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {

struct RunningSweep::Impl {
  Impl(const Sweep& sweep, ParallelManager& manager, SweepOptions how)
      : design(sweep.design_), kind(sweep.kind_), options(std::move(how)) {
    options.on_progress = [this, told = std::move(options.on_progress)](const Progress& now) {
      keep(now);
      if (told) told(now);
    };
    options.stop_requested = [this, asked = std::move(options.stop_requested)] {
      return stopping || (asked && asked());
    };
    try {
      run = std::make_unique<detail::SweepRun>(design, *kind, sweep.identity(options.name), manager, options);
      keep(run->progress());
    } catch (...) {
      error = std::current_exception();
    }
    background.emplace([this] { finish(); }, manager.may_change_thread());
  }

  void keep(const Progress& now) {
    const std::lock_guard lock(mutex);
    progress = now;
  }

  void finish() {
    if (error) std::rethrow_exception(error);
    const auto mine = std::move(run);  // what it holds, signals and the store, ends with it
    result = mine->finish();
  }

  Design design;
  std::shared_ptr<detail::EvaluationKind> kind;
  SweepOptions options;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  Progress progress{};
  std::unique_ptr<detail::SweepRun> run;
  std::exception_ptr error;
  std::optional<SweepResult> result;
  std::optional<detail::Background> background;  // ends first
};

RunningSweep::RunningSweep(const Sweep& sweep, ParallelManager& manager, SweepOptions options)
    : impl_(std::make_unique<Impl>(sweep, manager, std::move(options))) {}

RunningSweep::RunningSweep(RunningSweep&& other) noexcept = default;

RunningSweep::~RunningSweep() {
  if (!impl_) return;
  request_stop();
  wait();
}

Progress RunningSweep::progress() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->progress;
}

void RunningSweep::request_stop() {
  impl_->stopping = true;
}

void RunningSweep::wait() const {
  impl_->background->wait();
}

bool RunningSweep::wait_for(std::chrono::nanoseconds limit) const {
  return impl_->background->wait_for(limit);
}

SweepResult RunningSweep::get() {
  impl_->background->get();
  if (!impl_->result) throw Error("the result of this sweep has been taken already");
  return *std::exchange(impl_->result, std::nullopt);
}

}  // namespace windrow
