#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "design/interface/expression.hpp"
#include "design/kernel.hpp"

namespace windrow::detail {

/// Which candidates of a block are admitted, a bit each.
struct BlockBits {
  static constexpr std::uint64_t kCandidates = 1024;
  std::array<std::uint64_t, kCandidates / 64> words{};

  std::uint64_t count() const;
  /// How many before this place.
  std::uint64_t count_before(std::uint64_t place) const;
  /// The place of the one that so many come before. @pre there is one
  std::uint64_t place_of(std::uint64_t admitted) const;
  bool has(std::uint64_t place) const { return (words[place / 64] >> (place % 64) & 1U) != 0; }
};

/// How many of some candidates are admitted.
struct FilterCounts {
  std::vector<std::uint32_t> admitted;    ///< of each block
  std::vector<std::uint64_t> exclusions;  ///< by each condition, whatever the others are there
};

/// The conditions of a filter on the points of a method.
class Filter {
 public:
  /// @throws SpecError as filtered() does for conditions
  Filter(Design::Kernel::Component of, const std::vector<std::string>& conditions);

  const Design::Kernel& kernel() const { return *of_.kernel; }
  std::size_t condition_count() const { return conditions_.size(); }
  const std::string& condition(std::size_t i) const { return conditions_[i].text(); }

  /// Looks at the candidates [first, last) of a block. Of one thread.
  class Look {
   public:
    explicit Look(const Filter& filter);
    /// @param exclusions  grow by what each condition leaves out; empty: not counted, which is faster
    BlockBits at(std::uint64_t first, std::uint64_t last, std::vector<std::uint64_t>& exclusions);

   private:
    const Filter& filter_;
    std::unique_ptr<Design::Kernel::Reader> reader_;
    std::vector<Value> values_;
    std::vector<std::vector<const Value*>> used_;  // of each condition
  };

  /// Of the candidates [first, last), where `first` begins a block. A pure function: whoever asks gets the same.
  FilterCounts count(std::uint64_t first, std::uint64_t last) const;
  /// The same by several threads.
  FilterCounts count_in_parallel(std::uint64_t first, std::uint64_t last, int threads) const;

 private:
  Design::Kernel::Component of_;
  std::vector<Expression> conditions_;
  std::vector<std::size_t> columns_;  // that they use together
};

}  // namespace windrow::detail
