#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "parallel/interface/wire.hpp"
#include "parallel/interface/workers.hpp"

namespace windrow::detail {

/// Workers on a simulated clock: the one whose assignment ends first reports next. Nothing here depends on real time.
class FakeWorkers : public Workers {
 public:
  explicit FakeWorkers(int count) : workers_(static_cast<std::size_t>(count)) {}

  // What is to happen; set by a test before the job.
  std::function<double(std::uint64_t)> seconds = [](std::uint64_t) { return 1.0; };
  std::set<std::uint64_t> crashing;  // points that end their worker, once each
  std::set<int> unbuildable;         // workers whose build throws
  std::set<int> dying;               // workers that end before any point, always
  std::set<int> unseen;              // workers whose end would not tell the point that they were at
  bool replaceable = false;
  bool whole_share = false;
  std::uint64_t first_of_share = 0;  // what a worker marks while it evaluates a whole share
  bool lives_for_one_job = false;
  std::vector<std::string> hosts;  // of each worker; empty: all on node1

  // What has happened; read by a test after the job.
  struct Handed {
    int worker;
    std::uint64_t points;
    std::uint64_t left_before;  // points never handed out so far
    double patience;            // seconds that outcomes may wait at the worker
  };
  std::vector<Handed> handed;
  struct Placed {
    int worker;
    std::uint64_t index;
    Slots slots;
  };
  std::vector<Placed> placed;                        // points that came with slots
  std::map<std::string, int> most_slots_taken = {};  // at once, by host
  std::uint64_t pending = 0;                         // set by a test that looks at left_before
  std::size_t most_ahead = 0;
  int replacements = 0;
  int stops = 0;
  std::map<int, int> ends;
  bool waited_for_nobody = false;
  double latest = 0.0;  // the end of the last point

  int count() const override { return static_cast<int>(workers_.size()); }
  const std::string& host(int w) const override { return hosts.empty() ? host_ : hosts[static_cast<std::size_t>(w)]; }
  bool is_remote(int) const override { return false; }
  bool knows_point_of(int w) const override { return !unseen.contains(w); }
  bool disposable() const override { return lives_for_one_job; }

  void send(int w, JobTag tag, std::span<const std::byte> payload) override {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    if (tag == kEnd) ++ends[w];
    if (tag == kStop) {
      ++stops;
      worker.stopping = true;
    }
    if (tag != kAssign || !worker.alive) return;
    ByteReader in(payload);
    const auto head = in.get<AssignmentHead>();
    EXPECT_EQ(head.ships_parameters, 0U) << "nothing is shipped to workers that are not remote";
    Assignment assignment;
    assignment.budget = head.gives_back != 0 ? head.budget : 1e300;
    std::uint64_t points = 0;
    for (std::uint64_t r = 0; r < head.runs; ++r) {
      const auto run = in.get<IndexRun>();
      points += run.count;
      for (std::uint64_t i = 0; i < run.count; ++i) assignment.points.push_back(run.first + i * run.step);
    }
    EXPECT_GT(points, 0U);
    for (std::uint64_t h = 0; h < head.hosts; ++h) {
      std::string host = in.get_text();
      worker.slots.push_back({std::move(host), in.get<int>()});
    }
    if (head.hosts > 0) {
      EXPECT_EQ(points, 1U) << "slots are for one point";
      placed.push_back({w, assignment.points.front(), worker.slots});
      note_slots();
    }
    handed.push_back({w, points, pending, head.patience});
    pending -= std::min(pending, points);
    EXPECT_FALSE(worker.late) << "nothing waits behind a point that takes too long";
    if (worker.assignments.empty()) worker.now = std::max(worker.now, clock_);
    worker.assignments.push_back(std::move(assignment));
    most_ahead = std::max(most_ahead, worker.assignments.size());
  }

  std::optional<WorkerEvent> next(std::chrono::nanoseconds) override {
    std::optional<std::size_t> first;
    for (std::size_t w = 0; w < workers_.size(); ++w) {
      if (workers_[w].assignments.empty()) continue;
      if (!first || next_of(workers_[w]) < next_of(workers_[*first])) first = w;
    }
    if (!first) {  // the coordinator would wait for ever
      waited_for_nobody = true;
      throw std::logic_error("nobody works");
    }
    clock_ = std::max(clock_, next_of(workers_[*first]));
    return event_of(static_cast<int>(*first));
  }

  bool replace(int w) override {
    if (!replaceable) return false;
    ++replacements;
    workers_[static_cast<std::size_t>(w)].alive = true;
    return true;
  }

 private:
  struct Assignment {
    std::deque<std::uint64_t> points;
    double budget = 0.0;  // until it gives back what it has not begun
    std::optional<double> begin = {};
  };
  struct Worker {
    std::deque<Assignment> assignments;
    double now = 0.0;  // begin of its point
    bool alive = true;
    bool stopping = false;
    bool told_of_build = false;
    bool late = false;  // has given back all but its present point
    Slots slots = {};   // of its present point
  };

  void note_slots() {
    std::map<std::string, int> taken;
    for (const Worker& worker : workers_) {
      for (const HostSlots& some : worker.slots) taken[some.host] += some.slots;
    }
    for (const auto& [host, slots] : taken) most_slots_taken[host] = std::max(most_slots_taken[host], slots);
  }

  static double due_of(const Worker& worker) {
    const Assignment& assignment = worker.assignments.front();
    return assignment.begin.value_or(worker.now) + assignment.budget;
  }
  // When it has something to tell: at the end of its assignment, or when that is late and there is something to give.
  double next_of(const Worker& worker) const {
    const Assignment& assignment = worker.assignments.front();
    double end = worker.now;
    for (std::size_t i = 0; i < assignment.points.size(); ++i) {
      end += seconds(assignment.points[i]);
      const bool last = i + 1 == assignment.points.size() && worker.assignments.size() == 1;
      if (end > due_of(worker) && !last) return due_of(worker);
    }
    return end;
  }

  WorkerEvent event_of(int w) {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    if (dying.count(w) != 0) return lose(w, std::nullopt);
    if (unbuildable.count(w) != 0 && !std::exchange(worker.told_of_build, true)) {
      TaskFailure failure;
      failure.message = "no licence";
      failure.rank = w;
      ByteWriter out;
      put_failure(out, failure);
      return {w, Frame{kBuildFailed, out.take()}};
    }
    ResultWriter out;
    Assignment& assignment = worker.assignments.front();
    const double due = due_of(worker);
    assignment.begin = due - assignment.budget;
    while (!assignment.points.empty() && !worker.stopping && unbuildable.count(w) == 0) {
      const std::uint64_t index = assignment.points.front();
      if (crashing.erase(index) != 0) return lose(w, whole_share ? first_of_share : index);
      const bool last = assignment.points.size() == 1 && worker.assignments.size() == 1;
      if (worker.now + seconds(index) > due && !last) return give_back(w, out);
      const std::uint64_t result = index * 2;
      out.add({index, worker.now, seconds(index), false, std::as_bytes(std::span(&result, 1))});
      worker.now += seconds(index);
      latest = std::max(latest, worker.now);
      assignment.points.pop_front();
    }
    worker.assignments.pop_front();
    worker.slots.clear();
    worker.late = false;
    return {w, message(kResults, out, 1)};
  }

  WorkerEvent give_back(int w, ResultWriter& out) {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    worker.late = true;
    const Frame frame = message(kGivenBack, out, worker.assignments.size());
    const std::uint64_t current = worker.assignments.front().points.front();
    worker.assignments.clear();
    worker.assignments.push_back({{current}, 1e300});
    return {w, frame};
  }

  static Frame message(JobTag tag, ResultWriter& out, std::uint64_t finished) {
    const auto bytes = out.message(finished);
    return {tag, Bytes(bytes.begin(), bytes.end())};
  }

  // What it had evaluated of its assignment is lost with it.
  WorkerEvent lose(int w, std::optional<std::uint64_t> evaluating) {
    Worker& worker = workers_[static_cast<std::size_t>(w)];
    worker.alive = false;
    worker.late = false;
    worker.assignments.clear();
    worker.slots.clear();
    WorkerLoss loss;
    loss.failure = TaskFailure::ended(ExitStatus::signalled(11), "worker " + std::to_string(w) + " fell");
    loss.evaluating = evaluating;
    return {w, loss};
  }

  std::vector<Worker> workers_;
  double clock_ = 0.0;  // of the last event
  std::string host_ = "node1";
};

}  // namespace windrow::detail
