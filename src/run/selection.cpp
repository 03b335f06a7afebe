#include "windrow/run/selection.hpp"

#include <algorithm>
#include <vector>

#include "selection.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/random.hpp"

namespace windrow {
namespace {

constexpr std::uint64_t kMostIndex = std::uint64_t{1} << 62U;
// Streams of their own, apart from those of parameters, which are numbered from 0.
constexpr std::uint64_t kSampleStream = 0x73616d706c65ULL;
constexpr std::uint64_t kOrderStream = 0x6f72646572ULL;

std::optional<std::uint64_t> parse_index(std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  const auto index = digits ? text::parse_integer(text) : std::nullopt;
  if (!index || static_cast<std::uint64_t>(*index) >= kMostIndex) return std::nullopt;
  return static_cast<std::uint64_t>(*index);
}

}  // namespace

std::optional<IndexSet> parse_indices(std::string_view text) {
  IndexSet indices;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::size_t dash = part.find('-');
    const auto first = parse_index(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_index(part.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    indices = indices.united([&] {
      IndexSet range;
      range.insert(IndexRange{*first, *last - *first + 1});
      return range;
    }());
    if (comma == std::string_view::npos) return indices;
    text.remove_prefix(comma + 1);
  }
}

namespace detail {

IndexSet sample_points(std::uint64_t seed, std::uint64_t points, std::uint64_t number) {
  if (number >= points) return IndexSet::first(points);
  std::vector<std::uint64_t> drawn;
  for (std::uint64_t i = 0; i < number; ++i) drawn.push_back(rng::permute(seed, kSampleStream, points, i));
  std::ranges::sort(drawn);
  IndexSet sample;
  for (const std::uint64_t index : drawn) sample.insert(index);
  return sample;
}

IndexSet chosen_points(const Design& design, const SweepOptions& options, IndexSet points) {
  if (options.only) points = points.intersected(*options.only);
  if (options.sample) points = points.intersected(sample_points(design.seed(), design.size(), *options.sample));
  return points;
}

std::shared_ptr<CostModel> random_order(std::uint64_t seed, std::uint64_t points) {
  return known_costs([seed, points](std::uint64_t index) {
    return -static_cast<double>(rng::permute(seed, kOrderStream, points, index));
  });
}

}  // namespace detail
}  // namespace windrow
