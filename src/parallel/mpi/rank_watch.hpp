#pragma once

#include <mpi.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "parallel/mpi/mpi_wait.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow::detail {

class CallWatch;
class LifelineHost;

/// Whether the launcher leaves the job alone when one of its ranks dies (mpirun --enable-recovery). Otherwise it ends
/// the job, and there is nothing to watch.
bool job_outlives_ranks();

/// Notices ranks that die: the root notices all others, everybody else the root. Each holds something that the kernel
/// ends with the other process: a pidfd on the same machine, else a TCP connection. So nobody is suspected for being
/// slow or stopped, and no messages or threads are needed.
///
/// A rank that has ended is dead; it is lost once the messages that it sent before have been taken. After a loss there
/// are no collectives any more: MPI's wait for the dead. The root tells everybody, and check() throws.
/// One thread uses this, but for is_gone(), hold() and the word of own_mark().
class RankWatch {
 public:
  /// Collective.
  /// @param comm   of the manager; duplicated
  /// @param hosts  of every rank at the root; elsewhere of the root alone
  RankWatch(ParallelManager& manager, MPI_Comm comm, const std::vector<std::string>& hosts);
  ~RankWatch();
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;

  /// Takes note of who has died.
  void look();
  /// Readable when look() has something new.
  int descriptor() const;
  /// Whether nothing more is to be expected of a rank but messages on their way, as far as look() knows.
  bool is_gone(int rank) const { return states_[static_cast<std::size_t>(rank)].load() != State::alive; }
  bool is_lost(int rank) const { return states_[static_cast<std::size_t>(rank)].load() == State::lost; }
  /// A message of a rank has arrived: there may be more.
  void heard_from(int rank);
  /// Whether somebody is dead who is not yet lost.
  bool has_dying() const { return dying_ > 0; }
  /// At the root: declares those lost of whom nothing has come for a while, and tells the other ranks.
  void declare_lost();
  bool any_lost() const { return !losses_.empty(); }
  /// At the root: all that were, one after another.
  const std::vector<int>& lost() const { return lost_; }
  /// "rank 2 (pid 123 on node7)"
  std::string name_of(int rank) const;
  /// Ranks at the root that could not be watched, in words.
  const std::vector<std::string>& unwatched() const { return unwatched_; }

  /// Before a collective call, and while waiting in one.
  /// @throws ParallelError if a rank is lost, PeerLost if the root is
  void check();
  /// At another rank. @throws PeerLost if the root is gone
  void check_root();
  /// Waits until every rank that lives has come here, lost ones or not. By messages between two ranks alone.
  /// @throws whatever CallWatch::look throws
  void part(CallWatch& calls);

  /// A communicator for news, where tags from kFreeTags are others'.
  MPI_Comm control() const { return control_; }
  static constexpr int kFreeTags = 16;

  /// Where this rank notes the point that it evaluates (RootLink): in memory of its machine, which the root sees if it
  /// is there, too.
  std::atomic<std::uint64_t>* own_mark() const;
  /// Whether the root sees marks of that rank.
  bool sees_mark(int rank) const { return marks_[static_cast<std::size_t>(rank)].data() != nullptr; }
  std::optional<std::uint64_t> mark_of(int rank) const;
  /// The descriptor that tells of the root's end, at another rank; readable then.
  int root_lifeline() const { return is_root() ? -1 : lifelines_.front().get(); }

 private:
  enum class State { alive, dead, lost };
  struct Card;

  bool is_root() const { return rank_ == 0; }
  Fd watch_locally(const Card& card, SharedMemory& mark) const;
  void watch_remotely(ParallelManager& manager, const std::vector<int>& missing);
  void accept(LifelineHost& host, std::set<int> expected);
  std::optional<int> receive_empty(int tag);
  void add(int rank, Fd lifeline);
  void note_death(int rank);
  void hear();
  [[noreturn]] void throw_loss() const;
  bool all_have_parted(std::vector<bool>& parted);

  MPI_Comm control_ = MPI_COMM_NULL;  // for news, which must not meet the messages of a job
  int rank_;
  std::vector<std::string> hosts_;
  std::vector<int> pids_;
  Fd epoll_;
  std::vector<Fd> lifelines_;        // at the root one for each rank, elsewhere the root's
  SharedMemory own_mark_;            // index + 1, or 0
  std::vector<SharedMemory> marks_;  // at the root, of those on its machine
  std::vector<std::atomic<State>> states_;
  std::vector<double> silent_since_;  // of the dying
  int dying_ = 0;
  std::vector<int> lost_;
  std::vector<std::string> losses_;  // in words
  std::vector<std::string> unwatched_;
  Outbox outbox_;
};

}  // namespace windrow::detail
