#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/parallel/manager.hpp"
#include "windrow/process/shared_memory.hpp"

namespace windrow::detail {

/// Memory that can be written, and who holds it.
struct NodeBytes {
  std::shared_ptr<void> owner{};
  std::span<char> bytes{};
};

/// Bytes that nobody changes any more, and who holds them.
struct SharedBytes {
  std::shared_ptr<const void> owner{};
  std::string_view bytes{};
};

/// Brings bytes of the root to all ranks so that, unless they are few, they lie in memory once on each node.
class NodeMemory {
 public:
  /// Memory that other ranks on this rank's node can share, if it is worth it; else its own.
  NodeBytes make(std::size_t bytes);

  /// The root's bytes on every rank; on other nodes they arrive in parts, and one rank of each node keeps them. Ranks
  /// that cannot open what another has keep them for themselves. Collective.
  /// @param at_root  in memory that make() made there last; not looked at elsewhere
  SharedBytes share(ParallelManager& manager, std::string_view at_root);

 private:
  struct Offer {
    std::string name{};  // of shared memory; empty: none
    std::uint64_t offset = 0, size = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
      archive& name& offset& size;
    }
  };

  /// What each rank is on, and whether it has the bytes.
  struct Ranks {
    int own = 0;
    std::vector<std::string> nodes{};
    std::vector<std::uint8_t> have{};
    bool are_near(int a, int b) const;
    std::vector<int> leaders() const;
  };

  Offer offer_of(std::string_view at_root) const;
  bool open(const Offer& offer);
  void receive(ParallelManager& manager, std::string_view at_root, const NodeBytes& to);
  void receive_for_node(ParallelManager& manager, std::string_view at_root, const Ranks& ranks, std::uint64_t size);

  std::shared_ptr<SharedMemory> made_;  // what make() made last, if it is shared
  SharedBytes bytes_;
};

}  // namespace windrow::detail
