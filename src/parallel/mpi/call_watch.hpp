#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parallel/mpi/mpi_wait.hpp"

namespace windrow::detail {

/// The collective calls of a manager.
enum class CallKind : std::uint32_t { sync, broadcast, gather, all_gather, all_reduce, job, rank_groups };

/// Notices that the ranks of a manager do not make the same collective calls: that one has ended, or is in another
/// call. In MPI they would wait for ever.
///
/// Ranks speak only once they have waited for a second, by a message to the root, which compares and tells all. A
/// quicker call costs nothing but its number. For one thread at a time.
///
/// Once a rank has died, all calls but jobs will throw, at another place on every rank: from then on only jobs are
/// compared.
class CallWatch {
 public:
  /// Collective if `watch` is null.
  /// @param watch  of the same ranks, if the job outlives them; may be null
  CallWatch(MPI_Comm comm, RankWatch* watch);
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  /// A call begins. @throws ParallelError if it is known that the ranks do not make the same calls
  void begin(CallKind kind);
  /// To be asked again and again while a call waits. @throws ParallelError as begin()
  void look();
  /// This rank makes no more calls. Returns when that is true of all that live. Collective.
  /// @throws ParallelError if another one waits for this rank in a call, or made one that this rank did not, and had
  ///         nothing to wait for
  void leave();

 private:
  /// What a rank that has waited tells the root. Without gaps, whose content would be sent, too.
  struct Note {
    std::uint64_t call = 0;  ///< the number of the call that it is in, or of its last one; 0: nothing is known
    std::uint64_t jobs = 0;  ///< how many of these calls were jobs
    CallKind kind{};
    std::uint32_t ended = 0;  ///< 0 or 1
    /// CallKinds of the last calls, that of number n at n % its size. A call may wait for nobody, so that a rank is
    /// some calls ahead: at most as many as Collectives lets be, which are fewer than these.
    std::array<std::uint8_t, 320> kinds{};
  };

  void tell_root();
  void hear_failure();
  void receive_notes();
  void judge();
  void judge(int rank, const Note& note, const Note* first_to_end);
  void compare_calls(int rank, const Note& note);
  bool is_silent(int rank) const;
  bool only_jobs() const;
  std::uint64_t position(const Note& note) const;
  [[noreturn]] void fail(const std::string& what);
  void wait_until_heard();
  std::optional<MPI_Status> probe(int source, int tag) const;

  RankWatch* watch_;
  MPI_Comm comm_ = MPI_COMM_NULL;  // where no other message meets these: of its own, or the watch's
  int rank_ = 0;
  int size_ = 1;
  std::optional<Outbox> outbox_;
  Note own_;
  std::uint64_t most_calls_ = 0;  // of any rank, at the end
  double began_ = 0.0;            // to wait
  bool told_ = false;             // the root, of this call
  std::vector<Note> notes_;       // at the root: what all have said last
  bool is_news_ = false;          // among them
  std::optional<std::string> failure_;
};

}  // namespace windrow::detail
