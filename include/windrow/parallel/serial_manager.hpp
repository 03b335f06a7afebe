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
  void broadcast_bytes(std::span<const std::byte>, detail::Room&) override {}
  void gather_bytes(std::span<const std::byte> data, detail::Room& room) override;
  void all_gather_bytes(std::span<const std::byte> data, detail::Room& room) override { gather_bytes(data, room); }
};

}  // namespace windrow
