#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/error.hpp"

/// Where time went, as plain values: what a Timer has measured, to be sent, stored, merged, reported and compared.
/// Only durations, never points in time: clocks of different hosts cannot be compared.
namespace [[gnu::visibility("default")]] windrow {

/// A timer was used out of order, records cannot be combined, or a file holds none.
class TimingError : public Error {
 public:
  using Error::Error;
};

/// The position of what was not followed by a stamp of its level; no stamp can have this name.
inline constexpr std::string_view kUnassigned = "UNASSIGNED";

/// The time of one iteration of a loop.
struct IterationTime {
  std::uint64_t index = 0;
  std::chrono::nanoseconds time{0};

  template <class Archive>
  void serialize(Archive& archive, unsigned version);
};

/// What was stamped under one name in one level.
struct StampRecord {
  std::string name;
  std::chrono::nanoseconds cumulative{0};
  std::uint64_t count = 0;          ///< intervals; in a loop, iterations that stamped it
  std::chrono::nanoseconds min{0};  ///< the shortest interval or iteration of those; 0 if there is none
  std::chrono::nanoseconds max{0};
  /// If stamped in a loop, in the order in which they were measured; those that missed a registered stamp have 0 s
  /// here, and are not counted above.
  std::vector<IterationTime> iterations;

  /// cumulative / count, over the iterations that stamped it; 0 if there is none.
  std::chrono::nanoseconds mean() const;

  template <class Archive>
  void serialize(Archive& archive, unsigned version);
};

struct PlacedRecord;
struct ParallelRecords;

/// One level of a timer and everything below it. A snapshot: later stamps do not change it.
/// Serializable with Boost.Serialization (include its headers for string and vector).
struct TimingRecord {
  std::string name;
  std::chrono::nanoseconds total{0};      ///< while the level was open and not paused, less what timing itself took
  std::chrono::nanoseconds overhead{0};   ///< what timing took in this level; not in total, nor in any stamp
  std::uint64_t count = 0;                ///< how often the level was opened
  std::vector<StampRecord> stamps;        ///< in the order of their first stamp
  std::vector<IterationTime> iterations;  ///< of a named loop: its whole iterations
  std::vector<PlacedRecord> subdivisions;
  std::vector<ParallelRecords> parallel;  ///< of other threads, processes or ranks; their times are in no total here

  /// Sum of the cumulative times of all stamps; at most `total`.
  std::chrono::nanoseconds stamps_sum() const;

  /// The stamp of this name, or nullptr.
  const StampRecord* find(std::string_view stamp) const;

  template <class Archive>
  void serialize(Archive& archive, unsigned version);
};

/// A subdivision, and the stamp of the parent that it belongs to (kUnassigned if none followed it).
struct PlacedRecord {
  std::string position;
  TimingRecord record;

  template <class Archive>
  void serialize(Archive& archive, unsigned version);
};

/// What ran beside the interval of the stamp `position`: one record for each worker, of distinct names.
struct ParallelRecords {
  std::string position;
  std::string group;
  std::vector<TimingRecord> records;

  template <class Archive>
  void serialize(Archive& archive, unsigned version);
};

/// Takes `next` as a further iteration of what `into` measured: totals, overheads, cumulative times and counts add,
/// minima and maxima combine, iterations are appended with the index they have; recursively by position and name.
/// `into` keeps its name.
void merge(TimingRecord& into, const TimingRecord& next);

/// The same for the members of a group: records whose name is known are merged, others appended.
/// @throws TimingError if two of `next` have the same name; nothing is merged then
void merge(std::vector<TimingRecord>& into, std::span<const TimingRecord> next);

/// Writes records to a file, which afterwards holds either all of them or what it held before.
/// @throws SystemError
void save_timings(const std::filesystem::path& file, std::span<const TimingRecord> records);

/// The records that save_timings wrote, on whatever machine.
/// @throws SystemError if the file cannot be read
/// @throws TimingError if it holds no timing records, was cut short, or has been changed
std::vector<TimingRecord> load_timings(const std::filesystem::path& file);

/// One line of JSON; all times are integers in nanoseconds, iterations are pairs [index, time].
std::string to_json(const TimingRecord& record);

// -------------------------------------------------------------------------------------------------------------------

namespace detail {
template <class Archive>
void serialize_time(Archive& archive, std::chrono::nanoseconds& time) {
  std::int64_t count = time.count();
  archive& count;
  time = std::chrono::nanoseconds(count);
}
}  // namespace detail

template <class Archive>
void IterationTime::serialize(Archive& archive, unsigned /*version*/) {
  archive& index;
  detail::serialize_time(archive, time);
}

template <class Archive>
void StampRecord::serialize(Archive& archive, unsigned /*version*/) {
  archive& name& count& iterations;
  for (auto* time : {&cumulative, &min, &max}) detail::serialize_time(archive, *time);
}

template <class Archive>
void TimingRecord::serialize(Archive& archive, unsigned /*version*/) {
  archive& name& count& stamps& iterations& subdivisions& parallel;
  for (auto* time : {&total, &overhead}) detail::serialize_time(archive, *time);
}

template <class Archive>
void PlacedRecord::serialize(Archive& archive, unsigned /*version*/) {
  archive& position& record;
}

template <class Archive>
void ParallelRecords::serialize(Archive& archive, unsigned /*version*/) {
  archive& position& group& records;
}

}  // namespace windrow
