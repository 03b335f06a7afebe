#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parallel/best_fit.hpp"
#include "windrow/parallel/slots.hpp"

namespace windrow::detail {

/// The slots of a job: which are taken, and which an evaluation gets that needs several. Logarithmic in the number of
/// hosts, for each host that takes part.
class SlotPool {
 public:
  /// A host may be named more than once: its slots add up.
  explicit SlotPool(const Slots& slots);

  /// All slots, taken ones included, less those that were removed.
  std::uint64_t size() const { return size_; }
  /// As many as there were in the beginning.
  std::uint64_t initial_size() const { return initial_size_; }

  /// Takes `count` slots at once: of the host that they fill best if one has so many free, else of as few hosts as
  /// possible. @return none if there are not so many free ones. @pre count >= 1
  std::optional<Slots> take(std::uint64_t count);
  void give_back(const Slots& taken);
  /// A slot of this host, if it has any, is there no more (from now on, if it is free, else once it is given back).
  void remove(std::string_view host);

 private:
  std::map<std::string, std::size_t, std::less<>> numbers_;  // of hosts
  Slots hosts_;                                              // with all their slots
  BestFit free_;                                             // below zero while slots that were removed are still taken
  std::uint64_t size_ = 0;
  std::uint64_t initial_size_;
};

}  // namespace windrow::detail
