#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/parallel/index_set.hpp"
#include "windrow/store/store.hpp"

/// Sweeps in several parts that know nothing of each other while they run, each with a store of its own below that of
/// the study, and how they are joined.
namespace [[gnu::visibility("default")]] windrow {

/// One of `count` parts of a sweep, counted from 1.
struct Shard {
  std::uint32_t number = 1;
  std::uint32_t count = 1;
  friend bool operator==(const Shard&, const Shard&) = default;
};

/// "2/4". @throws SpecError unless it is k/K with 1 <= k <= K <= 100,000
Shard parse_shard(std::string_view text);
/// "2/4"
std::string name_of(const Shard& shard);

/// The indices of a shard. Of any K neighbours each shard gets one, in turns that have no period, so that shards take
/// equally long however the time depends on the parameters. They are kept as at most 2^20 / K ranges: of more than 2^20
/// points, neighbours stay together in blocks.
IndexSet points_of(const Shard& shard, std::uint64_t points);

/// Where a shard's store is: `store`/shards/2-of-4.
std::filesystem::path shard_directory(const std::filesystem::path& store, const Shard& shard);

enum class ShardState {
  missing,     ///< it has not begun
  running,     ///< somebody is writing it
  unfinished,  ///< it is not running, and some of its points have no outcome
  complete,    ///< all of its points have an outcome
  changed,     ///< of another form of the study
  damaged      ///< its store cannot be read
};

/// "not begun", "running", "unfinished", "complete", "of another form of the study", "damaged"
std::string_view name_of(ShardState state);

struct ShardStatus {
  Shard shard;
  std::filesystem::path directory;
  ShardState state = ShardState::missing;
  std::uint64_t points = 0;     ///< of the shard
  std::uint64_t succeeded = 0;  ///< of these, with a result there or in the study's own store
  std::uint64_t failed = 0;
  std::string problem;  ///< why it is changed or damaged
};

/// What there is of a study whose shards are not merged yet.
struct ShardsStatus {
  std::string name;                 ///< of the study
  std::filesystem::path study;      ///< the study file, as the runs knew it; may be empty
  std::uint64_t points = 0;         ///< of the study
  std::uint64_t succeeded = 0;      ///< in any store
  std::uint64_t failed = 0;         ///< in any store, if none has a result
  std::vector<ShardStatus> shards;  ///< all K of the division that was begun last, then what there is of others

  bool any_running() const;
};

/// The shards that have begun below a study's store, by their directories.
struct FoundShards {
  std::vector<Shard> shards;   ///< by count and number
  std::uint32_t division = 0;  ///< the count of the one that began or ended last; 0: there are none
};
FoundShards find_shards(const std::filesystem::path& store);

/// How a shard is begun or continued: "`windrow run study.toml --dir results --shard 2/4`", or, if there is no study
/// file, "the same program with shard 2/4".
std::string how_to_run(const Shard& shard, const std::filesystem::path& store, const std::string& study,
                       const std::filesystem::path& study_file);

/// The points of a study, by what is known of its file; nothing if that is not this study (any more).
using FindPoints = std::function<PointValues(const StudyIdentity& study, const std::filesystem::path& study_file)>;

/// Looks at the shards below a study's store. Takes time for each outcome, and 16 bytes for each of its points that
/// are not neighbours.
/// @param find_points  asked if the store is of an earlier form of the study; without an answer its outcomes are not
///                     counted then
/// @param chosen       the points that are to be there; none: all
/// @return nothing if there are none. @throws StoreError if none of them, nor the study's own store, can be read
std::optional<ShardsStatus> shards_status(const std::filesystem::path& store, const FindPoints& find_points = {},
                                          const std::optional<IndexSet>& chosen = {});

/// A study as it is now, with what brings a store of an earlier form to it.
struct PresentStudy {
  StudyIdentity identity;
  PointValues points;
  ReadOutputs read;  ///< outputs that outcomes lack, from files that were kept; may be empty
};

/// The study that a file describes, if shards of this one are of it; nothing if the file says something else by now.
using FindStudy =
    std::function<std::optional<PresentStudy>(const StudyIdentity& study, const std::filesystem::path& study_file)>;

struct MergeOptions {
  std::filesystem::path into = {};          ///< another store than the study's own; everything else is kept then
  std::optional<StudyIdentity> study = {};  ///< the present form of the study; else that of the latest shard
  PointValues points = {};                  ///< of `study`: with it, a store of an earlier form is brought to it
  ReadOutputs read = {};                    ///< the same, for outputs that are to be read from files
  FindStudy find_study = {};                ///< asked if there is no `study`
  /// The points that are to be there, if others may be left open; none: all.
  std::optional<IndexSet> chosen = {};
};

/// What came of one shard.
struct MergedShard {
  Shard shard;
  std::uint64_t outcomes = 0;         ///< that it gave
  bool merged = false;                ///< all that it has is in the store
  std::vector<std::string> problems;  ///< why not, or what is missing, and what to do; each with its place
  std::optional<Resumption> found{};  ///< if it was of an earlier form of the study, and was brought to the present one
};

struct MergeReport {
  std::filesystem::path store;
  std::vector<MergedShard> shards;
  std::optional<Resumption> found{};  ///< if the store was of an earlier form of the study
  StoreStatus status;                 ///< of the store, afterwards
  std::uint64_t left = 0;             ///< points without an outcome that are to be there

  bool complete() const { return left == 0; }
};

/// Joins all shards below a study's store that are not running into it, and removes those that are in it with all they
/// have. Killed at any time and called again, it ends the same (StoreMerge).
/// @throws StoreError if there are no shards, or the study's store cannot be written
MergeReport merge_shards(const std::filesystem::path& store, const MergeOptions& options = {});

/// The same, if every shard of the division into `count` is complete; to be called when one of them has ended, after
/// its store is closed. Of several that end at the same time one does it.
/// @return nothing if there is still something to come, or there are no shards any more
std::optional<MergeReport> merge_if_complete(const std::filesystem::path& store, std::uint32_t count,
                                             const MergeOptions& options);

}  // namespace windrow
