#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace windrow::detail {

/// How much is free on each of some hosts, and which of them is best for so many. Logarithmic in the number of hosts.
class BestFit {
 public:
  explicit BestFit(std::vector<int> free);

  int free(std::size_t host) const { return free_[host]; }
  /// @param more  if negative, less is free; it may be below zero afterwards
  void add(std::size_t host, int more);
  /// On all hosts; one below zero counts as zero.
  std::uint64_t total() const { return total_; }
  /// The host with the fewest that are enough, which leaves the large gaps to those that need them; the one with the
  /// most if none has enough. Of equal ones the first. @pre there is a host
  std::size_t best(int count) const;

 private:
  std::vector<int> free_;
  std::set<std::pair<int, std::size_t>> order_;  // what is free, and the host
  std::uint64_t total_ = 0;
};

}  // namespace windrow::detail
