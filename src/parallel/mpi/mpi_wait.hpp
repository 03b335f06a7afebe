#pragma once

#include <mpi.h>

#include <list>
#include <span>
#include <string>

#include "windrow/process/byte_channel.hpp"

namespace windrow::detail {

/// How long to sleep between two looks for something that is waited for. A rank that waits leaves its core to others,
/// and the longer it has waited, the more rarely it looks: after t seconds, what comes is noticed within t / 64.
class BackOff {
 public:
  /// @param shortest  seconds to sleep at least
  explicit BackOff(double shortest = 1e-6) : shortest_(shortest) {}
  /// Where the sender wakes the receiver: looks are for what goes wrong with that, so they are few.
  static BackOff between_wake_ups();
  /// Seconds to sleep now.
  double next();
  /// What was waited for has come.
  void reset();
  void sleep();

 private:
  double shortest_;
  double longest_ = 0.05;
  double share_ = 1.0 / 64.0;  // of the time that it has waited
  double begin_ = -1.0;        // of this wait; negative: not waiting
  double typical_ = 0.0;       // seconds that such waits have lasted
};

/// @throws ParallelError with MPI's own text if `code` is not MPI_SUCCESS
void check_mpi(int code, const char* call);

/// What MPI itself says nothing of where ranks do not keep to it.
inline constexpr const char* kSameCalls = "collective calls must be made by every rank, in the same order";

class RankWatch;
class CallWatch;

/// Waits for a request: what comes at once is not slept over, and whatever takes longer leaves the core to others.
/// @param watch, calls  may be null
/// @throws whatever RankWatch::check and CallWatch::look throw; the request is then given up
void wait_mpi(MPI_Request& request, RankWatch* watch, CallWatch* calls, MPI_Status* status = MPI_STATUS_IGNORE);

/// A size as MPI counts. @throws ParallelError if it is over MPI's limit of 2^31 - 1
int mpi_count(std::size_t size);

/// A message on its way, or one that is awaited.
struct Transfer {
  int rank = 0;  ///< the other
  Bytes payload;
  MPI_Request request = MPI_REQUEST_NULL;
};

/// Keeps for good what belongs to a message from or to a dead rank: it never ends, MPI cannot cancel it, and may still
/// touch its memory.
void abandon(Transfer transfer);

/// Messages on their way, which belong to this process until MPI has taken them. Nobody waits for a receiver that is
/// busy, unless very much is on its way already, nor for one that is gone.
class Outbox {
 public:
  /// @param watch  may be null
  explicit Outbox(MPI_Comm comm, RankWatch* watch = nullptr) : comm_(comm), watch_(watch) {}
  /// Waits until everything is taken.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// @pre nothing has been sent
  void use(MPI_Comm comm, RankWatch* watch);
  /// A message to a rank that is gone is dropped. Amortized constant time, however many are on their way.
  void send(int rank, int tag, std::span<const std::byte> payload);
  /// Moves on what is on its way, and looks which of it has left: of all in turn, some at each call.
  void drop_sent() { drop_sent(kLooksAtOnce); }
  bool empty() const { return sending_.empty(); }
  /// Waits for nothing that is still on its way.
  void forget();

 private:
  static constexpr std::size_t kLooksAtOnce = 64;  // in vain, each takes MPI a microsecond or more

  void drop_sent(std::size_t most);
  bool drop_first();

  MPI_Comm comm_;
  RankWatch* watch_;
  std::list<Transfer> sending_;
  std::size_t bytes_ = 0;
};

}  // namespace windrow::detail
