#include "windrow/parallel/fork_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "parallel/coordinator.hpp"
#include "parallel/process_workers.hpp"
#include "parallel/serial_workers.hpp"
#include "parallel/worker_loop.hpp"
#include "windrow/process/machine.hpp"

namespace windrow {

using detail::ByteReader;
using detail::ByteWriter;
using detail::WorkerProcess;

namespace {

// Tags of collective messages; job messages (JobTag) come below them.
enum CollectiveTag : std::uint32_t { kGather = 100, kBroadcast };

int serve(ByteChannel& channel, detail::EvaluationMarks& marks, const detail::WorkerTask& task, int worker) {
  detail::ChannelRootLink link(channel, marks, static_cast<std::size_t>(worker));
  try {
    detail::WorkerLoop(link, task, worker, host_name()).run();
  } catch (const PeerLost&) {  // the root has gone or has given up: nobody to tell
    return 1;
  }
  return 0;
}

Bytes pack(const std::vector<Bytes>& objects) {
  ByteWriter out;
  for (const Bytes& object : objects) {
    out.put(static_cast<std::uint64_t>(object.size()));
    out.put_bytes(object);
  }
  return out.bytes();
}

std::vector<Bytes> unpack(const Bytes& packed) {
  std::vector<Bytes> objects;
  for (ByteReader in(packed); !in.at_end();) {
    const auto part = in.take(in.get<std::uint64_t>());
    objects.emplace_back(part.begin(), part.end());
  }
  return objects;
}

}  // namespace

// A star: the root has a channel to every peer, a peer has one to the root.
struct ForkManager::Peers {
  int rank = 0;
  int size = 1;
  detail::EvaluationMarks marks{1};
  std::vector<WorkerProcess> processes;  // root: peers 1 .. size - 1
  ByteChannel root;                      // peers
};

ForkManager::ForkManager(int workers) : workers_(workers) {
  if (workers < 1) throw SpecError(fmt::format("a ForkManager needs at least 1 worker, not {}", workers));
}

ForkManager::ForkManager(std::unique_ptr<Peers> peers) : peers_(std::move(peers)) {}

ForkManager::~ForkManager() = default;

int ForkManager::rank() const {
  return peers_ ? peers_->rank : 0;
}
int ForkManager::size() const {
  return peers_ ? peers_->size : 1;
}
int ForkManager::worker_count() const {
  return peers_ ? peers_->size : workers_;
}

int ForkManager::run_peers(int size, const std::function<int(ParallelManager&)>& body) {
  if (size < 1) throw SpecError(fmt::format("at least 1 rank is needed, not {}", size));
  auto peers = std::make_unique<Peers>();
  peers->size = size;
  peers->marks = detail::EvaluationMarks(static_cast<std::size_t>(size));
  for (int rank = 1; rank < size; ++rank) {
    auto [here, there] = ByteChannel::pair();
    Child child(fmt::format("windrow-rank{}", rank), [&, rank] {
      for (WorkerProcess& earlier : peers->processes) earlier.child.disown();
      peers->processes.clear();
      here.close();
      peers->rank = rank;
      peers->root = std::move(there);
      ForkManager manager(std::move(peers));
      return body(manager);
    });
    peers->processes.push_back({std::move(here), std::move(child)});
  }
  ForkManager manager(std::move(peers));
  int code = body(manager);
  for (WorkerProcess& peer : manager.peers_->processes) peer.channel.close();  // or a peer could wait for us for ever
  for (WorkerProcess& peer : manager.peers_->processes) {
    const int peer_code = peer.child.join().code();
    if (code == 0 && peer_code != 0) code = peer_code < 0 ? 128 - peer_code : peer_code;
  }
  return code;
}

detail::JobReport ForkManager::run_job(detail::Job& job) {
  if (!peers_) return run_forked(job);
  return is_root() ? run_as_root(job) : run_as_peer(job);
}

detail::JobReport ForkManager::run_forked(detail::Job& job) {
  const auto count = static_cast<std::size_t>(workers_);
  detail::EvaluationMarks marks(count);
  std::vector<WorkerProcess> processes;
  const auto spawn = [&](int worker) {
    auto [here, there] = ByteChannel::pair();
    Child child(fmt::format("windrow-work{}", worker), [&, worker] {
      for (WorkerProcess& other : processes) {
        other.child.disown();
        other.channel.close();
      }
      here.close();
      return serve(there, marks, job.task, worker);
    });
    return WorkerProcess{std::move(here), std::move(child)};
  };
  // A worker without points is not needed; a static split still has its number.
  const auto needed = std::min<std::uint64_t>(count, job.pending.size());
  for (std::uint64_t w = 0; w < needed; ++w) processes.push_back(spawn(static_cast<int>(w)));
  detail::ProcessWorkers workers(processes, marks, host_name(), nullptr, spawn);
  detail::JobReport report = detail::coordinate(workers, job);
  for (WorkerProcess& process : processes) process.child.join_for(std::chrono::seconds(2));
  return report;
}

detail::JobReport ForkManager::run_as_root(detail::Job& job) {
  if (size() == 1) {
    detail::SerialWorkers workers(job.task, host_name(), job.on_tick);
    return detail::coordinate(workers, job);
  }
  detail::LocalWorker local(job.task, 0, host_name());
  detail::ProcessWorkers workers(peers_->processes, peers_->marks, host_name(), &local, nullptr);
  return detail::coordinate(workers, job);
}

detail::JobReport ForkManager::run_as_peer(detail::Job& job) {
  detail::ChannelRootLink link(peers_->root, peers_->marks, static_cast<std::size_t>(rank()));
  detail::JobReport report;
  report.conclusion = detail::WorkerLoop(link, job.task, rank(), host_name()).run();
  return report;
}

namespace {

Bytes expect(ByteChannel& channel, std::uint32_t tag, int rank) {
  Frame frame;
  try {
    frame = channel.receive();
  } catch (const PeerLost&) {
    throw PeerLost(fmt::format("rank {} is gone while this rank waits for it", rank));
  }
  if (frame.tag != tag) {
    throw ParallelError(
        fmt::format("rank {} is in another call than this rank: collective calls must be made by every rank "
                    "in the same order",
                    rank));
  }
  return std::move(frame.payload);
}

}  // namespace

std::vector<Bytes> ForkManager::gather_objects(std::span<const std::byte> object) {
  std::vector<Bytes> all;
  if (is_root()) all.emplace_back(object.begin(), object.end());
  if (!peers_) return all;
  if (!is_root()) {
    peers_->root.send(kGather, object);
    return all;
  }
  for (std::size_t p = 0; p < peers_->processes.size(); ++p) {
    all.push_back(expect(peers_->processes[p].channel, kGather, static_cast<int>(p) + 1));
  }
  return all;
}

Bytes ForkManager::broadcast_object(Bytes object) {
  if (!peers_) return object;
  if (!is_root()) return expect(peers_->root, kBroadcast, 0);
  for (std::size_t p = 0; p < peers_->processes.size(); ++p) {
    try {
      peers_->processes[p].channel.send(kBroadcast, object);
    } catch (const PeerLost&) {
      throw PeerLost(fmt::format("rank {} is gone while this rank sends to it", p + 1));
    }
  }
  return object;
}

void ForkManager::broadcast_bytes(std::span<std::byte> data) {
  if (size() == 1) return;
  const Bytes object = broadcast_object(is_root() ? Bytes(data.begin(), data.end()) : Bytes{});
  if (!is_root()) std::copy(object.begin(), object.end(), data.begin());
}

std::vector<Bytes> ForkManager::all_gather_objects(std::span<const std::byte> object) {
  const std::vector<Bytes> at_root = gather_objects(object);
  return unpack(broadcast_object(is_root() ? pack(at_root) : Bytes{}));
}

void ForkManager::sync() {
  all_gather_objects({});
}

}  // namespace windrow
