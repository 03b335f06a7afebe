#include <fmt/format.h>

#include "c/handles.hpp"

using windrow::detail::given;
using windrow::detail::guarded;

uint64_t windrow_result_points(const windrow_result* result) {
  return result->result.points;
}
uint64_t windrow_result_succeeded(const windrow_result* result) {
  return result->result.succeeded;
}
uint64_t windrow_result_failed(const windrow_result* result) {
  return result->result.failed;
}
uint64_t windrow_result_evaluated(const windrow_result* result) {
  return result->result.evaluated;
}
int windrow_result_exit_code(const windrow_result* result) {
  return result->result.exit_code();
}

const char* windrow_result_summary(windrow_result* result) {
  guarded([&] {
    if (result->summary.empty()) result->summary = result->result.summary();
  });
  return result->summary.c_str();
}

windrow_status windrow_result_outputs(windrow_result* result, uint64_t index, double* outputs) {
  return guarded([&] {
    const windrow::SweepResult& known = given(result, "the result").result;
    given(outputs, "the place for the outputs");
    if (index >= known.points) {
      throw windrow::SpecError(fmt::format("point {} of {}: indices begin at 0", index, known.points));
    }
    windrow::Outcome<std::vector<windrow::Value>> outcome = windrow::TaskFailure{};
    if (known.store.empty()) {
      if (known.outcomes.empty()) throw windrow::SpecError("only the root has the outcomes");
      outcome = known.outcomes[static_cast<std::size_t>(index)];
    } else {
      if (!result->reader) result->reader.emplace(known.store);
      auto record = result->reader->find(index);
      if (!record) throw windrow::detail::PointFailed{fmt::format("point {} has not been evaluated", index)};
      outcome = std::move(record->outcome);
    }
    if (!outcome.ok()) throw windrow::detail::PointFailed{outcome.failure().message};
    windrow::detail::copy_numbers(outcome.value(), outputs);
  });
}

void windrow_result_free(windrow_result* result) {
  delete result;
}
