#pragma once

#include <exception>
#include <string>

#include "windrow/base/exception_text.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/parallel/job.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What the root concludes, to tell the other ranks that it came to the end.
inline Bytes came_to_the_end() {
  return Bytes(1);
}

/// @throws RootFailed on another rank, if it did not
inline void check_end(const JobReport& report, bool is_root) {
  if (!is_root && report.conclusion.empty()) throw RootFailed("the root gave up what this rank took part in");
}

/// The outcome of a point, typed. A result whose reading throws is a failure.
template <typename R>
Outcome<R> outcome_of(const Completed& completed) {
  if (completed.failure != nullptr) return *completed.failure;
  try {
    return from_bytes<R>(completed.payload);
  } catch (...) {
    TaskFailure failure = TaskFailure::bad_output(exception_text(std::current_exception()));
    failure.index = completed.index;
    failure.rank = completed.worker;
    failure.host = completed.host;
    failure.elapsed = completed.elapsed;
    return failure;
  }
}

}  // namespace detail
}  // namespace windrow
