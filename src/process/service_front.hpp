#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "process/due_calls.hpp"
#include "windrow/process/service.hpp"

namespace windrow::detail {

/// What a Service holds, and its replies refer to.
class ServiceFront : public ReplySource, public std::enable_shared_from_this<ServiceFront> {
 public:
  ServiceFront(std::string name, const std::function<void(Service::Backend&)>& setup, ServiceOptions options);

  const std::string& name() const { return name_; }
  Process& process() { return process_; }
  std::size_t pending() const { return pending_.size(); }
  int descriptor() const { return channel_.descriptor(); }
  /// What to wait for on it.
  Events wanted() const { return channel_.has_unsent() ? Events::both : Events::readable; }
  /// Whether the set-up is done.
  bool is_ready() const { return ready_; }
  /// Whether it ended by itself: what it did not answer was not carried out.
  bool is_ending() const { return ending_; }
  /// Why there is no back end any more, if there is none.
  const std::optional<std::string>& lost() const { return lost_; }

  void add(std::string name, ServiceHandler handler);

  /// @param state  null for a post
  void send(std::string_view handler, const std::type_info& arguments, const std::type_info& result,
            const Bytes& packed, std::shared_ptr<ReplyState> state);
  std::size_t process_replies();
  /// The same, waiting at most `limit` for something.
  std::size_t process_replies_for(std::chrono::nanoseconds limit);
  /// Until something happens, at most `limit`; then process_replies().
  std::size_t wait(std::chrono::nanoseconds limit) override;
  /// @param callback  instead of process_replies()
  void attach(EventLoop& loop, std::function<void()> callback = {});
  void detach();
  void request_stop();
  void stop();
  void kill();
  /// Messages of the back end are dropped from now on: what its handlers use may be gone.
  void close() { closed_ = true; }

 private:
  bool is_foreign() const;

  std::size_t take_all();
  bool take(Frame frame);
  void take_reply(const Frame& frame);
  void deliver(const Frame& frame);
  void report(const RemoteError& error) const;
  void finish(ReplyState& state);
  std::size_t lose(const std::string& how);
  std::string describe_end();
  void update_watch();

  std::string name_;
  ServiceOptions options_;
  ByteChannel channel_;
  Process process_;
  ServiceHandlers handlers_;
  std::map<std::uint64_t, std::shared_ptr<ReplyState>> pending_;
  DueCalls due_;  ///< callbacks and handlers for what has arrived, in its order
  bool closed_ = false;
  std::uint64_t next_id_ = 1;
  std::optional<std::string> lost_;  ///< why there is no back end any more
  std::string start_failure_;
  bool ready_ = false;
  bool ending_ = false;
  bool stopping_ = false;
  pid_t owner_;  ///< a copy in a process forked later does nothing
  EventLoop* loop_ = nullptr;
  std::function<void()> on_event_;
  EventLoop::Id exit_watch_ = 0;
  Events watched_ = Events::none;
};

}  // namespace windrow::detail
