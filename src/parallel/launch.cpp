#include "windrow/parallel/launch.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>

#include "parallel/launch_mpi.hpp"
#include "windrow/base/exception_text.hpp"
#include "windrow/base/machine.hpp"
#include "windrow/base/text.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/serial_manager.hpp"
#include "windrow/process/log.hpp"

namespace windrow {
namespace {

int workers_of_environment() {
  const char* text = std::getenv("WINDROW_WORKERS");
  if (text == nullptr || *text == '\0') return 1;
  int workers = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), workers);
  constexpr int kMost = 100'000;
  if (error != std::errc() || *end != '\0' || workers < 1 || workers > kMost) {
    throw SpecError(fmt::format("WINDROW_WORKERS is `{}`; it must be a whole number from 1 to {}", text, kMost));
  }
  return workers;
}

Backend choose(const LaunchOptions& options, int workers) {
  if (options.backend) return *options.backend;
  if (const char* name = std::getenv("WINDROW_BACKEND"); name != nullptr && *name != '\0') return backend(name);
  if (started_by_mpi()) return Backend::mpi;
  return workers > 1 ? Backend::fork : Backend::serial;
}

int launch_mpi(int argc, char** argv, const std::function<int(ParallelManager&)>& body, const LaunchOptions& options) {
  if (const auto* mpi = detail::linked_mpi_backend()) return mpi->launch(argc, argv, body, options);
  throw ParallelError(
      "MPI is asked for (by mpirun, srun, or a choice of backend), but this program has windrow without it: build "
      "windrow with -DWINDROW_MPI=ON and link its component mpi, or choose the backend `fork`");
}

}  // namespace

namespace detail {

extern "C" const MpiBackend windrow_mpi_backend [[gnu::weak]];  // here, and not where it is defined

const MpiBackend* linked_mpi_backend() {
  return &windrow_mpi_backend;
}

void tell(const LaunchOptions& options, const std::string& message) {
  if (options.on_message) return options.on_message(message);
  std::fprintf(stderr, "windrow: %s\n", text::visible(message, "\n\t").c_str());
  std::fflush(stderr);
}

int report_exception(int rank, const LaunchOptions& options) noexcept {
  const auto say = [&](const std::string& what) {
    tell(options, "rank " + std::to_string(rank) + " (" + host_name() + "): " + what);
  };
  try {
    throw;
  } catch (const RootFailed&) {  // the root tells
  } catch (const SpecError& error) {
    say(error.what());
    return 2;
  } catch (...) {
    say(exception_text(std::current_exception()));
  }
  return 1;
}

}  // namespace detail

bool started_by_mpi() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

int launch_ranks(int argc, char** argv, const std::function<int(ParallelManager&)>& ranks_body,
                 const LaunchOptions& options) {
  const std::function<int(ParallelManager&)> body = [&ranks_body](ParallelManager& manager) {
    log::debug("rank {} of {}, {}, on {}", manager.rank(), manager.size(), name_of(manager.backend()), host_name());
    return ranks_body(manager);
  };
  Backend chosen{};
  int workers = 0;
  std::optional<detail::PreparedForBody> prepared;
  try {
    prepared.emplace(options.isolates_evaluations);
    workers = options.workers > 0 ? options.workers : workers_of_environment();
    chosen = choose(options, workers);
    if (chosen == Backend::mpi) return launch_mpi(argc, argv, body, options);
  } catch (const std::exception& error) {  // of setting up, before there are ranks
    detail::tell(options, error.what());
    return 2;
  }
  try {
    if (chosen == Backend::serial) {
      SerialManager manager;
      return body(manager);
    }
    if (!options.peers) {
      ForkManager manager(workers);
      return body(manager);
    }
    return ForkManager::run_peers(workers, [&body, &options](ParallelManager& manager) {
      if (manager.is_root()) return body(manager);  // its exception must leave run_peers, which then ends the peers
      try {
        return body(manager);
      } catch (...) {
        return detail::report_exception(manager.rank(), options);
      }
    });
  } catch (...) {
    return detail::report_exception(0, options);
  }
}

}  // namespace windrow
