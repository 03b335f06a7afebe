#include "parallel/mpi/call_watch.hpp"

#include <fmt/format.h>

#include <cstring>
#include <span>

#include "windrow/base/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kPatienceSeconds = 1.0;
constexpr std::size_t kCallsRemembered = 4096;

enum Tag : int { kNote, kFailure };

const char* name_of(CallKind kind) {
  switch (kind) {
    case CallKind::sync:
      return "sync()";
    case CallKind::broadcast:
      return "a broadcast";
    case CallKind::gather:
      return "a gather";
    case CallKind::all_gather:
      return "an all_gather";
    case CallKind::job:
      return "a job (scatter, map, stream, a sweep or an executor)";
    case CallKind::rank_groups:
      return "the beginning of a sweep over groups";
  }
  return "";
}

}  // namespace

CallWatch::CallWatch(MPI_Comm comm) : kinds_(kCallsRemembered) {
  check_mpi(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
  MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
  outbox_.emplace(comm_);
  if (rank_ == 0) notes_.resize(static_cast<std::size_t>(size_));
}

CallWatch::~CallWatch() {
  outbox_.reset();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&comm_);
}

void CallWatch::begin(CallKind kind) {
  if (failure_) throw ParallelError(*failure_);
  own_ = {own_.call + 1, kind};
  kinds_[own_.call % kinds_.size()] = kind;
  began_ = monotonic_seconds();
  told_ = false;
}

void CallWatch::look() {
  if (failure_) throw ParallelError(*failure_);
  if (monotonic_seconds() - began_ < kPatienceSeconds) return;
  tell_root();
  receive();
}

void CallWatch::leave() {
  if (failure_) throw ParallelError(*failure_);
  own_.ended = 1;
  began_ = monotonic_seconds();
  told_ = false;
  MPI_Request request;
  check_mpi(MPI_Ibarrier(comm_, &request), "MPI_Ibarrier");
  wait_mpi(request, nullptr, this);
}

void CallWatch::tell_root() {
  if (told_) return;
  told_ = true;
  if (rank_ == 0) return take(0, own_);
  outbox_->send(0, kNote, std::as_bytes(std::span(&own_, 1)));
}

void CallWatch::receive() {
  for (;;) {
    int arrived = 0;
    MPI_Status status;
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &arrived, &status), "MPI_Iprobe");
    if (arrived == 0) return;
    int size = 0;
    check_mpi(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
    Bytes message(static_cast<std::size_t>(size));
    check_mpi(MPI_Recv(message.data(), size, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, comm_, MPI_STATUS_IGNORE),
              "MPI_Recv");
    if (status.MPI_TAG == kFailure) {
      failure_.emplace(reinterpret_cast<const char*>(message.data()), message.size());
      throw ParallelError(*failure_);
    }
    Note note;
    std::memcpy(&note, message.data(), sizeof note);
    take(status.MPI_SOURCE, note);
  }
}

// At the root. What is new is compared with the root's own calls and with who has ended; if it is the root's own, with
// all.
void CallWatch::take(int rank, const Note& note) {
  notes_[static_cast<std::size_t>(rank)] = note;
  if (note.ended != 0 && (ended_ < 0 || note.call < notes_[static_cast<std::size_t>(ended_)].call)) ended_ = rank;
  const bool all = rank == 0 || note.ended != 0;
  for (int other = all ? 0 : rank; other < (all ? size_ : rank + 1); ++other) {
    judge(other, notes_[static_cast<std::size_t>(other)]);
  }
}

void CallWatch::judge(int rank, const Note& note) {
  if (note.call == 0 && note.ended == 0) return;
  if (ended_ >= 0 && note.ended == 0 && note.call > notes_[static_cast<std::size_t>(ended_)].call) {
    fail(fmt::format("rank {} has ended, and rank {} waits for it in {}", ended_, rank, name_of(note.kind)));
  }
  const bool is_remembered = note.call <= own_.call && own_.call - note.call < kinds_.size();
  const CallKind own = kinds_[note.call % kinds_.size()];
  if (is_remembered && note.ended == 0 && own != note.kind) {
    fail(fmt::format("rank {} is in {} where rank 0 is in {}", rank, name_of(note.kind), name_of(own)));
  }
}

void CallWatch::fail(const std::string& what) {
  failure_ = fmt::format("{}: {}", what, kSameCalls);
  for (int rank = 1; rank < size_; ++rank) {
    outbox_->send(rank, kFailure, std::as_bytes(std::span(failure_->data(), failure_->size())));
  }
  throw ParallelError(*failure_);
}

}  // namespace windrow::detail
