#include "parallel/idle_workers.hpp"

#include <algorithm>

namespace windrow::detail {

IdleWorkers::IdleWorkers(const Workers& workers)
    : host_of_(static_cast<std::size_t>(workers.count())), fit_(std::vector<int>()) {
  for (int w = workers.first(); w < workers.count(); ++w) {
    const std::size_t host = hosts_.try_emplace(workers.host(w), hosts_.size()).first->second;
    host_of_[static_cast<std::size_t>(w)] = host;
    if (host == on_host_.size()) on_host_.emplace_back();
    on_host_[host].insert(on_host_[host].end(), w);
    idle_.insert(idle_.end(), w);
  }
  std::vector<int> free;
  for (const std::set<int>& some : on_host_) free.push_back(static_cast<int>(some.size()));
  fit_ = BestFit(std::move(free));
}

std::optional<int> IdleWorkers::first() const {
  return idle_.empty() ? std::nullopt : std::optional(*idle_.begin());
}

std::optional<int> IdleWorkers::first_on(std::string_view host) const {
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || on_host_[found->second].empty()) return std::nullopt;
  return *on_host_[found->second].begin();
}

void IdleWorkers::insert(int worker) {
  if (!idle_.insert(worker).second) return;
  const std::size_t host = host_of_[static_cast<std::size_t>(worker)];
  on_host_[host].insert(worker);
  fit_.add(host, 1);
}

void IdleWorkers::erase(int worker) {
  if (idle_.erase(worker) == 0) return;
  const std::size_t host = host_of_[static_cast<std::size_t>(worker)];
  on_host_[host].erase(worker);
  fit_.add(host, -1);
}

std::vector<int> IdleWorkers::take(std::size_t count) {
  std::vector<int> taken;
  while (taken.size() < count) {
    const std::size_t left = count - taken.size();
    std::set<int>& best = on_host_[fit_.best(static_cast<int>(left))];
    for (std::size_t n = std::min(left, best.size()); n > 0; --n) {
      taken.push_back(*best.rbegin());
      erase(taken.back());
    }
  }
  std::ranges::sort(taken);
  return taken;
}

}  // namespace windrow::detail
