#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/error.hpp"
#include "windrow/process/event_loop.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/service_types.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {
class ServiceFront;
}

/// An exception that a handler of a Service threw in its back end, as data.
class RemoteError : public Error {
 public:
  RemoteError(std::string service, std::string handler, std::string type, std::string message);
  const std::string& service() const { return service_; }
  const std::string& handler() const { return handler_; }
  const std::string& type() const { return type_; }        ///< "std::out_of_range"
  const std::string& message() const { return message_; }  ///< its what(), alone

 private:
  std::string service_, handler_, type_, message_;
};

/// What a handler will have returned. Copies refer to the same reply. Belongs to the thread that uses the Service.
template <typename T>
class Reply {
 public:
  Reply() = default;
  /// For Service. @private
  explicit Reply(std::shared_ptr<detail::ReplyState> state) : state_(std::move(state)) {}

  bool is_ready() const { return state().done; }
  /// Waits at most `limit`. @return whether it is ready
  bool wait_for(std::chrono::nanoseconds limit) const { return detail::wait_for_reply(state(), limit); }
  /// Waits as long as the back end lives.
  /// @throws RemoteError if the handler threw, there is no such handler, or the types of the call are not its types
  /// @throws PeerLost    if the back end ended before it replied
  T get() const {
    const Bytes& content = detail::reply_content(state());
    if constexpr (!std::is_void_v<T>) return detail::from_bytes<T>(content);
  }
  /// Calls back once, from the call that finds the reply: process_replies(), stop(), a wait, or the event loop that the
  /// service is attached to. At once if it is ready. An exception that leaves the callback leaves that call. While one
  /// callback or handler of a service waits for a reply, no other is called; they follow when it returns.
  void then(std::function<void(Reply)> callback) const {
    detail::when_done(state(), [copy = *this, callback = std::move(callback)] { callback(copy); });
  }

 private:
  detail::ReplyState& state() const {
    if (!state_) throw SpecError("a Reply that no call gave has no result");
    return *state_;
  }

  std::shared_ptr<detail::ReplyState> state_;
};

struct ServiceOptions {
  /// SIGINT, SIGTERM and SIGHUP are left to the front.
  bool ignore_interrupts = false;
  /// Descriptors that the back end may use.
  Inherit inherit = {};
  /// How long stop() lets the back end finish what it was sent before, until it is killed.
  std::chrono::nanoseconds stop_limit = std::chrono::seconds(2);
  /// Called for posts that failed, in either direction, like Reply::then(). By default they are warnings in the log.
  std::function<void(const RemoteError&)> on_post_failure = {};
};

/// Handlers in a process of their own (the back end), called by name from here (the front).
///
/// ```cpp
/// windrow::Service camera("camera", [](windrow::Service::Backend& backend) {
///   auto device = std::make_shared<Camera>();                    // opened in the back end
///   backend.on("expose", [device](double seconds) { return device->expose(seconds); });
/// });
/// windrow::Reply<std::vector<float>> image = camera.call<std::vector<float>>("expose", 0.5);
/// ```
/// Calls are handled one after another, in the order they were made. A handler that throws fails its call only; one
/// that ends the process fails all calls that wait, at once. Arguments and results are whatever a Channel carries; the
/// types of a call must be the handler's own (int for int, not for double; text literals are std::string), which is
/// checked. Nothing is left behind: the back end ends with this object, and with the front however that ends.
///
/// The back end may also speak by itself, and wait for more than messages (Backend::loop()):
/// ```cpp
///   backend.loop().every(1s, [&backend, device] { backend.post("temperature", device->temperature()); });
/// ...
/// camera.on("temperature", [](double kelvin) { ... });   // before anything is waited for
/// ```
/// Move-only. Not for use by several threads at once; of no use in a forked child.
class Service {
 public:
  class Backend;

  Service() = default;
  /// Forks the back end, which first runs `setup`. Does not wait for it: if it fails, calls throw PeerLost that says
  /// why.
  /// @throws SystemError if there is no room for another process
  Service(std::string name, const std::function<void(Backend&)>& setup, ServiceOptions options = {});
  /// Stops it like stop().
  ~Service();
  Service(Service&& other) noexcept = default;
  Service& operator=(Service&& other) noexcept;

  /// Asks for a handler's result; `R` is its type, or void for any. Does not wait.
  /// @throws PeerLost if the back end is gone or was told to stop
  template <typename R, typename... Args>
  Reply<R> call(std::string_view handler, const Args&... args) {
    return Reply<R>(call_bytes(handler, typeid(void(detail::Sent<Args>...)), typeid(R), detail::pack(args...)));
  }
  /// Fire and forget. @throws PeerLost if the back end is gone or was told to stop
  template <typename... Args>
  void post(std::string_view handler, const Args&... args) {
    post_bytes(handler, typeid(void(detail::Sent<Args>...)), detail::pack(args...));
  }

  /// What to do for what the back end posts under this name: a function of what it posts, types and all, that returns
  /// nothing. Called like Reply::then(), in the order in which the back end posted and replied. Messages that arrive
  /// before there is a handler, or are of other types, are failed posts (ServiceOptions::on_post_failure). What the
  /// back end sent before it ended is delivered; what comes in the destructor is not.
  /// @throws SpecError if the name has a handler, PeerLost if this Service has no back end
  template <typename F>
  void on(std::string name, F&& handler) {
    add_typed(std::move(name), std::function(std::forward<F>(handler)));
  }
  /// The same with the types spelled out: on<void(double, int)>("moved", [](auto x, auto y) { ... }).
  template <typename Signature, typename F>
  void on(std::string name, F&& handler) {
    add_typed(std::move(name), std::function<Signature>(std::forward<F>(handler)));
  }

  const std::string& name() const;
  pid_t pid() const;
  /// How the back end ended, or that it runs.
  ExitStatus status() const;
  bool is_alive() const { return status().is_running(); }
  /// Calls that wait for their reply.
  std::size_t pending() const;

  /// Readable when process_replies() has something to do, for poll; -1 when the back end is gone.
  int descriptor() const;
  /// Takes what has arrived, without waiting. @return how many replies and messages that was, the replies of a dead
  /// back end included
  std::size_t process_replies();
  /// The same, waiting at most `limit` for something if there is nothing, or for the back end's end.
  std::size_t process_replies_for(std::chrono::nanoseconds limit);
  /// Lets the loop do that, until detach() or the end of this object, which must come before the loop's.
  void attach(EventLoop& loop);
  void detach();

  /// Lets the back end finish what it was sent, and end. Does not wait. Idempotent.
  void request_stop();
  /// request_stop(), then waits for the end, at most ServiceOptions::stop_limit, then kills it. Idempotent.
  ExitStatus stop();
  /// Ends the back end at once (SIGKILL).
  void kill();

 private:
  std::shared_ptr<detail::ReplyState> call_bytes(std::string_view handler, const std::type_info& arguments,
                                                 const std::type_info& result, const Bytes& packed);
  void post_bytes(std::string_view handler, const std::type_info& arguments, const Bytes& packed);
  template <typename R, typename... Args>
  void add_typed(std::string name, std::function<R(Args...)> handler) {
    static_assert(std::is_void_v<R>, "nobody receives what a handler of the front returns");
    add(std::move(name), detail::make_handler(std::move(handler)));
  }
  void add(std::string name, detail::ServiceHandler handler);
  detail::ServiceFront& front() const;

  std::shared_ptr<detail::ServiceFront> front_;
};

/// The back end's side of a Service, in its process.
class Service::Backend {
 public:
  /// In the back end's process. @private
  Backend(std::string name, ByteChannel channel);

  const std::string& name() const { return name_; }
  /// Of the channel to the front.
  int descriptor() const { return channel_.descriptor(); }

  /// What to do for messages of this name. @throws SpecError if the name has a handler
  template <typename F>
  void on(std::string name, F&& handler) {
    add(std::move(name), detail::make_handler(std::function(std::forward<F>(handler))));
  }
  /// The same with the types spelled out: on<double(int, int)>("move", [](auto x, auto y) { ... }).
  template <typename Signature, typename F>
  void on(std::string name, F&& handler) {
    add(std::move(name), detail::make_handler(std::function<Signature>(std::forward<F>(handler))));
  }
  /// Runs once before the first message. An exception ends the back end: the front's calls say why.
  void before(std::function<void()> hook) { before_.push_back(std::move(hook)); }
  /// Runs once after the last message, when told to stop. Not if the process is killed, nor if the front is.
  void after(std::function<void()> hook) { after_.push_back(std::move(hook)); }
  /// Ends the back end after the handler or callback at hand.
  void stop() { stopping_ = true; }

  /// What the back end waits in between messages: watches descriptors, ticks, waits for processes and signals, in turns
  /// with messages. What a callback of it throws is told to the front as a failed post of "the event loop"
  /// (ServiceOptions::on_post_failure), and the back end goes on. It is run by the back end; to end that, use
  /// Backend::stop().
  EventLoop& loop() { return loop_; }

  /// Tells the front's handler of this name, as Service::on() gave it. Fire and forget: what the front is too busy to
  /// take waits here, without limit, in order with results.
  /// @throws PeerLost if the front is gone
  template <typename... Args>
  void post(std::string_view name, const Args&... args) {
    post_bytes(name, typeid(void(detail::Sent<Args>...)), detail::pack(args...));
  }
  /// Bytes that wait until the front takes them: for those who would rather leave something out.
  std::size_t unsent() const { return channel_.unsent(); }
  /// Waits until there are none. Otherwise they go when the handler at hand is done, and before the back end ends.
  /// @throws PeerLost if the front is gone
  void flush() { channel_.flush_all(); }

  /// The back end's life. @private
  int run(const std::function<void(Backend&)>& setup);

 private:
  void add(std::string name, detail::ServiceHandler handler);
  void post_bytes(std::string_view name, const std::type_info& arguments, const Bytes& packed);
  bool start(const std::function<void(Backend&)>& setup);
  void serve();
  void handle(const Frame& frame);
  bool is_behind() const;
  void run_loop();
  int finish();

  std::string name_;
  ByteChannel channel_;
  EventLoop loop_;
  Events watched_ = Events::none;  // of the channel
  detail::ServiceHandlers handlers_;
  std::vector<std::function<void()>> before_;
  std::vector<std::function<void()>> after_;
  bool stopping_ = false;
};

}  // namespace windrow
