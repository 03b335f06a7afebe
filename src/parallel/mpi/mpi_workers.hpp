#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include "parallel/interface/local_worker.hpp"
#include "parallel/interface/workers.hpp"
#include "parallel/mpi/call_watch.hpp"
#include "parallel/mpi/mpi_wait.hpp"
#include "parallel/mpi/rank_watch.hpp"
#include "process/interface/wake_up_sockets.hpp"

namespace windrow::detail {

/// Where every message wakes its receiver, there is no need to look often.
BackOff pause_between_looks(const WakeUpSockets* wake_ups);

/// The ranks of a communicator as workers; worker 0 is the root's own thread, if there is one.
class MpiWorkers : public Workers {
 public:
  /// @param local  the root's own worker; may be null
  /// @param wake_ups  may be null if `local` is
  /// @param watch  may be null: then the launcher ends the whole job when a rank dies
  /// @param calls  may be null
  MpiWorkers(MPI_Comm comm, const std::vector<std::string>& hosts, LocalWorker* local, const WakeUpSockets* wake_ups,
             RankWatch* watch, CallWatch* calls);

  int first() const override { return local_ != nullptr ? 0 : 1; }
  int count() const override { return static_cast<int>(hosts_.size()); }
  const std::string& host(int worker) const override { return hosts_[static_cast<std::size_t>(worker)]; }
  bool is_remote(int worker) const override { return worker != 0; }
  bool knows_point_of(int worker) const override {
    return worker == 0 || watch_ == nullptr || watch_->sees_mark(worker);
  }
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override;
  std::optional<double> slept() const override { return slept_; }

 private:
  std::optional<WorkerEvent> try_any();
  std::optional<WorkerEvent> try_next(bool woken);
  std::optional<WorkerEvent> try_message(bool woken);
  std::optional<WorkerEvent> try_loss();
  WorkerEvent loss_of(int worker);
  void sleep(double most);

  MPI_Comm comm_;
  const std::vector<std::string>& hosts_;
  LocalWorker* local_;
  const WakeUpSockets* wake_ups_;
  RankWatch* watch_;
  CallWatch* calls_;
  Outbox outbox_;
  BackOff pause_;
  BackOff sending_pause_{20e-6};  // large messages move on only while their sender looks after them
  double slept_ = 0.0;
  bool local_first_ = true;
  int messages_since_look_ = 0;  // for the dead
  std::size_t losses_told_ = 0;
};

/// A rank's view of the root.
class MpiRootLink : public RootLink {
 public:
  /// @param wake_ups, watch, calls  may be null
  MpiRootLink(MPI_Comm comm, const WakeUpSockets* wake_ups, RankWatch* watch, CallWatch* calls)
      : RootLink(watch != nullptr ? watch->own_mark() : nullptr),
        comm_(comm),
        wake_ups_(wake_ups),
        watch_(watch),
        calls_(calls),
        outbox_(comm, watch),
        pause_(pause_between_looks(wake_ups)) {}
  Frame receive() override;
  std::optional<Frame> try_receive() override;
  void send(JobTag tag, std::span<const std::byte> payload) override;
  bool is_thread_safe() const override;
  bool flush() override;

 private:
  MPI_Comm comm_;
  const WakeUpSockets* wake_ups_;
  RankWatch* watch_;
  CallWatch* calls_;
  Outbox outbox_;
  BackOff pause_;
  BackOff sending_pause_{20e-6};  // large messages move on only while their sender looks after them
};

}  // namespace windrow::detail
