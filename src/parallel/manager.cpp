#include "windrow/parallel/manager.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "windrow/base/exception_text.hpp"

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

constexpr std::size_t kReducedAtOnce = std::size_t{512} << 10U;  // of every rank, in the root's memory
}  // namespace

bool ParallelManager::root_evaluates(RootRole role) const {
  if (size() == 1) return true;
  return role == RootRole::evaluates || (role == RootRole::automatic && size() <= kMostRanksWithEvaluatingRoot);
}

int ParallelManager::evaluating_workers(RootRole role) const {
  return worker_count() - (root_evaluates(role) ? 0 : 1);
}

std::function<detail::JobReport()> ParallelManager::begin_job(detail::JobSpec job, detail::Evaluation& evaluation,
                                                              detail::JobObserver& observer) {
  return [this, job = std::move(job), &evaluation, &observer]() mutable {
    return run_job(std::move(job), evaluation, observer);
  };
}

void ParallelManager::check_agreement(std::size_t size, std::string_view call) {
  if (this->size() == 1 && size < ~std::size_t{0}) return;
  check_sizes(all_gather(static_cast<std::uint64_t>(size)), call);
}

void ParallelManager::check_sizes(std::span<const std::uint64_t> sizes, std::string_view call) const {
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

Bytes ParallelManager::broadcast_object(Bytes object) {
  detail::ObjectsRoom room;
  broadcast_bytes(object, room);
  return is_root() ? object : std::move(room.take().front());
}

std::vector<Bytes> ParallelManager::gather_objects(std::span<const std::byte> object) {
  detail::ObjectsRoom room;
  gather_bytes(object, room);
  return room.take();
}

std::vector<Bytes> ParallelManager::all_gather_objects(std::span<const std::byte> object) {
  detail::ObjectsRoom room;
  all_gather_bytes(object, room);
  return room.take();
}

void ParallelManager::all_reduce_bytes(std::span<const std::byte> in, std::span<std::byte> out,
                                       const detail::Reduction& reduction) {
  const std::size_t own = in.size() == out.size() ? in.size() / reduction.element_size()
                                                  : ~std::size_t{0} - static_cast<std::size_t>(rank());
  check_agreement(own, "all_reduce");
  reduce_at_root(in, out, reduction);
}

void ParallelManager::reduce_at_root(std::span<const std::byte> in, std::span<std::byte> out,
                                     const detail::Reduction& reduction) {
  const auto ranks = static_cast<std::size_t>(size());
  const std::size_t most =
      std::max(kReducedAtOnce / reduction.element_size(), std::size_t{1}) * reduction.element_size();
  for (std::size_t begin = 0; begin < in.size(); begin += most) {
    const std::size_t bytes = std::min(most, in.size() - begin);
    Bytes all;
    detail::JoinedRoom<Bytes> room(all);
    gather_bytes(in.subspan(begin, bytes), room);
    std::exception_ptr thrown;
    Bytes message(bytes + 1);  // and whether the operation threw
    if (is_root()) {
      try {
        if (all.size() != bytes * ranks) detail::throw_other_call(-1);
        for (std::size_t r = 1; r < ranks; ++r) reduction.fold(all.data(), all.data(), all.data() + r * bytes, bytes);
        std::copy_n(all.begin(), bytes, message.begin());
      } catch (...) {
        thrown = std::current_exception();
        message.back() = std::byte{1};
      }
    }
    detail::GivenRoom given(message);
    broadcast_bytes(message, given);
    if (message.back() != std::byte{0}) throw_everywhere(thrown, "the operation of all_reduce");
    std::copy_n(message.begin(), bytes, out.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

void ParallelManager::throw_everywhere(const std::exception_ptr& thrown, std::string_view what) {
  const std::string text = broadcast(thrown ? detail::exception_text(thrown) : std::string());
  if (thrown) std::rethrow_exception(thrown);
  throw ParallelError(fmt::format("{} threw at the root: {}", what, text));
}

namespace detail {

void ObjectsRoom::make(std::span<const std::uint64_t> sizes) {
  objects_.resize(sizes.size());
  for (std::size_t r = 0; r < sizes.size(); ++r) objects_[r].resize(static_cast<std::size_t>(sizes[r]));
}

void GivenRoom::make(std::span<const std::uint64_t> sizes) {
  if (sizes.front() != memory_.size()) throw_other_call(0);
}

void throw_other_call(int rank) {
  throw ParallelError(
      fmt::format("{} is in another call than this rank, or sends another type: collective calls must be made by every "
                  "rank in the same order",
                  rank < 0 ? std::string("a rank") : fmt::format("rank {}", rank)));
}

Bytes thrown_message(const std::exception_ptr& thrown) {
  ByteWriter out;
  out.put(MessageKind::thrown);
  out.put_text(exception_text(thrown));
  return out.take();
}

ByteReader value_of_message(std::span<const std::byte> message, int rank) {
  ByteReader in(message);
  if (in.at_end()) throw_other_call(rank);
  if (in.get<MessageKind>() == MessageKind::value) return in;
  throw ParallelError(fmt::format("rank {} could not send its value: {}", rank, in.get_text()));
}

}  // namespace detail
}  // namespace windrow
