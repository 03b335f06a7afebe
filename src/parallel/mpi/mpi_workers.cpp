#include "parallel/mpi/mpi_workers.hpp"

#include <poll.h>

#include <utility>

namespace windrow::detail {
namespace {

struct Received {
  int source;
  Frame frame;
};

std::optional<Received> try_receive_from(MPI_Comm comm, int source) {
  int arrived = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(source, MPI_ANY_TAG, comm, &arrived, &status), "MPI_Iprobe");
  if (arrived == 0) return std::nullopt;
  int count = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  Received received{status.MPI_SOURCE,
                    {static_cast<std::uint32_t>(status.MPI_TAG), Bytes(static_cast<std::size_t>(count))}};
  check_mpi(MPI_Recv(received.frame.payload.data(), count, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, comm,
                     MPI_STATUS_IGNORE),
            "MPI_Recv");
  return received;
}

}  // namespace

MpiWorkers::~MpiWorkers() {
  for (Sending& sending : sending_) MPI_Wait(&sending.request, MPI_STATUS_IGNORE);
}

void MpiWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  if (worker == 0) return local_ != nullptr ? local_->send(tag, payload) : void();
  drop_sent();
  Sending& sending = sending_.emplace_back(Sending{Bytes(payload.begin(), payload.end())});
  check_mpi(MPI_Isend(sending.payload.data(), mpi_count(sending.payload.size()), MPI_BYTE, worker,
                      static_cast<int>(tag), comm_, &sending.request),
            "MPI_Isend");
}

void MpiWorkers::drop_sent() {
  for (auto it = sending_.begin(); it != sending_.end();) {
    int done = 0;
    check_mpi(MPI_Test(&it->request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    it = done != 0 ? sending_.erase(it) : std::next(it);
  }
}

std::optional<WorkerEvent> MpiWorkers::try_next() {
  for (int turn = 0; turn < 2; ++turn) {
    local_first_ = !local_first_;
    if (local_first_) {
      if (local_ == nullptr) continue;
      if (auto frame = local_->try_receive()) return WorkerEvent{0, *std::move(frame)};
    } else if (auto received = try_receive_from(comm_, MPI_ANY_SOURCE)) {
      return WorkerEvent{received->source, std::move(received->frame)};
    }
  }
  return std::nullopt;
}

std::optional<WorkerEvent> MpiWorkers::next(std::chrono::nanoseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (auto event = try_next()) {
      pause_.reset();
      return event;
    }
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    drop_sent();
    pollfd entry{local_ != nullptr ? local_->descriptor() : -1, POLLIN, 0};
    const timespec pause{0, static_cast<long>(pause_.next().count())};
    ::ppoll(&entry, 1, &pause, nullptr);
  }
}

Frame MpiRootLink::receive() {
  for (BackOff pause;; pause.sleep()) {
    if (auto frame = try_receive()) return *std::move(frame);
  }
}

std::optional<Frame> MpiRootLink::try_receive() {
  auto received = try_receive_from(comm_, 0);
  return received ? std::optional(std::move(received->frame)) : std::nullopt;
}

void MpiRootLink::send(JobTag tag, std::span<const std::byte> payload) {
  check_mpi(MPI_Send(payload.data(), mpi_count(payload.size()), MPI_BYTE, 0, static_cast<int>(tag), comm_), "MPI_Send");
}

}  // namespace windrow::detail
