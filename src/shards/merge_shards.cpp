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
      const StoreStatus status = StoreReader(store_).status();  // throws if nothing is there at all
      report_.status = status;
      report_.left = status.points - status.succeeded - status.failed;
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
    require_points();
    take_all();
    tell_what_is_missing();
    return std::move(report_);
  }

 private:
  void choose_study() {
    study_ = options_.study;
    points_ = options_.points;
    read_ = options_.read;
    std::vector<Shard> order = found_;
    std::stable_partition(order.begin(), order.end(), [this](const Shard& shard) { return shard == latest_; });
    for (const Shard& shard : order) {
      const detail::ReadStore read = detail::read_store(shard_directory(store_, shard));
      if (!read.reader) continue;
      study_file_ = detail::study_file_of(*read.reader);
      if (!study_) take_study(read.reader->identity());
      break;
    }
    if (!study_) study_ = StoreReader(store_).identity();  // throws if there is none either
  }

  /// That of a shard, as its file says it.
  void take_study(const StudyIdentity& of_shard) {
    study_ = of_shard;
    if (!options_.find_study) return;
    if (auto present = options_.find_study(of_shard, study_file_)) {
      study_ = std::move(present->identity);
      study_->name = of_shard.name;
      points_ = std::move(present->points);
      read_ = std::move(present->read);
    }
  }

  /// If the store is of another form than the shards.
  void require_points() const {
    if (points_ || !detail::has_store(target_)) return;
    const StoreReader own(target_);
    if (has_outcomes_of(own.identity(), *study_)) return;
    throw StoreError(
        fmt::format("{}: its results are of another form of the study than the shards ({}), and the study file is not "
                    "that of the shards any more; merge into another store",
                    target_.string(), detail::difference_of(own.identity(), *study_)));
  }

  void take_all() {
    const auto then = options_.into.empty() ? StoreMerge::Then::remove : StoreMerge::Then::keep;
    StoreMerge merge(target_, *study_, points_, read_);
    report_.found = merge.resumption();
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
        merged.found = std::move(taken.found);
        if (merged.found && merged.found->without_files > 0) {
          merged.problems.back() +=
              fmt::format(": {} evaluates them", how_to_run(shard, store_, study_->name, study_file_));
        }
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
    const KnownOutcomes known = merged.known(*study_);
    const IndexSet wanted = options_.chosen.value_or(IndexSet::first(study_->points));
    const IndexSet open = wanted.without(known.succeeded.united(known.failed));
    report_.left = open.size();
    if (report_.complete() || found_.empty()) return;
    for (std::uint32_t number = 1; number <= latest_.count; ++number) {
      const Shard shard{number, latest_.count};
      const std::uint64_t left = points_of(shard, study_->points).intersected(open).size();
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
  ReadOutputs read_;
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
    if (options.points || !options.find_study) return options.points;
    const auto present = options.find_study(study, file);
    return present ? present->points : PointValues();
  };
  const std::optional<ShardsStatus> status = shards_status(store, find_points, options.chosen);
  if (!status) return std::nullopt;
  std::uint32_t complete = 0;
  for (const ShardStatus& shard : status->shards) {
    complete += shard.shard.count == count && shard.state == ShardState::complete ? 1 : 0;
  }
  if (complete < count) return std::nullopt;
  return merge_shards(store, options);
}

}  // namespace windrow
