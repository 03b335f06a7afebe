#include "windrow/parallel/gather_timings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <cstdint>
#include <span>
#include <utility>

#include "windrow/base/machine.hpp"
#include "windrow/base/serialize.hpp"

namespace windrow {

std::vector<TimingRecord> gather_timings(ParallelManager& manager, Timer& timer) {
  TimingRecord own = timer.snapshot();
  own.name = fmt::format("rank {} on {}", manager.rank(), host_name());
  const Bytes bytes = detail::to_bytes(own);
  const std::uint64_t own_size = bytes.size();
  const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto sizes = manager.gather(std::span<const std::uint64_t>(&own_size, 1));
  const auto all = manager.gather(std::span<const unsigned char>(first, bytes.size()));

  std::vector<TimingRecord> records;
  std::span<const std::byte> rest = std::as_bytes(std::span(all));
  for (const std::uint64_t size : sizes) {
    const auto part = rest.first(static_cast<std::size_t>(size));
    records.push_back(detail::from_bytes<TimingRecord>(part));
    rest = rest.subspan(part.size());
  }
  return records;
}

}  // namespace windrow
