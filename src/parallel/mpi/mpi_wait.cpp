#include "parallel/mpi/mpi_wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>

#include "parallel/clock.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr double kLongestPause = 0.05;
constexpr double kLongestUsualPause = 0.002;  // when it comes about when such things come
constexpr std::size_t kMostOnTheWay = std::size_t{16} << 20U;

}  // namespace

double BackOff::next() {
  const double now = monotonic_seconds();
  if (begin_ < 0.0) begin_ = now;
  const double usual = std::min(typical_ / 2.0, kLongestUsualPause);
  return std::clamp(std::max(usual, (now - begin_) / 64.0), shortest_, kLongestPause);
}

void BackOff::reset() {
  const double waited = begin_ < 0.0 ? 0.0 : monotonic_seconds() - begin_;
  typical_ += 0.25 * (std::min(waited, 2.0 * kLongestUsualPause) - typical_);
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

void wait_mpi(MPI_Request& request) {
  BackOff pause;
  for (int done = 0;;) {
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    pause.sleep();
  }
}

int mpi_count(std::size_t size) {
  if (size > static_cast<std::size_t>(INT_MAX)) {
    throw ParallelError(fmt::format("a message of {} bytes is over MPI's limit of 2^31 - 1", size));
  }
  return static_cast<int>(size);
}

Outbox::~Outbox() {
  for (Sending& sending : sending_) MPI_Wait(&sending.request, MPI_STATUS_IGNORE);
}

void Outbox::send(int rank, int tag, std::span<const std::byte> payload) {
  drop_sent();
  for (BackOff pause; bytes_ > kMostOnTheWay; drop_sent()) pause.sleep();
  Sending& sending = sending_.emplace_back(Sending{Bytes(payload.begin(), payload.end())});
  bytes_ += payload.size();
  check_mpi(MPI_Isend(sending.payload.data(), mpi_count(payload.size()), MPI_BYTE, rank, tag, comm_, &sending.request),
            "MPI_Isend");
}

void Outbox::drop_sent() {
  for (auto it = sending_.begin(); it != sending_.end();) {
    int done = 0;
    check_mpi(MPI_Test(&it->request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) bytes_ -= it->payload.size();
    it = done != 0 ? sending_.erase(it) : std::next(it);
  }
}

}  // namespace windrow::detail
