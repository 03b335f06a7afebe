#pragma once

#include <string>

#include "windrow/error.hpp"

namespace windrow::test {

/// The message of the Thrown that `call` throws; empty if it throws none. Anything else that is thrown passes.
template <typename Thrown, typename Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const Thrown& error) {
    return error.what();
  }
  return {};
}

}  // namespace windrow::test
