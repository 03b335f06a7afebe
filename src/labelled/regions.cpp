#include "regions.hpp"

#include <algorithm>

namespace windrow::detail {

Regions::Regions(std::vector<std::uint64_t> lengths, std::uint64_t most)
    : lengths_(std::move(lengths)), shape_(lengths_.size(), 1) {
  for (cut_ = lengths_.size(); cut_-- > 0; inner_ *= lengths_[cut_]) {
    shape_[cut_] = lengths_[cut_];
    if (cut_ == 0 || lengths_[cut_] > most / inner_) break;
  }
  const std::uint64_t rows = lengths_[cut_];
  const std::uint64_t parts = (rows - 1) / std::max<std::uint64_t>(most / inner_, 1) + 1;
  shape_[cut_] = (rows - 1) / parts + 1;  // of much the same size
}

Regions::Part Regions::part_from(std::uint64_t first) const {
  Part part{first, 0, point(first)};
  part.region.count = shape_;
  const std::uint64_t row = first / inner_ % lengths_[cut_];
  part.region.count[cut_] = std::min<std::uint64_t>(shape_[cut_], lengths_[cut_] - row);
  part.size = part.region.count[cut_] * inner_;
  return part;
}

Region Regions::point(std::uint64_t position) const {
  Region region{std::vector<std::size_t>(lengths_.size()), std::vector<std::size_t>(lengths_.size(), 1)};
  for (std::size_t i = lengths_.size(); i-- > 0; position /= lengths_[i]) region.start[i] = position % lengths_[i];
  return region;
}

}  // namespace windrow::detail
