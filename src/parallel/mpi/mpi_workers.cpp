#include "parallel/mpi/mpi_workers.hpp"

#include <algorithm>
#include <utility>

#include "parallel/clock.hpp"

namespace windrow::detail {
namespace {

struct Received {
  int source;
  Frame frame;
};

/// @param expected  whether something should be there. Open MPI's probe looks among what it knows of, and only then for
///                  what has come: that is found by a second one, which would be in vain most of the time.
std::optional<Received> try_receive_from(MPI_Comm comm, int source, bool expected) {
  int arrived = 0;
  MPI_Status status;
  for (int looks = expected ? 2 : 1; looks > 0 && arrived == 0; --looks) {
    check_mpi(MPI_Iprobe(source, MPI_ANY_TAG, comm, &arrived, &status), "MPI_Iprobe");
  }
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

double shortest_pause(const Doorbells* bells) {
  return bells != nullptr && bells->everybody_rings() ? 0.005 : 1e-6;
}

void MpiWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  if (worker == 0) return local_ != nullptr ? local_->send(tag, payload) : void();
  outbox_.send(worker, static_cast<int>(tag), payload);
  if (bells_ != nullptr) bells_->ring(worker);
}

std::optional<WorkerEvent> MpiWorkers::try_next(bool rung) {
  for (int turn = 0; turn < 2; ++turn) {
    local_first_ = !local_first_;
    if (local_first_) {
      if (local_ == nullptr) continue;
      if (auto frame = local_->try_receive()) return WorkerEvent{0, *std::move(frame)};
    } else if (auto received = try_receive_from(comm_, MPI_ANY_SOURCE, rung)) {
      return WorkerEvent{received->source, std::move(received->frame)};
    }
  }
  return std::nullopt;
}

std::optional<WorkerEvent> MpiWorkers::next(std::chrono::nanoseconds limit) {
  const double deadline = monotonic_seconds() + std::chrono::duration<double>(limit).count();
  for (;;) {
    if (auto event = try_next(bells_ != nullptr && bells_->quiet())) {
      pause_.reset();
      sending_pause_.reset();
      return event;
    }
    if (monotonic_seconds() >= deadline) return std::nullopt;
    outbox_.drop_sent();
    sleep();
  }
}

// Until the root's own worker has something, or it is time to look whether another rank has.
void MpiWorkers::sleep() {
  const double begin = monotonic_seconds();
  const double pause = outbox_.empty() ? pause_.next() : std::min(pause_.next(), sending_pause_.next());
  bells_ != nullptr ? bells_->wait(pause, local_ != nullptr ? local_->descriptor() : -1) : sleep_seconds(pause);
  slept_ += monotonic_seconds() - begin;
}

Frame MpiRootLink::receive() {
  for (;;) {
    if (auto received = try_receive_from(comm_, 0, bells_ != nullptr && bells_->quiet())) {
      pause_.reset();
      sending_pause_.reset();
      return std::move(received->frame);
    }
    outbox_.drop_sent();
    const double pause = outbox_.empty() ? pause_.next() : std::min(pause_.next(), sending_pause_.next());
    bells_ != nullptr ? bells_->wait(pause, -1) : sleep_seconds(pause);
  }
}

std::optional<Frame> MpiRootLink::try_receive() {
  auto received = try_receive_from(comm_, 0, false);
  return received ? std::optional(std::move(received->frame)) : std::nullopt;
}

// The other thread's evaluation may be inside MPI.
bool MpiRootLink::is_thread_safe() const {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Query_thread(&provided), "MPI_Query_thread");
  return provided == MPI_THREAD_MULTIPLE;
}

bool MpiRootLink::flush() {
  outbox_.drop_sent();
  return outbox_.empty();
}

void MpiRootLink::send(JobTag tag, std::span<const std::byte> payload) {
  outbox_.send(0, static_cast<int>(tag), payload);
  if (bells_ != nullptr) bells_->ring(0);
}

}  // namespace windrow::detail
