#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

/// Which tasklet a StagedMap submits next: a state machine without bytes, functions or workers.
namespace windrow::detail {

struct StageRates {
  std::vector<std::size_t> inputs = {};  ///< stages that it reads, each before it; none: it reads a source
  std::uint64_t consume = 1;             ///< results of each input, or elements of the source, that a tasklet takes
  std::uint64_t produce = 1;             ///< results that a tasklet gives
};

/// One call of a stage's function.
struct Tasklet {
  std::size_t stage = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const Tasklet&, const Tasklet&) = default;
};

/// One result of a stage, numbered through all its tasklets.
struct StageResult {
  std::size_t stage = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const StageResult&, const StageResult&) = default;
};

struct SubmissionPlan {
  std::vector<StageRates> stages = {};
  std::uint64_t stride = 1;
  std::uint64_t buffer = 1;
  bool ordered = true;
};

/// How many tasklets of each stage make a round: the fewest that leave no result over and are at least
/// `stride` of each stage (so `stride` where one result is made of one). The balance equations of synchronous data
/// flow.
/// @throws SpecError  if no such numbers exist, so that results would pile up without end
/// Source: Lee & Messerschmitt 1987, doi:10.1109/PROC.1987.13876
std::vector<std::uint64_t> round_quotas(const std::vector<StageRates>& stages, std::uint64_t stride);

/// The smallest buffer with which the order never gets stuck as long as the caller takes what there is to take.
/// O(tasklets of a round). @throws SpecError as round_quotas()
std::uint64_t needed_buffer(const std::vector<StageRates>& stages, std::uint64_t stride);

/// In turn, up to `stride` tasklets of each stage, round after round, as far as `buffer` un-taken results
/// allow.
///
/// Ordered, the order of the tasklets depends on nothing but the plan and the sources' ends: the next one in order is
/// waited for. In completion order, those whose inputs have arrived overtake those that wait, as long as what the
/// others need of the buffer stays free.
class SubmissionOrder {
 public:
  struct Decision {
    enum Kind {
      pull,    ///< read what tasklet `tasklet` needs from the source, then say pulled()
      submit,  ///< submit `tasklet`, then say submitted()
      wait,    ///< nothing until a tasklet arrives
      full,    ///< nothing until a result is taken
      idle,    ///< nothing: all stages have ended or are held
    };
    Kind kind = idle;
    Tasklet tasklet = {};
  };

  /// @throws SpecError  if the buffer is too small, naming the size that is needed
  explicit SubmissionOrder(SubmissionPlan plan);

  Decision decide();
  /// The source was read for the stage's next tasklet. Unasked, too, ahead of a hold: what has been read goes on.
  /// @param got  false: it has ended
  void pulled(std::size_t stage, bool got);
  /// For how many tasklets that have not been submitted it was.
  std::uint64_t count_pulled(std::size_t stage) const { return stages_[stage].pulled; }
  /// In which round the stage's tasklets will be after so many more.
  std::uint64_t round_after(std::size_t stage, std::uint64_t tasklets) const {
    return (stages_[stage].lowest + tasklets) / stages_[stage].quota;
  }
  /// The tasklet takes its inputs and owns the buffer space of its results.
  void submitted(const Tasklet& tasklet);
  /// The tasklet's results are there.
  void arrived(const Tasklet& tasklet);
  /// The caller has taken a result, or does not want it when it comes. @pre nothing reads the stage
  void taken(const StageResult& result);
  /// Results that nobody will ask for any more, since the last call.
  std::vector<StageResult> take_released() { return std::exchange(released_, {}); }

  /// Held, it reads no source; what has been read goes on, except where stages read several others and what they
  /// give would leave the sources no room to go on with: that stays until they do.
  void hold(bool held);

  /// The results that a tasklet takes from an input of its stage: [first, last).
  struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };
  Span span_of(const Tasklet& tasklet, std::size_t input) const;

  bool has_readers(std::size_t stage) const { return !stages_[stage].readers.empty(); }
  /// The sources that a stage is made of, directly or not.
  std::vector<std::size_t> sources_of(std::size_t stage) const;
  /// Whether no further tasklet of the stage can come.
  bool is_finished(std::size_t stage) const;
  /// Whether the tasklet was submitted, or everything that it takes was.
  bool is_foreseen(const Tasklet& tasklet) const;
  bool has_ended(std::size_t stage) const { return stages_[stage].lowest >= stages_[stage].total; }
  /// Submitted results that have not been taken by all that want them.
  std::uint64_t untaken() const { return untaken_; }

 private:
  friend std::uint64_t needed_buffer(const std::vector<StageRates>& stages, std::uint64_t stride);

  static constexpr auto kUnknown = std::numeric_limits<std::uint64_t>::max();

  struct Slot {  // of a result
    bool submitted = false;
    bool arrived = false;
    std::size_t takers = 0;
  };
  struct Stage {
    StageRates plan = {};
    std::vector<std::size_t> readers = {};
    std::uint64_t quota = 0;
    std::uint64_t lowest = 0;                      // tasklets below have been submitted, or were empty
    std::set<std::uint64_t> submitted_above = {};  // and these too: they overtook
    std::uint64_t total = kUnknown;                // tasklets that there will ever be
    std::uint64_t base = 0;                        // the result of the first slot
    std::deque<Slot> slots = {};
    std::uint64_t pulled = 0;
    bool is_source() const { return plan.inputs.empty(); }
  };

  struct Place {                 // in the order
    std::size_t stage = 0;       // whose turn it is
    std::uint64_t turn_end = 0;  // it is for its tasklets below
    std::uint64_t round = 0;
  };

  SubmissionOrder(SubmissionPlan plan, std::uint64_t needed);

  static std::uint64_t results_of(const Stage& stage);
  std::uint64_t round_end(const Stage& stage) const;
  bool has_work(std::size_t stage) const;
  void begin_turn(std::size_t stage);
  void move_on();
  bool all_ended() const;
  bool jump();
  bool can_go_on_after(const Tasklet& tasklet) const;
  bool runs_through(std::uint64_t rounds, std::uint64_t* most_untaken);
  void all_arrive();
  void take_all();
  Decision decide_turn();
  Decision overtake() const;
  Decision source_step(std::size_t stage) const;
  bool has_arrived(const Tasklet& tasklet) const;
  bool inputs_submitted(const Tasklet& tasklet) const;
  bool will_come(const Tasklet& tasklet) const;
  std::optional<std::uint64_t> lowest_arrived(std::size_t stage, std::uint64_t end) const;
  std::uint64_t untaken_after(const Tasklet& tasklet) const;
  // None if it was not submitted, or is done.
  const Slot* find_slot(const StageResult& result) const;
  Slot& slot(const StageResult& result);
  void lose_taker(const StageResult& result);
  void release_if_done(const StageResult& result);
  void end_stages();
  void set_total(std::size_t stage, std::uint64_t total);
  std::uint64_t wanted_below(std::size_t reader) const;

  std::vector<Stage> stages_;
  std::uint64_t stride_;
  std::uint64_t buffer_;
  std::uint64_t needed_;
  bool ordered_;
  bool held_ = false;
  Place at_ = {};
  Place held_at_ = {};
  std::uint64_t untaken_ = 0;
  std::vector<StageResult> released_;
};

}  // namespace windrow::detail
