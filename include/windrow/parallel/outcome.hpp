#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/error.hpp"
#include "windrow/process/exit_status.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Why an evaluation failed.
enum class FailureKind {
  exception,   ///< build or execute threw
  crashed,     ///< ended by a signal
  exited,      ///< a program ended with a non-zero code, or a worker called exit()
  timed_out,   ///< over its time limit
  rejected,    ///< a probe turned the point down before any work
  lost,        ///< the worker was lost for a reason that is not known
  bad_output,  ///< an output was missing, unreadable, or of the wrong number
};

std::string_view name_of(FailureKind kind);
/// @throws SpecError for an unknown name
FailureKind failure_kind(std::string_view name);

/// An exception of this process. It does not travel: where it is sent to, there is none.
class ThrownException {
 public:
  ThrownException() = default;
  ThrownException(std::exception_ptr thrown) : thrown_(std::move(thrown)) {}

  explicit operator bool() const { return thrown_ != nullptr; }
  const std::exception_ptr& pointer() const { return thrown_; }
  template <typename Archive>
  void serialize(Archive&, unsigned) {}

 private:
  std::exception_ptr thrown_;
};

/// A failed evaluation, as a value.
struct TaskFailure {
  /// Of a process (its program's, its worker's) that ended before there was a result: crashed, exited, timed out or
  /// lost, with its code. @pre not running
  static TaskFailure ended(ExitStatus status, std::string message);
  static TaskFailure exception(std::string message) { return of(FailureKind::exception, std::move(message)); }
  static TaskFailure timed_out(std::string message) { return of(FailureKind::timed_out, std::move(message)); }
  static TaskFailure rejected(std::string message) { return of(FailureKind::rejected, std::move(message)); }
  static TaskFailure lost(std::string message) { return of(FailureKind::lost, std::move(message)); }
  static TaskFailure bad_output(std::string message) { return of(FailureKind::bad_output, std::move(message)); }
  static TaskFailure of(FailureKind kind, std::string message) {
    return {.kind = kind, .message = std::move(message), .host = {}};
  }

  std::uint64_t index = 0;
  FailureKind kind = FailureKind::exception;
  std::string message;
  int code = 0;          ///< exit code, or the signal's number with a minus sign, or 0
  int rank = 0;          ///< where it was evaluated
  std::string host;      ///< where it was evaluated
  int attempts = 1;      ///< how often it was tried
  double elapsed = 0.0;  ///< seconds, all attempts together
  /// What the function threw, if a SerialExecutor or a ThreadPool called it; of a StagedMap's source always.
  ThrownException cause = {};

  /// Throws that as it was thrown; an Error with the description, if it is not here.
  [[noreturn]] void rethrow() const;
};

/// One line: "point 17 crashed (signal 11, Segmentation fault) on rank 3 (node7) after 2 attempts, 1.2s: message".
std::string describe(const TaskFailure& failure);

namespace detail {
/// Throws an Error with the failure's description, and with its cause nested in it.
[[noreturn]] void throw_error(const TaskFailure& failure);

/// A failure that takes no room where there is none: queues hold many outcomes, and a failure is six times a vector.
class RareFailure {
 public:
  explicit RareFailure(TaskFailure failure) : failure_(std::make_unique<TaskFailure>(std::move(failure))) {}
  RareFailure(const RareFailure& other)
      : failure_(other.failure_ ? std::make_unique<TaskFailure>(*other.failure_) : nullptr) {}
  RareFailure(RareFailure&&) noexcept = default;
  RareFailure& operator=(const RareFailure& other) { return *this = RareFailure(other); }
  RareFailure& operator=(RareFailure&&) noexcept = default;
  ~RareFailure() = default;

  const TaskFailure& get() const { return *failure_; }
  TaskFailure& get() { return *failure_; }

 private:
  std::unique_ptr<TaskFailure> failure_;  // null after a move
};
}  // namespace detail

/// The result of an evaluation, or why there is none.
template <typename R>
class Outcome {
 public:
  Outcome(R result) : state_(std::move(result)) {}
  Outcome(TaskFailure failure) : state_(detail::RareFailure(std::move(failure))) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// @throws Error with the failure's description if there is no result, wherever the evaluation ran. If what it threw
  ///               is here, it is nested in the Error (std::rethrow_if_nested). To have it as it was thrown:
  ///               failure().rethrow()
  const R& value() const& {
    if (!ok()) detail::throw_error(failure());
    return *std::get_if<0>(&state_);
  }
  R&& value() && {
    if (!ok()) detail::throw_error(failure());
    return std::move(*std::get_if<0>(&state_));
  }
  /// @pre !ok()
  const TaskFailure& failure() const { return std::get<1>(state_).get(); }
  TaskFailure& failure() { return std::get<1>(state_).get(); }

 private:
  std::variant<R, detail::RareFailure> state_;
};

namespace detail {

/// Where the entries of a list with these indices go, so that they are in order; empty if they are.
std::vector<std::size_t> order_by_index(std::span<const std::uint64_t> indices);
void sort_by_index(std::vector<TaskFailure>& failures);

}  // namespace detail
}  // namespace windrow
