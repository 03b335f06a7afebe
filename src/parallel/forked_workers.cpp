#include "parallel/interface/forked_workers.hpp"

#include <fmt/format.h>

#include <utility>

#include "parallel/worker_loop.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

int serve(ByteChannel& channel, EvaluationMarks& marks, Evaluation& evaluation, int worker) {
  ChannelRootLink link(channel, marks, static_cast<std::size_t>(worker));
  try {
    WorkerLoop(link, evaluation, worker, host_name()).run();
  } catch (const PeerLost&) {  // the root has gone or has given up: nobody to tell
    return 1;
  }
  return 0;
}

}  // namespace

ForkedProcesses::ForkedProcesses(std::size_t count, Evaluation& its_evaluation)
    : evaluation(its_evaluation), marks(count) {
  for (std::size_t w = 0; w < count; ++w) processes.push_back(spawn(static_cast<int>(w)));
}

WorkerProcess ForkedProcesses::spawn(int worker) {
  auto [here, there] = ByteChannel::pair();
  Process child(
      [&, worker] {
        for (WorkerProcess& other : processes) {
          other.child.disown();
          other.channel.close();
        }
        here.close();
        return serve(there, marks, evaluation, worker);
      },
      worker_process_options(fmt::format("windrow-work{}", worker)));
  return WorkerProcess{std::move(here), std::move(child)};
}

bool ForkedWorkers::replace(int worker) {
  put(worker, spawn(worker));
  return true;
}

void ForkedWorkers::join_for(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (WorkerProcess& process : processes) process.child.join_for(deadline - std::chrono::steady_clock::now());
}

}  // namespace windrow::detail
