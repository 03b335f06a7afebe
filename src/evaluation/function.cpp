#include "function.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>

#include "windrow/base/exception_text.hpp"
#include "windrow/base/stopwatch.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

TaskFailure failure(FailureKind kind, std::string message, int attempts) {
  TaskFailure result = TaskFailure::of(kind, std::move(message));
  result.attempts = attempts;
  return result;
}

/// A whole number that a double would round stays the integer that it is.
Value as_number(const Value& value) {
  const auto* whole = std::get_if<std::int64_t>(&value.variant());
  if (whole != nullptr && text::is_rounded_whole(std::to_string(*whole))) return value;
  return value.number();
}

constexpr int kMostFailedBuilds = 3;

class FunctionKind : public EvaluationKind {
 public:
  FunctionKind(FunctionSource functions, std::vector<Column> outputs, std::string version)
      : EvaluationKind(std::move(outputs), std::move(version)), functions_(std::move(functions)) {}

  std::unique_ptr<SweepEvaluation> evaluation(const Design& design, ParallelManager&) override {
    return std::make_unique<FunctionEvaluation>(design, outputs(), functions_.make());
  }

 private:
  FunctionSource functions_;
};

}  // namespace

void Rebuilds::run(const std::function<void()>& build) {
  const Stopwatch stopwatch(seconds_);
  try {
    build();
    failed_ = 0;
  } catch (const WorkerUnable&) {
    throw;
  } catch (...) {
    const std::string text = exception_text(std::current_exception());
    if (++failed_ == kMostFailedBuilds) throw WorkerUnable(text);
    throw Error("build failed: " + text);
  }
}

void FunctionEvaluator::build() {
  functions_.build();
  fresh_ = true;
}

Outcome<Evaluated> FunctionEvaluator::evaluate(Point point) {
  point.watch_index(index_read_);
  if (spoiled_) rebuild();
  const bool was_fresh = std::exchange(fresh_, false) || !functions_.has_model;
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

void FunctionEvaluator::rebuild() {
  rebuilds_.run([this] { build(); });
  spoiled_ = false;
}

Outcome<Evaluated> FunctionEvaluator::evaluate_fresh(const Point& point) {
  rebuild();
  fresh_ = false;
  try {
    return checked(functions_.evaluate(point), 2);
  } catch (const Interrupted&) {
    throw;
  } catch (const Rejected& reason) {
    return failure(FailureKind::rejected, reason.what(), 2);
  } catch (...) {
    spoiled_ = true;
    return failure(FailureKind::exception, exception_text(std::current_exception()), 2);
  }
}

Outcome<Evaluated> FunctionEvaluator::checked(std::vector<Value> values, int attempts) const {
  if (values.size() != outputs_.size()) {
    return failure(FailureKind::bad_output,
                   fmt::format("the evaluation gave {} values for {} outputs", values.size(), outputs_.size()),
                   attempts);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& type = outputs_[i].type;
    if (values[i].is_text() != (type == "string") || values[i].is_array() != is_array_type(type)) {
      return failure(FailureKind::bad_output,
                     fmt::format("output `{}` is of type {}, but the evaluation gave `{}`", outputs_[i].name, type,
                                 values[i].render()),
                     attempts);
    }
    if (type == "number") values[i] = as_number(values[i]);
    if (type == "integer") values[i] = values[i].integer();
    if (type == "boolean") values[i] = values[i].boolean();
  }
  return Evaluated{static_cast<std::uint32_t>(attempts), std::move(values), *index_read_};
}

std::shared_ptr<EvaluationKind> function_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options) {
  if (options.isolated) return isolated_kind(std::move(functions), std::move(outputs), std::move(options));
  return std::make_shared<FunctionKind>(std::move(functions), std::move(outputs), std::move(options.version));
}

}  // namespace windrow::detail
