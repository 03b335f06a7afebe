#include "parallel/process_workers.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "windrow/base/clock.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

EvaluationMarks::EvaluationMarks(std::size_t count)
    : memory_(std::max<std::size_t>(1, count) * sizeof(std::atomic<std::uint64_t>)),
      marks_(static_cast<std::atomic<std::uint64_t>*>(memory_.data())) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
}

std::optional<std::uint64_t> EvaluationMarks::get(std::size_t worker) const {
  const std::uint64_t mark = marks_[worker].load(std::memory_order_relaxed);
  return mark == 0 ? std::nullopt : std::optional(mark - 1);
}

void EvaluationMarks::clear(std::size_t worker) {
  marks_[worker].store(0, std::memory_order_relaxed);
}

ProcessOptions worker_process_options(std::string name) {
  return {.name = std::move(name), .daemon = true, .inherit = Inherit::all(), .ignore_interrupts = true};
}

ProcessWorkers::ProcessWorkers(std::span<WorkerProcess> processes, int offset, EvaluationMarks& marks,
                               LocalWorker* local, int wake)
    : processes_(processes),
      marks_(marks),
      host_(host_name()),
      local_(local),
      offset_(offset),
      wake_(wake),
      loss_is_known_(processes.size(), false) {}

void ProcessWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  if (worker < offset_) return local_ != nullptr ? local_->send(tag, payload) : void();
  ByteChannel& channel = process(worker).channel;
  if (!channel.is_open()) return;
  try {
    channel.post(tag, payload);
  } catch (const PeerLost&) {  // next() reports it, after what the worker sent before
  }
}

std::optional<WorkerEvent> ProcessWorkers::next(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (auto event = try_next()) return event;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero() || !wait(left)) return std::nullopt;
  }
}

std::optional<WorkerEvent> ProcessWorkers::try_next() {
  for (int i = 0; i < count(); ++i) {
    const int worker = turn_;
    turn_ = (turn_ + 1) % count();
    if (worker < first()) continue;
    if (auto event = try_next_of(worker)) return event;
  }
  return std::nullopt;
}

std::optional<WorkerEvent> ProcessWorkers::try_next_of(int worker) {
  if (worker < offset_) {
    auto frame = local_->try_receive();
    return frame ? std::optional(WorkerEvent{worker, *std::move(frame)}) : std::nullopt;
  }
  WorkerProcess& peer = process(worker);
  if (loss_is_known_[static_cast<std::size_t>(worker - offset_)]) return std::nullopt;
  try {
    for (bool ended = false;; ended = true) {
      while (auto frame = peer.channel.try_receive()) {
        if (frame->tag != kEntered) return WorkerEvent{worker, *std::move(frame)};
      }
      if (ended) break;
      if (peer.child.status().is_running()) return std::nullopt;  // else look once more: for what it sent last
    }
  } catch (const PeerLost&) {
  } catch (const ParallelError&) {  // garbage: a worker that cannot be understood is a lost one
    peer.child.signal(SIGKILL);
  }
  return loss_of(worker);
}

WorkerEvent ProcessWorkers::loss_of(int worker) {
  WorkerProcess& peer = process(worker);
  peer.channel.close();
  if (!peer.child.join_for(std::chrono::milliseconds(200))) {  // it closed its channel and lives on
    peer.child.signal(SIGKILL);
    peer.child.join();
  }
  const ExitStatus status = peer.child.status();
  WorkerLoss loss;
  loss.failure = TaskFailure::ended(
      status, fmt::format("worker {} (pid {}) ended by {}", worker, peer.child.pid(), status.describe()));
  loss.evaluating = marks_.get(static_cast<std::size_t>(worker));
  marks_.clear(static_cast<std::size_t>(worker));  // or the next job would take it for one of its own
  loss_is_known_[static_cast<std::size_t>(worker - offset_)] = true;
  return {worker, std::move(loss)};
}

bool ProcessWorkers::wait(std::chrono::nanoseconds limit) {
  std::vector<pollfd> entries{{wake_, POLLIN, 0}};  // poll ignores a descriptor of -1
  if (local_ != nullptr) entries.push_back({local_->descriptor(), POLLIN, 0});
  for (WorkerProcess& peer : processes_) {
    if (!peer.channel.is_open()) continue;
    if (peer.channel.has_unsent()) {
      try {
        peer.channel.flush();
      } catch (const PeerLost&) {  // as in send()
      }
    }
    entries.push_back(
        {peer.channel.descriptor(), static_cast<short>(POLLIN | (peer.channel.has_unsent() ? POLLOUT : 0)), 0});
    entries.push_back({peer.child.descriptor(), POLLIN, 0});
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  const double begin = monotonic_seconds();
  ::poll(entries.data(), entries.size(), static_cast<int>(std::clamp<long long>(ms, 0, 1000)));
  slept_ += monotonic_seconds() - begin;
  return entries.front().revents == 0;
}

void ProcessWorkers::leave_empty(int worker) {
  loss_is_known_[static_cast<std::size_t>(worker - offset_)] = true;
}

void ProcessWorkers::put(int worker, WorkerProcess fresh) {
  process(worker) = std::move(fresh);
  loss_is_known_[static_cast<std::size_t>(worker - offset_)] = false;
}

}  // namespace windrow::detail
