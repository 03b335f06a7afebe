#include "windrow/parallel/fork_manager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "parallel/coordinator.hpp"
#include "parallel/interface/forked_workers.hpp"
#include "parallel/interface/serial_workers.hpp"
#include "parallel/process_workers.hpp"
#include "parallel/worker_loop.hpp"
#include "windrow/base/machine.hpp"

namespace windrow {

using detail::ByteReader;
using detail::ByteWriter;
using detail::WorkerProcess;

namespace {

// The last byte of a collective message's tag, with the number of the call before it; job messages (JobTag) come below.
enum CollectiveTag : std::uint32_t { kGather = 100, kBroadcast };

std::uint32_t numbered(CollectiveTag tag, std::uint64_t call) {
  return static_cast<std::uint32_t>(call << 8U) | tag;
}

Bytes pack(const std::vector<Bytes>& objects) {
  ByteWriter out;
  for (const Bytes& object : objects) {
    out.put(static_cast<std::uint64_t>(object.size()));
    out.put_bytes(object);
  }
  return out.take();
}

std::vector<std::span<const std::byte>> unpack(const Bytes& packed) {
  std::vector<std::span<const std::byte>> objects;
  for (ByteReader in(packed); !in.at_end();) objects.push_back(in.take(in.get<std::uint64_t>()));
  return objects;
}

void put(detail::Room& room, const std::vector<std::span<const std::byte>>& parts) {
  std::vector<std::uint64_t> sizes;
  for (const auto part : parts) sizes.push_back(part.size());
  room.make(sizes);
  for (std::size_t r = 0; r < parts.size(); ++r) std::copy(parts[r].begin(), parts[r].end(), room.of(r));
}

}  // namespace

// A star: the root has a channel to every peer, a peer has one to the root.
struct ForkManager::Peers {
  int rank = 0;
  int size = 1;
  detail::EvaluationMarks marks{1};
  std::vector<WorkerProcess> processes;  // root: peers 1 .. size - 1
  ByteChannel root;                      // peers
  std::uint64_t calls = 0;               // collective calls so far, the same on every rank that keeps to their order

  void enter();
  Bytes expect_from_root();
  Bytes expect_from(int peer);
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
    Process child(
        [&, &here = here, &there = there, rank] {
          for (WorkerProcess& earlier : peers->processes) earlier.child.disown();
          peers->processes.clear();
          here.close();
          peers->rank = rank;
          peers->root = std::move(there);
          ForkManager manager(std::move(peers));
          return body(manager);
        },
        detail::worker_process_options(fmt::format("windrow-rank{}", rank)));
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

detail::JobReport ForkManager::run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                       detail::JobObserver& observer) {
  if (!peers_) return begin_job(std::move(job), evaluation, observer)();
  ++peers_->calls;
  if (size() == 1) return detail::run_serially(std::move(job), evaluation, observer, host_name());
  if (!is_root()) {
    peers_->enter();
    detail::ChannelRootLink link(peers_->root, peers_->marks, static_cast<std::size_t>(rank()));
    return {.conclusion = detail::WorkerLoop(link, evaluation, rank(), host_name()).run()};
  }
  std::optional<detail::LocalWorker> local;
  if (root_evaluates(job.root)) local.emplace(evaluation, 0, host_name());
  detail::ProcessWorkers workers(peers_->processes, 1, peers_->marks, local ? &*local : nullptr);
  return detail::coordinate(workers, std::move(job), observer);
}

std::function<detail::JobReport()> ForkManager::begin_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                                          detail::JobObserver& observer) {
  if (peers_) return ParallelManager::begin_job(std::move(job), evaluation, observer);
  // A worker without points is not needed; a static split still has its number.
  const auto needed = std::min<std::uint64_t>(static_cast<std::uint64_t>(workers_), job.pending.size());
  auto workers = std::make_shared<detail::ForkedWorkers>(static_cast<std::size_t>(needed), evaluation);
  return [this, workers = std::move(workers), job = std::move(job), &observer]() mutable {
    const auto mine = std::move(workers);  // they end with the job
    return run_forked(*mine, std::move(job), observer);
  };
}

detail::JobReport ForkManager::run_forked(detail::ForkedWorkers& workers, detail::JobSpec job,
                                          detail::JobObserver& observer) const {
  detail::JobReport report = detail::coordinate(workers, std::move(job), observer);
  workers.join_for(std::chrono::seconds(2));
  for (int w = workers.count(); w < workers_; ++w) {  // who would have been there had there been points
    WorkerAccount& idle = report.account.workers.emplace_back();
    idle.worker = w;
    idle.host = host_name();
    idle.wall = idle.spent.wait = report.account.wall;
    idle.began = std::numeric_limits<double>::quiet_NaN();
  }
  return report;
}

namespace {

PeerLost gone(int rank) {
  return PeerLost(fmt::format("rank {} is gone while this rank needs it", rank));
}

ParallelError elsewhere(int rank) {
  return ParallelError(
      fmt::format("rank {} is in another call than this rank: collective calls must be made by every rank in the same "
                  "order",
                  rank));
}

}  // namespace

// On a peer, before it waits for the root.
void ForkManager::Peers::enter() {
  ByteWriter out;
  out.put(calls);
  try {
    root.post(detail::kEntered, out.bytes());
  } catch (const PeerLost&) {  // what it sent before can still be received
  }
}

Bytes ForkManager::Peers::expect_from_root() {
  enter();
  Frame frame;
  try {
    frame = root.receive();
  } catch (const PeerLost&) {
    throw gone(0);
  }
  if (frame.tag != numbered(kBroadcast, calls)) throw elsewhere(0);
  return std::move(frame.payload);
}

Bytes ForkManager::Peers::expect_from(int peer) {
  WorkerProcess& process = processes[static_cast<std::size_t>(peer - 1)];
  for (;;) {
    std::optional<Frame> frame;
    try {
      // A process that the peer forked may hold its end of the channel: the end of the peer itself counts, too.
      const bool ended = !process.child.status().is_running();
      frame = process.channel.receive(std::chrono::milliseconds(ended ? 0 : 100));
      if (!frame && ended) throw gone(peer);
    } catch (const PeerLost&) {
      throw gone(peer);
    }
    if (!frame) continue;
    if (frame->tag == detail::kEntered) {
      if (ByteReader(frame->payload).get<std::uint64_t>() < calls) continue;
      throw elsewhere(peer);
    }
    if (frame->tag != numbered(kGather, calls)) throw elsewhere(peer);
    return std::move(frame->payload);
  }
}

// Of the others; nothing stands for the root's own.
std::vector<Bytes> ForkManager::gather_at_root(std::span<const std::byte> data) {
  ++peers_->calls;
  std::vector<Bytes> all(1);
  if (!is_root()) {
    peers_->root.send(numbered(kGather, peers_->calls), data);
    return all;
  }
  for (int peer = 1; peer < size(); ++peer) all.push_back(peers_->expect_from(peer));
  return all;
}

Bytes ForkManager::send_from_root(std::span<const std::byte> data) {
  ++peers_->calls;
  if (!is_root()) return peers_->expect_from_root();
  for (int peer = 1; peer < size(); ++peer) {
    try {
      peers_->processes[static_cast<std::size_t>(peer - 1)].channel.send(numbered(kBroadcast, peers_->calls), data);
    } catch (const PeerLost&) {
      throw gone(peer);
    }
  }
  return {};
}

void ForkManager::broadcast_bytes(std::span<const std::byte> data, detail::Room& room) {
  if (size() == 1) return;
  const Bytes sent = send_from_root(data);
  if (!is_root()) put(room, std::vector<std::span<const std::byte>>{sent});
}

void ForkManager::gather_bytes(std::span<const std::byte> data, detail::Room& room) {
  if (size() == 1) return put(room, {data});
  const std::vector<Bytes> all = gather_at_root(data);
  if (!is_root()) return;
  std::vector<std::span<const std::byte>> parts(all.begin(), all.end());
  parts.front() = data;
  put(room, parts);
}

void ForkManager::all_gather_bytes(std::span<const std::byte> data, detail::Room& room) {
  if (size() == 1) return put(room, {data});
  std::vector<Bytes> all = gather_at_root(data);
  if (is_root()) all.front().assign(data.begin(), data.end());
  const Bytes packed = is_root() ? pack(all) : Bytes{};
  const Bytes sent = send_from_root(packed);
  put(room, unpack(is_root() ? packed : sent));
}

void ForkManager::sync() {
  if (size() == 1) return;
  gather_at_root({});
  send_from_root({});
}

}  // namespace windrow
