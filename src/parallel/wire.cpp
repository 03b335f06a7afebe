#include "parallel/interface/wire.hpp"

#include <cmath>

namespace windrow::detail {
namespace {

struct RunHead {
  std::uint64_t first;
  std::uint64_t step;
  std::uint64_t count;
  std::uint64_t length;  // of each payload
  double started;        // of the first; each of the others starts when the one before it ends
  std::uint64_t failed;  // 0 or 1
};

constexpr double kSameTime = 1e-6;  // seconds

FailureKind get_kind(ByteReader& in) {
  const auto kind = in.get<FailureKind>();
  if (kind < FailureKind::exception || kind > FailureKind::bad_output) {
    throw ParallelError("a message of a failure is not one");
  }
  return kind;
}

}  // namespace

void put_failure(ByteWriter& out, const TaskFailure& failure) {
  out.put(failure.index);
  out.put(failure.kind);
  out.put(failure.code);
  out.put(failure.rank);
  out.put(failure.attempts);
  out.put(failure.elapsed);
  out.put_text(failure.message);
  out.put_text(failure.host);
}

TaskFailure get_failure(ByteReader& in) {
  TaskFailure failure;
  failure.index = in.get<std::uint64_t>();
  failure.kind = get_kind(in);
  failure.code = in.get<int>();
  failure.rank = in.get<int>();
  failure.attempts = in.get<int>();
  failure.elapsed = in.get<double>();
  failure.message = in.get_text();
  failure.host = in.get_text();
  return failure;
}

// The second outcome of a run says what its step is.
bool ResultWriter::continues_run(const Result& result) const {
  if (count_ == 0 || result.failed || result.payload.size() != length_) return false;
  if (count_ == 1 ? result.index <= first_ : result.index != first_ + count_ * step_) return false;
  return std::abs(result.started - next_start_) < kSameTime;
}

void ResultWriter::add(const Result& result) {
  if (continues_run(result)) {
    if (count_ == 1) {
      step_ = result.index - first_;
      out_.overwrite(head_at_ + offsetof(RunHead, step), step_);
    }
    ++count_;
    out_.overwrite(head_at_ + offsetof(RunHead, count), count_);
  } else {
    head_at_ = out_.size();
    first_ = result.index;
    step_ = 1;
    count_ = result.failed ? 0 : 1;
    length_ = result.payload.size();
    out_.put(RunHead{first_, step_, 1, length_, result.started, result.failed ? 1U : 0U});
  }
  out_.put(static_cast<float>(result.elapsed));
  out_.put_bytes(result.payload);
  next_start_ = result.started + result.elapsed;
}

std::span<const std::byte> ResultWriter::message(std::uint64_t finished, const WorkerTimes& times) {
  out_.overwrite(0, finished);
  out_.overwrite(sizeof finished, times);
  return out_.bytes();
}

void ResultWriter::clear() {
  out_.clear();
  out_.put(std::uint64_t{0});  // room for the number of finished assignments, and for the times
  out_.put(WorkerTimes{});
  count_ = 0;
}

bool ResultReader::open_run() {
  if (in_.at_end()) return false;
  const auto head = in_.get<RunHead>();
  if (head.count == 0 || head.failed > 1) throw ParallelError("a message of outcomes is not one");
  left_ = head.count;
  step_ = head.step;
  length_ = head.length;
  next_index_ = head.first;
  next_start_ = head.started;
  failed_ = head.failed != 0;
  return true;
}

bool ResultReader::next(Result& result) {
  if (left_ == 0 && !open_run()) return false;
  result.index = next_index_;
  result.started = next_start_;
  result.elapsed = static_cast<double>(in_.get<float>());
  result.failed = failed_;
  result.payload = in_.take(length_);
  next_index_ += step_;
  next_start_ += result.elapsed;
  --left_;
  return true;
}

}  // namespace windrow::detail
