#include <algorithm>
#include <utility>

#include "shards/interface/shard_stores.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

class StatusOfShards {
 public:
  StatusOfShards(const fs::path& store, std::vector<Shard> found, const FindPoints& find_points,
                 const std::optional<IndexSet>& chosen)
      : store_(store), found_(std::move(found)), chosen_(chosen) {
    const Shard latest = detail::latest_of(store, found_);
    choose_study(latest);
    status_.name = study_->name;
    status_.points = study_->points;
    if (detail::has_store(store_)) {
      const StoreReader own(store_);
      const bool same = has_outcomes_of(own.identity(), *study_) || !find_points;
      own_ = own.known(*study_, same ? PointValues() : find_points(*study_, status_.study));
    }
    all_ = own_;
    for (std::uint32_t number = 1; number <= latest.count; ++number) look_at({number, latest.count});
    for (const Shard& shard : found_) {
      if (shard.count != latest.count) look_at(shard);
    }
    status_.succeeded = all_.succeeded.size();
    status_.failed = all_.failed.without(all_.succeeded).size();
  }

  ShardsStatus take() { return std::move(status_); }

 private:
  /// That of the latest shard, else of another, else of the study's own store. @throws StoreError if none can be read
  void choose_study(const Shard& latest) {
    std::vector<fs::path> places = {shard_directory(store_, latest)};
    for (const Shard& shard : found_) places.push_back(shard_directory(store_, shard));
    if (detail::has_store(store_)) places.push_back(store_);
    for (const fs::path& place : places) {
      const detail::ReadStore read = detail::read_store(place);
      if (!read.reader) continue;
      study_ = read.reader->identity();
      status_.study = detail::study_file_of(*read.reader);
      return;
    }
    throw StoreError(detail::read_store(places.front()).problem);
  }

  void look_at(const Shard& shard) {
    ShardStatus status{shard, shard_directory(store_, shard), ShardState::missing, 0, 0, 0, ""};
    KnownOutcomes known = own_;
    if (std::ranges::find(found_, shard) != found_.end()) read(status, known);
    IndexSet share = points_of(shard, study_->points);
    if (chosen_) share = share.intersected(*chosen_);
    const IndexSet succeeded = share.intersected(known.succeeded);
    status.points = share.size();
    status.succeeded = succeeded.size();
    status.failed = share.intersected(known.failed).without(succeeded).size();
    const bool stands_still = status.state == ShardState::missing || status.state == ShardState::unfinished;
    if (stands_still && status.succeeded + status.failed == status.points) status.state = ShardState::complete;
    status_.shards.push_back(std::move(status));
  }

  void read(ShardStatus& status, KnownOutcomes& known) {
    if (!detail::has_store(status.directory)) return;
    try {
      const StoreReader reader(status.directory);
      const bool same = has_outcomes_of(reader.identity(), *study_);
      status.state = reader.status().running ? ShardState::running
                     : same                  ? ShardState::unfinished
                                             : ShardState::changed;
      if (!same) status.problem = detail::difference_of(reader.identity(), *study_);
      if (!same) return;
      const KnownOutcomes more = reader.known(*study_);
      for (KnownOutcomes* to : {&known, &all_}) {
        to->succeeded = to->succeeded.united(more.succeeded);
        to->failed = to->failed.united(more.failed);
      }
    } catch (const StoreError& error) {
      status.state = ShardState::damaged;
      status.problem = error.what();
    }
  }

  fs::path store_;
  std::vector<Shard> found_;
  const std::optional<IndexSet>& chosen_;
  std::optional<StudyIdentity> study_;
  KnownOutcomes own_;  // of the study's own store
  KnownOutcomes all_;
  ShardsStatus status_;
};

}  // namespace

FoundShards find_shards(const fs::path& store) {
  FoundShards found;
  found.shards = detail::found_shards(store);
  if (!found.shards.empty()) found.division = detail::latest_of(store, found.shards).count;
  return found;
}

std::optional<ShardsStatus> shards_status(const fs::path& store, const FindPoints& find_points,
                                          const std::optional<IndexSet>& chosen) {
  std::vector<Shard> found = detail::found_shards(store);
  if (found.empty()) return std::nullopt;
  return StatusOfShards(store, std::move(found), find_points, chosen).take();
}

}  // namespace windrow
