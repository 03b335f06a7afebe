#include "process/due_calls.hpp"

#include <exception>
#include <utility>

namespace windrow::detail {

void DueCalls::run() {
  if (running_) return;
  running_ = true;
  std::exception_ptr first;
  while (!calls_.empty()) {
    const auto call = std::move(calls_.front());
    calls_.pop_front();
    try {
      call();
    } catch (...) {
      if (!first) first = std::current_exception();
    }
  }
  running_ = false;
  if (first) std::rethrow_exception(first);
}

}  // namespace windrow::detail
