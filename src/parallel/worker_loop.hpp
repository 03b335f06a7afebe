#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "parallel/biased_lock.hpp"
#include "parallel/interface/wire.hpp"
#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// A worker's side of a job: takes assignments, evaluates their points in order, reports outcomes in batches.
///
/// Where the link allows it, a second thread watches the one that evaluates. When an assignment takes longer than it
/// should, because one of its points does, that thread sends the outcomes that wait and gives back what has not been
/// begun, so that whoever is free may have it.
class WorkerLoop : private WorkerContext {
 public:
  WorkerLoop(RootLink& link, Evaluation& evaluation, int worker, std::string host);
  ~WorkerLoop();
  WorkerLoop(const WorkerLoop&) = delete;
  WorkerLoop& operator=(const WorkerLoop&) = delete;

  /// Serves until the root ends the job.
  /// @return what the root concluded
  Bytes run();

  /// Outcomes are told one by one from now on, and step() ends after each: for a job whose limits follow from them,
  /// where nobody could ask for them during an evaluation.
  void tell_each_point() { tells_each_point_ = true; }

  /// For a worker that shares its thread with the root: evaluates points until something is to be told or heard.
  /// @return whether there were any
  bool step();

  /// For a root that shares its thread with the worker and did something of its own just now, within step(): that time
  /// is not the worker's.
  void leave_out(double seconds) { inside_ += seconds; }

 private:
  /// Points to evaluate, and the message that they came in.
  struct Assignment {
    explicit Assignment(Frame message);
    bool done() const { return at == runs.size(); }
    bool is_late(double now) const { return head.gives_back != 0 && due && now >= *due; }
    Assigned next();

    Frame frame;  // holds the parameters
    AssignmentHead head;
    std::vector<IndexRun> runs;
    Slots slots{};
    GroupHead group{};
    std::vector<int> members{};   // of the group; empty: this worker alone
    std::size_t at = 0;           // of the run that is next
    std::size_t offset = 0;       // of the next parameter in the frame
    std::optional<double> due{};  // when it is late, once it has been begun
  };
  static constexpr double kNever = std::numeric_limits<double>::infinity();
  static constexpr double kLookSeconds = 0.001;  // between looks for messages

  bool stop_requested() override;
  double time_limit() override;
  void send_piece(std::span<const std::byte> piece) override;
  void spent(double ActivityTimes::*activity, double seconds) override;
  void wait_for_message();
  void look_if_due();
  void look_for_messages();
  void handle(Frame frame);
  TaskFailure failure_of(const std::exception_ptr& exception);
  bool stop_is_near();
  bool ensure_built();
  void build();
  void give_up(TaskFailure failure);
  void evaluate_some();
  void evaluate_points();
  std::uint64_t points_per_reading() const;
  void evaluate_some_points(std::uint64_t most);
  bool evaluate(Assigned&& assigned);
  void join_group(Assigned& assigned);
  void evaluate_share();
  void watch_until(double due);
  void watch();
  void sleep_until(double due);
  void give_back();
  TaskFailure complete(TaskFailure failure, std::uint64_t index, double elapsed) const;
  bool keep(const Assigned& assigned);
  [[gnu::cold]] bool fail(const Assigned& assigned, const std::exception_ptr& thrown,
                          std::optional<TaskFailure> failure);
  void close_results();
  double split_time();
  [[gnu::cold]] void close_results_early();
  void note_usual(double seconds);
  void report(const Assigned& assigned, double begin, std::span<const std::byte> result);
  [[gnu::cold]] void report_unkept(const Assigned& assigned, double begin);
  void report(const Assigned& assigned, double begin, TaskFailure failure);
  void finish_assignments(std::size_t count);
  void flush();
  void send_results(std::uint64_t finished);
  void charge(double ActivityTimes::*activity, double seconds);
  void charge_since(double begin, double ActivityTimes::*activity);
  void settle_evaluating();
  WorkerTimes times() const;

  BiasedLock lock_;  // of everything here; the evaluating thread lends it to the watching one during an evaluation
  RootLink& link_;
  Evaluation& evaluation_;
  int worker_;
  std::string host_;
  std::deque<Assignment> assignments_;
  bool built_ = false;
  bool broken_ = false;
  bool stopping_ = false;
  double time_limit_ = 0.0;  // seconds that an evaluation may take; 0: any
  bool piece_on_the_way_ = false;
  bool ended_ = false;
  bool tells_each_point_ = false;
  Bytes conclusion_;
  std::uint64_t finished_assignments_ = 0;
  ResultWriter batch_;
  ByteWriter result_;  // of the point being evaluated
  double now_;         // as last read: the end of the last point is the begin of the next
  // Points that share a reading of the clock: those that have ended are the results that are open in batch_.
  double shared_since_ = 0.0;     // when the first of them that was not reported began
  std::uint64_t more_share_ = 0;  // how many more points may, beside the one that is being evaluated
  std::uint64_t step_ = 1;        // from one to the next
  double usual_ = 1.0;            // seconds of a point, rather too many, as far as is known
  double last_flush_;
  double last_look_;
  double epoch_offset_;  // of the clock to the Unix epoch, seconds

  // Where time went. Activities are measured one by one, from reading to reading of the clock that are there anyway,
  // and not as what is left of the whole: what is forgotten, or counted twice, shows in WorkerAccount::other().
  double began_;
  ActivityTimes spent_;
  double failed_ = 0.0;                       // of spent_.evaluate
  std::optional<double> evaluating_since_{};  // or since spent_.evaluate was last brought up to date
  double inside_ = 0.0;                       // seconds of what is being measured that went into something else

  std::atomic<double> due_ = kNever;  // when the watching thread is to act
  std::atomic<bool> watched_ = true;  // until the end
  std::mutex sleep_mutex_;
  double sleeps_until_ = 0.0;  // the watching thread; 0: it is awake
  std::condition_variable woken_;
  std::thread watcher_;  // once there is something to watch
};

}  // namespace detail
}  // namespace windrow
