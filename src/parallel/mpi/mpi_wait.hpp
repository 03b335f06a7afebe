#pragma once

#include <mpi.h>

#include <chrono>
#include <string>

namespace windrow::detail {

/// Pauses that get longer while nothing happens: 1 us doubling to 1 ms. A rank that waits leaves its core to others.
class BackOff {
 public:
  std::chrono::nanoseconds next() {
    const auto pause = pause_;
    pause_ = std::min(pause_ * 2, kLongest);
    return pause;
  }
  void reset() { pause_ = kShortest; }
  void sleep();

 private:
  static constexpr std::chrono::nanoseconds kShortest = std::chrono::microseconds(1);
  static constexpr std::chrono::nanoseconds kLongest = std::chrono::milliseconds(1);
  std::chrono::nanoseconds pause_ = kShortest;
};

/// @throws ParallelError with MPI's own text if `code` is not MPI_SUCCESS
void check_mpi(int code, const char* call);

/// Waits for a request, asleep.
void wait_mpi(MPI_Request& request);

/// A size as MPI counts. @throws ParallelError if it is over MPI's limit of 2^31 - 1
int mpi_count(std::size_t size);

}  // namespace windrow::detail
