#include "windrow/parallel/mpi/mpi_manager.hpp"

#include <algorithm>
#include <boost/mpi/communicator.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "parallel/coordinator.hpp"
#include "parallel/interface/serial_workers.hpp"
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

constexpr std::size_t kLargestMessage = std::size_t{1} << 30;

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
  void send_to_all(std::span<std::byte> data) const;
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

// The root's bytes.
void MpiManager::Impl::send_to_all(std::span<std::byte> data) const {
  while (!data.empty()) {
    const auto part = data.first(std::min(data.size(), kLargestMessage));
    MPI_Request request;
    check_mpi(MPI_Ibcast(part.data(), detail::mpi_count(part.size()), MPI_BYTE, 0, comm, &request), "MPI_Ibcast");
    detail::wait_mpi(request, watch.get(), calls.get());
    data = data.subspan(part.size());
  }
}

MpiManager::MpiManager(MPI_Comm comm, std::shared_ptr<Launcher> launcher)
    : impl_(std::make_unique<Impl>(Impl{duplicate(comm), std::move(launcher)})) {
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
}

MpiManager::~MpiManager() {
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

void MpiManager::sync() {
  impl_->begin(detail::CallKind::sync);
  MPI_Request request;
  check_mpi(MPI_Ibarrier(impl_->comm, &request), "MPI_Ibarrier");
  wait(request);
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

void MpiManager::broadcast_bytes(std::span<std::byte> data) {
  impl_->begin(detail::CallKind::broadcast);
  impl_->send_to_all(data);
}

Bytes MpiManager::broadcast_object(Bytes object) {
  std::uint64_t size = object.size();
  broadcast_bytes({reinterpret_cast<std::byte*>(&size), sizeof size});
  object.resize(static_cast<std::size_t>(size));
  broadcast_bytes(object);
  return object;
}

std::vector<Bytes> MpiManager::gather_objects(std::span<const std::byte> object) {
  return gather_to(/*everywhere=*/false, object);
}

std::vector<Bytes> MpiManager::all_gather_objects(std::span<const std::byte> object) {
  return gather_to(/*everywhere=*/true, object);
}

// Every rank's size first, then rounds of at most 2^30 bytes over all ranks, since MPI counts in int. What is for all
// goes by way of the root: MPI's own calls from all to all connect every rank with every other.
std::vector<Bytes> MpiManager::gather_to(bool everywhere, std::span<const std::byte> object) {
  impl_->begin(everywhere ? detail::CallKind::all_gather : detail::CallKind::gather);
  const auto ranks = static_cast<std::size_t>(size());
  const std::uint64_t own_size = object.size();
  const bool receives = everywhere || is_root();
  std::vector<std::uint64_t> sizes(receives ? ranks : 0);
  MPI_Request request;
  check_mpi(MPI_Igather(&own_size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, 0, impl_->comm, &request),
            "MPI_Igather");
  wait(request);
  if (everywhere) impl_->send_to_all(std::as_writable_bytes(std::span(sizes)));
  std::uint64_t largest = receives ? *std::max_element(sizes.begin(), sizes.end()) : 0;
  if (!everywhere) impl_->send_to_all(std::as_writable_bytes(std::span(&largest, 1)));

  std::vector<Bytes> objects(receives ? ranks : 0);
  const std::uint64_t round_size = std::max<std::uint64_t>(1, kLargestMessage / ranks);
  for (std::uint64_t begin = 0; begin < largest; begin += round_size) {
    const auto part_of = [&](std::uint64_t size) {
      return static_cast<int>(std::min(round_size, size > begin ? size - begin : 0));
    };
    std::vector<int> counts(sizes.size());
    std::transform(sizes.begin(), sizes.end(), counts.begin(), part_of);
    std::vector<int> offsets(sizes.size());
    std::exclusive_scan(counts.begin(), counts.end(), offsets.begin(), 0);
    Bytes buffer(receives ? static_cast<std::size_t>(offsets.back() + counts.back()) : 0);
    const std::byte* own = object.data() + std::min<std::uint64_t>(begin, own_size);
    check_mpi(MPI_Igatherv(own, part_of(own_size), MPI_BYTE, buffer.data(), counts.data(), offsets.data(), MPI_BYTE, 0,
                           impl_->comm, &request),
              "MPI_Igatherv");
    wait(request);
    if (everywhere) impl_->send_to_all(buffer);
    for (std::size_t r = 0; r < objects.size(); ++r) {
      const auto* from = buffer.data() + offsets[r];
      objects[r].insert(objects[r].end(), from, from + counts[r]);
    }
  }
  return objects;
}

}  // namespace windrow
