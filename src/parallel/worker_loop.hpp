#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "parallel/wire.hpp"
#include "parallel/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace windrow::detail {

/// A worker's side of a job: takes assignments, evaluates their points in order, reports outcomes in batches.
class WorkerLoop : private WorkerContext {
 public:
  WorkerLoop(RootLink& link, const WorkerTask& task, int worker, std::string host);

  /// Serves until the root ends the job.
  /// @return what the root concluded
  Bytes run();

  /// For a worker that shares its thread with the root: evaluates one point if there is one.
  /// @return whether there was
  bool step();

 private:
  using Clock = std::chrono::steady_clock;
  struct Assignment {
    Frame frame;  // holds the parameters
    std::vector<IndexRange> ranges;
    bool ships_parameters = false;
    std::size_t offset = 0;  // of the next parameter in the frame
  };

  bool stop_requested() override;
  void look_for_messages();
  void handle(Frame frame);
  TaskFailure current_failure();
  bool stop_is_near();
  Assigned next_assigned();
  bool ensure_built();
  void evaluate_one();
  void evaluate_share();
  Outcome<Bytes> guarded(const Assigned& assigned);
  TaskFailure complete(TaskFailure failure, std::uint64_t index, double elapsed) const;
  void report(const Assigned& assigned, Outcome<Bytes> outcome, Clock::time_point begin, Clock::time_point end);
  void finish_assignment();
  void flush();

  RootLink& link_;
  const WorkerTask& task_;
  int worker_;
  std::string host_;
  std::deque<Assignment> assignments_;
  bool built_ = false;
  bool broken_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  Bytes conclusion_;
  std::uint64_t finished_assignments_ = 0;
  ByteWriter batch_;
  Clock::time_point last_flush_;
  Clock::time_point last_look_;
  double epoch_offset_;  // of steady_clock to the Unix epoch, seconds
};

}  // namespace windrow::detail
