#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/parallel/outcome.hpp"
#include "windrow/pool/batch.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// What becomes of an item whose worker died while evaluating it.
struct LossPolicy {
  int retries = 0;    ///< how often such an item is tried again before it counts as failed
  bool skip = false;  ///< imap and imap_unordered leave it out instead of giving its failure
};

struct ExecutorOptions {
  LossPolicy loss = {};
  /// A worker is replaced after this many items; 0: never. ProcessPool only.
  std::uint64_t max_tasks_per_worker = 0;
  /// How many dead workers are replaced before the executor gives up; items left then fail. Processes only.
  int respawn_budget = 1000;
  /// Runs once in each worker before its first item. If it throws, that worker takes no part; if it throws in all,
  /// every item fails with its message.
  std::function<void()> initializer = {};
};

struct MapOptions {
  /// Items that travel to a worker together; 0: ceil(n / (4 workers)), or 1 where n is not known beforehand.
  std::size_t chunk = 0;
};

namespace detail {

/// A function can go to another process of the same program if there is nothing in it but code.
template <typename F>
concept Shippable = std::is_empty_v<F> && std::is_default_constructible_v<F>;
/// One that cannot, and is no MapOptions, which may come first.
template <typename F>
concept Capturing = !Shippable<F> && !std::is_same_v<F, MapOptions>;

template <typename F, typename... Args>
using ItemResult = std::decay_t<std::invoke_result_t<F&, const Args&...>>;

/// Evaluates an item: reads the arguments, calls F, writes the result. One instance per F and argument types.
template <typename F, typename... Args>
void invoke_item(std::span<const std::byte> item, ByteWriter& out) {
  static_assert(Shippable<F>,
                "a function that goes to a worker captures nothing: pass values as arguments, or use a ForkingPool");
  ByteReader in(item);
  [[maybe_unused]] const auto read = [&in]<typename T>(std::type_identity<T>) {
    return from_bytes<T>(in.take(in.get<std::uint64_t>()));
  };
  const std::tuple<Args...> arguments{read(std::type_identity<Args>{})...};  // braces: left to right
  F function{};
  if constexpr (std::is_void_v<ItemResult<F, Args...>>) {
    std::apply(function, arguments);
  } else {
    out.put_bytes(to_bytes<ItemResult<F, Args...>>(std::apply(function, arguments)));
  }
}

/// Calls a function of this process at its address, which is the first argument.
template <typename F>
struct CallAt {
  template <typename... Args>
  decltype(auto) operator()(std::uintptr_t address, const Args&... args) const {
    static_assert(std::is_invocable_v<const F&, const Args&...>,
                  "a function that captures is shared by all workers: it must be callable with these arguments when it "
                  "is const");
    return std::invoke(*reinterpret_cast<const F*>(address), args...);
  }
};

/// An address, as often as it is asked for.
class Repeated : public std::ranges::view_base {
 public:
  explicit Repeated(std::uintptr_t address) : address_(address) {}

  struct Iterator {
    using value_type = std::uintptr_t;
    using difference_type = std::ptrdiff_t;
    value_type operator*() const { return address; }
    Iterator& operator++() { return *this; }
    void operator++(int) {}
    value_type address;
  };
  Iterator begin() const { return {address_}; }
  std::unreachable_sentinel_t end() const { return {}; }

 private:
  std::uintptr_t address_;
};

template <typename... Args>
Bytes pack_item(const Args&... args) {
  ByteWriter out;
  [[maybe_unused]] const auto write = [&out](const Bytes& bytes) {
    out.put(static_cast<std::uint64_t>(bytes.size()));
    out.put_bytes(bytes);
  };
  (write(to_bytes(args)), ...);
  return out.take();
}

/// () -> the next item: one element of each range, packed, or none when a range has ended. Advances only when it is
/// asked for the next, so that a source is never read further than needed.
template <std::ranges::view... Views>
class ZippedItems {
 public:
  explicit ZippedItems(Views... views) : state_(std::make_unique<State>(std::move(views)...)) {}

  std::optional<Bytes> operator()() { return state_->next(std::index_sequence_for<Views...>{}); }

 private:
  struct State {  // where it stays, since iterators may point into the views
    explicit State(Views... given) : views(std::move(given)...) {}

    template <std::size_t... I>
    std::optional<Bytes> next(std::index_sequence<I...>) {
      if (iterators) {
        (++std::get<I>(*iterators), ...);
      } else {
        iterators.emplace(std::ranges::begin(std::get<I>(views))...);
      }
      if (((std::get<I>(*iterators) == std::ranges::end(std::get<I>(views))) || ...)) return std::nullopt;
      return pack_item<std::ranges::range_value_t<Views>...>(*std::get<I>(*iterators)...);
    }

    std::tuple<Views...> views;
    std::optional<std::tuple<std::ranges::iterator_t<Views>...>> iterators;
  };
  std::unique_ptr<State> state_;
};

struct Nothing {};  // the result of a function without one

template <typename R>
using ResultOrNothing = std::conditional_t<std::is_void_v<R>, Nothing, R>;

template <typename R>
Outcome<ResultOrNothing<R>> unpack_outcome(Outcome<Bytes> outcome) {
  if (!outcome.ok()) return std::move(outcome.failure());
  if constexpr (std::is_void_v<R>) {
    return Nothing{};
  } else {
    return from_bytes<R>(outcome.value());
  }
}

}  // namespace detail

class Executor;

/// The outcome of a submitted call, when it is there. Copies share it. Outlives its executor.
template <typename R>
class Future {
 public:
  Future(std::shared_ptr<detail::Driver> driver, std::shared_ptr<detail::Batch> batch)
      : driver_(std::move(driver)), batch_(std::move(batch)) {}

  bool is_ready() const { return driver_->wait(*batch_, 0, std::chrono::nanoseconds(0)); }
  /// @return whether it is there now
  bool wait_for(std::chrono::nanoseconds limit) const { return driver_->wait(*batch_, 0, limit); }
  /// Waits for it. A failure is a value; so is the end of the executor ("cancelled").
  Outcome<detail::ResultOrNothing<R>> get() const {
    driver_->wait(*batch_, 0, kForEver);
    return detail::unpack_outcome<R>(driver_->peek(*batch_, 0));
  }

  static constexpr auto kForEver = std::chrono::nanoseconds::max();

 private:
  std::shared_ptr<detail::Driver> driver_;
  std::shared_ptr<detail::Batch> batch_;
};

/// The outcomes of a map_async, when they are all there.
template <typename R>
class MapFuture {
 public:
  MapFuture(std::shared_ptr<detail::Driver> driver, std::shared_ptr<detail::Batch> batch, std::size_t count)
      : driver_(std::move(driver)), batch_(std::move(batch)), count_(count) {}

  bool is_ready() const { return wait_for(std::chrono::nanoseconds(0)); }
  bool wait_for(std::chrono::nanoseconds limit) const { return driver_->wait_all(*batch_, limit); }
  /// In input order.
  std::vector<Outcome<detail::ResultOrNothing<R>>> get() const {
    driver_->wait_all(*batch_, Future<R>::kForEver);
    std::vector<Outcome<detail::ResultOrNothing<R>>> outcomes;
    outcomes.reserve(count_);
    for (std::size_t i = 0; i < count_; ++i) outcomes.push_back(detail::unpack_outcome<R>(driver_->peek(*batch_, i)));
    return outcomes;
  }

 private:
  std::shared_ptr<detail::Driver> driver_;
  std::shared_ptr<detail::Batch> batch_;
  std::size_t count_;
};

/// Outcomes one by one, while later inputs are still being read: at most a few chunks per worker ahead. For range-for,
/// or next() with a time-out. Destroying it cancels what has not begun.
template <typename R, typename Pull>
class ImapRange {
 public:
  using value_type = Outcome<detail::ResultOrNothing<R>>;

  /// @param pull  () -> std::optional<Bytes>: the next packed item, or none at the end
  ImapRange(std::shared_ptr<detail::Driver> driver, std::shared_ptr<detail::Batch> batch, detail::ItemInvoker invoke,
            Pull pull, std::size_t chunk)
      : driver_(std::move(driver)), invoke_(invoke), pull_(std::move(pull)), chunk_(chunk), batch_(std::move(batch)) {
    fill();
  }
  ImapRange(ImapRange&&) noexcept = default;
  ImapRange& operator=(ImapRange&&) = delete;
  ~ImapRange() {
    if (batch_) driver_->cancel(*batch_);
  }

  /// The next outcome, in input order or as they come; none after the last.
  std::optional<value_type> next() { return next(Future<R>::kForEver).value; }

  struct Timed {
    bool timed_out = false;
    std::optional<value_type> value;
  };
  /// The same, waiting at most `limit`; after a time-out the same outcome can be asked for again.
  Timed next(std::chrono::nanoseconds limit) {
    for (;;) {
      fill();
      if (in_flight_ == 0) return {};
      auto taken = driver_->take(*batch_, limit);
      if (!taken) return {true, std::nullopt};
      --in_flight_;
      if (driver_->skips(*taken)) continue;
      return {false, detail::unpack_outcome<R>(*std::move(taken))};
    }
  }

  class Iterator {
   public:
    using value_type = ImapRange::value_type;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(ImapRange* range) : range_(range) { ++*this; }
    value_type& operator*() const { return *current_; }
    Iterator& operator++() {
      current_ = range_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return !it.current_; }

   private:
    ImapRange* range_;
    mutable std::optional<value_type> current_;
  };
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  void fill() {
    const std::size_t ahead = chunk_ * driver_->chunks_ahead();
    while (!exhausted_ && in_flight_ < ahead) {
      std::vector<Bytes> items;
      while (items.size() < chunk_) {
        auto item = pull_();
        if (!item) {
          exhausted_ = true;
          break;
        }
        items.push_back(*std::move(item));
      }
      in_flight_ += items.size();
      if (!items.empty()) driver_->submit(batch_, invoke_, std::move(items), chunk_);
    }
  }

  std::shared_ptr<detail::Driver> driver_;
  detail::ItemInvoker invoke_;
  Pull pull_;
  std::size_t chunk_;
  std::shared_ptr<detail::Batch> batch_;
  std::size_t in_flight_ = 0;
  bool exhausted_ = false;
};

/// Workers that evaluate calls: one set of calls on every backend (SerialExecutor, ThreadPool, ProcessPool,
/// ForkingPool, MpiExecutor).
///
/// A function that is handed over holds nothing but code (a lambda without captures, a stateless functor), checked when
/// it is compiled, since it may run in another process; those of a LocalExecutor may capture. Values go as arguments,
/// of any type that can be sent (windrow/base/serialize.hpp). Every item has exactly one outcome: what the call
/// returned, or a failure (it threw; its worker died: `crashed` or `exited`; the executor was ended: `lost`). An
/// exception is a failure with its text, on every executor; on those of this process the exception itself is there, too
/// (TaskFailure::cause). Calls may be made by one thread at a time.
class Executor {
 public:
  virtual ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  int worker_count() const { return driver_->worker_count(); }

  /// @throws Error after close() or terminate()
  template <typename F, typename... Args>
  auto submit(F function, const Args&... args) {
    return submit_in(detail::Driver::new_batch(), function, args...);
  }

  /// Calls `function` with the elements of one or more ranges, side by side, as far as the shortest goes.
  template <typename F, std::ranges::input_range... Ranges>
  auto map_async(const MapOptions& options, F function, Ranges&&... ranges) {
    return map_in(detail::Driver::new_batch(), options, function, std::forward<Ranges>(ranges)...);
  }
  template <typename F, std::ranges::input_range... Ranges>
  auto map_async(F function, Ranges&&... ranges) {
    return map_async(MapOptions{}, function, std::forward<Ranges>(ranges)...);
  }
  /// The same, and waits. @return an outcome per item, in input order
  template <typename F, std::ranges::input_range... Ranges>
  auto map(F function, Ranges&&... ranges) {
    return map_async(MapOptions{}, function, std::forward<Ranges>(ranges)...).get();
  }
  template <typename F, std::ranges::input_range... Ranges>
  auto map(const MapOptions& options, F function, Ranges&&... ranges) {
    return map_async(options, function, std::forward<Ranges>(ranges)...).get();
  }

  /// Lazily: reads the ranges only a little ahead of the outcomes that are taken, so they may be endless. Ranges that
  /// are named must live as long as what is returned; temporary ones are kept.
  template <typename F, std::ranges::input_range... Ranges>
  auto imap(const MapOptions& options, F function, Ranges&&... ranges) {
    return imap_in(detail::Driver::new_batch(), options, function, std::forward<Ranges>(ranges)...);
  }
  template <typename F, std::ranges::input_range... Ranges>
  auto imap(F function, Ranges&&... ranges) {
    return imap(MapOptions{}, function, std::forward<Ranges>(ranges)...);
  }
  /// The same, in the order in which they finish.
  template <typename F, std::ranges::input_range... Ranges>
  auto imap_unordered(const MapOptions& options, F function, Ranges&&... ranges) {
    return imap_in(detail::Driver::new_batch(/*ordered=*/false), options, function, std::forward<Ranges>(ranges)...);
  }
  template <typename F, std::ranges::input_range... Ranges>
  auto imap_unordered(F function, Ranges&&... ranges) {
    return imap_unordered(MapOptions{}, function, std::forward<Ranges>(ranges)...);
  }

  /// No more calls; those made go on.
  void close() { driver_->close(); }
  /// Waits until everything submitted has its outcome and ends the workers. @pre close()
  void join() { driver_->join(); }
  /// Cancels what has no outcome yet and ends the workers. Idempotent; the destructor does it too. Takes bounded time
  /// with processes; threads and ranks cannot be ended from outside and finish the item that they evaluate.
  void terminate() { driver_->terminate(); }

  /// For code that builds on executors (StagedMap).
  const std::shared_ptr<detail::Driver>& driver() const { return driver_; }

  /// ceil(count / (4 workers)), at least 1.
  static std::size_t default_chunk(std::size_t count, std::size_t workers) {
    return std::max<std::size_t>(1, (count + 4 * workers - 1) / (4 * workers));
  }

 protected:
  explicit Executor(std::shared_ptr<detail::Driver> driver) : driver_(std::move(driver)) {}

  template <typename F, typename... Args>
  auto submit_in(std::shared_ptr<detail::Batch> batch, F, const Args&... args) {
    using R = detail::ItemResult<F, Args...>;
    std::vector<Bytes> items;
    items.push_back(detail::pack_item(args...));
    driver_->submit(batch, &detail::invoke_item<F, Args...>, std::move(items), 1);
    return Future<R>(driver_, std::move(batch));
  }
  template <typename F, typename... Ranges>
  auto map_in(std::shared_ptr<detail::Batch> batch, const MapOptions& options, F, Ranges&&... ranges) {
    using R = detail::ItemResult<F, std::ranges::range_value_t<Ranges>...>;
    detail::ZippedItems<std::views::all_t<Ranges>...> pull(std::views::all(std::forward<Ranges>(ranges))...);
    std::vector<Bytes> items;
    while (auto item = pull()) items.push_back(*std::move(item));
    const std::size_t count = items.size();
    const std::size_t workers = static_cast<std::size_t>(worker_count());
    const std::size_t chunk = options.chunk > 0 ? options.chunk : default_chunk(count, workers);
    driver_->submit(batch, &detail::invoke_item<F, std::ranges::range_value_t<Ranges>...>, std::move(items), chunk);
    return MapFuture<R>(driver_, std::move(batch), count);
  }
  template <typename F, typename... Ranges>
  auto imap_in(std::shared_ptr<detail::Batch> batch, const MapOptions& options, F, Ranges&&... ranges) {
    using R = detail::ItemResult<F, std::ranges::range_value_t<Ranges>...>;
    using Items = detail::ZippedItems<std::views::all_t<Ranges>...>;
    return ImapRange<R, Items>(
        driver_, std::move(batch), &detail::invoke_item<F, std::ranges::range_value_t<Ranges>...>,
        Items(std::views::all(std::forward<Ranges>(ranges))...), std::max<std::size_t>(1, options.chunk));
  }

 private:
  std::shared_ptr<detail::Driver> driver_;
};

/// Workers that see what this process has in memory: its threads, or processes forked from it for each call. Their
/// functions may capture, too; one is shared by all workers and called as if it were const. It lives until its last
/// item has ended.
class LocalExecutor : public Executor {
 public:
  using Executor::imap;
  using Executor::imap_unordered;
  using Executor::map;
  using Executor::map_async;
  using Executor::submit;

  template <detail::Capturing F, typename... Args>
  auto submit(F function, const Args&... args) {
    const Shared<F> shared(std::move(function));
    return submit_in(shared.batch(), detail::CallAt<F>(), shared.address(), args...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto map_async(const MapOptions& options, F function, Ranges&&... ranges) {
    const Shared<F> shared(std::move(function));
    return map_in(shared.batch(), options, detail::CallAt<F>(), shared.addresses(), std::forward<Ranges>(ranges)...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto map_async(F function, Ranges&&... ranges) {
    return map_async(MapOptions{}, std::move(function), std::forward<Ranges>(ranges)...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto map(const MapOptions& options, F function, Ranges&&... ranges) {
    return map_async(options, std::move(function), std::forward<Ranges>(ranges)...).get();
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto map(F function, Ranges&&... ranges) {
    return map_async(MapOptions{}, std::move(function), std::forward<Ranges>(ranges)...).get();
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto imap(const MapOptions& options, F function, Ranges&&... ranges) {
    const Shared<F> shared(std::move(function));
    return imap_in(shared.batch(), options, detail::CallAt<F>(), shared.addresses(), std::forward<Ranges>(ranges)...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto imap(F function, Ranges&&... ranges) {
    return imap(MapOptions{}, std::move(function), std::forward<Ranges>(ranges)...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto imap_unordered(const MapOptions& options, F function, Ranges&&... ranges) {
    const Shared<F> shared(std::move(function));
    return imap_in(shared.batch(/*ordered=*/false), options, detail::CallAt<F>(), shared.addresses(),
                   std::forward<Ranges>(ranges)...);
  }
  template <detail::Capturing F, std::ranges::input_range... Ranges>
  auto imap_unordered(F function, Ranges&&... ranges) {
    return imap_unordered(MapOptions{}, std::move(function), std::forward<Ranges>(ranges)...);
  }

 protected:
  using Executor::Executor;

 private:
  template <typename F>
  class Shared {
   public:
    explicit Shared(F function) : function_(std::make_shared<const F>(std::move(function))) {}
    std::shared_ptr<detail::Batch> batch(bool ordered = true) const {
      return detail::Driver::new_batch(ordered, function_);
    }
    std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(function_.get()); }
    /// One for each item.
    detail::Repeated addresses() const { return detail::Repeated(address()); }

   private:
    std::shared_ptr<const F> function_;
  };
};

/// Evaluates in the calling thread, when an outcome is asked for.
class SerialExecutor : public LocalExecutor {
 public:
  explicit SerialExecutor(ExecutorOptions options = {});
};

/// Threads of this process. A crash ends the process: for functions that are trusted.
class ThreadPool : public LocalExecutor {
 public:
  /// @throws SpecError if workers < 1
  explicit ThreadPool(int workers, ExecutorOptions options = {});
};

/// Forked processes, one channel each, no lock between them. A worker that dies (a signal, _exit, abort) costs the item
/// that it was evaluating and is replaced.
class ProcessPool : public Executor {
 public:
  /// @throws SpecError if workers < 1
  explicit ProcessPool(int workers, ExecutorOptions options = {});
};

/// A process for each call (in map and imap: for each chunk), forked from this one when the call begins, `workers` at a
/// time. So functions may capture whatever they like; what they change is changed in their process alone, and only what
/// they return comes back. Captured references show what they refer to as it is when the call begins: as with threads,
/// it must live, and not be changed, until the call has its outcome. A fork takes about a millisecond, more where this
/// process is large: for calls that take longer. A process that dies costs the item that it was evaluating;
/// `initializer` runs in each. Locks that other threads of this process hold at that moment stay locked in the new one.
/// Not for use after MPI_Init.
class ForkingPool : public LocalExecutor {
 public:
  /// @throws SpecError if workers < 1
  explicit ForkingPool(int workers, ExecutorOptions options = {});
};

}  // namespace windrow
