#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "windrow/process/service.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {
class ServicePoolFront;
}

struct ServicePoolOptions {
  /// Of each back end; `stop_limit` is for all together.
  ServiceOptions service = {};
  /// How often a message whose back end died is given to another one.
  std::size_t retries = 0;
  /// A back end that takes longer for a message is killed.
  std::chrono::nanoseconds time_limit = std::chrono::nanoseconds::max();
  /// How many back ends are started anew, one after another, that died without a message at hand (during their set-up,
  /// or idle). A message that is answered gives all of them back.
  std::size_t respawns = 10;
  /// Called for back ends that ended without being told to, like Reply::then(); says how. They are warnings in the log,
  /// too.
  std::function<void(const PeerLost&)> on_loss = {};
};

/// Several back ends of one kind (see Service): each message goes to the one that has been idle longest, or waits in a
/// queue until one is. A back end that dies is replaced.
///
/// ```cpp
/// windrow::ServicePool cameras("camera", 4, [](windrow::Service::Backend& backend) { ... backend.on("expose", ...) });
/// std::vector<windrow::Reply<Image>> images;
/// for (int i = 0; i < 100; ++i) images.push_back(cameras.call<Image>("expose", 0.1 * i));
/// ```
/// A back end has one message at a time, so order is kept among none of them. Messages are handed out by whatever takes
/// replies: process_replies(), a wait for a reply, or an event loop that the pool is attached to. A message whose back
/// end died fails with PeerLost, or is tried again if asked for. The number of back ends stays; only if they keep dying
/// without a message at hand (`respawns`) they are not replaced any more, which the log says as an error, alive()
/// shows, and when the last one is gone fails all messages.
///
/// Move-only. Not for use by several threads at once; of no use in a forked child.
class ServicePool {
 public:
  ServicePool() = default;
  /// Forks the back ends, "NAME-0", "NAME-1", ... Does not wait for them.
  /// @param setup  run in each back end, replacements included
  /// @throws SpecError if there is to be none, SystemError if there is no room for another process
  ServicePool(std::string name, std::size_t size, std::function<void(Service::Backend&)> setup,
              ServicePoolOptions options = {});
  /// Stops it like stop(). What the back ends post meanwhile is dropped.
  ~ServicePool();
  ServicePool(ServicePool&& other) noexcept = default;
  ServicePool& operator=(ServicePool&& other) noexcept;

  /// Asks for a handler's result; `R` is its type, or void for any. Does not wait.
  /// @throws PeerLost if there is no back end any more or the pool was told to stop
  template <typename R, typename... Args>
  Reply<R> call(std::string_view handler, const Args&... args) {
    return Reply<R>(call_bytes(handler, typeid(void(detail::Sent<Args>...)), typeid(R), detail::pack(args...), true));
  }
  /// Fire and forget. What fails, with its back end too, is told to ServiceOptions::on_post_failure.
  /// @throws PeerLost as call()
  template <typename... Args>
  void post(std::string_view handler, const Args&... args) {
    call_bytes(handler, typeid(void(detail::Sent<Args>...)), typeid(void), detail::pack(args...), false);
  }
  /// What to do for what any of the back ends posts under this name, as Service::on().
  /// @throws SpecError if the name has a handler
  template <typename F>
  void on(std::string name, F&& handler) {
    add_typed(std::move(name), std::function(std::forward<F>(handler)));
  }
  template <typename Signature, typename F>
  void on(std::string name, F&& handler) {
    add_typed(std::move(name), std::function<Signature>(std::forward<F>(handler)));
  }

  /// Back ends that were asked for.
  std::size_t size() const;
  /// Back ends that there are, those that are starting included.
  std::size_t alive() const;
  /// Back ends that could take a message at once.
  std::size_t idle() const;
  /// Messages that are not answered, and those of them that no back end has yet.
  std::size_t pending() const;
  std::size_t queued() const;
  /// Back ends that were started in place of others.
  std::size_t respawned() const;
  /// Of the back ends that there are.
  std::vector<pid_t> pids() const;

  /// Takes what has arrived and hands out what waits, without waiting itself. @return how many replies and messages of
  /// the back ends that was
  std::size_t process_replies();
  /// The same, waiting at most `limit` for something: also for those who do something else in between.
  std::size_t process_replies_for(std::chrono::nanoseconds limit);
  /// Waits until every message is answered. @return whether that was in time
  bool wait_for(std::chrono::nanoseconds limit);
  /// Lets the loop do what process_replies() does, until detach() or the end of this object, which must come before the
  /// loop's.
  void attach(EventLoop& loop);
  void detach();

  /// Lets each back end finish the message at hand, and end. Messages that none has yet fail. Does not wait.
  /// Idempotent.
  void request_stop();
  /// request_stop(), then waits for all of them, at most ServiceOptions::stop_limit, then kills the rest. Idempotent.
  void stop();

 private:
  std::shared_ptr<detail::ReplyState> call_bytes(std::string_view handler, const std::type_info& arguments,
                                                 const std::type_info& result, Bytes packed, bool wants_reply);
  template <typename R, typename... Args>
  void add_typed(std::string name, std::function<R(Args...)> handler) {
    static_assert(std::is_void_v<R>, "nobody receives what a handler of the front returns");
    add(std::move(name), detail::make_handler(std::move(handler)));
  }
  void add(std::string name, detail::ServiceHandler handler);
  detail::ServicePoolFront& front() const;

  std::shared_ptr<detail::ServicePoolFront> front_;
};

}  // namespace windrow
