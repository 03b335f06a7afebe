#pragma once

#include <functional>

#include "windrow/parallel/launch.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What launch() and prepare() ask of MPI.
struct MpiBackend {
  int (*launch)(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options);
  bool (*has_begun)();
};

/// Defined by the library windrow_mpi. A link option names it: hence the plain symbol.
extern "C" const MpiBackend windrow_mpi_backend;
/// It, or null in a program without that library.
const MpiBackend* linked_mpi_backend();

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

/// Gives a message to LaunchOptions::on_message.
void tell(const LaunchOptions& options, const std::string& message);
/// Tells the exception in flight with rank and host. @return the exit code for it
int report_exception(int rank, const LaunchOptions& options) noexcept;

}  // namespace detail
}  // namespace windrow
