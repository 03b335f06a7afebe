#include "parallel/interface/forked_workers.hpp"

#include <fmt/format.h>

#include <utility>

#include "parallel/interface/forking_workers.hpp"
#include "parallel/worker_loop.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// Brings one assignment and then the end, neither of which has travelled.
class AssignedLink : public ChannelRootLink {
 public:
  AssignedLink(ByteChannel& channel, EvaluationMarks& marks, std::size_t worker, Frame assignment)
      : ChannelRootLink(channel, marks, worker), assignment_(std::move(assignment)) {}
  Frame receive() override {
    auto frame = try_receive();
    return frame ? *std::move(frame) : Frame{kEnd, {}};
  }
  std::optional<Frame> try_receive() override { return std::exchange(assignment_, std::nullopt); }

 private:
  std::optional<Frame> assignment_;
};

int serve(RootLink& link, Evaluation& evaluation, int worker) {
  try {
    WorkerLoop(link, evaluation, worker, host_name()).run();
  } catch (const PeerLost&) {  // the root has gone or has given up: nobody to tell
    return 1;
  }
  return 0;
}

}  // namespace

ForkedProcesses::ForkedProcesses(std::size_t count, Evaluation& its_evaluation)
    : evaluation(its_evaluation), marks(count), processes(count) {}

WorkerProcess ForkedProcesses::spawn(int worker) {
  return start(worker, [&](ByteChannel& channel) {
    ChannelRootLink link(channel, marks, static_cast<std::size_t>(worker));
    return serve(link, evaluation, worker);
  });
}

WorkerProcess ForkedProcesses::spawn_for(int worker, Frame assignment) {
  return start(worker, [&](ByteChannel& channel) {
    AssignedLink link(channel, marks, static_cast<std::size_t>(worker), std::move(assignment));
    return serve(link, evaluation, worker);
  });
}

WorkerProcess ForkedProcesses::start(int worker, const std::function<int(ByteChannel&)>& serve_root) {
  auto [here, there] = ByteChannel::pair();
  Process child(
      [&, &here = here, &there = there] {
        for (WorkerProcess& other : processes) {
          other.child.disown();
          other.channel.close();
        }
        here.close();
        return serve_root(there);
      },
      worker_process_options(fmt::format("windrow-work{}", worker)));
  return WorkerProcess{std::move(here), std::move(child)};
}

ForkedWorkers::ForkedWorkers(std::size_t count, Evaluation& its_evaluation, int wake)
    : ForkedProcesses(count, its_evaluation), ProcessWorkers(processes, 0, marks, nullptr, wake) {
  for (std::size_t w = 0; w < count; ++w) put(static_cast<int>(w), spawn(static_cast<int>(w)));
}

bool ForkedWorkers::replace(int worker) {
  put(worker, spawn(worker));
  return true;
}

void ForkedWorkers::join_for(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (WorkerProcess& process : processes) process.child.join_for(deadline - std::chrono::steady_clock::now());
}

ForkingWorkers::ForkingWorkers(std::size_t count, Evaluation& its_evaluation, int wake)
    : ForkedProcesses(count, its_evaluation), ProcessWorkers(processes, 0, marks, nullptr, wake) {
  for (std::size_t w = 0; w < count; ++w) leave_empty(static_cast<int>(w));
}

void ForkingWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  if (tag != kAssign) return ProcessWorkers::send(worker, tag, payload);
  put(worker, spawn_for(worker, Frame{kAssign, Bytes(payload.begin(), payload.end())}));
}

}  // namespace windrow::detail
