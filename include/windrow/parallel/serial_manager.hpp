#pragma once

#include "windrow/parallel/manager.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// One rank, one worker: this process and this thread.
class SerialManager : public ParallelManager {
 public:
  Backend backend() const override { return Backend::serial; }
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sync() override {}
  detail::JobReport run_job(detail::JobSpec job, detail::Evaluation& evaluation,
                            detail::JobObserver& observer) override;

 private:
  void broadcast_bytes(std::span<std::byte>) override {}
  Bytes broadcast_object(Bytes object) override { return object; }
  std::vector<Bytes> gather_objects(std::span<const std::byte> object) override;
  std::vector<Bytes> all_gather_objects(std::span<const std::byte> object) override { return gather_objects(object); }
};

}  // namespace windrow
