#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "windrow/base/machine.hpp"

namespace windrow::detail {

/// Calls work(0), ..., work(count - 1), each once, on at most four threads, as every rank of a host may do it at the
/// same time, and waits for all. What is thrown first, by number, goes on to the caller. Where no thread can be made,
/// the caller's own does it all.
template <typename Work>
void side_by_side(std::size_t count, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(count);
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  static const auto most = static_cast<std::size_t>(std::clamp(available_parallelism(), 1, 4));
  std::vector<std::thread> others;
  try {
    while (others.size() + 1 < std::min(most, count)) others.emplace_back(take);
  } catch (const std::system_error&) {
    // As many as there may be.
  }
  take();
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace windrow::detail
