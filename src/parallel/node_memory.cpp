#include "parallel/interface/node_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "windrow/base/machine.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t kPart = std::size_t{1} << 22U;  // that a rank which does not keep it holds for a moment

/// This machine, and what of its processes can be seen: ranks in two containers may have one name.
std::string this_node() {
  std::array<char, 64> link{};
  const ssize_t length = ::readlink("/proc/self/ns/pid", link.data(), link.size());
  return host_name() + "/" + std::string(link.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
}

}  // namespace

NodeMemory::NodeMemory(ParallelManager& manager) : nodes_(manager.all_gather(this_node())), rank_(manager.rank()) {}

NodeBytes NodeMemory::make(std::size_t bytes) {
  const auto here = std::ranges::count(nodes_, nodes_[static_cast<std::size_t>(rank_)]);
  made_ = nullptr;
  if (here == 1 || bytes == 0) {
    const auto memory = std::make_shared_for_overwrite<char[]>(bytes);
    return {memory, {memory.get(), bytes}};
  }
  made_ = std::make_shared<SharedMemory>(SharedMemory::create("table", bytes));
  return {made_, {static_cast<char*>(made_->data()), bytes}};
}

/// One rank of each node where one has no bytes yet: the first of them.
std::vector<int> NodeMemory::leaders(const std::vector<std::uint8_t>& has) const {
  std::vector<int> leaders;
  std::set<std::string_view> known;
  for (std::size_t rank = 0; rank < nodes_.size(); ++rank) {
    if (has[rank] == 0 && known.insert(nodes_[rank]).second) leaders.push_back(static_cast<int>(rank));
  }
  return leaders;
}

bool NodeMemory::open(const Offer& offer) {
  if (offer.name.empty()) return false;
  try {
    const auto memory = std::make_shared<SharedMemory>(SharedMemory::open(offer.name));
    if (memory->size() < offer.offset + offer.size) return false;
    bytes_ = {memory, {static_cast<const char*>(memory->data()) + offer.offset, offer.size}};
    return true;
  } catch (const Error&) {  // another user's, or hidden: there is another way
    return false;
  }
}

/// @param to  empty: nothing is kept
void NodeMemory::receive(ParallelManager& manager, std::string_view at_root, std::span<char> to) const {
  const auto size = manager.broadcast(static_cast<std::uint64_t>(at_root.size()));
  std::vector<char> part;
  for (std::uint64_t at = 0; at < size; at += kPart) {
    part.resize(std::min<std::uint64_t>(kPart, size - at));
    if (manager.is_root()) std::ranges::copy(at_root.substr(at, part.size()), part.begin());
    manager.broadcast(part);
    if (!to.empty()) std::ranges::copy(part, to.subspan(at).begin());
  }
}

SharedBytes NodeMemory::share(ParallelManager& manager, std::string_view at_root) {
  Offer offer{.size = at_root.size()};
  if (manager.is_root()) {
    bytes_ = {nullptr, at_root};
    if (made_) {
      offer.name = made_->full_name();
      offer.offset = static_cast<std::uint64_t>(at_root.data() - static_cast<const char*>(made_->data()));
    }
  }
  offer = manager.broadcast(offer);
  bool has = manager.is_root() || offer.size == 0;
  if (!has && nodes_[static_cast<std::size_t>(rank_)] == nodes_[0]) has = open(offer);
  // First one rank of each node for all others there, then whoever has still nothing for itself.
  for (const bool for_others : {true, false}) {
    const auto all_have = manager.all_gather(static_cast<std::uint8_t>(has ? 1 : 0));
    const std::vector<int> first = leaders(all_have);
    if (first.empty()) break;
    const bool keeps = !has && (!for_others || std::ranges::find(first, rank_) != first.end());
    NodeBytes memory;
    if (keeps) {
      const auto own = std::make_shared_for_overwrite<char[]>(for_others ? 0 : offer.size);
      memory = for_others ? make(offer.size) : NodeBytes{own, {own.get(), offer.size}};
    }
    receive(manager, at_root, memory.bytes);
    if (keeps) bytes_ = {memory.owner, {memory.bytes.data(), memory.bytes.size()}};
    has = has || keeps;
    if (!for_others) break;
    Offer mine{keeps && made_ ? made_->full_name() : "", 0, offer.size};
    const auto offers = manager.all_gather(mine);
    for (const int leader : first) {
      const bool is_near = nodes_[static_cast<std::size_t>(leader)] == nodes_[static_cast<std::size_t>(rank_)];
      if (!has && is_near) has = open(offers[static_cast<std::size_t>(leader)]);
    }
  }
  manager.sync();  // whoever offers it keeps it until all have opened it
  return std::exchange(bytes_, {});
}

}  // namespace windrow::detail
