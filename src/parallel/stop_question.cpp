#include "parallel/interface/stop_question.hpp"

#include <fmt/format.h>

#include "windrow/base/text.hpp"

namespace windrow::detail {

bool StopQuestion::operator()() {
  if (thrown_) return true;
  try {
    if (ask_ && ask_()) return true;
    const double limit = time_limit_ ? time_limit_() : 0.0;
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began_;
    if (limit > 0.0 && elapsed.count() > limit) limit_passed_ = limit;
    return limit_passed_.has_value();
  } catch (...) {
    thrown_ = std::current_exception();
    return true;
  }
}

void StopQuestion::rethrow() const {
  if (thrown_) std::rethrow_exception(thrown_);
}

std::string render_relative_limit(double seconds, double factor) {
  return fmt::format("{} ({:.0f}% of the median, but at least 1s)", text::render_duration(seconds), factor * 100.0);
}

}  // namespace windrow::detail
