#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

#include "submission_order.hpp"
#include "windrow/pool/staged_map_core.hpp"

namespace windrow::detail {

/// Carries out what the order decides: submissions, and what comes back into the inputs of further stages.
struct StagedMapCore::Impl {
  using Clock = std::chrono::steady_clock;
  using Deadline = std::optional<Clock::time_point>;

  struct Group {  // what a tasklet takes from a source
    std::vector<Bytes> values = {};
    std::optional<TaskFailure> failure = {};
  };
  struct Stage {
    StageSpec spec = {};
    bool source_ended = false;
    std::optional<Group> pulled = {};
    std::map<std::uint64_t, Outcome<Bytes>> results = {};  // that somebody will ask for
    std::deque<std::uint64_t> come = {};                   // in completion order, for the caller
    std::set<std::uint64_t> dropped = {};                  // the caller does not want them when they come
    std::uint64_t taken = 0;                               // or dropped
    std::uint64_t submitted = 0;                           // results
    std::uint64_t last_index = 0;
    bool for_caller = true;

    bool has_for_caller() const { return for_caller && taken < submitted; }
  };
  enum class State { built, running, draining, stopped, closed };

  // What is done depends on the state, and must not happen inside a source that this map is reading.
  void check_not_reading() const;
  void require_started() const;

  SubmissionPlan plan() const;
  void begin();
  void drop_everything();
  void hold();

  bool pull(std::size_t stage);
  SubmissionOrder::Decision::Kind pump();
  void submit(const Tasklet& tasklet);
  std::optional<TaskFailure> put_inputs(ByteWriter& item, const Tasklet& tasklet) const;
  static void put_group(ByteWriter& item, const Group& group);
  void hand_over(const Tasklet& tasklet, Bytes item);
  bool is_dropped(const Tasklet& tasklet) const;

  bool collect(const Deadline& deadline);
  void accept(Outcome<Bytes> outcome);
  void complete(const Tasklet& tasklet, std::vector<Outcome<Bytes>> results);
  std::vector<Outcome<Bytes>> results_of(const Tasklet& tasklet, const Outcome<Bytes>& outcome) const;
  void release();

  std::optional<TakenResult> deliver(std::size_t stage);
  bool is_finished(std::size_t stage) const;
  bool look_ahead(std::size_t stage);
  TakenResult starved(std::size_t stage, bool may_wait) const;
  TakenResult timed_out(std::size_t stage, OnTimeout on_timeout);
  static Deadline deadline_of(std::chrono::nanoseconds limit);

  std::shared_ptr<Driver> driver;
  StagedMapOptions options;
  State state = State::built;
  bool reading = false;
  std::vector<Stage> stages = {};
  std::function<void(const Submission&)> observer = {};
  std::optional<SubmissionOrder> order = {};
  std::uint64_t chosen_buffer = 0;
  std::shared_ptr<Batch> batch = {};
  std::uint64_t next_serial = 0;
  std::unordered_map<std::uint64_t, Tasklet> in_flight = {};  // by serial number
};

}  // namespace windrow::detail
