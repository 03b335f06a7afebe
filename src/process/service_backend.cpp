#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "process/service_wire.hpp"
#include "windrow/base/type_name.hpp"
#include "windrow/process/log.hpp"
#include "windrow/process/service.hpp"

namespace windrow {
namespace {

// "double (int, int)" of the result and void(arguments...)
std::string signature(const std::type_info& result, const std::type_info& arguments) {
  std::string text = detail::readable_type_name(arguments);
  return detail::readable_type_name(result) + text.substr(text.find(' '));
}

// Whatever has this name, in words: its type_info is not at hand in this process.
std::string readable_arguments(std::string_view mangled) {
  const std::string text = detail::readable_type_name(mangled);
  return text.substr(std::min(text.find('('), text.size()));
}

}  // namespace

void Service::Backend::add(std::string name, detail::ServiceHandler handler) {
  for (const auto& [known, ignored] : handlers_) {
    if (known == name) throw SpecError(fmt::format("service \"{}\" has two handlers \"{}\"", name_, name));
  }
  handlers_.emplace_back(std::move(name), std::move(handler));
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
    while (!stopping_) {
      const Frame frame = channel_.receive();
      if (frame.tag == detail::kStop) break;
      handle(frame);
    }
  } catch (const PeerLost&) {  // the front is gone: nobody to tell
  } catch (const ParallelError& error) {
    log::error("the back end cannot go on: {}", error.what());
    return 1;
  }
  return finish();
}

int Service::Backend::finish() const {
  int code = 0;
  for (const auto& hook : after_) {
    try {
      hook();
    } catch (...) {
      log::error("the hook after the last message failed: {}", detail::current_failure(0, "").message);
      code = 1;
    }
  }
  return code;
}

void Service::Backend::handle(const Frame& frame) {
  const detail::ServiceCall call = detail::decode_call(frame);
  Bytes result;
  try {
    result = invoke(call);
  } catch (...) {
    const Bytes failure = detail::encode_failure(detail::current_failure(call.id, call.handler));
    channel_.send(call.wants_reply ? detail::kError : detail::kPostError, failure);
    return;
  }
  if (call.wants_reply) channel_.send(detail::kValue, detail::encode_value(call.id, result));
}

Bytes Service::Backend::invoke(const detail::ServiceCall& call) const {
  const auto found =
      std::find_if(handlers_.begin(), handlers_.end(), [&](const auto& entry) { return entry.first == call.handler; });
  if (found == handlers_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, ignored] : handlers_) names.push_back(name);
    throw SpecError(fmt::format("there is no handler \"{}\"; there is: {}", call.handler, fmt::join(names, ", ")));
  }
  const detail::ServiceHandler& handler = found->second;
  const bool any_result = call.result == typeid(void).name();
  if (call.arguments != handler.arguments->name() || (!any_result && call.result != handler.result->name())) {
    const std::string wanted = any_result ? "" : " for a " + detail::readable_type_name(call.result);
    throw SpecError(fmt::format("handler \"{}\" is {}, but was called with {}{}", call.handler,
                                signature(*handler.result, *handler.arguments), readable_arguments(call.arguments),
                                wanted));
  }
  return handler.invoke(call.packed);
}

}  // namespace windrow
