#pragma once

// What ParallelManager::scatter makes of a user's functions; included by scatter_impl.hpp.

#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/serialize.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/account.hpp"
#include "windrow/parallel/dispatch.hpp"
#include "windrow/parallel/scatter.hpp"

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// What execute gives for a parameter, or for a whole share, by the type that it returns.
template <typename Returned, bool WholeShare>
struct ScatterResult {
  using type = Returned;
};
template <typename R, typename Allocator>
struct ScatterResult<std::vector<R, Allocator>, true> {
  using type = R;
};
template <typename S>
struct ScatterResult<Summary<S>, true> {
  using type = S;
};

template <typename Build, typename Execute, typename P>
class ScatterRun;
template <typename Build, typename Execute, typename P>
class SummaryRun;

template <typename Build, typename Execute, typename P>
struct ScatterTraits {
  using Model = std::decay_t<std::invoke_result_t<Build&>>;
  static_assert(!std::is_void_v<Model>, "build must return the model");
  static constexpr bool whole_share = std::is_invocable_v<Execute&, Model&, std::span<const P>>;
  static_assert(whole_share || std::is_invocable_v<Execute&, Model&, const P&>,
                "execute must take (Model&, const P&) or (Model&, std::span<const P>)");
  using Returned = std::decay_t<
      std::invoke_result_t<Execute&, Model&, std::conditional_t<whole_share, std::span<const P>, const P&>>>;
  static_assert(!std::is_void_v<Returned>, "execute must return its result");
  static constexpr bool summarizes = whole_share && !is_a<Returned, std::vector>;
  using Run = std::conditional_t<summarizes, SummaryRun<Build, Execute, P>, ScatterRun<Build, Execute, P>>;
  /// Of a parameter, or of a share that is summarized.
  using Result = typename ScatterResult<Returned, whole_share>::type;
  static_assert(std::is_nothrow_destructible_v<Model> && std::is_nothrow_destructible_v<Result> &&
                    std::is_nothrow_destructible_v<P>,
                "the destructors of models, parameters and results must not throw");
};

/// A worker's whole share is its own: no other schedule shares out points beforehand in one piece.
inline void check_schedule_of_shares(const DispatchOptions& options) {
  if (options.schedule.value_or(Schedule::static_split) == Schedule::static_split) return;
  throw SpecError(
      "an execute that takes its whole share needs the static schedule; take a point at a time, or choose "
      "Schedule::static_split");
}

/// An empty entry for each of `count` workers.
template <typename Local>
std::vector<Local> empty_results(int first, int count) {
  std::vector<Local> results(static_cast<std::size_t>(count));
  for (Local& local : results) local.worker = first++;
  return results;
}

/// At the root each worker's times.
template <typename Local>
void keep_timing(std::vector<Local>& results, const TimeAccount& account) {
  const auto records = timing_records(account);
  for (std::size_t i = 0; i < account.workers.size(); ++i) {
    results[static_cast<std::size_t>(account.workers[i].worker)].timing = records[i];
  }
}

}  // namespace detail
}  // namespace windrow
