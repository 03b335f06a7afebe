#include "early_failures.hpp"

#include <fmt/format.h>

#include "windrow/store/failure_groups.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kLongest = 100;

}  // namespace

void EarlyFailures::failed(const TaskFailure& failure, double elapsed) {
  if (over_ || failure.kind == FailureKind::rejected) return;
  const std::string message = telling_line(failure);
  if (number_ == 0) {
    kind_ = failure.kind;
    code_ = failure.code;
    message_ = message;
  }
  const bool same = kind_ == failure.kind && code_ == failure.code && message_ == message;
  // Once it has given up, that is not taken back by what was under way.
  if (number_ < kMost && (!same || elapsed > kSeconds)) over_ = true;
  ++number_;
}

std::string EarlyFailures::why() const {
  const std::string code = code_ == 0 ? "" : fmt::format(" {}", code_);
  std::string message = message_.substr(0, kLongest);
  if (message.size() < message_.size()) message += "...";
  return fmt::format(
      "since the first {} points all failed in the same way ({}{}: {}) and none has succeeded (give_up_early = true)",
      kMost, name_of(kind_), code, message);
}

}  // namespace windrow::detail
