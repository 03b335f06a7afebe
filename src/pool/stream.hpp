#pragma once

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parallel/interface/workers.hpp"
#include "windrow/parallel/job.hpp"
#include "windrow/pool/batch.hpp"
#include "windrow/pool/executor.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What items threw in this process, on its way past the messages, in which an exception is but a text.
class ThrownByItems {
 public:
  void put(std::uint64_t key, std::exception_ptr thrown);
  /// Removes it. None if there was none.
  ThrownException take(std::uint64_t key);

 private:
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::exception_ptr> thrown_;
};

/// What an executor's workers do with an item. Runs the initializer first.
class ItemEvaluation : public Evaluation {
 public:
  /// @param thrown  for workers of this process; may be null
  explicit ItemEvaluation(std::function<void()> initializer, std::shared_ptr<ThrownByItems> thrown = {})
      : initializer_(std::move(initializer)), thrown_(std::move(thrown)) {}
  void build() override;
  std::optional<TaskFailure> evaluate(const Assigned& assigned, WorkerContext& context, ByteWriter& result) override;

 private:
  std::function<void()> initializer_;
  std::shared_ptr<ThrownByItems> thrown_;
};

/// The same in a process that was forked from the executor's. There executors of that process are of no use: their
/// drivers' threads are not there, and their locks may be held for ever.
class ForkedItemEvaluation : public ItemEvaluation {
 public:
  using ItemEvaluation::ItemEvaluation;
  void build() override;
};

/// How many forks by executors lie between the program's start and this process.
int forks_so_far();

/// Hands a stream of chunks to workers and collects the outcomes: what coordinate() is for the points of a job. Not
/// thread-safe; its driver guards it.
class Stream {
 public:
  /// @param thrown  where the workers leave what items throw; may be null
  Stream(Workers& workers, const ExecutorOptions& options, std::shared_ptr<ThrownByItems> thrown = {});

  void submit(const std::shared_ptr<Batch>& batch, ItemInvoker invoke, std::vector<Bytes> items, std::size_t chunk);
  /// Gives workers what they should have now.
  void hand_out();
  void handle(const WorkerEvent& event);
  /// Every item without an outcome fails as `lost`, with this message, and so does every later one.
  void give_up(const std::string& message);
  /// Batches that got outcomes since the last call and want to know (Batch::on_outcomes).
  std::vector<std::shared_ptr<Batch>> take_news() { return std::exchange(news_, {}); }
  bool is_idle() const { return queue_.empty() && in_flight_ == 0; }
  /// All workers have finished what they were given.
  bool has_no_assignments() const;
  void end_workers();

 private:
  struct Item {
    std::shared_ptr<Batch> batch;
    std::uint64_t number = 0;
    ItemInvoker invoke = nullptr;
    Bytes bytes;
    int losses = 0;
  };
  using Chunk = std::vector<Item>;
  struct Held {
    std::uint64_t key;
    Item item;
  };
  struct WorkerState {
    std::deque<Held> held;           // handed out, in order, no outcome yet
    std::deque<double> assignments;  // handed out and not finished: how long each should take, in seconds
    std::uint64_t given = 0;         // items since it was started
    bool takes_items = true;
    bool retiring = false;
    bool has_no_use = false;  // its initializer failed, and would in its place again
    int fruitless_deaths = 0;
  };

  WorkerState& state(int worker) { return states_[static_cast<std::size_t>(worker)]; }
  double expected_seconds(const Chunk& chunk) const;
  void learn(const Item& item, double seconds);
  bool assign(int worker);
  bool may_take(const WorkerState& worker) const;
  void handle_results(int worker, std::span<const std::byte> message);
  void handle_build_failure(int worker, const TaskFailure& failure);
  void handle_loss(int worker, const WorkerLoss& loss);
  void requeue(WorkerState& worker, std::optional<std::uint64_t> lost_key, const TaskFailure& failure);
  void retire_if_due(int worker);
  void complete(Item& item, Outcome<Bytes> outcome);
  bool someone_takes_items() const;

  Workers& workers_;
  ExecutorOptions options_;
  std::shared_ptr<ThrownByItems> thrown_;
  std::vector<WorkerState> states_;
  std::deque<Chunk> queue_;
  std::uint64_t next_key_ = 0;
  std::uint64_t in_flight_ = 0;
  std::vector<std::shared_ptr<Batch>> news_;
  std::unordered_map<ItemInvoker, double> mean_seconds_;  // of an item, by function, recent ones weighing more
  int respawns_left_;
  std::optional<std::string> gave_up_;
};

}  // namespace detail
}  // namespace windrow
