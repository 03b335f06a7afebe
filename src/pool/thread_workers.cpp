#include "thread_workers.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

namespace windrow::detail {

ThreadWorkers::ThreadWorkers(int count, Evaluation& evaluation, std::string host, int wake)
    : host_(std::move(host)), wake_(wake) {
  for (int w = 0; w < count; ++w) threads_.push_back(std::make_unique<LocalWorker>(evaluation, w, host_));
}

void ThreadWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  threads_[static_cast<std::size_t>(worker)]->send(tag, payload);
}

std::optional<WorkerEvent> ThreadWorkers::try_next() {
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    const std::size_t worker = turn_;
    turn_ = (turn_ + 1) % threads_.size();
    if (auto frame = threads_[worker]->try_receive()) return WorkerEvent{static_cast<int>(worker), *std::move(frame)};
  }
  return std::nullopt;
}

std::optional<WorkerEvent> ThreadWorkers::next(std::chrono::nanoseconds limit) {
  if (auto event = try_next()) return event;
  if (limit <= limit.zero()) return std::nullopt;
  std::vector<pollfd> entries{{wake_, POLLIN, 0}};
  for (const auto& thread : threads_) entries.push_back({thread->descriptor(), POLLIN, 0});
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  ::poll(entries.data(), entries.size(), static_cast<int>(std::clamp<long long>(ms, 0, 1000)));
  return try_next();
}

}  // namespace windrow::detail
