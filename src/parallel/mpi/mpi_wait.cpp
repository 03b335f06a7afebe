#include "parallel/mpi/mpi_wait.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <climits>
#include <mutex>
#include <utility>

#include "parallel/mpi/call_watch.hpp"
#include "parallel/mpi/rank_watch.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kLongestUsualPauseSeconds = 0.002;  // when it comes about when such things come
constexpr double kAwakeSeconds = 100e-6;             // of a wait: to sleep, however briefly, takes half of that
// Another program had the core: it gets a whole slice at each yield, but gives way to one that wakes up.
constexpr double kLongYieldSeconds = 30e-6;
constexpr std::size_t kMostBytesOnTheWay = std::size_t{16} << 20U;

bool is_done(MPI_Request& request, MPI_Status* status) {
  int done = 0;
  try {
    check_mpi(MPI_Test(&request, &done, status), "MPI_Test");
  } catch (const ParallelError& error) {
    throw ParallelError(fmt::format("{}: {}", error.what(), kSameCalls));
  }
  return done != 0;
}

}  // namespace

BackOff BackOff::between_wake_ups() {
  BackOff pause(0.005);
  pause.longest_ = 0.5;
  pause.share_ = 1.0 / 16.0;
  return pause;
}

double BackOff::next() {
  const double now = monotonic_seconds();
  if (begin_ < 0.0) begin_ = now;
  const double usual = std::min(typical_ / 2.0, kLongestUsualPauseSeconds);
  return std::clamp(std::max(usual, share_ * (now - begin_)), shortest_, longest_);
}

void BackOff::reset() {
  const double waited = begin_ < 0.0 ? 0.0 : monotonic_seconds() - begin_;
  typical_ += 0.25 * (std::min(waited, 2.0 * kLongestUsualPauseSeconds) - typical_);
  begin_ = -1.0;
}

void BackOff::sleep() {
  sleep_seconds(next());
}

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw ParallelError(fmt::format("{} failed: {}", call, std::string(text.data(), static_cast<std::size_t>(length))));
}

void wait_mpi(MPI_Request& request, RankWatch* watch, CallWatch* calls, MPI_Status* status) {
  if (is_done(request, status)) return;
  double now = monotonic_seconds();
  for (const double end = now + kAwakeSeconds; now < end;) {
    if (is_done(request, status)) return;
    const double before = std::exchange(now, (::sched_yield(), monotonic_seconds()));
    if (now - before > kLongYieldSeconds) break;
  }
  for (BackOff pause; !is_done(request, status); pause.sleep()) {
    if (watch != nullptr) watch->check();
    if (calls != nullptr) calls->look();
  }
}

int mpi_count(std::size_t size) {
  if (size > static_cast<std::size_t>(INT_MAX)) {
    throw ParallelError(fmt::format("a message of {} bytes is over MPI's limit of 2^31 - 1", size));
  }
  return static_cast<int>(size);
}

void abandon(Transfer transfer) {
  static std::mutex mutex;
  static auto& all = *new std::list<Transfer>();
  const std::lock_guard lock(mutex);
  all.push_back(std::move(transfer));
}

Outbox::~Outbox() {
  if (watch_ == nullptr) {
    for (Transfer& sending : sending_) MPI_Wait(&sending.request, MPI_STATUS_IGNORE);
    return;
  }
  try {
    for (BackOff pause(20e-6);; pause.sleep()) {
      watch_->look();
      drop_sent(sending_.size());
      if (sending_.empty()) return;
    }
  } catch (...) {  // MPI is at its end
    forget();
  }
}

void Outbox::use(MPI_Comm comm, RankWatch* watch) {
  comm_ = comm;
  watch_ = watch;
}

void Outbox::forget() {
  for (Transfer& sending : sending_) abandon(std::move(sending));
  sending_.clear();
}

void Outbox::send(int rank, int tag, std::span<const std::byte> payload) {
  if (watch_ != nullptr && watch_->is_gone(rank)) return;
  while (!sending_.empty() && drop_first()) {
  }  // what has left was paid for when it was sent
  for (BackOff pause; bytes_ > kMostBytesOnTheWay; drop_sent(sending_.size())) {
    pause.sleep();
    if (watch_ != nullptr) watch_->look();
  }
  Transfer& sending = sending_.emplace_back(Transfer{rank, Bytes(payload.begin(), payload.end())});
  bytes_ += payload.size();
  check_mpi(MPI_Isend(sending.payload.data(), mpi_count(payload.size()), MPI_BYTE, rank, tag, comm_, &sending.request),
            "MPI_Isend");
}

void Outbox::drop_sent(std::size_t most) {
  for (most = std::min(most, sending_.size()); most > 0; --most) drop_first();
}

// The first goes, or to the back: its receiver may be asleep, and the next one's not. @return whether it has left
bool Outbox::drop_first() {
  Transfer& first = sending_.front();
  const std::size_t size = first.payload.size();
  int done = 0;
  if (watch_ != nullptr && watch_->is_gone(first.rank)) {
    abandon(std::move(first));
    done = 1;
  } else {
    check_mpi(MPI_Test(&first.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
  }
  if (done == 0) {
    sending_.splice(sending_.end(), sending_, sending_.begin());
    return false;
  }
  bytes_ -= size;
  sending_.pop_front();
  return true;
}

}  // namespace windrow::detail
