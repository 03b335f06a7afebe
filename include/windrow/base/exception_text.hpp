#pragma once

#include <exception>
#include <string>

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What an exception says: a std::exception its what(), a text or a number itself, anything else its type.
/// @pre not null
std::string exception_text(const std::exception_ptr& exception);

}  // namespace detail
}  // namespace windrow
