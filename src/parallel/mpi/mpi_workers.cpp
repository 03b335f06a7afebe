#include "parallel/mpi/mpi_workers.hpp"

#include <algorithm>
#include <utility>

#include "windrow/base/clock.hpp"

namespace windrow::detail {
namespace {

constexpr int kTestsPerLook = 256;             // of a message that is coming in, for the death of its sender
constexpr double kRestOfMessageSeconds = 0.1;  // that it may take after that
constexpr int kMessagesPerLook = 64;
constexpr double kDrainPauseSeconds = 0.002;  // between looks for the last messages of a rank

struct Received {
  int source;
  Frame frame;
};

/// A message whose head has arrived. Of a large one the rest comes only while its sender lives.
std::optional<Frame> receive_rest(MPI_Comm comm, const MPI_Status& status, RankWatch* watch) {
  int count = 0;
  check_mpi(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  const int source = status.MPI_SOURCE;
  Transfer coming{source, Bytes(static_cast<std::size_t>(count))};
  void* const to = coming.payload.data();
  if (watch == nullptr) {
    check_mpi(MPI_Recv(to, count, MPI_BYTE, source, status.MPI_TAG, comm, MPI_STATUS_IGNORE), "MPI_Recv");
  } else {
    check_mpi(MPI_Irecv(to, count, MPI_BYTE, source, status.MPI_TAG, comm, &coming.request), "MPI_Irecv");
    double gone_since = -1.0;
    for (int done = 0, looks = 0;; ++looks) {
      check_mpi(MPI_Test(&coming.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
      if (done != 0) break;
      if (looks % kTestsPerLook != kTestsPerLook - 1) continue;
      watch->look();
      if (!watch->is_gone(source)) continue;
      if (gone_since < 0.0) gone_since = monotonic_seconds();
      if (monotonic_seconds() - gone_since < kRestOfMessageSeconds) continue;
      abandon(std::move(coming));
      return std::nullopt;
    }
    watch->heard_from(source);
  }
  return Frame{static_cast<std::uint32_t>(status.MPI_TAG), std::move(coming.payload)};
}

/// @param expected  whether something should be there. Open MPI's probe looks among what it knows of, and only then for
///                  what has come: that is found by a second one, which would be in vain most of the time.
std::optional<Received> try_receive_from(MPI_Comm comm, int source, bool expected, RankWatch* watch) {
  int arrived = 0;
  MPI_Status status;
  for (int looks = expected ? 2 : 1; looks > 0 && arrived == 0; --looks) {
    check_mpi(MPI_Iprobe(source, MPI_ANY_TAG, comm, &arrived, &status), "MPI_Iprobe");
  }
  if (arrived == 0) return std::nullopt;
  auto frame = receive_rest(comm, status, watch);
  if (!frame) return std::nullopt;
  return Received{status.MPI_SOURCE, *std::move(frame)};
}

}  // namespace

BackOff pause_between_looks(const WakeUpSockets* wake_ups) {
  return wake_ups != nullptr && wake_ups->all_reachable() ? BackOff::between_wake_ups() : BackOff();
}

MpiWorkers::MpiWorkers(MPI_Comm comm, const std::vector<std::string>& hosts, LocalWorker* local,
                       const WakeUpSockets* wake_ups, RankWatch* watch, CallWatch* calls)
    : comm_(comm),
      hosts_(hosts),
      local_(local),
      wake_ups_(wake_ups),
      watch_(watch),
      calls_(calls),
      outbox_(comm, watch),
      pause_(pause_between_looks(wake_ups)) {}

void MpiWorkers::send(int worker, JobTag tag, std::span<const std::byte> payload) {
  if (worker == 0) return local_ != nullptr ? local_->send(tag, payload) : void();
  outbox_.send(worker, static_cast<int>(tag), payload);
  if (wake_ups_ != nullptr) wake_ups_->wake(worker);
}

std::optional<WorkerEvent> MpiWorkers::try_next(bool woken) {
  for (int turn = 0; turn < 2; ++turn) {
    local_first_ = !local_first_;
    if (local_first_) {
      if (local_ == nullptr) continue;
      if (auto frame = local_->try_receive()) return WorkerEvent{0, *std::move(frame)};
    } else if (auto event = try_message(woken)) {
      return event;
    }
  }
  return std::nullopt;
}

// What a rank sends that was declared lost counts for nothing: its points are with others.
std::optional<WorkerEvent> MpiWorkers::try_message(bool woken) {
  for (;;) {
    auto received = try_receive_from(comm_, MPI_ANY_SOURCE, woken, watch_);
    if (!received) return std::nullopt;
    if (watch_ != nullptr && watch_->is_lost(received->source)) continue;
    return WorkerEvent{received->source, std::move(received->frame)};
  }
}

std::optional<WorkerEvent> MpiWorkers::try_loss() {
  if (watch_ == nullptr) return std::nullopt;
  watch_->look();
  watch_->declare_lost();
  if (losses_told_ == watch_->lost().size()) return std::nullopt;
  return loss_of(watch_->lost()[losses_told_++]);
}

WorkerEvent MpiWorkers::loss_of(int worker) {
  WorkerLoss loss;
  loss.failure = TaskFailure::lost(watch_->name_of(worker) + " was lost; the others went on without it");
  loss.knows_point = knows_point_of(worker);
  if (loss.knows_point) loss.evaluating = watch_->mark_of(worker);
  return {worker, std::move(loss)};
}

// Among very many messages the dead must not be overlooked.
std::optional<WorkerEvent> MpiWorkers::try_any() {
  if (++messages_since_look_ >= kMessagesPerLook) {
    messages_since_look_ = 0;
    if (auto loss = try_loss()) return loss;
  }
  const bool woken = wake_ups_ != nullptr && wake_ups_->clear();
  if (auto event = try_next(woken)) return event;
  if (woken) pause_.reset();  // what comes is late
  return try_loss();
}

std::optional<WorkerEvent> MpiWorkers::next(std::chrono::nanoseconds limit) {
  const double deadline = monotonic_seconds() + std::chrono::duration<double>(limit).count();
  for (;;) {
    if (auto event = try_any()) {
      pause_.reset();
      sending_pause_.reset();
      return event;
    }
    if (calls_ != nullptr) calls_->look();
    const double left = deadline - monotonic_seconds();
    if (left <= 0.0) return std::nullopt;
    outbox_.drop_sent();
    sleep(left);
  }
}

// Until the root's own worker has something, or it is time to look whether another rank has.
void MpiWorkers::sleep(double most) {
  const double begin = monotonic_seconds();
  double pause = std::min(most, pause_.next());
  if (!outbox_.empty()) pause = std::min(pause, sending_pause_.next());
  if (watch_ != nullptr && watch_->has_dying()) pause = std::min(pause, kDrainPauseSeconds);
  const int local = local_ != nullptr ? local_->descriptor() : -1;
  wake_ups_ != nullptr ? wake_ups_->wait(pause, local, watch_ != nullptr ? watch_->descriptor() : -1)
                       : sleep_seconds(pause);
  slept_ += monotonic_seconds() - begin;
}

Frame MpiRootLink::receive() {
  for (;;) {
    const bool woken = wake_ups_ != nullptr && wake_ups_->clear();
    if (auto received = try_receive_from(comm_, 0, woken, watch_)) {
      pause_.reset();
      sending_pause_.reset();
      return std::move(received->frame);
    }
    if (woken) pause_.reset();  // what comes is late
    if (watch_ != nullptr) watch_->check_root();
    if (calls_ != nullptr) calls_->look();
    outbox_.drop_sent();
    const double pause = outbox_.empty() ? pause_.next() : std::min(pause_.next(), sending_pause_.next());
    wake_ups_ != nullptr ? wake_ups_->wait(pause, watch_ != nullptr ? watch_->descriptor() : -1) : sleep_seconds(pause);
  }
}

std::optional<Frame> MpiRootLink::try_receive() {
  auto received = try_receive_from(comm_, 0, false, watch_);
  if (!received && watch_ != nullptr) watch_->check_root();
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
  if (wake_ups_ != nullptr) wake_ups_->wake(0);
}

}  // namespace windrow::detail
