#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "windrow/parallel/outcome.hpp"
#include "windrow/pool/batch.hpp"

namespace [[gnu::visibility("default")]] windrow {

struct StagedMapOptions {
  /// Calls of one stage that are submitted before any of the next; 0: as many as there are workers. With fewer, some
  /// workers have nothing to do at times.
  std::uint64_t stride = 0;
  /// The most results, of all stages together, that may exist without having been taken; 0: stages x stride, or what
  /// the stages need if that is more. Since it counts results to come as well, the calls under way are never more than
  /// that.
  std::uint64_t buffer = 0;
  /// Results are taken by index; otherwise in the order in which they come, and calls whose inputs have come overtake
  /// others.
  bool ordered = true;
};

/// What StagedMap::observe() is told.
struct Submission {
  std::size_t stage = 0;    ///< in the order of adding
  std::uint64_t index = 0;  ///< of the call in its stage
  friend bool operator==(const Submission&, const Submission&) = default;
};

enum class OnTimeout { retry, skip };
enum class StopMode { drain, cancel };

/// The byte level below StagedMap.
namespace detail {

inline constexpr auto kNoLimit = std::chrono::nanoseconds::max();

/// What a stage reads that reads no other stage. Called by the thread that calls the map, and by no other.
class ItemSource {
 public:
  virtual ~ItemSource() = default;
  /// The next element; none at the end, after which it is not asked again. Nor is it after it has thrown.
  virtual std::optional<Bytes> next() = 0;
};

struct StageSpec {
  std::unique_ptr<ItemSource> source = {};  ///< or none, and `inputs`
  std::vector<std::size_t> inputs = {};
  std::uint64_t consume = 1;
  std::uint64_t produce = 1;
  ItemInvoker invoke = nullptr;
  Bytes extra = {};  ///< packed
};

struct TakenResult {
  bool timed_out = false;
  std::uint64_t index = 0;
  std::optional<Outcome<Bytes>> outcome = {};
};

/// An item is: its serial number, for each input the number of values and the values, the extra arguments. What comes
/// back is the serial number and the results. Each value is preceded by its length.
class StagedMapCore {
 public:
  StagedMapCore(std::shared_ptr<Driver> driver, const StagedMapOptions& options);
  ~StagedMapCore();
  StagedMapCore(const StagedMapCore&) = delete;
  StagedMapCore& operator=(const StagedMapCore&) = delete;

  std::size_t add(StageSpec spec);
  /// @return `stage` @throws SpecError if it belongs to another map
  std::size_t own(const StagedMapCore& owner, std::size_t stage) const;
  void observe(std::function<void(const Submission&)> observer);
  void start();
  void stop(StopMode mode);
  void close();
  bool advance(std::chrono::nanoseconds limit);
  TakenResult next(std::size_t stage, std::chrono::nanoseconds limit, OnTimeout on_timeout);
  std::uint64_t last_index(std::size_t stage) const;
  std::uint64_t buffer() const;
  std::uint64_t untaken() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // the driver's thread may be using it when this ends
};

}  // namespace detail
}  // namespace windrow
