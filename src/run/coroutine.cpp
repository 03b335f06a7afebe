#include "coroutine.hpp"

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <utility>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace windrow::detail {
namespace {

constexpr std::size_t kStack = std::size_t{8} << 20U;  // as a thread's; pages that are never touched cost nothing

/// What the address sanitizer has to know of a change of stacks: where to, and that it is done. Nothing without it.
class StackChange {
 public:
  /// @param bottom, size  of the stack that comes
  /// @param for_good      nobody comes back to the present one
  StackChange([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size,
              [[maybe_unused]] bool for_good = false) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack_, bottom, size);
#endif
  }
  /// Back on the stack that began it. @param bottom, size  of the one that was left, if they are of interest
  void end([[maybe_unused]] const void** bottom = nullptr, [[maybe_unused]] std::size_t* size = nullptr) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_stack_, bottom, size);
#endif
  }
  /// The first time on a stack.
  static void arrive([[maybe_unused]] const void** bottom, [[maybe_unused]] std::size_t* size) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, bottom, size);
#endif
  }

 private:
  [[maybe_unused]] void* fake_stack_ = nullptr;
};

class OneThread : public Coroutine {
 public:
  explicit OneThread(std::function<void()> other) : run_(std::move(other)) {
    boost::context::protected_fixedsize_stack allocator(kStack);
    const boost::context::stack_context stack = allocator.allocate();
    bottom_ = static_cast<const char*>(stack.sp) - stack.size;
    size_ = stack.size;
    other_ =
        boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack), allocator,
                              [this](boost::context::fiber&& caller) { return begin(std::move(caller)); });
  }

  void resume() override {
    StackChange change(bottom_, size_);
    other_ = std::move(other_).resume();
    change.end();
  }
  void hand_over() override {
    StackChange change(callers_bottom_, callers_size_);
    caller_ = std::move(caller_).resume();
    change.end(&callers_bottom_, &callers_size_);
  }
  bool ended() const override { return !other_; }

 private:
  boost::context::fiber begin(boost::context::fiber&& caller) {
    StackChange::arrive(&callers_bottom_, &callers_size_);
    caller_ = std::move(caller);
    run_();
    const StackChange last(callers_bottom_, callers_size_, true);
    return std::move(caller_);
  }

  std::function<void()> run_;
  boost::context::fiber caller_, other_;
  const void* bottom_ = nullptr;  // of the other's stack
  std::size_t size_ = 0;
  const void* callers_bottom_ = nullptr;  // known to the address sanitizer alone
  std::size_t callers_size_ = 0;
};

class TwoThreads : public Coroutine {
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

std::unique_ptr<Coroutine> coroutine_on_one_thread(std::function<void()> other) {
  return std::make_unique<OneThread>(std::move(other));
}

std::unique_ptr<Coroutine> coroutine_on_two_threads(std::function<void()> other) {
  return std::make_unique<TwoThreads>(std::move(other));
}

}  // namespace windrow::detail
