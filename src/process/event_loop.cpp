#include "windrow/process/event_loop.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "process/event_loop_signals.hpp"
#include "process/futex.hpp"
#include "windrow/error.hpp"
#include "windrow/process/fd.hpp"
#include "windrow/process/process.hpp"

namespace windrow {
namespace {

constexpr std::uint64_t kWakeId = 0;

Fd new_epoll() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) throw SystemError("cannot create an event loop (epoll)", errno);
  return epoll;
}

std::uint32_t to_epoll(Events events) {
  return (includes(events, Events::readable) ? EPOLLIN | EPOLLRDHUP : 0U) |
         (includes(events, Events::writable) ? EPOLLOUT : 0U);
}

Events from_epoll(std::uint32_t bits, Events wanted) {
  std::uint32_t events = 0;
  if ((bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) events |= 1;
  if ((bits & (EPOLLOUT | EPOLLERR)) != 0) events |= 2;
  const auto both = events & static_cast<std::uint32_t>(wanted);
  return static_cast<Events>(both != 0 ? both : events);  // a hang-up comes whether wanted or not
}

}  // namespace

struct EventLoop::Impl {
  Impl();
  ~Impl();

  void watch(int descriptor, Events events, std::function<void(Events)> callback);
  void unwatch(int descriptor);
  Id on_exit(const Process& process, Callback callback);
  Id after(std::chrono::nanoseconds delay, Callback callback);
  Id every(std::chrono::nanoseconds period, Callback callback);
  Id on_signal(int number, Callback callback);
  bool cancel(Id id);
  void post(Callback callback);
  void run();
  void stop();
  void run_in_thread();
  void join();

  using Clock = std::chrono::steady_clock;
  struct Watch {
    Id id = 0;
    Events events = Events::none;
    std::shared_ptr<std::function<void(Events)>> callback;
  };
  struct Timer {
    std::optional<std::chrono::nanoseconds> period;
    Clock::time_point due;
    std::shared_ptr<Callback> callback;
  };
  struct Signal {
    int number = 0;
    std::shared_ptr<Callback> callback;
  };

  void check_open() const;
  void add_to_epoll(int descriptor, const Watch& watch);
  void rebuild();
  void wake();
  bool is_due();
  bool run_round(std::optional<std::chrono::nanoseconds> limit);
  int wait_limit(std::optional<std::chrono::nanoseconds> limit) const;
  bool run_descriptors(int wait_ms);
  bool run_signals();
  bool run_timers();
  bool run_posted();

  detail::OpenedIn opened_in_;
  Fd epoll_;
  Fd wake_;
  Id next_id_ = 1;
  bool stale_ = false;                      // epoll knows a descriptor that was closed before it was unwatched
  std::unordered_map<int, Watch> watched_;  // by descriptor
  std::unordered_map<Id, int> by_id_;       // descriptor of a watch
  std::unordered_map<Id, Fd> exits_;        // own copies of the descriptors of processes
  std::map<Id, Timer> timers_;
  std::set<std::pair<Clock::time_point, Id>> due_;
  std::map<Id, Signal> signals_;

  std::mutex mutex_;  // of posted_
  std::deque<Callback> posted_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::exception_ptr thrown_;  // in thread_
};

EventLoop::Impl::Impl() : epoll_(new_epoll()), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw SystemError("cannot create an event loop (eventfd)", errno);
  rebuild();
}

EventLoop::Impl::~Impl() {
  if (thread_.joinable()) {
    stop();
    thread_.join();
  }
  for (const auto& [id, signal] : signals_) detail::release_signal(signal.number);
}

void EventLoop::Impl::check_open() const {
  opened_in_.check(epoll_.get(), "an event loop of the parent is of no use in a Process: make one there");
}

void EventLoop::Impl::add_to_epoll(int descriptor, const Watch& watch) {
  check_open();
  epoll_event event{};
  event.events = to_epoll(watch.events);
  event.data.u64 = watch.id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  if (errno == EEXIST && ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) == 0) return;
  throw SystemError("cannot wait for a descriptor", errno);
}

void EventLoop::Impl::watch(int descriptor, Events events, std::function<void(Events)> callback) {
  Watch watch{next_id_++, events, std::make_shared<std::function<void(Events)>>(std::move(callback))};
  add_to_epoll(descriptor, watch);
  if (const auto old = watched_.find(descriptor); old != watched_.end()) by_id_.erase(old->second.id);
  by_id_[watch.id] = descriptor;
  watched_[descriptor] = std::move(watch);
}

void EventLoop::Impl::unwatch(int descriptor) {
  const auto found = watched_.find(descriptor);
  if (found == watched_.end()) return;
  by_id_.erase(found->second.id);
  watched_.erase(found);
  // A descriptor that was closed first stays in epoll as long as another process holds a copy of it, and cannot be
  // taken out by its number any more.
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr) != 0) stale_ = true;
}

// A new epoll with what is watched now: forgets descriptors that were closed before they were unwatched.
void EventLoop::Impl::rebuild() {
  epoll_ = new_epoll();
  stale_ = false;
  add_to_epoll(wake_.get(), Watch{kWakeId, Events::readable, nullptr});
  for (auto entry = watched_.begin(); entry != watched_.end();) {
    try {
      add_to_epoll(entry->first, entry->second);
      ++entry;
    } catch (const SystemError&) {  // closed too
      by_id_.erase(entry->second.id);
      entry = watched_.erase(entry);
    }
  }
}

EventLoop::Id EventLoop::Impl::on_exit(const Process& process, Callback callback) {
  // A copy of its own: the Process may go, and its descriptor's number to another file, before the end is seen.
  Fd copy(::fcntl(process.descriptor(), F_DUPFD_CLOEXEC, 3));
  if (!copy) throw SystemError("cannot wait for the end of a process", errno);
  const int descriptor = copy.get();
  const Id id = next_id_++;
  watch(descriptor, Events::readable, [this, id, callback = std::move(callback)](Events) {
    cancel(id);
    callback();
  });
  exits_.emplace(id, std::move(copy));
  return id;
}

EventLoop::Id EventLoop::Impl::after(std::chrono::nanoseconds delay, Callback callback) {
  const auto due = detail::deadline_in(delay);
  const Id id = next_id_++;
  timers_.emplace(id, Timer{std::nullopt, due, std::make_shared<Callback>(std::move(callback))});
  due_.emplace(due, id);
  return id;
}

EventLoop::Id EventLoop::Impl::every(std::chrono::nanoseconds period, Callback callback) {
  if (period <= period.zero()) throw SpecError("an event loop cannot tick with a period that is not positive");
  const Id id = after(period, std::move(callback));
  timers_.at(id).period = period;
  return id;
}

EventLoop::Id EventLoop::Impl::on_signal(int number, Callback callback) {
  detail::catch_signal(number, wake_.get());
  const Id id = next_id_++;
  signals_.emplace(id, Signal{number, std::make_shared<Callback>(std::move(callback))});
  return id;
}

bool EventLoop::Impl::cancel(Id id) {
  if (const auto timer = timers_.find(id); timer != timers_.end()) {
    due_.erase({timer->second.due, id});
    timers_.erase(timer);
    return true;
  }
  if (const auto exit = exits_.find(id); exit != exits_.end()) {
    unwatch(exit->second.get());
    exits_.erase(exit);
    return true;
  }
  if (const auto signal = signals_.find(id); signal != signals_.end()) {
    detail::release_signal(signal->second.number);
    signals_.erase(signal);
    return true;
  }
  return false;
}

void EventLoop::Impl::wake() {
  check_open();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);  // full: it is awake anyway
}

void EventLoop::Impl::post(Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(callback));
  }
  wake();
}

void EventLoop::Impl::stop() {
  stopping_ = true;
  wake();
}

void EventLoop::Impl::run() {
  while (!stopping_.exchange(false)) run_round(std::nullopt);
}

bool EventLoop::Impl::run_round(std::optional<std::chrono::nanoseconds> limit) {
  check_open();
  bool any = run_descriptors(is_due() ? 0 : wait_limit(limit));
  // Each kind has its turn in each round, so that one that is always ready does not keep the others from theirs.
  if (!stopping_) any |= run_signals();
  if (!stopping_) any |= run_timers();
  if (!stopping_) any |= run_posted();
  return any;
}

// Whether there is something to do that epoll does not know of: what an exception or stop() left over.
bool EventLoop::Impl::is_due() {
  for (const auto& [id, signal] : signals_) {
    if (detail::has_signal(signal.number)) return true;
  }
  const std::lock_guard lock(mutex_);
  return !posted_.empty();
}

int EventLoop::Impl::wait_limit(std::optional<std::chrono::nanoseconds> limit) const {
  auto left = limit.value_or(std::chrono::nanoseconds::max());
  if (!due_.empty()) left = std::min<std::chrono::nanoseconds>(left, due_.begin()->first - Clock::now());
  if (left == std::chrono::nanoseconds::max()) return -1;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<long long>(ms, 0, INT_MAX));
}

bool EventLoop::Impl::run_descriptors(int wait_ms) {
  if (stale_) rebuild();
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), wait_ms);
  if (count < 0 && errno != EINTR) throw SystemError("cannot wait for events", errno);
  bool any = false;
  for (int i = 0; i < count && !stopping_; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kWakeId) {
      std::uint64_t number = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &number, sizeof number);
      continue;
    }
    const auto descriptor = by_id_.find(event.data.u64);
    if (descriptor == by_id_.end()) {  // removed by a callback of this round, or closed before it was unwatched
      stale_ = true;
      continue;
    }
    const Watch& watch = watched_.at(descriptor->second);
    const auto callback = watch.callback;  // outlives its own removal
    any = true;
    (*callback)(from_epoll(event.events, watch.events));
  }
  return any;
}

bool EventLoop::Impl::run_signals() {
  std::vector<Id> due;
  for (const auto& [id, signal] : signals_) due.push_back(id);
  bool any = false;
  for (const Id id : due) {
    const auto found = signals_.find(id);
    if (found == signals_.end() || stopping_ || !detail::take_signal(found->second.number)) continue;
    const auto callback = found->second.callback;
    any = true;
    (*callback)();
  }
  return any;
}

bool EventLoop::Impl::run_timers() {
  const auto now = Clock::now();
  bool any = false;
  while (!due_.empty() && due_.begin()->first <= now && !stopping_) {
    const Id id = due_.begin()->second;
    due_.erase(due_.begin());
    Timer& timer = timers_.at(id);
    const auto callback = timer.callback;
    if (timer.period) {
      timer.due += ((now - timer.due) / *timer.period + 1) * *timer.period;
      due_.emplace(timer.due, id);
    } else {
      timers_.erase(id);
    }
    any = true;
    (*callback)();
  }
  return any;
}

bool EventLoop::Impl::run_posted() {
  std::size_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = posted_.size();
  }
  for (std::size_t i = 0; i < count; ++i) {  // what these post has its turn in the next round
    Callback callback;
    {
      const std::lock_guard lock(mutex_);
      if (posted_.empty() || stopping_) break;
      callback = std::move(posted_.front());
      posted_.pop_front();
    }
    callback();
  }
  return count > 0;
}

void EventLoop::Impl::run_in_thread() {
  if (thread_.joinable()) throw SpecError("this event loop has a thread already");
  thrown_ = nullptr;
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  });
}

void EventLoop::Impl::join() {
  if (!thread_.joinable()) return;
  thread_.join();
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}

EventLoop::~EventLoop() = default;

void EventLoop::watch(int descriptor, Events events, std::function<void(Events)> callback) {
  impl_->watch(descriptor, events, std::move(callback));
}

void EventLoop::unwatch(int descriptor) {
  impl_->unwatch(descriptor);
}

bool EventLoop::is_watched(int descriptor) const {
  return impl_->watched_.contains(descriptor);
}

EventLoop::Id EventLoop::on_exit(const Process& process, Callback callback) {
  return impl_->on_exit(process, std::move(callback));
}

EventLoop::Id EventLoop::after(std::chrono::nanoseconds delay, Callback callback) {
  return impl_->after(delay, std::move(callback));
}

EventLoop::Id EventLoop::every(std::chrono::nanoseconds period, Callback callback) {
  return impl_->every(period, std::move(callback));
}

EventLoop::Id EventLoop::on_signal(int number, Callback callback) {
  return impl_->on_signal(number, std::move(callback));
}

bool EventLoop::cancel(Id id) {
  return impl_->cancel(id);
}

void EventLoop::post(Callback callback) {
  impl_->post(std::move(callback));
}

void EventLoop::run() {
  impl_->run();
}

bool EventLoop::run_once(std::optional<std::chrono::nanoseconds> limit) {
  return !impl_->stopping_.exchange(false) && impl_->run_round(limit);
}

void EventLoop::stop() {
  impl_->stop();
}

void EventLoop::run_in_thread() {
  impl_->run_in_thread();
}

void EventLoop::join() {
  impl_->join();
}

}  // namespace windrow
