#include "windrow/parallel/manager.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace windrow {

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::serial:
      return "serial";
    case Backend::fork:
      return "fork";
    case Backend::mpi:
      return "mpi";
  }
  return {};
}

Backend backend(std::string_view name) {
  for (const Backend candidate : {Backend::serial, Backend::fork, Backend::mpi}) {
    if (name == name_of(candidate)) return candidate;
  }
  throw SpecError(fmt::format("unknown backend `{}`; valid: `serial`, `fork`, `mpi`", name));
}

namespace {
// Beyond so many ranks one more rank that evaluates brings less than a coordinator that is never late.
constexpr int kMostRanksWithEvaluatingRoot = 64;
}  // namespace

bool ParallelManager::root_evaluates(RootRole role) const {
  if (size() == 1) return true;
  return role == RootRole::evaluates || (role == RootRole::automatic && size() <= kMostRanksWithEvaluatingRoot);
}

int ParallelManager::evaluating_workers(RootRole role) const {
  return worker_count() - (root_evaluates(role) ? 0 : 1);
}

void ParallelManager::check_agreement(std::size_t size, std::string_view call) {
  if (this->size() == 1 && size < ~std::size_t{0}) return;
  const auto sizes = all_gather(static_cast<std::uint64_t>(size));
  if (std::all_of(sizes.begin(), sizes.end(), [&](std::uint64_t s) { return s == sizes.front(); }) &&
      sizes.front() < ~std::uint64_t{0}) {
    return;
  }
  throw SpecError(
      fmt::format("{}: sizes differ between ranks, or between input and output: {}", call, fmt::join(sizes, ", ")));
}

void ParallelManager::check_counts(std::size_t size, std::span<const std::size_t> counts) {
  const bool complete = counts.size() == static_cast<std::size_t>(this->size());
  const std::uint64_t expected = complete ? counts[static_cast<std::size_t>(rank())] : 0;
  const auto valid = all_gather(static_cast<int>(complete && expected == size));
  for (std::size_t r = 0; r < valid.size(); ++r) {
    if (valid[r] == 0) {
      throw SpecError(
          fmt::format("gather: the data of rank {} is not of the size that `counts` gives for it, or `counts` "
                      "has not one entry per rank",
                      r));
    }
  }
}

}  // namespace windrow
