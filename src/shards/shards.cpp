#include "windrow/shards/shards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::int64_t kMostShards = 100000;
constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 20U;

/// By how much the shards are rotated in a round: the fractional parts of multiples of the golden ratio. Dealing
/// without it (index modulo K) would give every shard one level of a parameter whose number of levels K divides, and
/// the fastest level may take ten times as long as the slowest. Multiples of an irrational number are spread evenly
/// over any arithmetic progression of rounds, so no number of levels meets the rotation.
std::uint64_t rotation(std::uint64_t round, std::uint64_t count) {
  const std::uint64_t fraction = (round * 0x9e3779b97f4a7c15U) >> 32U;
  return (fraction * count) >> 32U;
}

}  // namespace

Shard parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto number = text::parse_integer(text.substr(0, slash)).value_or(0);
    const auto count = text::parse_integer(text.substr(slash + 1)).value_or(0);
    if (number >= 1 && number <= count && count <= kMostShards) {
      return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
    }
  }
  throw SpecError(fmt::format("`{}` is not a shard such as 1/4, the first of four, to 4/4, the last", text));
}

std::string name_of(const Shard& shard) {
  return fmt::format("{}/{}", shard.number, shard.count);
}

IndexSet points_of(const Shard& shard, std::uint64_t points) {
  IndexSet indices;
  const std::uint64_t block = 1 + (points - std::min<std::uint64_t>(points, 1)) / kMostBlocks;
  const std::uint64_t in_round = block * shard.count;
  for (std::uint64_t round = 0; round * in_round < points; ++round) {
    const std::uint64_t place = (shard.number - 1 + rotation(round, shard.count)) % shard.count;
    const std::uint64_t first = round * in_round + place * block;
    if (first < points) indices.insert(IndexRange{first, std::min(block, points - first)});
  }
  return indices;
}

std::filesystem::path shard_directory(const std::filesystem::path& store, const Shard& shard) {
  return store / "shards" / fmt::format("{}-of-{}", shard.number, shard.count);
}

std::string_view name_of(ShardState state) {
  static constexpr std::array<std::string_view, 6> names = {
      "not begun", "running", "unfinished", "complete", "of another form of the study", "damaged"};
  return names[static_cast<std::size_t>(state)];
}

std::string how_to_run(const Shard& shard, const std::filesystem::path& store, const std::string& study,
                       const std::filesystem::path& study_file) {
  if (study_file.empty()) return fmt::format("the same program with shard {}", name_of(shard));
  const std::filesystem::path directory = std::filesystem::absolute(store).lexically_normal();
  const bool usual = directory == study_file.parent_path() / fmt::format("{}.windrow", study);
  return fmt::format("`windrow run {}{} --shard {}`", study_file.string(), usual ? "" : " --dir " + directory.string(),
                     name_of(shard));
}

bool ShardsStatus::any_running() const {
  return std::ranges::any_of(shards, [](const ShardStatus& shard) { return shard.state == ShardState::running; });
}

}  // namespace windrow
