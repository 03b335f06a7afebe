#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/pool/executor.hpp"
#include "windrow/pool/staged_map_core.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A stage takes this many inputs per call: its function is given vectors. The last call may be given fewer.
struct Consume {
  std::uint64_t count;
};
inline Consume consume(std::uint64_t count) {
  return {count};
}
/// A stage gives this many results per call: its function returns a sequence of that length.
struct Produce {
  std::uint64_t count;
};
inline Produce produce(std::uint64_t count) {
  return {count};
}

/// One stage of a StagedMap, through which its results are taken. Copies are the same stage. Outlives the map, but then
/// has nothing to give.
template <typename T>
class MapStage {
 public:
  using value_type = Outcome<T>;

  struct Timed {
    bool timed_out = false;
    std::uint64_t index = 0;               ///< of the result
    std::optional<value_type> value = {};  ///< none at a time-out and after the last result
  };

  /// The next outcome; none after the last. By index or, in completion order, as they come. Submits what then fits into
  /// the buffer.
  /// @throws Error  before start(); if another stage reads this one; if the executor takes no more calls; or if only
  ///                taking results of other stages can let this one go on, since they fill the buffer (it would wait
  ///                for ever)
  std::optional<value_type> next() { return next(detail::kNoLimit).value; }

  /// The same, waiting at most `limit` (it does not wait if only taking results of other stages could help). After a
  /// time-out the same result can be asked for again, or, with OnTimeout::skip, is dropped whenever it comes, provided
  /// that its inputs have been read; its place in the buffer is free when it has come. In completion order nothing is
  /// dropped.
  Timed next(std::chrono::nanoseconds limit, OnTimeout on_timeout = OnTimeout::retry) {
    detail::TakenResult taken = core_->next(stage_, limit, on_timeout);
    if (!taken.outcome) return {taken.timed_out, 0, std::nullopt};
    return {false, taken.index, unpacked(*std::move(taken.outcome))};
  }

  /// The index of the result that was taken last.
  std::uint64_t index() const { return core_->last_index(stage_); }
  /// The number of this stage in its map, in the order of adding.
  std::size_t number() const { return stage_; }

  class Iterator {
   public:
    using value_type = MapStage::value_type;
    using difference_type = std::ptrdiff_t;
    explicit Iterator(MapStage* stage) : stage_(stage) { ++*this; }
    value_type& operator*() const { return *current_; }
    value_type* operator->() const { return &*current_; }
    Iterator& operator++() {
      current_ = stage_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return !it.current_; }

   private:
    MapStage* stage_;
    mutable std::optional<value_type> current_;
  };
  /// For range-for over the outcomes that have not been taken.
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend class StagedMap;
  MapStage(std::shared_ptr<detail::StagedMapCore> core, std::size_t stage) : core_(std::move(core)), stage_(stage) {}

  static value_type unpacked(Outcome<Bytes> outcome) {
    if (!outcome.ok()) return std::move(outcome.failure());
    if constexpr (std::is_same_v<T, detail::Nothing>) {
      return detail::Nothing{};
    } else {
      return detail::from_bytes<T>(outcome.value());
    }
  }

  std::shared_ptr<detail::StagedMapCore> core_;
  std::size_t stage_;
};

/// Several stages, side by side, as the input of another: result i of each goes into call i. As long as the shortest.
template <typename... T>
struct ZippedStages {
  std::tuple<MapStage<T>...> stages;
};
template <typename... T>
requires(sizeof...(T) > 0) ZippedStages<T...> zip(const MapStage<T>&... stages) {
  return {{stages...}};
}

namespace detail {

template <typename... T>
struct InputTypes {};

/// What a generator that returns T yields, and whether it says when it ends.
template <typename T>
struct Yield {
  using Element = T;
  static constexpr bool ends = false;
};
template <typename T>
struct Yield<std::optional<T>> {
  using Element = T;
  static constexpr bool ends = true;
};

/// Reads a range, one element when asked, and never touches it before.
template <typename View>
class RangeSource : public ItemSource {
 public:
  using Element = std::ranges::range_value_t<View>;
  explicit RangeSource(View view) : view_(std::move(view)) {}

  std::optional<Bytes> next() override {
    if (at_) {
      ++*at_;
    } else {
      at_.emplace(std::ranges::begin(view_));
    }
    if (*at_ == std::ranges::end(view_)) return std::nullopt;
    return to_bytes<Element>(**at_);
  }

 private:
  View view_;
  std::optional<std::ranges::iterator_t<View>> at_;
};

/// Calls a function for each element: until it returns an empty optional or, if it returns none, for ever.
template <typename Generator>
class GeneratorSource : public ItemSource {
 public:
  using Result = std::decay_t<std::invoke_result_t<Generator&>>;
  using Element = typename Yield<Result>::Element;
  explicit GeneratorSource(Generator generator) : generator_(std::move(generator)) {}

  std::optional<Bytes> next() override {
    Result result = generator_();
    if constexpr (Yield<Result>::ends) {
      if (!result) return std::nullopt;
      return to_bytes<Element>(*result);
    } else {
      return to_bytes<Element>(result);
    }
  }

 private:
  Generator generator_;
};

template <typename Function, bool grouped, bool fans_out, typename Inputs, typename... Extra>
struct StageCall;

/// A call of a stage's function, by bytes. See StagedMapCore for how an item and its results are laid out.
template <typename Function, bool grouped, bool fans_out, typename... Input, typename... Extra>
struct StageCall<Function, grouped, fans_out, InputTypes<Input...>, Extra...> {
  template <typename T>
  using Argument = std::conditional_t<grouped, std::vector<T>, T>;
  static_assert(
      std::is_invocable_v<Function&, const Argument<Input>&..., const Extra&...>,
      "a stage's function is called with its inputs (vectors of them after consume()) and the extra arguments");
  using Returned = std::decay_t<std::invoke_result_t<Function&, const Argument<Input>&..., const Extra&...>>;

  static auto result_type() {
    if constexpr (fans_out) {
      return std::type_identity<std::ranges::range_value_t<Returned>>{};
    } else {
      return std::type_identity<ResultOrNothing<Returned>>{};
    }
  }
  using Result = typename decltype(result_type())::type;

  template <typename T>
  static T read_value(ByteReader& in) {
    return from_bytes<T>(in.take(in.get<std::uint64_t>()));
  }
  template <typename T>
  static Argument<T> read_input(ByteReader& in) {
    const auto count = in.get<std::uint64_t>();
    if constexpr (grouped) {
      std::vector<T> values;
      for (std::uint64_t i = 0; i < count; ++i) values.push_back(read_value<T>(in));
      return values;
    } else {
      return read_value<T>(in);
    }
  }

  static void invoke(std::span<const std::byte> item, ByteWriter& out) {
    ByteReader in(item);
    out.put(in.get<std::uint64_t>());  // the serial number goes back with the results
    const std::tuple<Argument<Input>..., Extra...> arguments{read_input<Input>(in)..., read_value<Extra>(in)...};
    Function function{};
    if constexpr (std::is_void_v<Returned>) {
      std::apply(function, arguments);
      out.put(std::uint64_t{0});
    } else if constexpr (fans_out) {
      const Returned results = std::apply(function, arguments);
      for (const Result& result : results) put(out, result);
    } else {
      put(out, std::apply(function, arguments));
    }
  }
  static void put(ByteWriter& out, const Result& result) {
    const Bytes bytes = to_bytes<Result>(result);
    out.put(static_cast<std::uint64_t>(bytes.size()));
    out.put_bytes(bytes);
  }
};

}  // namespace detail

/// A lazy map through several stages that share one executor and one buffer.
///
/// A stage calls its function once for each element of a source or for each result of other stages. Calls are submitted
/// stage by stage in turn, StagedMapOptions::stride of each, and stop when StagedMapOptions::buffer results have not
/// been taken, so that sources may be endless and nothing is ever held in full; no source is read further than the
/// buffer, plus one element (one group, after consume()) where only that can tell whether a stage has ended. In order,
/// which is the default, what is submitted after what depends on neither the executor nor the time that calls take.
///
/// With a ThreadPool or a ProcessPool it goes on by itself after start(): as results come, calls of further stages are
/// submitted, whatever the caller does. With a SerialExecutor or an MpiExecutor, whose items advance in the caller's
/// thread alone, it goes on in start(), when results are taken, and in advance(). Sources and the observer are called
/// by the thread that calls the map, in its calls, and by no other; for the time between, sources are read ahead as far
/// as the buffer goes. By one thread at a time. Results wait to be taken where they were put; those that another stage
/// reads are taken by that stage.
///
/// Whatever fails is an outcome at its index, and what comes after it goes on. A call whose input failed is not made
/// and has the input's failure. A source that throws gives a failure at the index that it could not fill, and ends.
///
///     StagedMap map(pool, {.stride = 2});
///     auto meshes = map.add_stage(sizes, [](int size) { return make_mesh(size); });
///     auto flows = map.add_stage(meshes, [](const Mesh& mesh, double speed) { return solve(mesh, speed); }, 3.5);
///     map.start();
///     for (auto& flow : flows) if (flow) use(flow.value());
class StagedMap {
 public:
  /// The executor must live as long as the map is used.
  explicit StagedMap(Executor& executor, StagedMapOptions options = {})
      : core_(std::make_shared<detail::StagedMapCore>(executor.driver(), options)) {}
  /// Cancels. Does not wait for calls that are being evaluated.
  ~StagedMap() {
    if (core_) core_->close();
  }
  StagedMap(StagedMap&&) noexcept = default;
  StagedMap& operator=(StagedMap&&) = delete;

  /// Adds a stage.
  /// @param input     a range (referred to if it is an lvalue), a generator (a function that returns the next element,
  ///                  or a std::optional that is empty at the end), a stage, or zip() of stages
  /// @param function  holds nothing but code; called with the input's element(s) and `extra`
  /// @param extra     of types that can be sent (windrow/base/serialize.hpp)
  /// @throws Error      between start() and stop(); after a drained stop, while results are left to be taken
  /// @throws SpecError  if the input is a stage of another map
  template <typename Input, detail::Shippable Function, typename... Extra>
  auto add_stage(Input&& input, Function, const Extra&... extra) {
    return add<Function, false, false>(std::forward<Input>(input), {1}, {1}, extra...);
  }
  /// Takes several inputs per call: the function is given a vector of each. @throws SpecError if the count is 0
  template <typename Input, detail::Shippable Function, typename... Extra>
  auto add_stage(Input&& input, Consume taken, Function, const Extra&... extra) {
    return add<Function, true, false>(std::forward<Input>(input), taken, {1}, extra...);
  }
  /// Gives several results per call. A call that returns another number of them fails as `bad_output`; a call that
  /// fails gives its failure at each of their indices. @throws SpecError if the count is 0
  template <typename Input, detail::Shippable Function, typename... Extra>
  auto add_stage(Input&& input, Produce given, Function, const Extra&... extra) {
    return add<Function, false, true>(std::forward<Input>(input), {1}, given, extra...);
  }
  template <typename Input, detail::Shippable Function, typename... Extra>
  auto add_stage(Input&& input, Consume taken, Produce given, Function, const Extra&... extra) {
    return add<Function, true, true>(std::forward<Input>(input), taken, given, extra...);
  }

  /// Called for each submission, in their order: right after it or, if the map was going on by itself, in the next call
  /// of the map. A call that is not made, since its input failed, is not submitted. What it throws leaves the map's
  /// call, or, if that has a result to give, the next one.
  void observe(std::function<void(const Submission&)> observer) { core_->observe(std::move(observer)); }

  /// Submits what fits into the buffer and does not have to wait.
  ///
  /// After a drained stop it goes on with everything as it was. After a cancelled one, or if stages have been added, it
  /// begins anew, with indices from 0, at the elements where the sources stand: those that were submitted and cancelled
  /// are gone.
  /// @throws SpecError  if the buffer is too small for the stages, naming the size that is needed, or if no size is
  ///                    enough
  /// @throws Error      if it is running
  void start() { core_->start(); }

  /// drain: reads no more of the sources; what has been read goes through all the stages, and taking goes on until the
  /// end. Waits until everything has been evaluated that can be before results are taken; an incomplete group for
  /// consume() stays for the next start. cancel: drops all results and forgets all calls; does not wait for those that
  /// are being evaluated. Idempotent.
  void stop(StopMode mode = StopMode::cancel) { core_->stop(mode); }

  /// Submits and collects all that can be before results are taken, waiting at most `limit`. Where the map does not go
  /// on by itself, this keeps the workers busy while the caller does something else. @return whether all of it is done
  bool advance(std::chrono::nanoseconds limit = detail::kNoLimit) { return core_->advance(limit); }

  /// The most results that may be un-taken, as chosen at start(). @pre start()
  std::uint64_t buffer() const { return core_->buffer(); }
  /// Results that have been submitted and not taken. @pre start()
  std::uint64_t untaken() const { return core_->untaken(); }

 private:
  template <typename Function, bool grouped, bool fans_out, typename Input, typename... Extra>
  auto add(Input&& input, Consume taken, Produce given, const Extra&... extra) {
    detail::StageSpec spec;
    const auto types = connect(spec, std::forward<Input>(input));
    return finish<Function, grouped, fans_out>(types, std::move(spec), taken, given, extra...);
  }

  template <typename Function, bool grouped, bool fans_out, typename... Input, typename... Extra>
  auto finish(detail::InputTypes<Input...>, detail::StageSpec spec, Consume taken, Produce given,
              const Extra&... extra) {
    using Call = detail::StageCall<Function, grouped, fans_out, detail::InputTypes<Input...>, Extra...>;
    spec.consume = taken.count;
    spec.produce = given.count;
    spec.invoke = &Call::invoke;
    spec.extra = detail::pack_item(extra...);
    return MapStage<typename Call::Result>(core_, core_->add(std::move(spec)));
  }

  template <typename T>
  auto connect(detail::StageSpec& spec, const MapStage<T>& stage) {
    spec.inputs = {core_->own(*stage.core_, stage.stage_)};
    return detail::InputTypes<T>{};
  }
  template <typename T>
  auto connect(detail::StageSpec& spec, MapStage<T>& stage) {
    return connect(spec, std::as_const(stage));
  }
  template <typename T>
  auto connect(detail::StageSpec& spec, MapStage<T>&& stage) {
    return connect(spec, std::as_const(stage));
  }
  template <typename... T>
  auto connect(detail::StageSpec& spec, const ZippedStages<T...>& zipped) {
    std::apply([&](const auto&... stage) { spec.inputs = {core_->own(*stage.core_, stage.stage_)...}; }, zipped.stages);
    return detail::InputTypes<T...>{};
  }
  template <std::ranges::input_range Range>
  auto connect(detail::StageSpec& spec, Range&& range) {
    using Source = detail::RangeSource<std::views::all_t<Range>>;
    spec.source = std::make_unique<Source>(std::views::all(std::forward<Range>(range)));
    return detail::InputTypes<typename Source::Element>{};
  }
  template <typename Generator>
  requires(std::invocable<std::decay_t<Generator>&> &&
           !std::ranges::range<Generator>) auto connect(detail::StageSpec& spec, Generator&& generator) {
    using Source = detail::GeneratorSource<std::decay_t<Generator>>;
    spec.source = std::make_unique<Source>(std::forward<Generator>(generator));
    return detail::InputTypes<typename Source::Element>{};
  }

  std::shared_ptr<detail::StagedMapCore> core_;
};

}  // namespace windrow
