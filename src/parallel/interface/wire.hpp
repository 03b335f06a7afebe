#pragma once

#include <cstdint>
#include <span>

#include "windrow/base/byte_stream.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/outcome.hpp"

/// The messages of a job as bytes.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

void put_failure(ByteWriter& out, const TaskFailure& failure);
TaskFailure get_failure(ByteReader& in);

/// Indices first, first + step, ...: `count` of them, a part of an assignment.
struct IndexRun {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t step = 1;
  std::uint64_t last() const { return first + (count - 1) * step; }
  friend bool operator==(const IndexRun&, const IndexRun&) = default;
};

/// Head of an assignment. `runs` of IndexRun follow; then, `hosts` times, the name of a host and the number of slots
/// (an int) that all its points may use there; then, if a group evaluates it, a GroupHead and `members` ranks (an int
/// each); then, if parameters are shipped, for each point its length and bytes.
struct AssignmentHead {
  std::uint64_t ships_parameters = 0;  ///< 0 or 1
  std::uint64_t runs = 0;
  double budget = 0.0;            ///< seconds after which it is late
  double patience = 0.0;          ///< seconds that outcomes may wait at the worker to travel together
  std::uint64_t gives_back = 0;   ///< 1: what has not been begun when it is late goes back to the root; 0: never
  std::uint64_t hosts = 0;        ///< with slots for it
  std::uint64_t members = 0;      ///< of the group that evaluates it; 0: its worker alone
  std::uint64_t whole_share = 0;  ///< 1: for Evaluation::evaluate_share()
  std::uint64_t failures = 0;  ///< points that may fail, rejected ones aside, until the rest goes back; 0: any number
  std::uint64_t shares_clock = 0;  ///< 1: short points may share a reading of the clock (JobSpec::shares_clock)
};

struct GroupHead {
  std::uint64_t id = 0;
  int attempt = 1;  ///< as in Assigned
};

/// What a worker has to say of its time so far; in front of every message of outcomes.
struct WorkerTimes {
  ActivityTimes spent;
  double failed = 0.0;  ///< as in WorkerAccount
  double span = 0.0;    ///< seconds since it began, until where `spent` was measured
  double began = 0.0;   ///< seconds since the Unix epoch, by its clock; 0: it says nothing of its time
};

/// One outcome in a message.
struct Result {
  std::uint64_t index = 0;
  double started = 0.0;  ///< seconds since the Unix epoch
  double elapsed = 0.0;  ///< seconds, with the precision of a float
  bool failed = false;
  std::span<const std::byte> payload;  ///< result or failure
};

/// Results that share a reading of the clock, of one size.
struct ResultGroup {
  Result first;  ///< its payload is that of all, one after another; each of them took its `elapsed`
  std::uint64_t count = 0;
  std::uint64_t step = 1;  ///< from index to index

  Result at(std::uint64_t i) const;
};

/// Gathers outcomes for a message. Outcomes that follow each other in index and time and are of one size share a head,
/// so that one of a number takes 12 bytes, and less where several share a time.
class ResultWriter {
 public:
  ResultWriter() { clear(); }
  void add(const Result& result);
  /// The first of several results that are to share a time. close() follows, before anything else is called but
  /// append() and open_count().
  /// @param first  its time does not matter
  /// @param most   how many they may be, at least 1
  /// @param step   from index to index
  void open(const Result& first, std::uint64_t most, std::uint64_t step);
  /// The next of them. @return false if it cannot be one of them, since its size differs  @pre open_count() > 0
  bool append(std::span<const std::byte> payload);
  /// How many there are so far; 0: none is open.
  std::uint64_t open_count() const { return open_; }
  /// @param elapsed  of each
  void close(double elapsed);
  bool empty() const { return out_.size() == kHeadSize; }
  std::size_t size() const { return out_.size(); }
  /// The message. @param finished  how many assignments have been finished since the last message
  std::span<const std::byte> message(std::uint64_t finished, const WorkerTimes& times = {});
  void clear();

 private:
  static constexpr std::size_t kHeadSize = sizeof(std::uint64_t) + sizeof(WorkerTimes);

  bool continues_run(const Result& first, std::uint64_t most, std::uint64_t step) const;
  void begin_run(const Result& first, std::uint64_t most, std::uint64_t step);

  ByteWriter out_;
  std::size_t head_at_ = 0;   // of the run that is open
  std::size_t group_at_ = 0;  // where the time of the last group is
  std::uint64_t first_ = 0, step_ = 0, count_ = 0, length_ = 0;
  std::uint64_t shared_ = 1;  // how many share a time in this run
  std::uint64_t open_ = 0;
  double next_start_ = 0.0;
};

/// Reads a message of a ResultWriter. @throws ParallelError from every call if the message is not one
class ResultReader {
 public:
  explicit ResultReader(std::span<const std::byte> message)
      : in_(message), finished_(in_.get<std::uint64_t>()), times_(in_.get<WorkerTimes>()) {}
  std::uint64_t finished() const { return finished_; }
  const WorkerTimes& times() const { return times_; }
  /// @return whether there was one more
  bool next(Result& result);
  /// The next that share a time, all of them; a failure is alone. Not after next(Result&).
  bool next(ResultGroup& group);

 private:
  bool open_run();

  ByteReader in_;
  std::uint64_t finished_;
  WorkerTimes times_;
  ResultGroup group_;       // for next(Result&)
  std::uint64_t at_ = 0;    // in it
  std::uint64_t left_ = 0;  // of the run that is open
  std::uint64_t step_ = 0, length_ = 0, next_index_ = 0, shared_ = 1;
  double next_start_ = 0.0;
  bool failed_ = false;
};

}  // namespace detail
}  // namespace windrow
