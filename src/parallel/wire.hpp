#pragma once

#include <cstdint>

#include "windrow/parallel/byte_stream.hpp"
#include "windrow/parallel/index_set.hpp"
#include "windrow/parallel/outcome.hpp"

/// The messages of a job as bytes.
namespace windrow::detail {

inline void put_failure(ByteWriter& out, const TaskFailure& failure) {
  out.put(failure.index);
  out.put(failure.kind);
  out.put(failure.code);
  out.put(failure.rank);
  out.put(failure.attempts);
  out.put(failure.elapsed);
  out.put_text(failure.message);
  out.put_text(failure.host);
}

inline TaskFailure get_failure(ByteReader& in) {
  TaskFailure failure;
  failure.index = in.get<std::uint64_t>();
  failure.kind = in.get<FailureKind>();
  failure.code = in.get<int>();
  failure.rank = in.get<int>();
  failure.attempts = in.get<int>();
  failure.elapsed = in.get<double>();
  failure.message = in.get_text();
  failure.host = in.get_text();
  return failure;
}

/// Head of each outcome in a results message; `length` bytes of result or failure follow.
struct ResultHead {
  std::uint64_t index;
  double started;
  double elapsed;
  std::uint64_t length;
  std::uint64_t failed;  ///< 0 or 1
};

}  // namespace windrow::detail
