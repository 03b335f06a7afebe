#pragma once

#include <string>

#include "windrow/error.hpp"

namespace windrow {

/// The message of the SpecError that `call` throws, or "no error".
template <typename Call>
std::string error_text(Call&& call) {
  try {
    call();
  } catch (const SpecError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace windrow
