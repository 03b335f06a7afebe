#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <span>  // and the concepts of std::ranges, as in serialize.hpp
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/parallel/collective.hpp"
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

/// The ranks that run one program together, and the workers that evaluate points for them.
///
/// Collective calls must be made by every rank, in the same order. With one rank they return at once. If the ranks do
/// not make the same calls, or one leaves the body of launch() early, those that wait throw ParallelError, which names
/// a rank; under `mpirun --enable-recovery`, too, where after a loss that concerns jobs alone.
///
/// None of them blocks for ever because a peer died: it throws PeerLost, or, under MPI, the launcher ends the job; or,
/// under `mpirun --enable-recovery`, it throws ParallelError on every rank and names the one that was lost. Jobs
/// (scatter, map, stream, sweeps) that have begun go on without it.
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
  /// Whether others than this process's only thread evaluate, so that there is something to do beside them.
  bool has_other_workers() const { return size() > 1 || forks_workers(); }
  /// A helper that starts programs, made before MPI was initialized; null where one can be made when it is needed.
  virtual std::shared_ptr<Launcher> launcher() { return nullptr; }
  /// Byte-level core of sweeps over groups of ranks: groups for one job, null where ranks have no communicators.
  /// Collective.
  virtual std::shared_ptr<detail::RankGroups> rank_groups() { return nullptr; }

  /// Waits until every rank has come here. Collective.
  virtual void sync() = 0;

  /// Copies the root's elements over everybody else's, in place. A vector or a text takes the root's size. Collective.
  /// @param data  numbers, or other trivially copyable elements, one after another in memory
  /// @throws SpecError on every rank if it cannot be resized and sizes differ between ranks
  template <detail::ElementRange R>
  R& broadcast(R& data) {
    detail::check_element<std::ranges::range_value_t<R>>();
    if constexpr (requires { data.resize(std::size_t{}); }) {
      detail::JoinedRoom<R> room(data);
      broadcast_bytes(std::as_bytes(std::span(data)), room);
      room.check();
    } else {
      check_agreement(std::ranges::size(data), "broadcast");
      detail::GivenRoom room(std::as_writable_bytes(std::span(data)));
      broadcast_bytes(std::as_bytes(std::span(data)), room);
    }
    return data;
  }
  template <detail::ElementRange R>
  requires std::ranges::view<R>
  void broadcast(R&& view) { broadcast(view); }
  /// The root's object, of any type that can be sent (windrow/base/serialize.hpp). Collective.
  /// @return the root's value on every rank
  /// @throws ParallelError on every rank if it throws when it is sent (at the root, what it threw)
  template <typename T>
  [[nodiscard]] T broadcast(const T& value) {
    std::exception_ptr thrown;
    const Bytes message = broadcast_object(is_root() ? detail::to_message(value, thrown) : Bytes{});
    if (thrown) std::rethrow_exception(thrown);
    return detail::from_message<T>(message, 0);
  }

  /// Every rank's object, in rank order, on every rank. Collective.
  /// @throws ParallelError on every rank if one throws when it is sent (there, what it threw)
  template <typename T>
  [[nodiscard]] std::vector<T> all_gather(const T& value) {
    if constexpr (detail::SentNumber<T>) {
      std::vector<T> all;
      detail::JoinedRoom<std::vector<T>> room(all);
      all_gather_bytes(std::as_bytes(std::span(&value, 1)), room);
      room.check();
      if (all.size() != static_cast<std::size_t>(size())) detail::throw_other_call(-1);
      return all;
    } else if constexpr (detail::is_vector_of_numbers<T>) {
      detail::SeparateRoom<typename T::value_type> room;
      all_gather_bytes(std::as_bytes(std::span(value)), room);
      return room.take();
    } else {
      std::exception_ptr thrown;
      const std::vector<Bytes> messages = all_gather_objects(detail::to_message(value, thrown));
      if (thrown) std::rethrow_exception(thrown);
      return detail::from_messages<T>(messages);
    }
  }

  /// Every rank's elements, one after another in rank order, at the root; empty elsewhere. Collective.
  /// @param data    numbers, or other trivially copyable elements, one after another in memory
  /// @param counts  how many elements each rank sends, size() entries, the same on every rank
  /// @throws SpecError on every rank, naming the rank, if a rank's `data` has another size than its count
  template <detail::ConstElementRange R>
  [[nodiscard]] auto gather(const R& data, std::span<const std::size_t> counts) {
    check_counts(std::ranges::size(data), counts);
    return gather(data);
  }
  /// The same, for sizes that only the sender knows.
  template <detail::ConstElementRange R>
  [[nodiscard]] auto gather(const R& data) {
    using T = std::ranges::range_value_t<R>;
    detail::check_element<T>();
    std::vector<T> all;
    detail::JoinedRoom<std::vector<T>> room(all);
    gather_bytes(std::as_bytes(std::span(data)), room);
    room.check();
    return all;
  }
  /// Every rank's object, in rank order, at the root; empty elsewhere. Collective.
  /// @throws ParallelError at the root if one throws when it is sent (there, what it threw)
  template <typename T>
  requires(!detail::ConstElementRange<T>) [[nodiscard]] std::vector<T> gather(const T& value) {
    std::exception_ptr thrown;
    const std::vector<Bytes> messages = gather_objects(detail::to_message(value, thrown));
    if (thrown) std::rethrow_exception(thrown);
    return detail::from_messages<T>(messages);
  }

  /// Element-wise reduction over all ranks, in rank order, so that rounding is the same on every backend. Collective.
  /// @param in   this rank's contribution; may be `out`
  /// @param out  the result, on every rank
  /// @param op   one of windrow::op, or any associative T(T, T); called on any rank, the same everywhere
  /// @throws SpecError on every rank if sizes differ; ParallelError if `op` throws (where it did, what it threw)
  template <detail::ConstElementRange In, detail::ElementRange Out, typename Op = op::Sum>
  void all_reduce(const In& in, Out&& out, Op op = {}) {
    using T = std::ranges::range_value_t<In>;
    static_assert(std::is_same_v<T, std::ranges::range_value_t<Out>>, "all_reduce gives elements of the type it takes");
    const detail::ReductionBy<T, Op> reduction(op);
    all_reduce_bytes(std::as_bytes(std::span<const T>(in)), std::as_writable_bytes(std::span<T>(out)), reduction);
  }
  /// The same in place.
  template <detail::ElementRange R, typename Op = op::Sum>
  requires detail::ReducesElements<Op, R>
  void all_reduce(R&& data, Op op = {}) { all_reduce(data, data, op); }
  /// The same for one number, or another trivially copyable value.
  template <detail::Element T, typename Op = op::Sum>
  requires(!std::ranges::range<T>) [[nodiscard]] T all_reduce(T value, Op op = {}) {
    all_reduce(std::span(&value, 1), op);
    return value;
  }

  /// Builds a model on every worker and executes it at every parameter. Collective.
  ///
  /// @param build       () -> Model, called at most once per worker, before its first point
  /// @param execute     (Model&, const P&) -> R, a point at a time, or
  ///                    (Model&, std::span<const P>) -> std::vector<R>, a worker's whole share, with a result for each
  ///                    of its points, or
  ///                    (Model&, std::span<const P>) -> anything else, one result for a worker's whole share: its
  ///                    Summary. A worker without points is not asked. (Both need Schedule::static_split)
  /// @param parameters  read at the root alone; sent to ranks that need them (P and R: windrow/base/serialize.hpp)
  /// @return what gather() hands over. An exception in execute fails its point; one in build fails the points of that
  ///         worker if they are its own (static, cyclic), and otherwise leaves them to the others, unless no worker can
  ///         be built. With summaries the share is what fails; one whose worker is killed is tried once more, as a
  ///         whole
  /// @throws SpecError for a whole-share execute with another schedule
  template <typename Build, typename Execute, typename P>
  auto scatter(Build build, Execute execute, const std::vector<P>& parameters, DispatchOptions options = {});

  /// The same, but only begun: this rank goes on with something else, and waits in gather(). Collective, as is
  /// gather(): every rank calls both, in the same order, and uses the manager for nothing else in between.
  ///
  /// Workers that are forked for it are forked now (one that dies is replaced later), and a thread of the root keeps
  /// them busy. Ranks, the root too, build and execute on a thread beside the caller's; with RootRole::coordinates the
  /// root leaves its core to the caller. Nothing happens before the caller waits where there is nobody else
  /// (has_other_workers()) or no other thread may make the calls (may_change_thread(), under MPI that is
  /// MPI_THREAD_MULTIPLE).
  /// @param parameters  as above, and kept until the end
  /// @throws SpecError as above
  template <typename Build, typename Execute, typename P>
  [[nodiscard]] auto scatter_async(Build build, Execute execute, std::vector<P> parameters,
                                   DispatchOptions options = {});

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
  /// @param consume  (std::uint64_t index, Outcome<R>), called at the root from one thread
  /// @throws at the root what `consume` or the costs of `options` throw, and RootFailed on the other ranks
  template <typename Build, typename Execute, typename Consume>
  Streamed stream(Build build, Execute execute, std::uint64_t count, Consume consume, DispatchOptions options = {});

  /// Byte-level core of all these and of sweeps: the root coordinates the job, every rank takes part as a worker.
  /// Collective.
  /// @param observer  only of use at the root
  /// @return at the root, what happened beside the outcomes
  virtual detail::JobReport run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                    detail::JobObserver& observer) = 0;
  /// The same in two steps: what forks does it now, so that workers see this thread's memory as it is.
  /// @return the rest, to be called once, and by another thread only if the manager may_change_thread()
  virtual std::function<detail::JobReport()> begin_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                                       detail::JobObserver& observer);

 protected:
  ParallelManager() = default;

  /// Whether the root evaluates points in a job where it plays that role.
  bool root_evaluates(RootRole role) const;

  /// @param data  of the root. @param room  for it on the other ranks
  virtual void broadcast_bytes(std::span<const std::byte> data, detail::Room& room) = 0;
  /// @param room  at the root
  virtual void gather_bytes(std::span<const std::byte> data, detail::Room& room) = 0;
  virtual void all_gather_bytes(std::span<const std::byte> data, detail::Room& room) = 0;
  virtual void all_reduce_bytes(std::span<const std::byte> in, std::span<std::byte> out,
                                const detail::Reduction& reduction);
  /// The sizes that all ranks have. @throws SpecError if one differs
  void check_sizes(std::span<const std::uint64_t> sizes, std::string_view call) const;
  /// An all_reduce of what is known to be of one size: folded by the root, in blocks.
  void reduce_at_root(std::span<const std::byte> in, std::span<std::byte> out, const detail::Reduction& reduction);

 private:
  Bytes broadcast_object(Bytes object);
  std::vector<Bytes> gather_objects(std::span<const std::byte> object);
  std::vector<Bytes> all_gather_objects(std::span<const std::byte> object);
  /// @throws SpecError on every rank if `size` differs between ranks
  void check_agreement(std::size_t size, std::string_view call);
  void check_counts(std::size_t size, std::span<const std::size_t> counts);
  /// Collective. @throws at the root what was thrown there, elsewhere ParallelError with its text
  [[noreturn]] void throw_everywhere(const std::exception_ptr& thrown, std::string_view what);
};

}  // namespace windrow

#include "windrow/parallel/map_impl.hpp"
#include "windrow/parallel/scatter_impl.hpp"
