#include "evaluation/interface/guard.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <utility>

#include "evaluation/interface/evaluator.hpp"
#include "function_evaluator.hpp"
#include "parallel/interface/stop_question.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/launch.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kLarge = 100 * kMiB;  // from here on each fork takes noticeably longer

std::string render_size(std::uint64_t bytes) {
  if (bytes >= 1024 * kMiB) return fmt::format("{:.3g} GiB", static_cast<double>(bytes) / (1024.0 * kMiB));
  return bytes >= kMiB ? fmt::format("{:.3g} MiB", static_cast<double>(bytes) / kMiB) : fmt::format("{} bytes", bytes);
}

std::uint64_t resident_size() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

TaskFailure to_failure(EvaluationEnd end, const ForkLimits& limits) {
  if (end.threw) return TaskFailure::exception(std::move(end.message));
  if (end.status.has_exited()) end.message = "the evaluation ended its process";
  if (end.status.has_timed_out()) end.message = "over the time limit of " + text::render_duration(*limits.timeout);
  return TaskFailure::ended(end.status, std::move(end.message));
}

// What failed may have failed for want of memory: where that is known, or cannot be, the message says so.
void tell_memory_limit(TaskFailure& failure, bool memory_ran_out, const ForkLimits& limits) {
  std::string& message = failure.message;
  if (memory_ran_out) {
    const std::string limit = fmt::format("over the memory limit of {}", render_size(limits.memory));
    message = message.empty() ? limit : fmt::format("{}: {}", limit, message);
  } else if (limits.memory > 0 && failure.kind == FailureKind::crashed) {
    message = fmt::format("{}{}under a memory limit of {}, where malloc may have returned null", message,
                          message.empty() ? "" : "; ", render_size(limits.memory));
  }
}

}  // namespace

/// A worker's side: a session on the rank's server, opened anew after it was lost.
class Guard::Evaluator {
 public:
  Evaluator(const Guard& guard, const ArrayRoute& arrays) : guard_(guard), arrays_(arrays), server_(guard.server_) {}

  void build() {
    try {
      session_ = open();
      return;
    } catch (const PeerLost&) {  // the server was killed
      if (!guard_.may_restart_) {
        throw WorkerUnable("the fork server was killed, and another cannot be forked after MPI_Init");
      }
    }
    server_ = std::make_shared<const ForkServer>(guard_.files_);
    session_ = open();
  }

  std::optional<TaskFailure> evaluate(const Point& point, WorkerContext& context, ByteWriter& result) {
    if (!session_.is_open()) {
      const ChargeRebuilds charge(rebuilds_, context);
      rebuilds_.run([this] { build(); });
    }
    EvaluationEnd end;
    StopQuestion stop([&context] { return context.stop_requested(); }, limit_of(context));
    try {
      end = session_.evaluate(encode_request(point), std::ref(stop));
    } catch (const Interrupted&) {
      stop.rethrow();
      if (!stop.limit_passed()) throw;
      return over_relative_limit(*stop.limit_passed());
    }
    stop.rethrow();
    const bool memory_ran_out = end.memory_ran_out;
    std::optional<TaskFailure> failure;
    if (end.result) {
      failure = take(*std::move(end.result), context, result);
    } else {
      failure = to_failure(std::move(end), guard_.limits_);
      if (ended_from_outside(*failure) && stops_soon(context)) throw Interrupted();
    }
    if (failure) tell_memory_limit(*failure, memory_ran_out, guard_.limits_);
    return failure;
  }

 private:
  std::optional<TaskFailure> take(Bytes reply, WorkerContext& context, ByteWriter& result) const {
    auto outcome = decode_reply(reply);
    if (!outcome.ok()) return std::move(outcome.failure());
    if (!arrays_.is_needed()) {
      result.put_bytes(outcome.value());
      return std::nullopt;
    }
    Evaluated evaluated = decode(outcome.value());
    reply = {};  // it may be large
    return report(std::move(evaluated), arrays_, context, result);
  }

  ForkSession open() const { return server_->open(guard_.make_, guard_.argument_, guard_.limits_); }

  std::function<double()> limit_of(WorkerContext& context) const {
    if (!guard_.relative_timeout_) return {};
    return [&context] { return context.time_limit(); };
  }

  TaskFailure over_relative_limit(double limit) const {
    return TaskFailure::timed_out("over the time limit of " + render_relative_limit(limit, *guard_.relative_timeout_));
  }

  const Guard& guard_;
  const ArrayRoute& arrays_;
  std::shared_ptr<const ForkServer> server_;
  ForkSession session_;
  Rebuilds rebuilds_;
};

Isolation Guard::effective(const FunctionSource& functions, const SweepOptions& options) {
  const bool stays = options.isolation == Isolation::process && functions.make_elsewhere == nullptr;
  return stays ? Isolation::fork : options.isolation;
}

std::string Guard::obstacle(const FunctionSource& functions, const SweepOptions& options) {
  if (effective(functions, options) != Isolation::process || !mpi_has_begun()) return {};
  const auto prepared = prepared_fork_server();
  if (prepared && prepared->is_alive()) return {};
  if (prepared) return "the fork server was killed, and another cannot be forked after MPI_Init";
  return "isolation = process needs a fork server, which cannot be forked after MPI_Init: call windrow::prepare() "
         "before MPI_Init, or launch() with isolates_evaluations, or choose isolation = fork";
}

Guard::Guard(const FunctionSource& functions, const std::vector<Column>& outputs, const Design& design,
             const SweepOptions& options)
    : sweep_{functions, outputs, design},
      limits_{options.timeout, options.memory_limit, options.evaluations_per_process},
      relative_timeout_(options.relative_timeout) {
  const Isolation isolation = effective(functions, options);
  if (isolation == Isolation::process) {
    make_ = make_portable_model;
    argument_ = portable_argument(functions, outputs, design);
    may_restart_ = !mpi_has_begun();
    server_ = prepared_fork_server();
    note_ =
        fmt::format("isolation = process: evaluations ran in children of the fork server, since {}", functions.reason);
  } else {
    make_ = make_local_model;
    argument_ = local_argument(sweep_);
    files_ = ForkServerFiles::all;  // closures use what the caller has open
    note_ = "isolation = fork: evaluations ran in children forked from the rank itself, ";
    note_ += options.isolation == isolation ? "as asked" : fmt::format("since {}", functions.reason);
  }
  if (server_ && server_->is_alive()) return;
  server_ = std::make_shared<const ForkServer>(files_);
  const std::uint64_t size = resident_size();
  if (size < kLarge) return;
  note_ += fmt::format("; each fork copies the page tables of the {} that the rank held", render_size(size));
  if (isolation == Isolation::process) note_ += ", which windrow::prepare() at the start of main() avoids";
}

WorkerTask Guard::task(const ArrayRoute& arrays) const {
  auto evaluator = std::make_shared<Evaluator>(*this, arrays);
  WorkerTask task;
  task.build = [evaluator] { evaluator->build(); };
  task.evaluate = [evaluator, this](const Assigned& assigned, WorkerContext& context, ByteWriter& result) {
    return evaluator->evaluate(sweep_.design.point(assigned.index), context, result);
  };
  return task;
}

}  // namespace windrow::detail
