#pragma once

#include <functional>

#include "windrow/parallel/launch.hpp"

namespace windrow::detail {

/// launch() over MPI; throws in a build without it.
int launch_mpi(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options);

/// Prints the exception in flight with rank and host. @return the exit code for it
int report_exception(int rank) noexcept;

}  // namespace windrow::detail
