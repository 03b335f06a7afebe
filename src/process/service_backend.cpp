#include <optional>

#include "process/service_wire.hpp"
#include "windrow/process/log.hpp"
#include "windrow/process/service.hpp"

namespace windrow {
namespace {

// With more waiting for the front no message is handled: results of a front that only asks do not fill the memory.
constexpr std::size_t kMostUnsent = std::size_t{1} << 20;

}  // namespace

Service::Backend::Backend(std::string name, ByteChannel channel)
    : name_(std::move(name)), channel_(std::move(channel)) {}

void Service::Backend::add(std::string name, detail::ServiceHandler handler) {
  handlers_.add(std::move(name), std::move(handler), name_);
}

void Service::Backend::post_bytes(std::string_view name, const std::type_info& arguments, const Bytes& packed) {
  channel_.post(detail::kPost, detail::encode_call(0, name, arguments, typeid(void), packed));
}

bool Service::Backend::start(const std::function<void(Backend&)>& setup) {
  try {
    setup(*this);
    for (const auto& hook : before_) hook();
    return true;
  } catch (...) {
    channel_.send(detail::kStartError, detail::encode_failure(detail::current_failure(0, "")));
    return false;
  }
}

int Service::Backend::run(const std::function<void(Backend&)>& setup) {
  try {
    if (!start(setup)) return 1;
    serve();
  } catch (const PeerLost&) {  // the front is gone: nobody to tell
  } catch (const ParallelError& error) {
    log::error("the back end cannot go on: {}", error.what());
    return 1;
  }
  return finish();
}

// A message, then whatever else the loop has, in turns.
void Service::Backend::serve() {
  channel_.post(detail::kReady, {});
  while (!stopping_) {
    channel_.flush();
    if (!is_behind()) {
      if (const auto frame = channel_.try_receive()) {
        if (frame->tag == detail::kStop) return;
        handle(*frame);
      }
    }
    if (!stopping_) run_loop();
  }
  channel_.post(detail::kEnding, {});  // what comes after it is not carried out
}

bool Service::Backend::is_behind() const {
  return channel_.unsent() > kMostUnsent;
}

void Service::Backend::run_loop() {
  const Events wanted = is_behind() ? Events::writable : channel_.has_unsent() ? Events::both : Events::readable;
  if (wanted != watched_) loop_.watch(channel_.descriptor(), wanted, [](Events) {});  // serve() looks by itself
  watched_ = wanted;
  const bool more = channel_.has_received() && !is_behind();
  try {
    loop_.run_once(more ? std::optional(std::chrono::nanoseconds(0)) : std::nullopt);
  } catch (...) {
    const detail::ServiceFailure failure = detail::current_failure(0, "the event loop");
    log::warn("a callback of the event loop failed: {}", failure.message);
    // One that fails again and again must not fill the memory while the front does something else.
    if (!channel_.has_unsent()) channel_.post(detail::kPostError, detail::encode_failure(failure));
  }
}

// What was posted last is the front's, too: it reads, or is gone.
int Service::Backend::finish() {
  int code = 0;
  for (const auto& hook : after_) {
    try {
      hook();
    } catch (...) {
      log::error("the hook after the last message failed: {}", detail::current_failure(0, "").message);
      code = 1;
    }
  }
  try {
    channel_.flush_all();
  } catch (const Error&) {
  }
  return code;
}

void Service::Backend::handle(const Frame& frame) {
  const detail::ServiceCall call = detail::decode_call(frame);
  Bytes result;
  try {
    result = handlers_.find(call).invoke(call.packed);
  } catch (...) {
    const Bytes failure = detail::encode_failure(detail::current_failure(call.id, call.handler));
    channel_.post(call.wants_reply ? detail::kError : detail::kPostError, failure);
    return;
  }
  if (call.wants_reply) channel_.post(detail::kValue, detail::encode_value(call.id, result));
}

}  // namespace windrow
