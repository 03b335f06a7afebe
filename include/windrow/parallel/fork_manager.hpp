#pragma once

#include <functional>
#include <memory>

#include "windrow/parallel/manager.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {
class ForkedWorkers;
}  // namespace detail

/// Processes of one machine, made by fork.
///
/// Made on the root alone, it has one rank and `workers` workers: scatter() and sweeps fork them when they start, so
/// any lambda with any capture works, and a worker that dies is replaced. Inside launch(), the ranks are peers that run
/// the whole program together; a peer that dies is not replaced, its points go to the others.
class ForkManager : public ParallelManager {
 public:
  /// One rank that forks `workers` workers when there is something to evaluate. @throws SpecError if workers < 1
  explicit ForkManager(int workers);
  ~ForkManager() override;

  /// Forks size - 1 peers and runs `body` on every rank. Not for use inside a multi-threaded program.
  /// @return the root's result, or the first code other than 0 of a peer, when all have ended
  /// An exception that leaves the body of the root ends the peers and is rethrown.
  static int run_peers(int size, const std::function<int(ParallelManager&)>& body);

  Backend backend() const override { return Backend::fork; }
  int rank() const override;
  int size() const override;
  int worker_count() const override;
  bool forks_workers() const override { return peers_ == nullptr; }
  void sync() override;
  detail::JobReport run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                            detail::JobObserver& observer) override;
  std::function<detail::JobReport()> begin_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                               detail::JobObserver& observer) override;

 private:
  struct Peers;
  explicit ForkManager(std::unique_ptr<Peers> peers);

  detail::JobReport run_forked(detail::ForkedWorkers& workers, detail::JobSpec job,
                               detail::JobObserver& observer) const;

  void broadcast_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void gather_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void all_gather_bytes(std::span<const std::byte> data, detail::Room& room) override;
  std::vector<Bytes> gather_at_root(std::span<const std::byte> data);
  Bytes send_from_root(std::span<const std::byte> data);

  int workers_ = 0;
  std::unique_ptr<Peers> peers_;  // null on the root alone
};

}  // namespace windrow
