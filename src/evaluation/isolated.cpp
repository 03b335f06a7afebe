#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <utility>

#include "function.hpp"
#include "parallel/interface/stop_question.hpp"
#include "sweep_model.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/process/fork_server.hpp"

namespace windrow {

static constexpr std::array<std::string_view, 2> kNames = {"process", "fork"};

std::string_view name_of(Isolation isolation) {
  return kNames[static_cast<std::size_t>(isolation)];
}

std::optional<Isolation> isolation(std::string_view name) {
  if (name == "none") return std::nullopt;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Isolation>(i);
  }
  throw SpecError(fmt::format("`{}` is not an isolation: it is none, process or fork", name));
}

namespace detail {
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

/// Where evaluations will run: as asked, or `fork` where functions cannot go to the fork server.
Isolation effective(Isolation asked, const FunctionSource& functions) {
  return functions.make_elsewhere == nullptr ? Isolation::fork : asked;
}

void require_fork_server() {
  if (!mpi_has_begun()) return;
  const auto prepared = prepared_fork_server();
  if (prepared && prepared->is_alive()) return;
  throw ParallelError(prepared ? "the fork server was killed, and another cannot be forked after MPI_Init"
                               : "isolation = process needs a fork server, which cannot be forked after MPI_Init: call "
                                 "windrow::prepare() before MPI_Init, or launch() with isolates_evaluations, or choose "
                                 "isolation = fork");
}

/// A session on the rank's fork server, opened anew after it was lost.
class IsolatedEvaluation : public SweepEvaluation {
 public:
  /// Starts a server if none can be used: one server is for all workers that this process forks, and a fork from a
  /// process with fewer threads is safer.
  /// @throws SystemError
  IsolatedEvaluation(const FunctionSource& functions, const std::vector<Column>& outputs, const Design& design,
                     const Isolated& options)
      : SweepEvaluation(design),
        sweep_{functions, outputs, design},
        limits_{options.timeout, options.memory_limit, options.evaluations_per_process},
        relative_timeout_(options.relative_timeout) {
    const Isolation isolation = effective(options.where, functions);
    std::string told;
    if (isolation == Isolation::process) {
      require_fork_server();
      make_ = make_portable_model;
      argument_ = portable_argument(functions, outputs, design);
      may_restart_ = !mpi_has_begun();
      server_ = prepared_fork_server();
      told = "isolation = process: evaluations ran in children of the fork server, since " + functions.reason;
    } else {
      make_ = make_local_model;
      argument_ = local_argument(sweep_);
      files_ = ForkServerFiles::all;  // closures use what the caller has open
      told = "isolation = fork: evaluations ran in children forked from the rank itself, ";
      told += options.where == isolation ? "as asked" : "since " + functions.reason;
    }
    if (!server_ || !server_->is_alive()) {
      server_ = std::make_shared<const ForkServer>(files_);
      if (const std::uint64_t size = resident_size(); size >= kLarge) {
        told += fmt::format("; each fork copies the page tables of the {} that the rank held", render_size(size));
        if (isolation == Isolation::process) told += ", which windrow::prepare() at the start of main() avoids";
      }
    }
    note(std::move(told));
  }

  void build() override {
    try {
      session_ = server_->open(make_, argument_, limits_);
      return;
    } catch (const PeerLost&) {  // the server was killed
      if (!may_restart_) {
        throw WorkerUnable("the fork server was killed, and another cannot be forked after MPI_Init");
      }
    }
    server_ = std::make_shared<const ForkServer>(files_);
    session_ = server_->open(make_, argument_, limits_);
  }

  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override {
    if (!session_.is_open()) {
      const ChargeRebuilds charge(rebuilds_, context);
      rebuilds_.run([this] { build(); });
    }
    EvaluationEnd end;
    StopQuestion stop([&context] { return context.stop_requested(); }, limit_of(context));
    try {
      end = session_.evaluate(encode_request(design().point(assigned.index)), std::ref(stop));
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
      failure = to_failure(std::move(end), limits_);
      if (ended_from_outside(*failure) && stops_soon(context)) throw Interrupted();
    }
    if (failure) tell_memory_limit(*failure, memory_ran_out, limits_);
    return failure;
  }

 private:
  std::optional<TaskFailure> take(Bytes reply, WorkerContext& context, ByteWriter& result) const {
    auto outcome = decode_reply(reply);
    if (!outcome.ok()) return std::move(outcome.failure());
    if (!arrays().is_needed()) {
      result.put_bytes(outcome.value());
      return std::nullopt;
    }
    Evaluated evaluated = decode(outcome.value());
    reply = {};  // it may be large
    return report(std::move(evaluated), arrays(), context, result);
  }

  std::function<double()> limit_of(WorkerContext& context) const {
    if (!relative_timeout_) return {};
    return [&context] { return context.time_limit(); };
  }

  TaskFailure over_relative_limit(double limit) const {
    return TaskFailure::timed_out("over the time limit of " + render_relative_limit(limit, *relative_timeout_));
  }

  LocalSweep sweep_;
  ForkLimits limits_;
  std::optional<double> relative_timeout_;
  ForkServerFiles files_ = ForkServerFiles::none;
  bool may_restart_ = true;
  MakeForkedModel make_ = nullptr;
  Bytes argument_;
  std::shared_ptr<const ForkServer> server_;
  ForkSession session_;
  Rebuilds rebuilds_;
};

class IsolatedKind : public EvaluationKind {
 public:
  IsolatedKind(FunctionSource functions, std::vector<Column> outputs, FunctionOptions options)
      : EvaluationKind(std::move(outputs), std::move(options.version)),
        functions_(std::move(functions)),
        options_(*options.isolated) {
    if (options_.timeout && *options_.timeout <= std::chrono::nanoseconds(0)) {
      throw SpecError("the time limit of an evaluation must be longer than nothing");
    }
    if (options_.relative_timeout && !(*options_.relative_timeout > 1.0)) {
      throw SpecError("relative_timeout is a multiple of the median time: it must be more than 1");
    }
    if (options_.evaluations_per_process < 1) throw SpecError("evaluations_per_process must be at least 1");
  }

  std::vector<Setting> provenance() const override { return {{"isolation", std::string(name_of(options_.where))}}; }
  EvaluationLimits limits() const override { return {.relative_timeout = options_.relative_timeout}; }
  std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager&) override {
    return std::make_unique<IsolatedEvaluation>(functions_, outputs(), design, options_);
  }

 private:
  FunctionSource functions_;
  Isolated options_;
};

}  // namespace

std::shared_ptr<EvaluationKind> isolated_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options) {
  return std::make_shared<IsolatedKind>(std::move(functions), std::move(outputs), std::move(options));
}

}  // namespace detail
}  // namespace windrow
