#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "c/handles.hpp"

/// What the calls that add to a design are given.
namespace windrow::detail {

/// @param text  "a, b"
inline std::vector<std::string> words(std::string_view text) {
  constexpr std::string_view kBetween = ", ";
  std::vector<std::string> found;
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    found.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBetween, end);
  }
  return found;
}

inline std::vector<double> listed(std::size_t count, const double* numbers, const char* what) {
  if (count > 0) given(numbers, what);
  return {numbers, numbers + count};
}

/// One more parameter. @param make  makes the source; what it throws is said of the parameter
template <typename Make>
windrow_status add_parameter(windrow_design* design, const char* name, const Make& make) {
  return guarded([&] {
    given(design, "the design");
    const std::string given_name = &given(name, "the name of a parameter");
    const auto source = [&]() -> Parameter::Source {
      try {
        return make();
      } catch (const SpecError& error) {
        throw SpecError(fmt::format("parameter `{}`: {}", given_name, error.what()));
      }
    };
    design->parameters.emplace_back(given_name, source());
    design->made.reset();
  });
}

/// The parameter that was added last. @param what  "a unit", for the error if there is none
inline Parameter& last_parameter(windrow_design* design, const char* what) {
  if (given(design, "the design").parameters.empty()) {
    throw SpecError(fmt::format("{} before the first parameter", what));
  }
  return design->parameters.back();
}

}  // namespace windrow::detail
