#include "windrow/parallel/serial_manager.hpp"

#include <algorithm>
#include <utility>

#include "parallel/interface/serial_workers.hpp"
#include "windrow/base/machine.hpp"

namespace windrow {

detail::JobReport SerialManager::run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                         detail::JobObserver& observer) {
  return detail::run_serially(std::move(job), evaluation, observer, host_name());
}

void SerialManager::gather_bytes(std::span<const std::byte> data, detail::Room& room) {
  const std::uint64_t size = data.size();
  room.make({&size, 1});
  std::copy(data.begin(), data.end(), room.of(0));
}

}  // namespace windrow
