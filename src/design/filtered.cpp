// Points of another method at which conditions hold.
#include "windrow/design/filtered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "design/filter_counts.hpp"
#include "design/interface/filter.hpp"
#include "design/kernel.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::BlockBits;
using detail::Filter;
using detail::FilterCounts;
using detail::FilterFound;

std::string count_of_candidates(std::uint64_t count) {
  return text::with_thousands(count) + (count == 1 ? " candidate" : " candidates");
}

/// Looks at the candidates in rounds, whose ends do not depend on how many threads there are.
class Search {
 public:
  Search(const Filter& filter, std::optional<std::uint64_t> most)
      : filter_(filter),
        wanted_(filter.kernel().size),
        most_(most.value_or(filter.kernel().goes_on() ? kMostDrawn : kMost)),
        is_said_(most.has_value()) {
    if (wanted_ <= most_) return;
    throw SpecError(fmt::format("{} are more than are looked at, {}: a greater `where_candidates` allows it",
                                count_of_candidates(wanted_), text::with_thousands(most_)));
  }

  FilterFound all() {
    found_.exclusions.resize(filter_.condition_count());
    const bool goes_on = filter_.kernel().goes_on();
    for (std::uint64_t first = 0; !is_over(first, goes_on);) {
      std::uint64_t last = std::min(end(goes_on), first + std::clamp(first, kFirstRound, kRound));
      FilterCounts counts = filter_.count_in_parallel(first, last, available_parallelism());
      if (goes_on) last = cut(first, last, counts);
      add(counts);
      found_.candidates = first = last;
    }
    return std::move(found_);
  }

 private:
  static constexpr std::uint64_t kFirstRound = 16 * BlockBits::kCandidates;  // few points are found in few candidates
  static constexpr std::uint64_t kRound = 4096 * BlockBits::kCandidates;
  static constexpr std::uint64_t kMost = 100'000'000;         // seconds
  static constexpr std::uint64_t kMostDrawn = 1'000'000'000;  // unless almost none of kMost is admitted
  static constexpr std::uint64_t kFew = 10'000;               // one in so many is almost none

  std::uint64_t end(bool goes_on) const { return goes_on ? std::min(most_, detail::max_points) : wanted_; }

  bool is_over(std::uint64_t first, bool goes_on) const {
    if (first == end(goes_on)) return true;
    if (!goes_on) return false;
    if (found_.admitted == wanted_) return true;
    return !is_said_ && first >= kMost && found_.admitted < first / kFew;
  }

  /// Where enough are admitted, the counts end there.
  /// @return the end of the candidates that are counted
  std::uint64_t cut(std::uint64_t first, std::uint64_t last, FilterCounts& counts) const {
    std::uint64_t left = wanted_ - found_.admitted;
    for (std::size_t block = 0; block < counts.admitted.size(); ++block) {
      if (counts.admitted[block] < left) {
        left -= counts.admitted[block];
        continue;
      }
      const std::uint64_t begin = first + block * BlockBits::kCandidates;
      std::vector<std::uint64_t> none;
      const BlockBits bits = Filter::Look(filter_).at(begin, std::min(last, begin + BlockBits::kCandidates), none);
      const std::uint64_t end = begin + bits.place_of(left - 1) + 1;
      counts = filter_.count_in_parallel(first, end, available_parallelism());
      return end;
    }
    return last;
  }

  void add(const FilterCounts& counts) {
    for (const std::uint32_t admitted : counts.admitted) {
      found_.before.push_back(found_.admitted);
      found_.admitted += admitted;
    }
    for (std::size_t i = 0; i < counts.exclusions.size(); ++i) found_.exclusions[i] += counts.exclusions[i];
  }

  const Filter& filter_;
  std::uint64_t wanted_;
  std::uint64_t most_;
  bool is_said_;
  FilterFound found_;
};

/// The block that this thread has looked at last, of any filter.
struct LastBlock {
  std::uint64_t filter = 0;  // by its number, from 1
  std::uint64_t block = 0;
  BlockBits bits;
};

class Filtered : public Design::Kernel::Around {
 public:
  Filtered(Component of, Filter filter, FilterFound found)
      : Around(std::move(of), found.admitted), filter_(std::move(filter)), found_(std::move(found)) {}

  std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    return of_.values(candidate_of(index));
  }

  std::vector<std::pair<std::string, std::string>> options() const override {
    std::vector<std::pair<std::string, std::string>> pairs = Around::options();
    auto found = std::ranges::find(pairs, "where", &std::pair<std::string, std::string>::first);
    if (found == pairs.end()) found = pairs.insert(found, {"where", ""});  // a name is there once
    for (std::size_t i = 0; i < filter_.condition_count(); ++i) {
      found->second += (found->second.empty() ? "" : "; ") + filter_.condition(i);
    }
    return pairs;
  }

  std::vector<Exclusion> exclusions() const override {
    std::vector<Exclusion> exclusions = Around::exclusions();
    for (std::size_t i = 0; i < filter_.condition_count(); ++i) {
      exclusions.push_back({filter_.condition(i), found_.exclusions[i]});
    }
    return exclusions;
  }
  std::uint64_t candidates() const override { return found_.candidates; }
  bool goes_on() const override { return false; }
  /// What was found is of one seed: it is not drawn anew.
  bool draws() const override { return false; }
  std::vector<DesignPart> parts(const std::vector<Parameter>& parameters) const override {
    return Kernel::parts(parameters);
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    const std::vector<EqualPoint> all = Around::equal_points(parameters);
    // In the order of candidates, so that each block is looked at once.
    std::vector<std::uint64_t> candidates;
    for (const EqualPoint& point : all) {
      candidates.push_back(point.first);
      candidates.push_back(point.index);
    }
    std::ranges::sort(candidates);
    candidates.erase(std::ranges::unique(candidates).begin(), candidates.end());
    std::vector<std::optional<std::uint64_t>> indices;
    for (const std::uint64_t candidate : candidates) indices.push_back(index_of(candidate));
    const auto found = [&](std::uint64_t candidate) {
      return indices[static_cast<std::size_t>(std::ranges::lower_bound(candidates, candidate) - candidates.begin())];
    };
    std::vector<EqualPoint> equal;
    for (const EqualPoint& point : all) {
      const auto first = found(point.first), index = found(point.index);
      if (first && index) equal.push_back({*first, *index});
    }
    return equal;
  }

 private:
  static std::uint64_t next_number() {
    static std::atomic<std::uint64_t> numbers = 0;
    return ++numbers;
  }

  const BlockBits& bits_of(std::uint64_t block) const {
    thread_local LastBlock last;
    if (last.filter == number_ && last.block == block) return last.bits;
    const std::uint64_t begin = block * BlockBits::kCandidates;
    std::vector<std::uint64_t> none;
    last.bits = Filter::Look(filter_).at(begin, std::min(found_.candidates, begin + BlockBits::kCandidates), none);
    last.filter = number_;
    last.block = block;
    return last.bits;
  }

  /// @pre index < size
  std::uint64_t candidate_of(std::uint64_t index) const {
    const auto after = std::ranges::upper_bound(found_.before, index);
    const auto block = static_cast<std::uint64_t>(after - found_.before.begin()) - 1;
    return block * BlockBits::kCandidates + bits_of(block).place_of(index - found_.before[block]);
  }

  /// None for one that is excluded.
  std::optional<std::uint64_t> index_of(std::uint64_t candidate) const {
    if (candidate >= found_.candidates) return std::nullopt;
    const std::uint64_t block = candidate / BlockBits::kCandidates, place = candidate % BlockBits::kCandidates;
    const BlockBits& bits = bits_of(block);
    if (!bits.has(place)) return std::nullopt;
    return found_.before[block] + bits.count_before(place);
  }

  Filter filter_;
  FilterFound found_;
  std::uint64_t number_ = next_number();
};

/// "`a < b` excludes 7 candidates, `c > 2` 3 candidates"
std::string reasons(const Filter& filter, const FilterFound& found) {
  std::string text;
  for (std::size_t i = 0; i < filter.condition_count() && i < 5; ++i) {
    text += fmt::format("{}\"{}\" excludes {}", text.empty() ? "" : ", ", filter.condition(i),
                        text::with_thousands(found.exclusions[i]));
  }
  return text;
}

/// @throws SpecError if there are none, or too few
void check_found(const Filter& filter, const FilterFound& found) {
  if (found.admitted == 0) {
    throw SpecError(
        fmt::format("no point is left: of {} none is admitted ({}){}", count_of_candidates(found.candidates),
                    reasons(filter, found),
                    filter.kernel().goes_on() ? "; more are looked at with a greater `where_candidates`" : ""));
  }
  if (!filter.kernel().goes_on() || found.admitted == filter.kernel().size) return;
  throw SpecError(
      fmt::format("of {} only {} are admitted, where {} points are asked for ({}); more are looked at with a greater "
                  "`where_candidates`",
                  count_of_candidates(found.candidates), text::with_thousands(found.admitted),
                  text::with_thousands(filter.kernel().size), reasons(filter, found)));
}

}  // namespace

detail::FilterFound detail::look_at_candidates(const Design& design, const std::vector<std::string>& conditions,
                                               std::optional<std::uint64_t> most_candidates) {
  const Filter filter(Design::Kernel::with_fields(design), conditions);
  return Search(filter, most_candidates).all();
}

Design detail::filtered(const Design& design, const std::vector<std::string>& conditions, FilterFound found) {
  const Design::Kernel::Component given = Design::Kernel::with_fields(design);
  Filter filter(given, conditions);
  check_found(filter, found);
  auto kernel = std::make_shared<Filtered>(given, std::move(filter), std::move(found));
  return {given.parameters, given.seed, std::move(kernel)};
}

Design filtered(const Design& design, const std::vector<std::string>& conditions,
                std::optional<std::uint64_t> most_candidates) {
  return detail::filtered(design, conditions, detail::look_at_candidates(design, conditions, most_candidates));
}

}  // namespace windrow
