#include "parallel/slot_pool.hpp"

#include <algorithm>
#include <utility>

namespace windrow::detail {

SlotPool::SlotPool(const Slots& slots) : free_(std::vector<int>()) {
  for (const HostSlots& more : slots) {
    const std::size_t host = numbers_.try_emplace(more.host, numbers_.size()).first->second;
    if (host == hosts_.size()) hosts_.push_back({more.host, 0});
    hosts_[host].slots += more.slots;
    size_ += static_cast<std::uint64_t>(more.slots);
  }
  std::vector<int> free;
  for (const HostSlots& host : hosts_) free.push_back(host.slots);
  free_ = BestFit(std::move(free));
  initial_size_ = size_;
}

std::optional<Slots> SlotPool::take(std::uint64_t count) {
  if (free_.total() < count) return std::nullopt;
  Slots taken;
  for (int left = static_cast<int>(count); left > 0;) {
    const std::size_t host = free_.best(left);
    const int here = std::min(left, free_.free(host));
    free_.add(host, -here);
    left -= here;
    taken.push_back({hosts_[host].host, here});
  }
  return taken;
}

void SlotPool::give_back(const Slots& taken) {
  for (const HostSlots& some : taken) {
    if (const auto host = numbers_.find(some.host); host != numbers_.end()) free_.add(host->second, some.slots);
  }
}

void SlotPool::remove(std::string_view name) {
  const auto found = numbers_.find(name);
  if (found == numbers_.end() || hosts_[found->second].slots == 0) return;
  --hosts_[found->second].slots;
  --size_;
  free_.add(found->second, -1);
}

}  // namespace windrow::detail
