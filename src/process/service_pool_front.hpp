#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/due_calls.hpp"
#include "process/futex.hpp"
#include "process/service_front.hpp"
#include "windrow/process/service_pool.hpp"

namespace windrow::detail {

/// A message on its way through a pool.
struct PoolJob {
  std::string handler;
  const std::type_info* arguments = nullptr;
  const std::type_info* result = nullptr;
  Bytes packed;
  std::shared_ptr<ReplyState> reply;  ///< the caller's
  bool wants_reply = true;
  std::size_t attempts = 0;
};

/// What a ServicePool holds, and its replies refer to. Fronts call nothing of the user: whatever is for him is put into
/// `due_`, and called here, one after another.
class ServicePoolFront : public ReplySource, public std::enable_shared_from_this<ServicePoolFront> {
 public:
  ServicePoolFront(std::string name, std::size_t size, std::function<void(Service::Backend&)> setup,
                   ServicePoolOptions options);
  void start_all();

  std::shared_ptr<ReplyState> call(PoolJob job);
  void add(std::string name, ServiceHandler handler);

  std::size_t size() const { return members_.size(); }
  std::size_t alive() const;
  std::size_t idle() const { return idle_.size(); }
  std::size_t pending() const;
  std::size_t queued() const { return jobs_.size(); }
  std::size_t respawned() const { return respawned_; }
  std::vector<pid_t> pids() const;

  std::size_t process_replies();
  std::size_t process_replies_for(std::chrono::nanoseconds limit);
  std::size_t wait(std::chrono::nanoseconds limit) override;
  bool wait_for(std::chrono::nanoseconds limit);
  void attach(EventLoop& loop);
  void detach();
  void request_stop();
  void stop();
  void close() { closed_ = true; }

 private:
  struct Member {
    std::shared_ptr<ServiceFront> front;  ///< null if given up
    bool was_ready = false;
    std::optional<PoolJob> job;
    std::shared_ptr<ReplyState> answer;  ///< of the front, for the job
    Deadline due = kForever;
    bool overdue = false;
  };

  bool is_foreign() const;
  void start(std::size_t i);
  void attach_member(Member& member);
  ServiceHandler deferred(ServiceHandler handler);
  ServiceOptions member_options();

  std::size_t take_all();
  void settle();
  void settle(std::size_t i);
  bool answered(Member& member);
  void replace(std::size_t i, bool had_job);
  void give_up(std::size_t i);
  void kill_overdue();
  bool dispatch();
  void finish(PoolJob job, std::exception_ptr error, Bytes content = {});
  void fail_all(const std::string& why);
  void report(const PoolJob& job, std::exception_ptr error);
  Deadline next_due() const;

  std::string name_;
  std::function<void(Service::Backend&)> setup_;
  ServicePoolOptions options_;
  ServiceHandlers handlers_;  ///< those that fronts are given
  std::vector<Member> members_;
  std::deque<std::size_t> idle_;  ///< the longest idle first
  std::deque<PoolJob> jobs_;
  DueCalls due_;
  bool closed_ = false;
  bool stopping_ = false;
  std::size_t unanswered_respawns_ = 0;
  std::size_t respawned_ = 0;
  std::size_t taken_ = 0;  ///< messages of back ends since process_replies() began
  std::string broken_;     ///< why there is no back end any more
  pid_t owner_;
  EventLoop* loop_ = nullptr;
  EventLoop::Id tick_ = 0;
};

}  // namespace windrow::detail
