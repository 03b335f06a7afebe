#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "windrow/timing/record.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Text for people; tab-separated values (seconds, a header, one line a row) and JSON (nanoseconds) for programs. These
/// two have everything, and paths of names instead of indentation.
enum class TimingFormat : std::uint8_t { text, tsv, json };

/// One record as a tree: under each level its stamps, under each stamp the subdivisions and the parallel records that
/// belong to it. A share is that of the row above; what a level's total has beyond its stamps is "(not stamped)".
std::string report(const TimingRecord& record, TimingFormat format = TimingFormat::text);

struct CompareOptions {
  TimingFormat format = TimingFormat::text;
  std::size_t width = 110;  ///< of the text; if a column for each record is too wide, statistics stand for them
  std::size_t slowest = 3;  ///< how many records are named then
};

/// Records side by side, such as those of all ranks, matched by position and name: one column each, then maximum,
/// minimum, mean, standard deviation (of the population) and number of the cells that are not empty. If that is too
/// wide: minimum, median, maximum, imbalance (maximum / mean), mean, standard deviation, number, and who took longest.
std::string compare(std::span<const TimingRecord> records, const CompareOptions& options = {});

}  // namespace windrow
