#include "parallel/interface/forked_workers.hpp"

#include <fmt/format.h>

#include <utility>

#include "parallel/worker_loop.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

int serve(ByteChannel& channel, EvaluationMarks& marks, const WorkerTask& task, int worker) {
  ChannelRootLink link(channel, marks, static_cast<std::size_t>(worker));
  try {
    WorkerLoop(link, task, worker, host_name()).run();
  } catch (const PeerLost&) {  // the root has gone or has given up: nobody to tell
    return 1;
  }
  return 0;
}

}  // namespace

ForkedWorkers::ForkedWorkers(std::size_t count, const WorkerTask& task) : task_(task), marks_(count) {
  for (std::size_t w = 0; w < count; ++w) processes_.push_back(spawn(static_cast<int>(w)));
}

std::unique_ptr<ProcessWorkers> ForkedWorkers::workers(int wake) {
  const auto respawn = [this](int worker) { return spawn(worker); };
  return std::make_unique<ProcessWorkers>(processes_, 0, marks_, host_name(), nullptr, respawn, wake);
}

void ForkedWorkers::join_for(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (WorkerProcess& process : processes_) process.child.join_for(deadline - std::chrono::steady_clock::now());
}

WorkerProcess ForkedWorkers::spawn(int worker) {
  auto [here, there] = ByteChannel::pair();
  Process child(
      [&, worker] {
        for (WorkerProcess& other : processes_) {
          other.child.disown();
          other.channel.close();
        }
        here.close();
        return serve(there, marks_, task_, worker);
      },
      worker_process_options(fmt::format("windrow-work{}", worker)));
  return WorkerProcess{std::move(here), std::move(child)};
}

}  // namespace windrow::detail
