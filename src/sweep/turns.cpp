#include "turns.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>

namespace windrow::detail {
namespace {

constexpr std::size_t kStack = std::size_t{8} << 20U;  // as a thread's; pages that are never touched cost nothing

class OneThread : public Turns {
 public:
  explicit OneThread(std::function<void()> other)
      : other_(std::allocator_arg, boost::context::protected_fixedsize_stack(kStack),
               [this, run = std::move(other)](boost::context::fiber&& caller) {
                 caller_ = std::move(caller);
                 run();
                 return std::move(caller_);
               }) {}

  void resume() override { other_ = std::move(other_).resume(); }
  void hand_over() override { caller_ = std::move(caller_).resume(); }
  bool ended() const override { return !other_; }

 private:
  boost::context::fiber caller_, other_;
};

class TwoThreads : public Turns {
 public:
  explicit TwoThreads(std::function<void()> other) : run_(std::move(other)) {}
  ~TwoThreads() override {
    if (other_.joinable()) other_.join();
  }

  void resume() override {
    std::unique_lock lock(mutex_);
    callers_turn_ = false;
    if (!other_.joinable()) {
      other_ = std::thread([this] {
        run_();
        const std::lock_guard end(mutex_);
        ended_ = callers_turn_ = true;
        changed_.notify_all();
      });
    }
    changed_.notify_all();
    changed_.wait(lock, [this] { return callers_turn_; });
  }

  void hand_over() override {
    std::unique_lock lock(mutex_);
    callers_turn_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !callers_turn_; });
  }

  bool ended() const override {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

 private:
  std::function<void()> run_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool callers_turn_ = true;
  bool ended_ = false;
  std::thread other_;
};

}  // namespace

std::unique_ptr<Turns> turns_on_one_thread(std::function<void()> other) {
  return std::make_unique<OneThread>(std::move(other));
}

std::unique_ptr<Turns> turns_on_two_threads(std::function<void()> other) {
  return std::make_unique<TwoThreads>(std::move(other));
}

}  // namespace windrow::detail
