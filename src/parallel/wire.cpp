#include "parallel/interface/wire.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace windrow::detail {
namespace {

struct RunHead {
  std::uint64_t first;
  std::uint64_t step;
  std::uint64_t count;
  std::uint64_t length;  // of each payload
  double started;        // of the first; each of the others starts when the one before it ends
  std::uint64_t failed;  // 0 or 1
  std::uint64_t shared;  // how many share a time, which stands before their payloads; the last may be fewer
};

constexpr double kSameTime = 1e-6;  // seconds
constexpr std::uint64_t kMostShared = 65536;

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

Result ResultGroup::at(std::uint64_t i) const {
  Result result = first;
  const std::size_t length = first.payload.size() / count;
  result.index += i * step;
  result.started += static_cast<double>(i) * first.elapsed;
  result.payload = first.payload.subspan(i * length, length);
  return result;
}

// Where outcomes have a time each, the second of a run says what its step is.
bool ResultWriter::continues_run(const Result& first, std::uint64_t most, std::uint64_t step) const {
  if (count_ == 0 || first.failed || first.payload.size() != length_ || most != shared_) return false;
  const bool follows = most == 1 && count_ == 1
                           ? first.index > first_
                           : first.index == first_ + count_ * step_ && (most == 1 || step == step_);
  return follows && std::abs(first.started - next_start_) < kSameTime;
}

void ResultWriter::begin_run(const Result& first, std::uint64_t most, std::uint64_t step) {
  head_at_ = out_.size();
  first_ = first.index;
  step_ = step;
  count_ = 0;
  length_ = first.payload.size();
  shared_ = most;
  out_.put(RunHead{first_, step_, 0, length_, first.started, first.failed ? 1U : 0U, shared_});
}

void ResultWriter::add(const Result& result) {
  open(result, 1, 1);
  close(result.elapsed);
  if (result.failed) count_ = 0;  // none follows it
}

void ResultWriter::open(const Result& first, std::uint64_t most, std::uint64_t step) {
  if (!continues_run(first, most, step)) {
    begin_run(first, most, step);
  } else if (most == 1 && count_ == 1) {
    step_ = first.index - first_;
    out_.overwrite(head_at_ + offsetof(RunHead, step), step_);
  }
  group_at_ = out_.size();
  out_.put(0.0F);
  out_.put_bytes(first.payload);
  next_start_ = first.started;
  open_ = 1;
}

bool ResultWriter::append(std::span<const std::byte> payload) {
  if (payload.size() != length_) return false;
  out_.put_bytes(payload);
  ++open_;
  return true;
}

void ResultWriter::close(double elapsed) {
  out_.overwrite(group_at_, static_cast<float>(elapsed));
  count_ += open_;
  out_.overwrite(head_at_ + offsetof(RunHead, count), count_);
  next_start_ += static_cast<double>(open_) * elapsed;
  if (open_ < shared_) count_ = 0;  // only the last of a run may be fewer
  open_ = 0;
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
  count_ = open_ = 0;
}

bool ResultReader::open_run() {
  if (in_.at_end()) return false;
  const auto head = in_.get<RunHead>();
  if (head.count == 0 || head.failed > 1 || head.shared - 1 >= kMostShared) {
    throw ParallelError("a message of outcomes is not one");
  }
  left_ = head.count;
  step_ = head.step;
  length_ = head.length;
  shared_ = head.shared;
  next_index_ = head.first;
  next_start_ = head.started;
  failed_ = head.failed != 0;
  return true;
}

bool ResultReader::next(ResultGroup& group) {
  if (left_ == 0 && !open_run()) return false;
  group.count = std::min(shared_, left_);
  group.step = step_;
  Result& first = group.first;
  first.index = next_index_;
  first.started = next_start_;
  first.elapsed = static_cast<double>(in_.get<float>());
  first.failed = failed_;
  if (length_ > 0 && group.count > in_.remaining().size() / length_) {  // whose product might not fit 64 bits
    throw ParallelError("a message of outcomes ends too early");
  }
  first.payload = in_.take(group.count * length_);
  next_index_ += group.count * step_;
  next_start_ += static_cast<double>(group.count) * first.elapsed;
  left_ -= group.count;
  return true;
}

bool ResultReader::next(Result& result) {
  if (at_ == group_.count) {
    if (!next(group_)) return false;
    at_ = 0;
  }
  result = group_.at(at_++);
  return true;
}

}  // namespace windrow::detail
