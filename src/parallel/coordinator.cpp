#include "parallel/coordinator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <string>
#include <utility>

#include "parallel/wire.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

using std::chrono::milliseconds;

constexpr auto kTick = milliseconds(100);
constexpr double kChunkSeconds = 0.010;     // work handed out at a time
constexpr double kPrefetchSeconds = 0.005;  // points shorter than this are handed out ahead
constexpr int kFruitlessDeaths = 3;         // deaths in a row without any point before a worker's place is given up

struct WorkerState {
  IndexSet share;                      // static: what is its own and not yet handed out
  std::deque<IndexRange> outstanding;  // handed out, in order, no outcome yet
  std::uint64_t assignments = 0;       // handed out, not yet finished
  bool takes_work = true;              // neither lost for good nor impossible to build
  int fruitless_deaths = 0;
};

class Coordinator {
 public:
  Coordinator(Workers& workers, Job& job)
      : workers_(workers), job_(job), states_(static_cast<std::size_t>(workers.count())) {
    left_ = job.pending.size();
    if (job.schedule == Schedule::static_split) split();
  }

  JobReport run() {
    try {
      loop();
      if (job_.conclude) report_.conclusion = job_.conclude();
    } catch (...) {
      if (!workers_.disposable()) release_quietly();
      throw;
    }
    for (int w = 0; w < workers_.count(); ++w) workers_.send(w, kEnd, report_.conclusion);
    report_.unfinished = left_;
    return std::move(report_);
  }

 private:
  WorkerState& state(int worker) { return states_[static_cast<std::size_t>(worker)]; }

  // Contiguous shares: the first m workers get q + 1 points, the others q.
  void split() {
    const std::uint64_t workers = std::max<std::size_t>(1, states_.size());  // none if nothing is pending
    const std::uint64_t quotient = left_ / workers;
    const std::uint64_t remainder = left_ % workers;
    for (std::uint64_t w = 0; w < workers; ++w) {
      for (const IndexRange range : job_.pending.take(quotient + (w < remainder ? 1 : 0)))
        states_[w].share.insert(range);
    }
  }

  bool someone_works() const {
    return std::any_of(states_.begin(), states_.end(), [](const WorkerState& s) { return s.assignments > 0; });
  }

  void loop() {
    for (;;) {
      if (!stopping_ && job_.on_tick && job_.on_tick()) stop();
      if (!stopping_) hand_out();
      if (left_ == 0 || !someone_works()) {
        if (left_ == 0 || stopping_) break;
        fail_the_rest();
        break;
      }
      handle_next();
    }
    while (someone_works()) handle_next();  // the last messages, so that none is left for the next job
    if (error_) std::rethrow_exception(error_);
  }

  void handle_next() {
    if (auto event = workers_.next(kTick)) handle(*event);
    if (error_) std::rethrow_exception(error_);
  }

  void stop() {
    stopping_ = report_.stopped = true;
    for (int w = 0; w < workers_.count(); ++w) workers_.send(w, kStop, {});
  }

  // After an exception: workers that outlive the job must come to rest, or their messages would meet the next one.
  void release_quietly() noexcept {
    try {
      error_ = nullptr;
      job_.on_completed = nullptr;
      job_.on_tick = nullptr;
      stop();
      while (someone_works()) handle_next();
      for (int w = 0; w < workers_.count(); ++w) workers_.send(w, kEnd, {});
    } catch (...) {  // the first exception is the one that counts
    }
  }

  void hand_out() {
    for (int w = 0; w < workers_.count(); ++w) {
      // Of whole shares one at a time: all that a worker has is lost with it.
      const bool brief = mean_seconds_ >= 0.0 && mean_seconds_ < kPrefetchSeconds && !job_.task.evaluate_share;
      const std::uint64_t ahead = brief ? 2 : 1;
      while (state(w).takes_work && state(w).assignments < ahead) {
        if (!assign(w)) break;
      }
    }
  }

  // The points that a worker may take from: its own share first, then what nobody owns.
  IndexSet& supply(WorkerState& worker) { return worker.share.empty() ? job_.pending : worker.share; }

  std::uint64_t chunk(const IndexSet& supply, bool own_share) const {
    if (job_.task.evaluate_share) return supply.size();
    if (mean_seconds_ < 0.0) return 1;
    const double fitting = kChunkSeconds / std::max(mean_seconds_, 1e-9);
    const double fair = own_share ? static_cast<double>(supply.size())
                                  : static_cast<double>(supply.size()) / (4.0 * static_cast<double>(states_.size()));
    return static_cast<std::uint64_t>(std::max(1.0, std::min(fitting, fair)));
  }

  bool assign(int w) {
    WorkerState& worker = state(w);
    IndexSet& from = supply(worker);
    if (from.empty()) return false;
    const std::vector<IndexRange> ranges = from.take(chunk(from, &from == &worker.share));
    const bool ship = job_.parameter && workers_.is_remote(w);
    ByteWriter out;
    out.put(std::uint64_t{ship ? 1U : 0U});
    out.put(static_cast<std::uint64_t>(ranges.size()));
    for (const IndexRange& range : ranges) out.put(range);
    for (const IndexRange& range : ranges) {
      worker.outstanding.push_back(range);
      for (std::uint64_t i = 0; ship && i < range.count; ++i) {
        const Bytes parameter = job_.parameter(range.first + i);
        out.put(static_cast<std::uint64_t>(parameter.size()));
        out.put_bytes(parameter);
      }
    }
    ++worker.assignments;
    workers_.send(w, kAssign, out.bytes());
    return true;
  }

  void handle(const WorkerEvent& event) {
    if (const auto* loss = std::get_if<WorkerLoss>(&event.what)) return handle_loss(event.worker, *loss);
    const Frame& frame = std::get<Frame>(event.what);
    ByteReader in(frame.payload);
    if (frame.tag == kResults) return handle_results(event.worker, in);
    if (frame.tag == kBuildFailed) return handle_build_failure(event.worker, get_failure(in));
    throw ParallelError(fmt::format("worker {} sent message {}, which is not for the root", event.worker, frame.tag));
  }

  void handle_results(int w, ByteReader& in) {
    WorkerState& worker = state(w);
    const auto finished = in.get<std::uint64_t>();
    while (!in.at_end()) {
      const auto head = in.get<ResultHead>();
      const auto payload = in.take(head.length);
      pop_outstanding(worker, head.index);
      worker.fruitless_deaths = 0;
      mean_seconds_ = mean_seconds_ < 0.0 ? head.elapsed : mean_seconds_ + 0.05 * (head.elapsed - mean_seconds_);
      if (head.failed != 0) {
        ByteReader failure_bytes(payload);
        const TaskFailure failure = get_failure(failure_bytes);
        complete({head.index, w, workers_.host(w), {}, &failure, head.started, head.elapsed});
      } else {
        complete({head.index, w, workers_.host(w), payload, nullptr, head.started, head.elapsed});
      }
    }
    worker.assignments -= std::min(finished, worker.assignments);
    if (worker.assignments == 0) take_back(worker);  // after a stop or a failed build: not evaluated
  }

  // An exception waits until the message with this outcome is taken in whole, or nobody would know who still works.
  void complete(const Completed& completed) {
    --left_;
    if (!job_.on_completed || error_) return;
    try {
      job_.on_completed(completed);
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  // Outcomes come in the order of the assignment.
  void pop_outstanding(WorkerState& worker, std::uint64_t index) {
    if (worker.outstanding.empty() || worker.outstanding.front().first != index) {
      throw ParallelError(fmt::format("an outcome for point {} arrived that was not asked for", index));
    }
    IndexRange& range = worker.outstanding.front();
    ++range.first;
    if (--range.count == 0) worker.outstanding.pop_front();
  }

  // What was handed out and not evaluated is to be had again: by its owner under a static split, else by anyone.
  void take_back(WorkerState& worker) {
    const bool owned = job_.schedule == Schedule::static_split && worker.takes_work;
    IndexSet& to = owned ? worker.share : job_.pending;
    for (const IndexRange& range : worker.outstanding) to.insert(range);
    worker.outstanding.clear();
    if (!worker.takes_work) disown_share(worker);
  }

  void disown_share(WorkerState& worker) {
    for (const IndexRange& range : worker.share.take(worker.share.size())) job_.pending.insert(range);
  }

  // A worker that cannot be built takes no more points. Under a static split its share is its own to fail; otherwise
  // others take over, and only when no worker is left do the points fail.
  void handle_build_failure(int w, TaskFailure failure) {
    WorkerState& worker = state(w);
    failure.message = "build failed: " + failure.message;
    last_build_failure_ = failure;
    if (job_.schedule == Schedule::static_split) {
      for (const IndexRange& range : std::exchange(worker.outstanding, {})) fail_range(w, range, failure);
      for (const IndexRange& range : worker.share.take(worker.share.size())) fail_range(w, range, failure);
    }
    worker.takes_work = false;
    take_back(worker);
    report_.build_failures.push_back(std::move(failure));
  }

  void fail_range(int w, const IndexRange& range, TaskFailure failure) {
    for (std::uint64_t i = 0; i < range.count; ++i) {
      failure.index = range.first + i;
      complete({failure.index, w, workers_.host(w), {}, &failure, 0.0, 0.0});
    }
  }

  void handle_loss(int w, const WorkerLoss& loss) {
    WorkerState& worker = state(w);
    report_.lost_workers.push_back(loss.description);
    last_loss_ = loss;
    worker.assignments = 0;
    if (loss.evaluating && fail_evaluated(w, loss) > 0) {
      worker.fruitless_deaths = 0;
    } else {
      ++worker.fruitless_deaths;
    }
    const bool worth_replacing = !stopping_ && left_ > 0 && worker.fruitless_deaths < kFruitlessDeaths;
    worker.takes_work = worth_replacing && workers_.replace(w);
    take_back(worker);
  }

  // Fails the point that a lost worker was at, or all of a share that was evaluated as a whole. Outcomes before it may
  // have been lost with the worker; those points run again. @return how many failed
  std::uint64_t fail_evaluated(int w, const WorkerLoss& loss) {
    WorkerState& worker = state(w);
    TaskFailure failure;
    failure.kind = loss.kind;
    failure.code = loss.code;
    failure.message = loss.description;
    failure.rank = w;
    failure.host = workers_.host(w);
    const std::uint64_t before = left_;
    for (const IndexRange& range : std::exchange(worker.outstanding, {})) {
      const std::uint64_t last = range.first + range.count - 1;
      if (job_.task.evaluate_share) {
        fail_range(w, range, failure);
      } else if (*loss.evaluating < range.first || *loss.evaluating > last) {
        worker.outstanding.push_back(range);
      } else {
        const std::uint64_t index = *loss.evaluating;
        fail_range(w, {index, 1}, failure);
        if (index > range.first) worker.outstanding.push_back({range.first, index - range.first});
        if (index < last) worker.outstanding.push_back({index + 1, last - index});
      }
    }
    return before - left_;
  }

  // No worker is left: say for every point why.
  void fail_the_rest() {
    TaskFailure failure;
    if (last_build_failure_) {
      failure = *last_build_failure_;
      report_.build_failures.clear();  // told with the points
    } else {
      failure.kind = last_loss_ ? last_loss_->kind : FailureKind::lost;
      failure.code = last_loss_ ? last_loss_->code : 0;
      failure.message = "no worker is left" + (last_loss_ ? "; the last: " + last_loss_->description : std::string());
      failure.host = workers_.host(0);
    }
    for (WorkerState& worker : states_) disown_share(worker);
    for (const IndexRange& range : job_.pending.take(job_.pending.size())) fail_range(failure.rank, range, failure);
  }

  Workers& workers_;
  Job& job_;
  std::vector<WorkerState> states_;
  std::uint64_t left_ = 0;
  double mean_seconds_ = -1.0;  // of a point, recent ones weighing more; negative: unknown yet
  bool stopping_ = false;
  std::optional<TaskFailure> last_build_failure_;
  std::optional<WorkerLoss> last_loss_;
  std::exception_ptr error_;  // the first that on_completed threw
  JobReport report_;
};

}  // namespace

JobReport coordinate(Workers& workers, Job& job) {
  return Coordinator(workers, job).run();
}

}  // namespace windrow::detail
