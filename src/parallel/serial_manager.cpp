#include "windrow/parallel/serial_manager.hpp"

#include "parallel/coordinator.hpp"
#include "parallel/interface/serial_workers.hpp"
#include "windrow/base/machine.hpp"

namespace windrow {

detail::JobReport SerialManager::run_job(detail::Job& job) {
  detail::SerialWorkers workers(job, host_name());
  return detail::coordinate(workers, job);
}

std::vector<Bytes> SerialManager::gather_objects(std::span<const std::byte> object) {
  return {Bytes(object.begin(), object.end())};
}

}  // namespace windrow
