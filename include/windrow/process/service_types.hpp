#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "windrow/base/byte_stream.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/process/byte_channel.hpp"

/// Types of calls as a Service ships and checks them.
namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// As what a value travels: without reference and const, texts as std::string.
template <typename T>
using Sent = std::conditional_t<std::is_convertible_v<std::decay_t<T>, std::string_view>, std::string, std::decay_t<T>>;

template <typename... Args>
Bytes pack(const Args&... args) {
  ByteWriter out;
  [[maybe_unused]] const auto put = [&out](const Bytes& part) {
    out.put(static_cast<std::uint64_t>(part.size()));
    out.put_bytes(part);
  };
  (put(to_bytes<Sent<Args>>(args)), ...);
  return out.take();
}

/// A handler without its types.
struct ServiceHandler {
  const std::type_info* arguments = nullptr;  ///< of void(arguments...)
  const std::type_info* result = nullptr;
  std::function<Bytes(std::span<const std::byte>)> invoke;
};

template <typename R, typename... Args>
ServiceHandler make_handler(std::function<R(Args...)> function) {
  const auto invoke = [function = std::move(function)](std::span<const std::byte> packed) {
    [[maybe_unused]] ByteReader in(packed);
    // In braces, arguments are read from left to right.
    std::tuple<Sent<Args>...> args{from_bytes<Sent<Args>>(in.take(in.get<std::uint64_t>()))...};
    const auto call = [&function](Sent<Args>&... values) { return function(static_cast<Args>(values)...); };
    if constexpr (std::is_void_v<R>) {
      std::apply(call, args);
      return Bytes{};
    } else {
      return to_bytes<Sent<R>>(std::apply(call, args));
    }
  };
  return {&typeid(void(Sent<Args>...)), &typeid(Sent<R>), invoke};
}

/// A call as it arrives; points into the message.
struct ServiceCall {
  std::uint64_t id = 0;
  bool wants_reply = false;
  std::string_view handler;
  std::string_view arguments;  ///< mangled type name
  std::string_view result;     ///< the same
  std::span<const std::byte> packed;
};

/// Handlers by name.
class ServiceHandlers {
 public:
  /// @param service  its name, for the message
  /// @return the handler, which stays where it is
  /// @throws SpecError if the name has a handler
  const ServiceHandler& add(std::string name, ServiceHandler handler, const std::string& service);
  /// @throws SpecError if there is none of the call's name, or its types are not those of the call
  const ServiceHandler& find(const ServiceCall& call) const;
  const std::deque<std::pair<std::string, ServiceHandler>>& entries() const { return entries_; }

 private:
  std::deque<std::pair<std::string, ServiceHandler>> entries_;  // one stays in place while it adds another
};

/// Who gives replies.
class ReplySource {
 public:
  virtual ~ReplySource() = default;
  /// Until something happens, at most `limit`; then takes what has arrived. @return how many replies and messages
  virtual std::size_t wait(std::chrono::nanoseconds limit) = 0;
};

struct ReplyState {
  std::weak_ptr<ReplySource> source;
  std::string handler;
  bool done = false;
  Bytes content;
  std::exception_ptr error;
  std::vector<std::function<void()>> callbacks;
};

bool wait_for_reply(ReplyState& state, std::chrono::nanoseconds limit);
/// Waits. @throws RemoteError, PeerLost
const Bytes& reply_content(ReplyState& state);
void when_done(ReplyState& state, std::function<void()> callback);

}  // namespace detail
}  // namespace windrow
