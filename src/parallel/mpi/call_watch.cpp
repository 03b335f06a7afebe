#include "parallel/mpi/call_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "parallel/mpi/rank_watch.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kPatienceSeconds = 1.0;

enum Tag : int { kNote = RankWatch::kFreeTags, kFailure, kHeard };

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
    case CallKind::all_reduce:
      return "an all_reduce";
    case CallKind::job:
      return "a job (scatter, map, stream, a sweep or an executor)";
    case CallKind::rank_groups:
      return "the beginning of a sweep over groups";
  }
  return "";
}

}  // namespace

CallWatch::CallWatch(MPI_Comm comm, RankWatch* watch) : watch_(watch) {
  if (watch_ != nullptr) {
    comm_ = watch_->control();
  } else {
    check_mpi(MPI_Comm_dup(comm, &comm_), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  }
  MPI_Comm_rank(comm_, &rank_);
  MPI_Comm_size(comm_, &size_);
  outbox_.emplace(comm_, watch_);
  if (rank_ == 0) notes_.resize(static_cast<std::size_t>(size_));
}

CallWatch::~CallWatch() {
  if (watch_ != nullptr) {
    outbox_->forget();
    return;
  }
  outbox_.reset();
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (finalized == 0) MPI_Comm_free(&comm_);
}

void CallWatch::begin(CallKind kind) {
  if (failure_) throw ParallelError(*failure_);
  ++own_.call;
  own_.jobs += kind == CallKind::job ? 1 : 0;
  own_.kind = kind;
  own_.kinds[own_.call % own_.kinds.size()] = static_cast<std::uint8_t>(kind);
  began_ = monotonic_seconds();
  told_ = false;
}

void CallWatch::look() {
  if (failure_) throw ParallelError(*failure_);
  if (monotonic_seconds() - began_ < kPatienceSeconds) return;
  tell_root();
  if (rank_ != 0) return hear_failure();
  receive_notes();
  if (watch_ != nullptr) watch_->look();  // who has died since is no reason to blame others
  judge();
}

void CallWatch::leave() {
  if (failure_) throw ParallelError(*failure_);
  own_.ended = 1;
  began_ = monotonic_seconds();
  told_ = false;
  if (watch_ != nullptr) return watch_->part(*this);
  MPI_Request request;
  check_mpi(MPI_Iallreduce(&own_.call, &most_calls_, 1, MPI_UINT64_T, MPI_MAX, comm_, &request), "MPI_Iallreduce");
  wait_mpi(request, nullptr, this);
  if (most_calls_ == own_.call) return;
  throw ParallelError(fmt::format("rank {} has ended after {} collective calls, and another one made {}: {}", rank_,
                                  own_.call, most_calls_, kSameCalls));
}

void CallWatch::tell_root() {
  if (std::exchange(told_, true)) return;
  if (rank_ != 0) return outbox_->send(0, kNote, std::as_bytes(std::span(&own_, 1)));
  notes_.front() = own_;
  is_news_ = true;
}

std::optional<MPI_Status> CallWatch::probe(int source, int tag) const {
  int arrived = 0;
  MPI_Status status;
  check_mpi(MPI_Iprobe(source, tag, comm_, &arrived, &status), "MPI_Iprobe");
  return arrived != 0 ? std::optional(status) : std::nullopt;
}

void CallWatch::hear_failure() {
  const auto status = probe(0, kFailure);
  if (!status) return;
  int size = 0;
  check_mpi(MPI_Get_count(&*status, MPI_BYTE, &size), "MPI_Get_count");
  std::string text(static_cast<std::size_t>(size), ' ');
  check_mpi(MPI_Recv(text.data(), size, MPI_BYTE, 0, kFailure, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  failure_ = std::move(text);
  outbox_->send(0, kHeard, {});
  throw ParallelError(*failure_);
}

void CallWatch::receive_notes() {
  while (const auto status = probe(MPI_ANY_SOURCE, kNote)) {
    Note& note = notes_[static_cast<std::size_t>(status->MPI_SOURCE)];
    check_mpi(MPI_Recv(&note, sizeof note, MPI_BYTE, status->MPI_SOURCE, kNote, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
    is_news_ = true;
  }
}

// At the root. A rank that is gone is no rank that has ended: the watch tells of it.
void CallWatch::judge() {
  if (!std::exchange(is_news_, false)) return;
  const Note* first_to_end = nullptr;
  for (int rank = 0; rank < size_; ++rank) {
    const Note& note = notes_[static_cast<std::size_t>(rank)];
    if (note.ended == 0 || is_silent(rank)) continue;
    if (first_to_end == nullptr || position(note) < position(*first_to_end)) first_to_end = &note;
  }
  for (int rank = 0; rank < size_; ++rank) {
    if (!is_silent(rank)) judge(rank, notes_[static_cast<std::size_t>(rank)], first_to_end);
  }
}

void CallWatch::judge(int rank, const Note& note, const Note* first_to_end) {
  if (note.call == 0) return;
  if (note.ended == 0 && first_to_end != nullptr && position(note) > position(*first_to_end)) {
    fail(fmt::format("rank {} has ended, and rank {} waits for it in {}", first_to_end - notes_.data(), rank,
                     name_of(note.kind)));
  }
  if (only_jobs()) return;  // what is no job throws as soon as the rank hears of the loss
  compare_calls(rank, note);
}

// Of those that both remember, the first that differ.
void CallWatch::compare_calls(int rank, const Note& note) {
  const std::uint64_t size = own_.kinds.size();
  const std::uint64_t latest = std::max(note.call, own_.call);
  for (std::uint64_t n = latest < size ? 1 : latest - size + 1; n <= std::min(note.call, own_.call); ++n) {
    const auto kind_of = [n, size](const Note& one) { return static_cast<CallKind>(one.kinds[n % size]); };
    if (kind_of(note) == kind_of(own_)) continue;
    const auto told = [n, &kind_of](const Note& one) {
      return fmt::format("{} in {}", n == one.call && one.ended == 0 ? "is" : "was", name_of(kind_of(one)));
    };
    fail(fmt::format("rank {} {} where rank 0 {}", rank, told(note), told(own_)));
  }
}

bool CallWatch::is_silent(int rank) const {
  return watch_ != nullptr && watch_->is_gone(rank);
}

bool CallWatch::only_jobs() const {
  return watch_ != nullptr && (watch_->any_lost() || watch_->has_dying());
}

// Among the calls that all must make.
std::uint64_t CallWatch::position(const Note& note) const {
  return only_jobs() ? note.jobs : note.call;
}

void CallWatch::fail(const std::string& what) {
  failure_ = fmt::format("{}: {}", what, kSameCalls);
  for (int rank = 1; rank < size_; ++rank) {
    outbox_->send(rank, kFailure, std::as_bytes(std::span(failure_->data(), failure_->size())));
  }
  wait_until_heard();
  throw ParallelError(*failure_);
}

// This rank may end next, and all others with it. One that computes is not waited for.
void CallWatch::wait_until_heard() {
  std::vector<bool> heard(static_cast<std::size_t>(size_), false);
  heard.front() = true;
  const double deadline = monotonic_seconds() + kPatienceSeconds;
  for (BackOff pause; monotonic_seconds() < deadline; pause.sleep()) {
    outbox_->drop_sent();
    while (const auto status = probe(MPI_ANY_SOURCE, kHeard)) {
      const int rank = status->MPI_SOURCE;
      check_mpi(MPI_Recv(nullptr, 0, MPI_BYTE, rank, kHeard, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
      heard[static_cast<std::size_t>(rank)] = true;
    }
    if (watch_ != nullptr) watch_->look();
    for (int rank = 1; rank < size_; ++rank) {
      if (is_silent(rank)) heard[static_cast<std::size_t>(rank)] = true;
    }
    if (std::find(heard.begin(), heard.end(), false) == heard.end()) return;
  }
}

}  // namespace windrow::detail
