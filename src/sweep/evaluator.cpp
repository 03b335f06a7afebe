#include "evaluator.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <thread>
#include <utility>

#include "windrow/error.hpp"
#include "windrow/parallel/byte_stream.hpp"

namespace windrow::detail {
namespace {

enum class Kind : std::uint8_t { number, integer, boolean, text };

void put(ByteWriter& out, const Value& value) {
  const auto& variant = value.variant();
  out.put(static_cast<Kind>(variant.index()));
  switch (static_cast<Kind>(variant.index())) {
    case Kind::number:
      return out.put(std::get<double>(variant));
    case Kind::integer:
      return out.put(std::get<std::int64_t>(variant));
    case Kind::boolean:
      return out.put(std::get<bool>(variant));
    case Kind::text:
      return out.put_text(std::get<std::string>(variant));
  }
}

Value get(ByteReader& in) {
  switch (in.get<Kind>()) {
    case Kind::number:
      return in.get<double>();
    case Kind::integer:
      return in.get<std::int64_t>();
    case Kind::boolean:
      return in.get<bool>();
    case Kind::text:
      return in.get_text();
  }
  throw ParallelError("an outcome holds a value of an unknown kind");
}

TaskFailure failure(FailureKind kind, std::string message, int attempts) {
  TaskFailure result;
  result.kind = kind;
  result.message = std::move(message);
  result.attempts = attempts;
  return result;
}

// A model that has evaluated points may carry something over from one of them; a fresh one does not.
class FunctionEvaluator {
 public:
  FunctionEvaluator(const std::vector<Column>& outputs, SweepFunctions functions)
      : outputs_(outputs), functions_(std::move(functions)) {}

  void build() {
    functions_.build();
    fresh_ = true;
  }

  Outcome<Bytes> evaluate(const Point& point) {
    if (spoiled_) rebuild();
    const bool was_fresh = std::exchange(fresh_, false);
    try {
      return checked(functions_.evaluate(point), 1);
    } catch (const Interrupted&) {
      throw;
    } catch (const Rejected& reason) {
      fresh_ = was_fresh;
      return failure(FailureKind::rejected, reason.what(), 1);
    } catch (...) {
      spoiled_ = true;
      if (was_fresh) throw;
    }
    return evaluate_fresh(point);
  }

 private:
  void rebuild() {
    try {
      build();
    } catch (const std::exception& error) {
      throw Error(std::string("build failed: ") + error.what());
    }
    spoiled_ = false;
  }

  Outcome<Bytes> evaluate_fresh(const Point& point) {
    rebuild();
    fresh_ = false;
    try {
      return checked(functions_.evaluate(point), 2);
    } catch (const Interrupted&) {
      throw;
    } catch (const Rejected& reason) {
      return failure(FailureKind::rejected, reason.what(), 2);
    } catch (const std::exception& error) {
      spoiled_ = true;
      return failure(FailureKind::exception, error.what(), 2);
    }
  }

  Outcome<Bytes> checked(std::vector<Value> values, int attempts) const {
    if (values.size() != outputs_.size()) {
      return failure(FailureKind::bad_output,
                     fmt::format("the evaluation gave {} values for {} outputs", values.size(), outputs_.size()),
                     attempts);
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool text = outputs_[i].type == "string";
      if (values[i].is_text() != text) {
        return failure(FailureKind::bad_output,
                       fmt::format("output `{}` is of type {}, but the evaluation gave `{}`", outputs_[i].name,
                                   outputs_[i].type, values[i].render()),
                       attempts);
      }
      if (outputs_[i].type == "number") values[i] = values[i].number();
      if (outputs_[i].type == "integer") values[i] = values[i].integer();
      if (outputs_[i].type == "boolean") values[i] = values[i].boolean();
    }
    return encode({static_cast<std::uint32_t>(attempts), std::move(values)});
  }

  const std::vector<Column>& outputs_;
  SweepFunctions functions_;
  bool fresh_ = false;
  bool spoiled_ = false;
};

// A batch system that ends a job, or a user at another terminal, may signal the program before the root tells us to
// stop.
bool stops_soon(WorkerContext& context) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 25; ++i) {
    if (context.stop_requested()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace

bool ended_from_outside(const TaskFailure& failure) {
  if (failure.kind == FailureKind::lost) return true;
  if (failure.kind != FailureKind::crashed) return false;
  return failure.code == -SIGTERM || failure.code == -SIGINT || failure.code == -SIGHUP || failure.code == -SIGUSR1;
}

Bytes encode(const Evaluated& evaluated) {
  ByteWriter out;
  out.put(evaluated.attempts);
  for (const Value& value : evaluated.outputs) put(out, value);
  return out.take();
}

Evaluated decode(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  Evaluated evaluated{in.get<std::uint32_t>(), {}};
  while (!in.at_end()) evaluated.outputs.push_back(get(in));
  return evaluated;
}

namespace {

std::optional<TaskFailure> split(Outcome<Bytes> outcome, ByteWriter& result) {
  if (!outcome.ok()) return std::move(outcome.failure());
  result.put_bytes(outcome.value());
  return std::nullopt;
}

}  // namespace

WorkerTask function_task(const Design& design, const std::vector<Column>& outputs, SweepFunctions functions) {
  auto evaluator = std::make_shared<FunctionEvaluator>(outputs, std::move(functions));
  WorkerTask task;
  task.build = [evaluator] { evaluator->build(); };
  task.evaluate = [evaluator, &design](const Assigned& assigned, WorkerContext&, ByteWriter& result) {
    return split(evaluator->evaluate(design.point(assigned.index)), result);
  };
  return task;
}

WorkerTask command_task(const Design& design, std::shared_ptr<Command> command) {
  WorkerTask task;
  task.evaluate = [command = std::move(command), &design](const Assigned& assigned, WorkerContext& context,
                                                          ByteWriter& result) -> std::optional<TaskFailure> {
    auto outcome = command->evaluate(
        design.point(assigned.index), [&context] { return context.stop_requested(); },
        [&context] { return context.time_limit(); });
    if (outcome.ok()) return split(encode({1, std::move(outcome).value()}), result);
    if (ended_from_outside(outcome.failure()) && stops_soon(context)) throw Interrupted();
    return std::move(outcome.failure());
  };
  return task;
}

}  // namespace windrow::detail
