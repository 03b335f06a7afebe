#pragma once

#include <deque>
#include <exception>
#include <map>
#include <set>
#include <unordered_map>

#include "shared_use.hpp"
#include "submission_order.hpp"
#include "windrow/pool/staged_map_core.hpp"

namespace windrow::detail {

/// Carries out what the order decides: submissions, and what comes back into the inputs of further stages.
///
/// Two threads may do so, one at a time (`use`): the one that calls the map, and, while that is elsewhere or runs user
/// code, the driver's, if it has one. Only the former reads sources and tells the observer.
struct StagedMapCore::Impl : std::enable_shared_from_this<StagedMapCore::Impl> {
  using Clock = std::chrono::steady_clock;
  using Deadline = std::optional<Clock::time_point>;

  struct Group {  // what a tasklet takes from a source
    std::vector<Bytes> values = {};
    std::optional<TaskFailure> failure = {};
  };
  struct Stage {
    StageSpec spec = {};
    bool source_ended = false;
    std::deque<Group> read = {};                           // and not submitted
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

  class Call;
  class UserCode;

  // What is done depends on the state, and must not happen inside a source that this map is reading.
  void check_not_reading() const;
  void require_started() const;
  void allow_stages();

  // For the next call: this one has a result to give.
  template <typename Action>
  void keep_thrown(Action action) {
    try {
      action();
    } catch (...) {
      if (!thrown) thrown = std::current_exception();
    }
  }

  void begin_use();
  void end_use() noexcept;
  void catch_up() noexcept;
  void on_outcomes() noexcept;

  SubmissionPlan plan() const;
  void begin();
  void drop_everything();
  void hold();

  bool read(std::size_t stage);
  void read_ahead();
  std::optional<std::size_t> next_to_read() const;
  bool pull(std::size_t stage);
  bool needs_reading(std::size_t stage) const;
  void tell();
  SubmissionOrder::Decision::Kind pump();
  void pump_what_is_read();
  void carry_out(const SubmissionOrder::Decision& decision);
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

  bool advance(std::chrono::nanoseconds limit);
  TakenResult next(std::size_t stage, std::chrono::nanoseconds limit, OnTimeout on_timeout);
  std::optional<TakenResult> deliver(std::size_t stage);
  bool is_finished(std::size_t stage) const;
  bool look_ahead(std::size_t stage);
  TakenResult starved(std::size_t stage, bool may_wait) const;
  TakenResult timed_out(std::size_t stage, OnTimeout on_timeout);
  static Deadline deadline_of(std::chrono::nanoseconds limit);

  std::shared_ptr<Driver> driver;
  StagedMapOptions options;
  bool in_background = false;
  SharedUse use = {};
  std::exception_ptr thrown = {};  // met in the background or on the way, for the next call
  State state = State::built;
  bool reading = false;  // of the thread that calls the map
  std::vector<Stage> stages = {};
  std::function<void(const Submission&)> observer = {};
  std::deque<Submission> untold = {};
  std::optional<SubmissionOrder> order = {};
  std::uint64_t chosen_buffer = 0;
  std::shared_ptr<Batch> batch = {};
  std::uint64_t next_serial = 0;
  std::unordered_map<std::uint64_t, Tasklet> in_flight = {};  // by serial number
};

/// While the map's user is in a call of it. @throws Error from inside user code of the map; what the background met
class StagedMapCore::Impl::Call {
 public:
  explicit Call(Impl& map);
  ~Call() { map_.end_use(); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  Impl& map_;
};

/// While user code runs in a call: the driver's thread may go on, and the code must not call the map. Whether it does
/// is checked, since it would go round in circles.
class StagedMapCore::Impl::UserCode {
 public:
  explicit UserCode(Impl& map) : map_(map) {
    map_.reading = true;
    map_.end_use();
  }
  ~UserCode() {
    map_.begin_use();
    map_.reading = false;
  }
  UserCode(const UserCode&) = delete;
  UserCode& operator=(const UserCode&) = delete;

 private:
  Impl& map_;
};

}  // namespace windrow::detail
