#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/parallel/reduction.hpp"
#include "windrow/parallel/scatter.hpp"

namespace [[gnu::visibility("default")]] windrow {

class Launcher;

/// What carries a manager's ranks.
enum class Backend { serial, fork, mpi };

/// "serial", "fork" or "mpi"
std::string_view name_of(Backend backend);
/// @throws SpecError for an unknown name, listing the valid ones
Backend backend(std::string_view name);

template <typename T>
concept Arithmetic = std::is_arithmetic_v<T>;

/// The ranks that run one program together, and the workers that evaluate points for them.
///
/// Collective calls must be made by every rank, in the same order. With one rank they return at once. None of them
/// blocks for ever because a peer died: it throws PeerLost, or, under MPI, the launcher ends the job; or, under
/// `mpirun --enable-recovery`, it throws ParallelError on every rank and names the one that was lost. Jobs (scatter,
/// map, stream, sweeps) that have begun go on without it.
class ParallelManager {
 public:
  virtual ~ParallelManager() = default;
  ParallelManager(const ParallelManager&) = delete;
  ParallelManager& operator=(const ParallelManager&) = delete;

  virtual Backend backend() const = 0;
  /// This process's number, 0 .. size() - 1.
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Rank 0 is the root.
  bool is_root() const { return rank() == 0; }
  /// How many workers evaluate points in scatter() and in sweeps. The root's own is one of them, except for a
  /// ForkManager on the root alone, whose root only coordinates.
  virtual int worker_count() const { return size(); }
  /// How many of them evaluate if the root plays that role in a job.
  int evaluating_workers(RootRole role) const;
  /// Whether the workers are not ranks, but children that the root alone forks for each job.
  virtual bool forks_workers() const { return false; }
  /// Whether its calls may come from another thread than the main one, while that does something else.
  virtual bool may_change_thread() const { return true; }
  /// A helper that starts programs, made before MPI was initialized; null where one can be made when it is needed.
  virtual std::shared_ptr<Launcher> launcher() { return nullptr; }
  /// Byte-level core of sweeps over groups of ranks: groups for one job, null where ranks have no communicators.
  /// Collective.
  virtual std::shared_ptr<detail::RankGroups> rank_groups() { return nullptr; }

  /// Waits until every rank has come here. Collective.
  virtual void sync() = 0;

  /// Copies the root's numbers over everybody else's. Collective.
  /// @throws SpecError on every rank if the sizes differ between ranks
  template <Arithmetic T>
  void broadcast(std::span<T> data) {
    check_agreement(data.size(), "broadcast");
    broadcast_bytes({reinterpret_cast<std::byte*>(data.data()), data.size_bytes()});
  }
  /// The root's object, of any type that can be sent (windrow/base/serialize.hpp). Collective.
  /// @return the root's value on every rank
  template <typename T>
  T broadcast(const T& value) {
    return detail::from_bytes<T>(broadcast_object(is_root() ? detail::to_bytes(value) : Bytes{}));
  }

  /// Every rank's object, in rank order, on every rank. Collective.
  template <typename T>
  std::vector<T> all_gather(const T& value) {
    return decode<T>(all_gather_objects(detail::to_bytes(value)));
  }

  /// Every rank's numbers, one after another in rank order, at the root; empty elsewhere. Collective.
  /// @param counts  how many numbers each rank sends, size() entries, the same on every rank
  /// @throws SpecError on every rank, naming the rank, if a rank's `data` has another size than its count
  template <Arithmetic T>
  std::vector<T> gather(std::span<const T> data, std::span<const std::size_t> counts) {
    check_counts(data.size(), counts);
    return gather(data);
  }
  /// The same, for sizes that only the sender knows.
  template <Arithmetic T>
  std::vector<T> gather(std::span<const T> data) {
    std::vector<T> all;
    for (const Bytes& part : gather_objects(std::as_bytes(data))) {
      const std::size_t old_size = all.size();
      all.resize(old_size + part.size() / sizeof(T));
      if (!part.empty()) std::memcpy(all.data() + old_size, part.data(), part.size());
    }
    return all;
  }

  /// Element-wise reduction over all ranks, in rank order, so that rounding is the same on every backend. Collective.
  /// @param in   this rank's contribution; may be `out`
  /// @param out  the result, on every rank
  /// @param op   one of windrow::op, or any associative T(T, T)
  /// @throws SpecError on every rank if sizes differ
  template <Arithmetic T, typename Op = op::Sum>
  void all_reduce(std::span<const T> in, std::span<T> out, Op op = {}) {
    check_agreement(in.size() == out.size() ? in.size() : ~std::size_t{0} - static_cast<std::size_t>(rank()),
                    "all_reduce");
    constexpr std::size_t block = std::size_t{1} << 16;  // bounds the root's memory to size() blocks
    for (std::size_t begin = 0; begin < in.size(); begin += block) {
      const std::size_t count = std::min(block, in.size() - begin);
      reduce_block(in.subspan(begin, count), out.subspan(begin, count), op);
    }
  }
  /// The same for one number.
  template <Arithmetic T, typename Op = op::Sum>
  T all_reduce(T value, Op op = {}) {
    T result{};
    all_reduce(std::span<const T>(&value, 1), std::span<T>(&result, 1), op);
    return result;
  }

  /// Builds a model on every worker and executes it at every parameter. Collective.
  ///
  /// @param build       () -> Model, called at most once per worker, before its first point
  /// @param execute     (Model&, const P&) -> R, a point at a time, or
  ///                    (Model&, std::span<const P>) -> std::vector<R>, a worker's whole share (needs
  ///                    Schedule::static_split)
  /// @param parameters  read at the root alone; sent to ranks that need them (P and R: windrow/base/serialize.hpp)
  /// @return what gather() hands over. An exception in execute fails its point; one in build fails the points of that
  ///         worker if they are its own (static, cyclic), and otherwise leaves them to the others, unless no worker can
  ///         be built
  /// @throws SpecError for a whole-share execute with another schedule
  template <typename Build, typename Execute, typename P>
  auto scatter(Build build, Execute execute, const std::vector<P>& parameters, DispatchOptions options = {});

  /// Executes a function of the index at 0 .. count - 1 and gathers the results in index order. Collective.
  ///
  /// Points travel as ranges of indices and results in batches, so that very many quick ones are no trouble.
  /// @param build    () -> Model, called at most once per worker, before its first point
  /// @param execute  (Model&, std::uint64_t index) -> R, with R default-constructible and of what can be sent
  /// @param count    read at the root alone
  /// @return a Mapped<R>, filled at the root. An exception in execute fails its point
  template <typename Build, typename Execute>
  auto map(Build build, Execute execute, std::uint64_t count, DispatchOptions options = {});

  /// The same, but each outcome goes to the root's `consume` as it arrives and is kept nowhere: memory does not grow
  /// with `count`. Collective.
  /// @param consume  (std::uint64_t index, Outcome<R>), called at the root from one thread; an exception ends the job
  template <typename Build, typename Execute, typename Consume>
  Streamed stream(Build build, Execute execute, std::uint64_t count, Consume consume, DispatchOptions options = {});

  /// Byte-level core of all these and of sweeps: the root coordinates the job, every rank takes part as a worker.
  /// Collective.
  /// @param observer  only of use at the root
  /// @return at the root, what happened beside the outcomes
  virtual detail::JobReport run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                    detail::JobObserver& observer) = 0;

 protected:
  ParallelManager() = default;

  /// Whether the root evaluates points in a job where it plays that role.
  bool root_evaluates(RootRole role) const;

  virtual void broadcast_bytes(std::span<std::byte> data) = 0;
  virtual Bytes broadcast_object(Bytes object) = 0;
  virtual std::vector<Bytes> gather_objects(std::span<const std::byte> object) = 0;
  virtual std::vector<Bytes> all_gather_objects(std::span<const std::byte> object) = 0;

 private:
  /// @throws SpecError on every rank if `size` differs between ranks
  void check_agreement(std::size_t size, std::string_view call);
  void check_counts(std::size_t size, std::span<const std::size_t> counts);

  template <typename T>
  static std::vector<T> decode(const std::vector<Bytes>& objects) {
    std::vector<T> values;
    values.reserve(objects.size());
    for (const Bytes& object : objects) values.push_back(detail::from_bytes<T>(object));
    return values;
  }

  template <typename T, typename Op>
  void reduce_block(std::span<const T> in, std::span<T> out, Op& op) {
    const std::vector<T> all = gather(in);
    if (is_root()) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        T value = all[i];
        for (std::size_t r = 1; r < static_cast<std::size_t>(size()); ++r) value = op(value, all[r * out.size() + i]);
        out[i] = value;
      }
    }
    broadcast_bytes({reinterpret_cast<std::byte*>(out.data()), out.size_bytes()});
  }
};

}  // namespace windrow

#include "windrow/parallel/map_impl.hpp"
#include "windrow/parallel/scatter_impl.hpp"
