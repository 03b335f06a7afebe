#include "early_failures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace windrow::detail {
namespace {

constexpr std::size_t kLongest = 100;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// "/results/points/17/out.json" of point 17 becomes "out.json".
std::string without_directory(std::string text, std::uint64_t index) {
  const std::string folder = fmt::format("/points/{}/", index);
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
    const std::size_t before = text.find_last_of(" \"'`(=:", at);
    const std::size_t begin = before == std::string::npos ? 0 : before + 1;
    text.erase(begin, at + folder.size() - begin);
  }
  return text;
}

}  // namespace

std::string telling_line(const TaskFailure& failure) {
  std::string_view message = trimmed(failure.message);
  if (failure.kind == FailureKind::bad_output) {
    message = message.substr(0, message.find_first_of(";\n"));
  } else if (const std::size_t line = message.rfind('\n'); line != std::string_view::npos) {
    message = message.substr(line + 1);
  }
  return without_directory(std::string(trimmed(message)), failure.index);
}

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
