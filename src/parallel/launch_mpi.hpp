#pragma once

#include <functional>

#include "windrow/parallel/launch.hpp"

namespace windrow::detail {

/// launch() over MPI; throws in a build without it.
int launch_mpi(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options);

/// prepare(), and its end, for a body of launch().
class PreparedForBody {
 public:
  explicit PreparedForBody(bool wanted);
  ~PreparedForBody();
  PreparedForBody(const PreparedForBody&) = delete;
  PreparedForBody& operator=(const PreparedForBody&) = delete;

 private:
  bool started_here_;
};

/// Prints the exception in flight with rank and host. @return the exit code for it
int report_exception(int rank) noexcept;

}  // namespace windrow::detail
