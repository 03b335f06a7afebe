#pragma once

#include <memory>
#include <string>
#include <vector>

#include "parallel/interface/local_worker.hpp"
#include "parallel/interface/workers.hpp"

namespace windrow::detail {

/// Workers that are threads of this process.
class ThreadWorkers : public Workers {
 public:
  ThreadWorkers(int count, Evaluation& evaluation, std::string host, int wake);

  int count() const override { return static_cast<int>(threads_.size()); }
  const std::string& host(int) const override { return host_; }
  bool is_remote(int) const override { return false; }
  void send(int worker, JobTag tag, std::span<const std::byte> payload) override;
  std::optional<WorkerEvent> next(std::chrono::nanoseconds limit) override;

 private:
  std::optional<WorkerEvent> try_next();

  std::string host_;
  int wake_;
  std::vector<std::unique_ptr<LocalWorker>> threads_;
  std::size_t turn_ = 0;
};

}  // namespace windrow::detail
