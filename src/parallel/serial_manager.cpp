#include "windrow/parallel/serial_manager.hpp"

#include <utility>

#include "parallel/interface/serial_workers.hpp"
#include "windrow/base/machine.hpp"

namespace windrow {

detail::JobReport SerialManager::run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                         detail::JobObserver& observer) {
  return detail::run_serially(std::move(job), evaluation, observer, host_name());
}

std::vector<Bytes> SerialManager::gather_objects(std::span<const std::byte> object) {
  return {Bytes(object.begin(), object.end())};
}

}  // namespace windrow
