#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "windrow/parallel/job.hpp"
#include "windrow/parallel/manager.hpp"

/// Jobs for tests that say what they need in place, as functions.
namespace windrow::detail {

struct TestEvaluation : Evaluation {
  std::function<void()> on_build;
  std::function<std::optional<TaskFailure>(const Assigned&, WorkerContext&, ByteWriter&)> on_evaluate;
  std::function<std::vector<Outcome<Bytes>>(std::span<const Assigned>, WorkerContext&)> on_evaluate_share;
  std::function<void()> on_idle;
  std::function<void(const Assigned&, std::span<const std::byte>, const TaskFailure*)> on_observe;
  std::shared_ptr<RankGroups> rank_groups;

  void build() override {
    if (on_build) on_build();
  }
  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override {
    return on_evaluate(assigned, context, result);
  }
  std::vector<Outcome<Bytes>> evaluate_share(std::span<const Assigned> share, WorkerContext& context) override {
    return on_evaluate_share ? on_evaluate_share(share, context) : Evaluation::evaluate_share(share, context);
  }
  void idle() noexcept override {
    if (on_idle) on_idle();
  }
  void observe(const Assigned& assigned, std::span<const std::byte> result, const TaskFailure* failure) override {
    if (on_observe) on_observe(assigned, result, failure);
  }
  RankGroups* groups() override { return rank_groups.get(); }
};

struct TestNeeds : PointNeeds {
  TestNeeds(Kind its_kind, std::function<std::uint64_t(std::uint64_t)> its_count)
      : kind_(its_kind), count_(std::move(its_count)) {}
  Kind kind() const override { return kind_; }
  std::uint64_t of(std::uint64_t index) override { return count_(index); }

 private:
  Kind kind_;
  std::function<std::uint64_t(std::uint64_t)> count_;
};

inline std::shared_ptr<PointNeeds> needs_slots(std::function<std::uint64_t(std::uint64_t)> count) {
  return std::make_shared<TestNeeds>(PointNeeds::Kind::slots, std::move(count));
}
inline std::shared_ptr<PointNeeds> needs_ranks(std::function<std::uint64_t(std::uint64_t)> count) {
  return std::make_shared<TestNeeds>(PointNeeds::Kind::ranks, std::move(count));
}

struct TestJob : JobSpec, JobObserver {
  TestEvaluation evaluation;  // of each process
  std::function<Bytes(std::uint64_t)> on_parameter;
  std::function<void(const Completed&)> on_completed;
  std::function<std::optional<double>(const TaskFailure&, int tries)> on_retry_after;
  std::function<void(const Completed&)> on_retried;
  std::function<void(int worker, std::span<const std::byte>)> on_piece;
  std::function<Direction()> on_tick;
  std::function<void(RunningJob&)> on_handed_out;
  std::function<double()> on_time_limit;
  std::function<double()> on_seconds_storing;
  std::function<Bytes()> on_conclude;

  /// With what the functions that are there ask for.
  JobSpec spec() const {
    JobSpec spec = *this;
    spec.ships_parameters = static_cast<bool>(on_parameter);
    spec.whole_shares = spec.whole_shares || evaluation.on_evaluate_share;
    spec.retries = static_cast<bool>(on_retry_after);
    spec.limits_time = static_cast<bool>(on_time_limit);
    return spec;
  }

  void parameter(std::uint64_t index, ByteWriter& out) override { out.put_bytes(on_parameter(index)); }
  void completed(const Completed& completed) override {
    if (on_completed) on_completed(completed);
  }
  std::optional<double> retry_after(const TaskFailure& failure, int tries) override {
    return on_retry_after(failure, tries);
  }
  void retried(const Completed& completed) override {
    if (on_retried) on_retried(completed);
  }
  void piece(int worker, std::span<const std::byte> bytes) override {
    if (on_piece) on_piece(worker, bytes);
  }
  Direction tick() override { return on_tick ? on_tick() : Direction(); }
  void handed_out(RunningJob& running) override {
    if (on_handed_out) on_handed_out(running);
  }
  double time_limit() override { return on_time_limit(); }
  double seconds_storing() const override { return on_seconds_storing ? on_seconds_storing() : 0.0; }
  Bytes conclude() override { return on_conclude ? on_conclude() : Bytes(); }
};

template <typename SomeWorkers>
JobReport coordinate(SomeWorkers& workers, TestJob& job) {  // for tests that include parallel/coordinator.hpp
  return coordinate(workers, job.spec(), job);
}
inline JobReport run_job(ParallelManager& manager, TestJob& job) {
  return manager.run_job(job.spec(), job.evaluation, job);
}

}  // namespace windrow::detail
