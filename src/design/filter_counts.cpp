#include "design/filter_counts.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "windrow/error.hpp"

namespace windrow::detail {

std::uint64_t BlockBits::count() const {
  std::uint64_t count = 0;
  for (const std::uint64_t word : words) count += static_cast<std::uint64_t>(std::popcount(word));
  return count;
}

std::uint64_t BlockBits::count_before(std::uint64_t place) const {
  std::uint64_t count = 0;
  for (std::uint64_t i = 0; i < place / 64; ++i) count += static_cast<std::uint64_t>(std::popcount(words[i]));
  if (place % 64 == 0) return count;
  const std::uint64_t before = words[place / 64] & ((std::uint64_t{1} << place % 64) - 1);
  return count + static_cast<std::uint64_t>(std::popcount(before));
}

std::uint64_t BlockBits::place_of(std::uint64_t admitted) const {
  std::uint64_t i = 0;
  for (; i + 1 < words.size(); ++i) {
    const auto here = static_cast<std::uint64_t>(std::popcount(words[i]));
    if (admitted < here) break;
    admitted -= here;
  }
  std::uint64_t word = words[i];
  for (; admitted > 0; --admitted) word &= word - 1;
  return i * 64 + static_cast<std::uint64_t>(std::countr_zero(word));
}

Filter::Filter(Design::Kernel::Component of, const std::vector<std::string>& conditions) : of_(std::move(of)) {
  if (conditions.empty()) throw SpecError("a filter needs at least one condition");
  const std::vector<ExpressionName> names = expression_names(of_.parameters);
  for (const std::string& condition : conditions) {
    conditions_.emplace_back(condition, "", names, "parameter");
    if (conditions_.back().kind() == ExpressionKind::text) {
      throw SpecError("in \"" + condition + "\": a text neither holds nor not; texts compare with == and !=");
    }
    std::ranges::copy(conditions_.back().used(), std::back_inserter(columns_));
  }
  std::ranges::sort(columns_);
  columns_.erase(std::ranges::unique(columns_).begin(), columns_.end());
}

Filter::Look::Look(const Filter& filter)
    : filter_(filter),
      reader_(filter.of_.kernel->reader(filter.of_.parameters, filter.of_.seed, filter.columns_)),
      values_(filter.columns_.size()) {
  for (const Expression& condition : filter.conditions_) {
    std::vector<const Value*>& used = used_.emplace_back();
    for (const std::size_t column : condition.used()) {
      const auto place = std::ranges::lower_bound(filter.columns_, column) - filter.columns_.begin();
      used.push_back(&values_[static_cast<std::size_t>(place)]);
    }
  }
}

BlockBits Filter::Look::at(std::uint64_t first, std::uint64_t last, std::vector<std::uint64_t>& exclusions) {
  BlockBits bits;
  for (std::uint64_t candidate = first; candidate < last; ++candidate) {
    reader_->read(candidate, values_);
    bool admitted = true;
    for (std::size_t i = 0; i < used_.size() && (admitted || !exclusions.empty()); ++i) {
      if (filter_.conditions_[i].holds(used_[i])) continue;
      admitted = false;
      if (!exclusions.empty()) ++exclusions[i];
    }
    const std::uint64_t place = candidate % BlockBits::kCandidates;
    if (admitted) bits.words[place / 64] |= std::uint64_t{1} << place % 64;
  }
  return bits;
}

FilterCounts Filter::count(std::uint64_t first, std::uint64_t last) const {
  FilterCounts counts;
  counts.exclusions.resize(conditions_.size());
  counts.admitted.reserve((last - first) / BlockBits::kCandidates + 1);
  Look look(*this);
  while (first < last) {
    const std::uint64_t end = std::min(last, first + BlockBits::kCandidates);
    counts.admitted.push_back(static_cast<std::uint32_t>(look.at(first, end, counts.exclusions).count()));
    first = end;
  }
  return counts;
}

FilterCounts Filter::count_in_parallel(std::uint64_t first, std::uint64_t last, int threads) const {
  constexpr std::uint64_t part = 16 * BlockBits::kCandidates;
  const std::uint64_t parts = (last - first + part - 1) / part;
  if (parts <= 1 || threads <= 1) return count(first, last);
  std::vector<FilterCounts> counted(parts);
  std::atomic<std::uint64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::uint64_t i = next++; i < parts; i = next++) {
        counted[i] = count(first + i * part, std::min(last, first + (i + 1) * part));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = parts;
    }
  };
  std::vector<std::jthread> others;
  for (int i = 1; i < threads && static_cast<std::uint64_t>(i) < parts; ++i) others.emplace_back(work);
  work();
  others.clear();
  if (failure) std::rethrow_exception(failure);
  FilterCounts all;
  all.exclusions.resize(conditions_.size());
  for (const FilterCounts& some : counted) {
    all.admitted.insert(all.admitted.end(), some.admitted.begin(), some.admitted.end());
    for (std::size_t i = 0; i < all.exclusions.size(); ++i) all.exclusions[i] += some.exclusions[i];
  }
  return all;
}

}  // namespace windrow::detail
