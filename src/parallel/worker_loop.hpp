#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

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

  /// For a worker that shares its thread with the root: evaluates points until something is to be told or heard.
  /// @return whether there were any
  bool step();

 private:
  /// Points to evaluate, and the message that they came in.
  struct Assignment {
    explicit Assignment(Frame message);
    bool done() const { return at == runs.size(); }
    Assigned next();

    Frame frame;  // holds the parameters
    AssignmentHead head;
    std::vector<IndexRun> runs;
    std::size_t at = 0;                      // of the run that is next
    std::size_t offset = 0;                  // of the next parameter in the frame
    std::optional<double> give_back_time{};  // once it has been begun
  };

  bool stop_requested() override;
  void look_for_messages();
  void handle(Frame frame);
  TaskFailure current_failure();
  bool stop_is_near();
  bool ensure_built();
  void evaluate_points();
  void evaluate(const Assigned& assigned);
  void evaluate_share();
  TaskFailure complete(TaskFailure failure, std::uint64_t index, double elapsed) const;
  void report(const Assigned& assigned, double begin, std::span<const std::byte> result,
              std::optional<TaskFailure> failure);
  void finish_assignments(std::size_t count);
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
  ResultWriter batch_;
  ByteWriter result_;  // of the point being evaluated
  double now_;         // as last read: the end of the last point is the begin of the next
  double last_flush_;
  double last_look_;
  double epoch_offset_;  // of the clock to the Unix epoch, seconds
};

}  // namespace windrow::detail
