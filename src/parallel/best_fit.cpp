#include "parallel/best_fit.hpp"

#include <algorithm>
#include <utility>

namespace windrow::detail {
namespace {

std::uint64_t at_least_none(int free) {
  return static_cast<std::uint64_t>(std::max(0, free));
}

}  // namespace

BestFit::BestFit(std::vector<int> free) : free_(std::move(free)) {
  for (std::size_t host = 0; host < free_.size(); ++host) {
    order_.emplace(free_[host], host);
    total_ += at_least_none(free_[host]);
  }
}

void BestFit::add(std::size_t host, int more) {
  int& free = free_[host];
  auto node = order_.extract({free, host});
  total_ -= at_least_none(free);
  free += more;
  total_ += at_least_none(free);
  node.value().first = free;
  order_.insert(std::move(node));
}

std::size_t BestFit::best(int count) const {
  const auto enough = order_.lower_bound({count, 0});
  if (enough != order_.end()) return enough->second;
  return order_.lower_bound({order_.rbegin()->first, 0})->second;
}

}  // namespace windrow::detail
