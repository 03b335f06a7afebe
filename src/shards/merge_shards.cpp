#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/interface/leftover_names.hpp"
#include "shards/interface/shard_stores.hpp"
#include "store/interface/writer_lock.hpp"
#include "windrow/base/files.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/store/merge.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

class Merger {
 public:
  Merger(const fs::path& store, const MergeOptions& options)
      : store_(store), options_(options), target_(options.into.empty() ? store : options.into) {}

  MergeReport run() {
    found_ = detail::found_shards(store_);
    report_.store = target_;
    if (found_.empty()) {
      report_.status = StoreReader(store_).status();  // throws if nothing is there at all
      if (options_.into.empty()) {
        if (!leftovers().empty()) {
          const detail::WriterLock lock(target_);
          remove_leftovers();
        }
        return std::move(report_);
      }
    } else {
      latest_ = detail::latest_of(store_, found_);
    }
    choose_study();
    find_points();
    take_all();
    tell_what_is_missing();
    return std::move(report_);
  }

 private:
  void choose_study() {
    study_ = options_.study;
    std::vector<Shard> order = found_;
    std::ranges::stable_partition(order, [this](const Shard& shard) { return shard == latest_; });
    for (const Shard& shard : order) {
      const detail::ReadStore read = detail::read_store(shard_directory(store_, shard));
      if (!read.reader) continue;
      if (!study_) study_ = read.reader->identity();
      study_file_ = detail::study_file_of(*read.reader);
      break;
    }
    if (!study_) study_ = StoreReader(store_).identity();  // throws if there is none either
  }

  /// If the store is of another form than the shards.
  void find_points() {
    points_ = options_.points;
    if (points_ || !detail::has_store(target_)) return;
    const StoreReader own(target_);
    if (own.is_of(*study_)) return;
    if (options_.find_points) points_ = options_.find_points(*study_, study_file_);
    if (points_) return;
    throw StoreError(
        fmt::format("{}: its results are of another form of the study than the shards ({}), and the study file is not "
                    "that of the shards any more; merge into another store",
                    target_.string(), detail::difference_of(own.identity(), *study_)));
  }

  void take_all() {
    const auto then = options_.into.empty() ? StoreMerge::Then::remove : StoreMerge::Then::keep;
    StoreMerge merge(target_, *study_, points_);
    if (!options_.into.empty() && detail::has_store(store_)) {
      static_cast<void>(merge.take(store_, then));  // the study's own; if it cannot be read, nothing else helps
    }
    if (options_.into.empty()) remove_leftovers();
    for (const Shard& shard : found_) {
      MergedShard& merged = report_.shards.emplace_back();
      merged.shard = shard;
      try {
        Taken taken = merge.take(shard_directory(store_, shard), then);
        merged.outcomes = taken.outcomes;
        merged.merged = taken.problems.empty();
        merged.problems = std::move(taken.problems);
      } catch (const StoreError& error) {
        merged.problems.emplace_back(error.what());
      }
    }
    std::error_code ignored;
    fs::remove(store_ / "shards", ignored);  // if it is empty
  }

  /// Of shards that are merged, whose removal was killed.
  std::vector<fs::path> leftovers() const {
    std::vector<fs::path> left;
    std::error_code error;
    for (fs::directory_iterator entry(store_ / "shards", error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() == detail::merged_ending) left.push_back(entry->path());
    }
    return left;
  }

  /// To be called with the writer's lock: who has it is the one that removes.
  void remove_leftovers() const {
    std::error_code ignored;
    for (const fs::path& path : leftovers()) detail::remove_tree(path, ignored);
    fs::remove(store_ / "shards", ignored);
  }

  /// Points without an outcome of every shard of the latest division, those included that never began.
  void tell_what_is_missing() {
    const StoreReader merged(target_);
    report_.status = merged.status();
    if (report_.complete() || found_.empty()) return;
    const KnownOutcomes known = merged.known(*study_);
    const IndexSet done = known.succeeded.united(known.failed);
    for (std::uint32_t number = 1; number <= latest_.count; ++number) {
      const Shard shard{number, latest_.count};
      const std::uint64_t left = points_of(shard, study_->points).without(done).size();
      const auto known_shard = std::ranges::find(report_.shards, shard, &MergedShard::shard);
      const bool begun = known_shard != report_.shards.end();
      if (left == 0 || (begun && !known_shard->problems.empty())) continue;
      MergedShard& told = begun ? *known_shard : report_.shards.emplace_back(MergedShard{shard, 0, false, {}});
      told.problems.push_back(fmt::format(
          "{} of its points {} no outcome: {} evaluates {}", text::with_thousands(left), left == 1 ? "has" : "have",
          how_to_run(shard, store_, study_->name, study_file_), left == 1 ? "it" : "them"));
    }
    std::ranges::sort(report_.shards, {},
                      [](const MergedShard& one) { return std::tuple(one.shard.count, one.shard.number); });
  }

  fs::path store_;
  const MergeOptions& options_;
  fs::path target_;
  std::vector<Shard> found_;
  Shard latest_;
  std::optional<StudyIdentity> study_;
  std::string study_file_;
  PointValues points_;
  MergeReport report_;
};

}  // namespace

MergeReport merge_shards(const fs::path& store, const MergeOptions& options) {
  return Merger(store, options).run();
}

std::optional<MergeReport> merge_if_complete(const fs::path& store, std::uint32_t count, const MergeOptions& options) {
  std::uint32_t begun = 0;
  for (const Shard& shard : detail::found_shards(store)) {
    if (shard.count != count) continue;
    ++begun;
    if (detail::WriterLock::is_held(shard_directory(store, shard))) return std::nullopt;
  }
  if (begun < count && !detail::has_store(store)) return std::nullopt;
  const FindPoints find_points = [&](const StudyIdentity& study, const fs::path& file) {
    return options.points || !options.find_points ? options.points : options.find_points(study, file);
  };
  const std::optional<ShardsStatus> status = shards_status(store, find_points);
  if (!status) return std::nullopt;
  std::uint32_t complete = 0;
  for (const ShardStatus& shard : status->shards) {
    complete += shard.shard.count == count && shard.state == ShardState::complete ? 1 : 0;
  }
  if (complete < count) return std::nullopt;
  return merge_shards(store, options);
}

}  // namespace windrow
