// The rules that choose what to say of where a run's time went.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "windrow/base/text.hpp"
#include "windrow/report/account_summary.hpp"

namespace windrow {
namespace {

constexpr double kGood = 0.9;          // of the workers' time in evaluations: nothing else is worth a word
constexpr double kMuchFailed = 0.25;   // of the evaluation time
constexpr double kRootBusy = 0.6;      // of the wall time, on its own thread
constexpr double kFewPerWorker = 4.0;  // points a worker: chance decides who is done when

std::string percent(double share) {
  return fmt::format("{:.0f} %", 100.0 * share);
}

std::string on_waiting_for_root(const TimeAccount& account, double waiting) {
  const ActivityTimes& root = account.root->spent;
  const bool storing = root.store > root.coordinate;
  return fmt::format("Workers waited {} of the time because the root was busy ({}): {} would help.", percent(waiting),
                     storing ? "recording results" : "handing out points",
                     storing ? "fewer or longer points, or smaller results" : "longer points, or schedule auto,");
}

std::string on_waiting(const TimeAccount& account, double waiting) {
  const auto workers = static_cast<double>(account.workers.size());
  if (account.schedule == Schedule::static_split || account.schedule == Schedule::cyclic) {
    return fmt::format("Workers waited {} of the time because shares were fixed beforehand ({}): try schedule auto.",
                       percent(waiting), name_of(account.schedule));
  }
  const double longest = account.longest.empty() ? 0.0 : account.longest.front().seconds;
  if (longest > 0.5 * account.wall && account.schedule == Schedule::longest_first) {
    return fmt::format(
        "The longest point alone took {} of the run, so workers waited {} of the time: more of them would not help.",
        percent(longest / account.wall), percent(waiting));
  }
  if (account.points_hold_slots) {
    return fmt::format("Workers waited {} of the time while points held the slots of several.", percent(waiting));
  }
  const double waited = waiting * account.wall;  // by the mean worker
  if (longest > 0.5 * waited && account.schedule != Schedule::longest_first) {
    return fmt::format("Workers waited {} of the time because the last points were long: try schedule longest_first.",
                       percent(waiting));
  }
  if (static_cast<double>(account.points()) < kFewPerWorker * workers) {
    return fmt::format("Workers waited {} of the time: {} points are few for {} workers.", percent(waiting),
                       account.points(), account.workers.size());
  }
  return fmt::format("Workers waited {} of the time: fewer of them would be as fast.", percent(waiting));
}

std::string on_evaluating(const TimeAccount& account) {
  const auto workers = static_cast<double>(account.workers.size());
  if (static_cast<double>(account.points()) < kFewPerWorker * workers) {
    return fmt::format("{} of the time went into evaluations.", percent(account.efficiency()));
  }
  const std::string share = percent(account.efficiency());
  const auto cores = static_cast<std::size_t>(std::max(account.cores, 0));
  if (cores == 0) {
    return fmt::format("{} of the time went into evaluations: more workers would help, if there are cores for them.",
                       share);
  }
  if (account.workers.size() > cores) {
    return fmt::format("{} of the time went into evaluations, of {} workers on {}.", share, account.workers.size(),
                       text::counted(cores, "core"));
  }
  if (account.workers.size() < cores) {
    return fmt::format("{} of the time went into evaluations: more workers would help, there are {} cores.", share,
                       cores);
  }
  return fmt::format("{} of the time went into evaluations, on {}: that is what there is.", share,
                     cores == 1 ? "the only core" : fmt::format("all {} cores", cores));
}

}  // namespace

std::string account_advice(const TimeAccount& account) {
  const ActivityTimes spent = account.spent();
  const double available = account.available();
  if (account.attempts() == 0 || !(available > 0.0)) return "";
  if (account.failed() > kMuchFailed * spent.evaluate) {
    return fmt::format("{} of the evaluation time went into evaluations that brought no result: look at those first.",
                       percent(account.failed() / spent.evaluate));
  }
  const auto idle = std::ranges::count(account.workers, std::uint64_t{0}, &WorkerAccount::attempts);
  if (idle > 0 && account.attempts() < account.workers.size()) {
    return fmt::format("There were fewer points ({}) than workers ({}).", account.attempts(), account.workers.size());
  }
  if (account.efficiency() >= kGood) return on_evaluating(account);
  using Share = std::pair<std::string_view, double>;
  const std::array<Share, 5> others = {{{"wait", spent.wait / available},
                                        {"build", spent.build / available},
                                        {"results", (spent.transfer + spent.store) / available},
                                        {"coordinate", spent.coordinate / available},
                                        {"other", account.other() / available}}};
  // A root that is late keeps workers waiting for work, and for somebody who takes what they send.
  const double for_root = others[0].second + spent.transfer / available;
  const bool root_is_late = account.root && account.root->busy() > kRootBusy * account.wall;
  if (root_is_late && for_root > others[1].second) return on_waiting_for_root(account, for_root);
  const auto [what, share] = *std::ranges::max_element(others, {}, &Share::second);
  if (what == "wait") return on_waiting(account, share);
  if (what == "build") {
    return fmt::format("Building models took {} of the time: fewer workers, or more points in a run, would help.",
                       percent(share));
  }
  if (what == "results") {
    return fmt::format("Sending and storing results took {} of the time: smaller results would help.", percent(share));
  }
  return fmt::format("{} of the time went into managing points: longer points would help.",
                     percent(others[3].second + others[4].second));
}

}  // namespace windrow
