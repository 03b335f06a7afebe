#include "evaluator.hpp"

#include <signal.h>

#include <chrono>
#include <thread>
#include <utility>

#include "function_evaluator.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/byte_stream.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint32_t kIndexRead = 0x80000000U;  // beside the number of attempts

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

}  // namespace

bool stops_soon(WorkerContext& context) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 25; ++i) {
    if (context.stop_requested()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

bool ended_from_outside(const TaskFailure& failure) {
  if (failure.kind == FailureKind::lost) return true;
  if (failure.kind != FailureKind::crashed) return false;
  return failure.code == -SIGTERM || failure.code == -SIGINT || failure.code == -SIGHUP || failure.code == -SIGUSR1;
}

Bytes encode(const Evaluated& evaluated) {
  ByteWriter out;
  out.put(evaluated.attempts | (evaluated.index_read ? kIndexRead : 0U));
  for (const Value& value : evaluated.outputs) put(out, value);
  return out.take();
}

Evaluated decode(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto head = in.get<std::uint32_t>();
  Evaluated evaluated{head & ~kIndexRead, {}, (head & kIndexRead) != 0};
  while (!in.at_end()) evaluated.outputs.push_back(get(in));
  return evaluated;
}

std::optional<TaskFailure> split(Outcome<Bytes> outcome, ByteWriter& result) {
  if (!outcome.ok()) return std::move(outcome.failure());
  result.put_bytes(outcome.value());
  return std::nullopt;
}

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
  task.rest = [command] { command->rest(); };
  task.evaluate = [command = std::move(command), &design](const Assigned& assigned, WorkerContext& context,
                                                          ByteWriter& result) -> std::optional<TaskFailure> {
    auto outcome = command->evaluate(
        design.point(assigned.index), [&context] { return context.stop_requested(); },
        [&context] { return context.time_limit(); });
    if (outcome.ok()) return split(encode({1, std::move(outcome).value(), false}), result);
    if (ended_from_outside(outcome.failure()) && stops_soon(context)) throw Interrupted();
    return std::move(outcome.failure());
  };
  return task;
}

}  // namespace windrow::detail
