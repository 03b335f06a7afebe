#pragma once

#include <functional>

#include "windrow/parallel/manager.hpp"

namespace windrow::detail {

/// Runs `prepare` at the root; if it throws there, every rank throws: the others RootFailed. Collective.
void on_root(ParallelManager& manager, const std::function<void()>& prepare);

}  // namespace windrow::detail
