#include "parallel/serial_workers.hpp"

#include <utility>

#include "windrow/error.hpp"

namespace windrow::detail {

SerialWorkers::SerialWorkers(const WorkerTask& task, std::string host, std::function<bool()> stop_requested)
    : host_(std::move(host)), stop_requested_(std::move(stop_requested)), link_(*this), loop_(link_, task, 0, host_) {}

void SerialWorkers::send(int, JobTag tag, std::span<const std::byte> payload) {
  to_worker_.push_back(Frame{tag, Bytes(payload.begin(), payload.end())});
}

std::optional<WorkerEvent> SerialWorkers::next(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (to_root_.empty() && loop_.step() && std::chrono::steady_clock::now() < deadline) {
  }
  if (to_root_.empty()) return std::nullopt;
  WorkerEvent event{0, std::move(to_root_.front())};
  to_root_.pop_front();
  return event;
}

Frame SerialWorkers::Link::receive() {
  throw ParallelError("a serial worker has nothing to wait for");
}

std::optional<Frame> SerialWorkers::Link::try_receive() {
  if (!owner_.to_worker_.empty()) {
    Frame frame = std::move(owner_.to_worker_.front());
    owner_.to_worker_.pop_front();
    return frame;
  }
  if (owner_.stop_requested_ && owner_.stop_requested_()) {
    owner_.stop_requested_ = nullptr;  // told once
    return Frame{kStop, {}};
  }
  return std::nullopt;
}

void SerialWorkers::Link::send(JobTag tag, std::span<const std::byte> payload) {
  owner_.to_root_.push_back(Frame{tag, Bytes(payload.begin(), payload.end())});
}

}  // namespace windrow::detail
