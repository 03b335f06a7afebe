#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "windrow/base/type_name.hpp"
#include "windrow/error.hpp"
#include "windrow/process/service_types.hpp"

namespace windrow::detail {
namespace {

// "double (int, int)" of the result and void(arguments...)
std::string signature(const std::type_info& result, const std::type_info& arguments) {
  std::string text = readable_type_name(arguments);
  return readable_type_name(result) + text.substr(text.find(' '));
}

// Whatever has this name, in words: its type_info is not at hand in this process.
std::string readable_arguments(std::string_view mangled) {
  const std::string text = readable_type_name(mangled);
  return text.substr(std::min(text.find('('), text.size()));
}

}  // namespace

const ServiceHandler& ServiceHandlers::add(std::string name, ServiceHandler handler, const std::string& service) {
  for (const auto& [known, ignored] : entries_) {
    if (known == name) throw SpecError(fmt::format("service \"{}\" has two handlers \"{}\"", service, name));
  }
  return entries_.emplace_back(std::move(name), std::move(handler)).second;
}

const ServiceHandler& ServiceHandlers::find(const ServiceCall& call) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first == call.handler; });
  if (found == entries_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, ignored] : entries_) names.push_back(name);
    throw SpecError(fmt::format("there is no handler \"{}\"; there is: {}", call.handler,
                                names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }
  const ServiceHandler& handler = found->second;
  const bool any_result = call.result == typeid(void).name();
  if (call.arguments != handler.arguments->name() || (!any_result && call.result != handler.result->name())) {
    const std::string wanted = any_result ? "" : " for a " + readable_type_name(call.result);
    throw SpecError(fmt::format("handler \"{}\" is {}, but was called with {}{}", call.handler,
                                signature(*handler.result, *handler.arguments), readable_arguments(call.arguments),
                                wanted));
  }
  return handler;
}

}  // namespace windrow::detail
