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

NodeBytes own_bytes(std::size_t bytes) {
  const auto memory = std::make_shared_for_overwrite<char[]>(bytes);
  return {memory, {memory.get(), bytes}};
}

}  // namespace

NodeBytes NodeMemory::make(std::size_t bytes) {
  constexpr std::size_t kWorthSharing = std::size_t{1} << 16U;
  made_ = nullptr;
  if (bytes < kWorthSharing) return own_bytes(bytes);
  made_ = std::make_shared<SharedMemory>(SharedMemory::create("table", bytes));
  return {made_, {static_cast<char*>(made_->data()), bytes}};
}

bool NodeMemory::Ranks::are_near(int a, int b) const {
  return nodes[static_cast<std::size_t>(a)] == nodes[static_cast<std::size_t>(b)];
}

/// One rank of each node where one has no bytes yet: the first of them.
std::vector<int> NodeMemory::Ranks::leaders() const {
  std::vector<int> leaders;
  std::set<std::string_view> known;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    if (have[rank] == 0 && known.insert(nodes[rank]).second) leaders.push_back(static_cast<int>(rank));
  }
  return leaders;
}

NodeMemory::Offer NodeMemory::offer_of(std::string_view at_root) const {
  if (!made_) return {.size = at_root.size()};
  return {made_->full_name(), static_cast<std::uint64_t>(at_root.data() - static_cast<const char*>(made_->data())),
          at_root.size()};
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

/// @param to  of no bytes: nothing is kept
void NodeMemory::receive(ParallelManager& manager, std::string_view at_root, const NodeBytes& to) {
  const auto size = manager.broadcast(static_cast<std::uint64_t>(at_root.size()));
  std::vector<char> part;
  for (std::uint64_t at = 0; at < size; at += kPart) {
    part.resize(std::min<std::uint64_t>(kPart, size - at));
    if (manager.is_root()) std::ranges::copy(at_root.substr(at, part.size()), part.begin());
    manager.broadcast(part);
    if (!to.bytes.empty()) std::ranges::copy(part, to.bytes.subspan(at).begin());
  }
  if (!to.bytes.empty()) bytes_ = {to.owner, {to.bytes.data(), to.bytes.size()}};
}

/// One rank of each node that has no bytes gets them, and the others there open its memory if they can.
void NodeMemory::receive_for_node(ParallelManager& manager, std::string_view at_root, const Ranks& ranks,
                                  std::uint64_t size) {
  const std::vector<int> leaders = ranks.leaders();
  const bool leads = std::ranges::find(leaders, ranks.own) != leaders.end();
  receive(manager, at_root, leads ? make(size) : NodeBytes{});
  const auto offers = manager.all_gather(leads ? offer_of(bytes_.bytes) : Offer{});
  const auto near = std::ranges::find_if(leaders, [&](int leader) { return ranks.are_near(leader, ranks.own); });
  if (bytes_.bytes.empty() && near != leaders.end()) open(offers[static_cast<std::size_t>(*near)]);
}

SharedBytes NodeMemory::share(ParallelManager& manager, std::string_view at_root) {
  if (manager.is_root()) bytes_ = {nullptr, at_root};
  const Offer offer = manager.broadcast(manager.is_root() ? offer_of(at_root) : Offer{});
  const auto own = [&] { return bytes_.bytes.empty() ? own_bytes(offer.size) : NodeBytes{}; };
  if (offer.name.empty()) {
    receive(manager, at_root, own());
    return std::exchange(bytes_, {});
  }
  Ranks ranks{.own = manager.rank(), .nodes = manager.all_gather(this_node())};
  const auto ask = [&] { ranks.have = manager.all_gather(static_cast<std::uint8_t>(bytes_.bytes.empty() ? 0 : 1)); };
  if (!manager.is_root() && ranks.are_near(0, ranks.own)) open(offer);
  ask();
  if (!ranks.leaders().empty()) {
    receive_for_node(manager, at_root, ranks, offer.size);
    ask();
    if (!ranks.leaders().empty()) receive(manager, at_root, own());
  }
  manager.sync();  // whoever offers memory keeps it until all have opened it
  return std::exchange(bytes_, {});
}

}  // namespace windrow::detail
