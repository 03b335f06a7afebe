#include "windrow/parallel/mpi/mpi_manager.hpp"

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <optional>
#include <utility>

#include "parallel/coordinator.hpp"
#include "parallel/interface/serial_workers.hpp"
#include "parallel/mpi/collectives.hpp"
#include "parallel/mpi/mpi_groups.hpp"
#include "parallel/mpi/mpi_wait.hpp"
#include "parallel/mpi/mpi_workers.hpp"
#include "parallel/mpi/rank_watch.hpp"
#include "parallel/worker_loop.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/process/launcher.hpp"

namespace windrow {

using detail::check_mpi;

namespace {

boost::mpi::communicator duplicate(MPI_Comm comm) {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (finalized != 0) {
    throw ParallelError("MPI is finalized: make the MpiManager, and use it, before MPI_Finalize");
  }
  if (initialized == 0) {
    throw ParallelError("MPI is not initialized: call MPI_Init_thread before making an MpiManager, or use launch()");
  }
  boost::mpi::communicator copy(comm, boost::mpi::comm_duplicate);
  MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN);
  return copy;
}

/// Where a rank runs, and how others there wake it.
struct Seat {
  std::string host;
  std::string socket;

  template <typename Archive>
  void serialize(Archive& archive, unsigned /*version*/) {
    archive& host& socket;
  }
};

}  // namespace

struct MpiManager::Impl {
  boost::mpi::communicator comm;
  std::shared_ptr<Launcher> launcher;
  std::unique_ptr<detail::Collectives> collectives;
  std::vector<std::string> hosts{};  // of every rank at the root; elsewhere of the root alone
  detail::WakeUpSockets wake_ups{};
  std::unique_ptr<detail::RankWatch> watch{};  // if the job outlives its ranks
  std::unique_ptr<detail::CallWatch> calls{};  // if there are others

  void begin(detail::CallKind kind) const {
    if (watch && kind != detail::CallKind::job) watch->check();  // jobs go on without ranks that were lost
    if (calls) calls->begin(kind);
  }
  detail::MpiRootLink root() const { return {comm, &wake_ups, watch.get(), calls.get()}; }
  void know(std::vector<Seat> seats, const std::string& here);
};

// Those on other hosts cannot be woken, and theirs may even be the names of others' here.
void MpiManager::Impl::know(std::vector<Seat> seats, const std::string& here) {
  std::vector<std::string> addresses;
  for (Seat& seat : seats) {
    addresses.push_back(seat.host == here ? std::move(seat.socket) : std::string());
    hosts.push_back(std::move(seat.host));
  }
  wake_ups.know(std::move(addresses));
}

MpiManager::MpiManager(MPI_Comm comm, std::shared_ptr<Launcher> launcher)
    : impl_(std::make_unique<Impl>(Impl{duplicate(comm), std::move(launcher), nullptr})) {
  impl_->collectives = std::make_unique<detail::Collectives>(impl_->comm);
  // The others exchange messages with the root alone: what each knows of all would grow with their number.
  const Seat own{host_name(), impl_->wake_ups.address()};
  std::vector<Seat> all = gather(own);
  Seat root = broadcast(own);
  if (!is_root()) all.push_back(std::move(root));
  impl_->know(std::move(all), own.host);
  if (size() > 1 && detail::job_outlives_ranks()) {
    impl_->watch = std::make_unique<detail::RankWatch>(*this, impl_->comm, impl_->hosts);
  }
  if (size() > 1) impl_->calls = std::make_unique<detail::CallWatch>(impl_->comm, watch());
  impl_->collectives->ask(watch(), impl_->calls.get());
}

MpiManager::~MpiManager() {
  if (impl_->collectives->is_broken()) static_cast<void>(impl_->collectives.release());
  // A communicator with a dead rank may have messages that never end: it is kept.
  if (watch() != nullptr && (watch()->any_lost() || watch()->is_gone(0))) new boost::mpi::communicator(impl_->comm);
}

int MpiManager::rank() const {
  return impl_->comm.rank();
}
int MpiManager::size() const {
  return impl_->comm.size();
}
bool MpiManager::may_change_thread() const {
  return impl_->root().is_thread_safe();
}
std::shared_ptr<Launcher> MpiManager::launcher() {
  return impl_->launcher;
}

detail::RankWatch* MpiManager::watch() {
  return impl_->watch.get();
}

std::shared_ptr<detail::RankGroups> MpiManager::rank_groups() {
  impl_->begin(detail::CallKind::rank_groups);
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Request request;
  check_mpi(MPI_Comm_idup(impl_->comm, &copy, &request), "MPI_Comm_idup");
  wait(request);
  return std::make_shared<detail::MpiGroups>(copy);
}

void MpiManager::wait(MPI_Request& request) {
  detail::wait_mpi(request, watch(), impl_->calls.get());
}

void MpiManager::leave() {
  if (impl_->calls) impl_->calls->leave();
}

detail::JobReport MpiManager::run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                      detail::JobObserver& observer) {
  if (size() == 1) return detail::run_serially(std::move(job), evaluation, observer, impl_->hosts.front());
  if (!is_root()) return {.conclusion = serve(evaluation)};
  impl_->begin(detail::CallKind::job);
  std::unique_ptr<detail::LocalWorker> local;
  if (root_evaluates(job.root)) local = std::make_unique<detail::LocalWorker>(evaluation, 0, impl_->hosts.front());
  detail::MpiWorkers workers(impl_->comm, impl_->hosts, local.get(), &impl_->wake_ups, watch(), impl_->calls.get());
  detail::JobReport report;
  try {
    report = detail::coordinate(workers, std::move(job), observer);
  } catch (const detail::GroupStuck&) {
    static_cast<void>(local.release());  // its thread may never come to an end
    throw;
  }
  if (watch() != nullptr) {
    report.lost_workers.insert(report.lost_workers.end(), watch()->unwatched().begin(), watch()->unwatched().end());
  }
  return report;
}

std::unique_ptr<detail::Workers> MpiManager::other_ranks() {
  impl_->begin(detail::CallKind::job);
  return std::make_unique<detail::MpiWorkers>(impl_->comm, impl_->hosts, nullptr, &impl_->wake_ups, watch(),
                                              impl_->calls.get());
}

Bytes MpiManager::serve(detail::Evaluation& evaluation) {
  impl_->begin(detail::CallKind::job);
  detail::MpiRootLink link = impl_->root();
  return detail::WorkerLoop(link, evaluation, rank(), host_name()).run();
}

void MpiManager::sync() {
  impl_->begin(detail::CallKind::sync);
  impl_->collectives->sync();
}

void MpiManager::broadcast_bytes(std::span<const std::byte> data, detail::Room& room) {
  impl_->begin(detail::CallKind::broadcast);
  impl_->collectives->broadcast(data, room);
}

void MpiManager::gather_bytes(std::span<const std::byte> data, detail::Room& room) {
  impl_->begin(detail::CallKind::gather);
  impl_->collectives->gather(data, room);
}

void MpiManager::all_gather_bytes(std::span<const std::byte> data, detail::Room& room) {
  impl_->begin(detail::CallKind::all_gather);
  impl_->collectives->all_gather(data, room);
}

void MpiManager::all_reduce_bytes(std::span<const std::byte> in, std::span<std::byte> out,
                                  const detail::Reduction& reduction) {
  impl_->begin(detail::CallKind::all_reduce);
  const std::uint64_t own =
      in.size() == out.size() ? in.size() : ~std::uint64_t{0} - static_cast<std::uint64_t>(rank());
  std::vector<std::uint64_t> sizes = impl_->collectives->begin_reduce(own, in);
  check_sizes(sizes, "all_reduce");
  if (in.size() > detail::Collectives::kSmall) {
    impl_->collectives->reduce_shares(in, out, reduction);
  } else if (reduction.may_throw()) {
    reduce_at_root(in, out, reduction);
  } else if (!in.empty()) {
    impl_->collectives->reduce_small(out, reduction);
  }
}

}  // namespace windrow
