#include "windrow/parallel/outcome.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numeric>

#include "windrow/base/text.hpp"

namespace windrow {
namespace {

struct KindText {
  FailureKind kind;
  std::string_view name;
  std::string_view verb;
};

constexpr std::array<KindText, 7> kinds = {{
    {FailureKind::exception, "exception", "failed"},
    {FailureKind::crashed, "crashed", "crashed"},
    {FailureKind::exited, "exited", "exited"},
    {FailureKind::timed_out, "timed_out", "timed out"},
    {FailureKind::rejected, "rejected", "was rejected"},
    {FailureKind::lost, "lost", "was lost"},
    {FailureKind::bad_output, "bad_output", "gave bad output"},
}};

const KindText& text_of(FailureKind kind) {
  for (const KindText& entry : kinds) {
    if (entry.kind == kind) return entry;
  }
  throw SpecError(fmt::format("{} is not a kind of failure", static_cast<int>(kind)));
}

std::string code_text(int code) {
  if (code == 0) return {};
  const long signal = -static_cast<long>(code);  // a negated INT_MIN does not fit an int
  if (signal > 0) return fmt::format(" (signal {}, {})", signal, describe_signal(code > -NSIG ? -code : 0));
  return fmt::format(" (code {})", code);
}

std::string effort_text(int attempts, double elapsed) {
  // Beyond a thousand years a duration in nanoseconds nears its limit, and the number means nothing anyway.
  const bool has_time = std::isfinite(elapsed) && elapsed > 0 && elapsed < 3e9;
  const std::string time = has_time ? text::render_duration(elapsed) : "";
  if (attempts > 1) return fmt::format(" after {} attempts{}{}", attempts, has_time ? ", " : "", time);
  return has_time ? " after " + time : std::string();
}

/// White space, line breaks and control characters become single blanks, so that a line stays a line; other bytes that
/// a terminal would stumble over are seen.
std::string one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7f) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return text::visible(line);
}

}  // namespace

std::string_view name_of(FailureKind kind) {
  return text_of(kind).name;
}

FailureKind failure_kind(std::string_view name) {
  std::vector<std::string> names;
  for (const KindText& entry : kinds) {
    if (entry.name == name) return entry.kind;
    names.emplace_back(entry.name);
  }
  throw SpecError(fmt::format("`{}` is not a kind of failure{}", name, text::suggestion(name, names)));
}

TaskFailure TaskFailure::ended(ExitStatus status, std::string message) {
  FailureKind kind = FailureKind::lost;
  if (status.was_signalled()) kind = FailureKind::crashed;
  if (status.has_exited()) kind = FailureKind::exited;
  if (status.has_timed_out()) kind = FailureKind::timed_out;
  return {.kind = kind, .message = std::move(message), .code = status.code(), .host = {}};
}

std::string describe(const TaskFailure& failure) {
  std::string line = fmt::format("point {} {}{} on rank {}", failure.index, text_of(failure.kind).verb,
                                 code_text(failure.code), failure.rank);
  if (!failure.host.empty()) line += fmt::format(" ({})", failure.host);
  line += effort_text(failure.attempts, failure.elapsed);
  const std::string message = one_line(failure.message);
  if (!message.empty()) line += ": " + message;
  return line;
}

void TaskFailure::rethrow() const {
  if (cause) std::rethrow_exception(cause.pointer());
  detail::throw_error(*this);
}

namespace detail {

void throw_error(const TaskFailure& failure) {
  const Error error(describe(failure));
  if (!failure.cause) throw error;
  try {
    std::rethrow_exception(failure.cause.pointer());
  } catch (...) {
    std::throw_with_nested(error);
  }
}

std::vector<std::size_t> order_by_index(std::span<const std::uint64_t> indices) {
  if (std::ranges::is_sorted(indices)) return {};
  std::vector<std::size_t> order(indices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [indices](std::size_t entry) { return indices[entry]; });
  return order;
}

void sort_by_index(std::vector<TaskFailure>& failures) {
  std::ranges::sort(failures, {}, &TaskFailure::index);
}

}  // namespace detail
}  // namespace windrow
