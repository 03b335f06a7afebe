#include "parallel/slot_pool.hpp"

#include <algorithm>

namespace windrow::detail {

SlotPool::SlotPool(const Slots& slots) {
  for (const HostSlots& more : slots) {
    Host* host = find(more.host);
    if (host == nullptr) host = &hosts_.emplace_back(Host{more.host, 0, 0});
    host->slots += more.slots;
    host->free += more.slots;
  }
  initial_size_ = size();
}

std::uint64_t SlotPool::size() const {
  std::uint64_t all = 0;
  for (const Host& host : hosts_) all += static_cast<std::uint64_t>(host.slots);
  return all;
}

std::optional<Slots> SlotPool::take(std::uint64_t count) {
  std::uint64_t free = 0;
  for (const Host& host : hosts_) free += static_cast<std::uint64_t>(std::max(0, host.free));
  if (free < count) return std::nullopt;
  Slots taken;
  for (int left = static_cast<int>(count); left > 0;) {
    Host* host = best_fit(left);
    const int here = std::min(left, host->free);
    host->free -= here;
    left -= here;
    taken.push_back({host->name, here});
  }
  return taken;
}

void SlotPool::give_back(const Slots& taken) {
  for (const HostSlots& some : taken) {
    if (Host* host = find(some.host)) host->free += some.slots;
  }
}

void SlotPool::remove(std::string_view name) {
  Host* host = find(name);
  if (host == nullptr || host->slots == 0) return;
  --host->slots;
  --host->free;
}

SlotPool::Host* SlotPool::find(std::string_view name) {
  const auto found = std::ranges::find(hosts_, name, &Host::name);
  return found != hosts_.end() ? &*found : nullptr;
}

// The host with the fewest free slots that are enough, which leaves the large gaps to those that need them; the one
// with the most free slots if none has enough.
SlotPool::Host* SlotPool::best_fit(int count) {
  return &*std::ranges::min_element(hosts_, [count](const Host& a, const Host& b) {
    const bool a_fits = a.free >= count;
    const bool b_fits = b.free >= count;
    if (a_fits != b_fits) return a_fits;
    return a_fits ? a.free < b.free : a.free > b.free;
  });
}

}  // namespace windrow::detail
