#include "windrow/run/ask_tell.hpp"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <utility>

#include "coroutine.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// What the caller says of a point that is no result.
struct Reported {
  std::string message;
  FailureKind kind;
};

[[noreturn]] void fail(const Reported& failure) {
  if (failure.kind == FailureKind::rejected) throw Rejected(failure.message);
  throw Error(failure.message);
}

void check(const ParallelManager& manager) {
  if (manager.forks_workers()) {
    throw SpecError(
        "the workers of this manager are forked by the root alone, and cannot run the caller's loop: use launch(), "
        "whose ranks run the whole program, or a Sweep with functions");
  }
}

}  // namespace

struct AskTell::Impl {
  Impl(ParallelManager& ranks, Design points, std::vector<Column> columns, SweepOptions how, std::string version)
      : manager(ranks), design(std::move(points)), options(std::move(how)) {
    options.stop_requested = [this, asked = std::move(options.stop_requested)] {
      return stopping || (asked && asked());
    };
    detail::FunctionSource functions;
    functions.make = [this] {
      return detail::SweepFunctions{[] {}, [this](const Point& point) { return hand_over(point); }, false};
    };
    sweep.emplace(
        Sweep(design, detail::function_kind(std::move(functions), std::move(columns), {std::move(version), {}})));
    const bool has_others = manager.size() > 1 && manager.is_root();
    const auto run = [this] { run_sweep(); };
    coroutine = has_others && manager.may_change_thread() ? detail::coroutine_on_two_threads(run)
                                                          : detail::coroutine_on_one_thread(run);
  }

  void run_sweep() {
    try {
      if (manager.size() > 1 && !manager.broadcast(manager.may_change_thread())) options.root = RootRole::coordinates;
      result = sweep->run(manager, options);
    } catch (...) {
      error = std::current_exception();
    }
  }

  // The evaluation, as the sweep sees it.
  std::vector<Value> hand_over(const Point& point) {
    if (!leaving) {
      asked = point;
      coroutine->hand_over();
    }
    if (leaving) {
      asked.reset();
      if (manager.is_root()) throw Interrupted();
      throw detail::WorkerUnable("it has left the sweep");
    }
    if (failure) fail(*std::exchange(failure, std::nullopt));
    return std::move(outputs);
  }

  void check_asked(const Point& point) const {
    if (asked && !reported && asked->has_index_of(point)) return;
    throw SpecError(asked && !reported ? "the point that is reported is not the one that was asked for last"
                                       : "a point is reported that was not asked for, or has been reported already");
  }

  void resume() {
    asked.reset();
    reported = false;
    if (!coroutine->ended()) coroutine->resume();
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }

  ParallelManager& manager;
  Design design;
  SweepOptions options;
  std::optional<Sweep> sweep;
  std::unique_ptr<detail::Coroutine> coroutine;

  std::optional<Point> asked;  // handed over
  bool reported = false;
  std::vector<Value> outputs;
  std::optional<Reported> failure;
  std::atomic<bool> stopping = false;  // read by the thread that coordinates
  bool leaving = false;
  std::exception_ptr error;
  SweepResult result;
};

AskTell::AskTell(ParallelManager& manager, Design design, std::vector<Column> outputs, SweepOptions options,
                 std::string version) {
  check(manager);
  impl_ =
      std::make_unique<Impl>(manager, std::move(design), std::move(outputs), std::move(options), std::move(version));
}

AskTell::~AskTell() {
  try {
    finish();
  } catch (...) {  // nobody is left to tell
  }
}

std::optional<Point> AskTell::next_point() {
  Impl& self = *impl_;
  if (self.asked && !self.reported) throw SpecError("the last point that was asked for has not been reported");
  self.resume();
  return self.asked;
}

void AskTell::report(const Point& point, std::vector<Value> outputs) {
  impl_->check_asked(point);
  impl_->outputs = std::move(outputs);
  impl_->reported = true;
}

void AskTell::report_failure(const Point& point, std::string message, FailureKind kind) {
  impl_->check_asked(point);
  impl_->failure = {std::move(message), kind};
  impl_->reported = true;
}

SweepResult AskTell::finish() {
  Impl& self = *impl_;
  if (!self.coroutine->ended()) {
    self.leaving = !self.reported;
    if (self.manager.is_root()) self.stopping = true;
    self.resume();
    self.leaving = true;
    while (!self.coroutine->ended()) self.resume();
  }
  return std::move(self.result);
}

}  // namespace windrow
