#include "windrow/report/account_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "report/duration.hpp"

namespace windrow {
namespace {

constexpr double kShownShare = 0.001;  // of the time; less is not worth its place

/// "; wait 5.1 %, build 1.2 %", the largest first.
std::string other_shares(const TimeAccount& account) {
  const ActivityTimes spent = account.spent();
  std::vector<std::pair<double, std::string_view>> parts = {
      {spent.wait, "wait"},   {spent.build, "build"},           {spent.transfer, "transfer"},
      {spent.store, "store"}, {spent.coordinate, "coordinate"}, {account.other(), "other"}};
  std::ranges::sort(parts, std::greater(), &std::pair<double, std::string_view>::first);
  std::string text;
  for (const auto& [seconds, name] : parts) {
    const double share = seconds / account.available();
    if (share < kShownShare) break;
    text += fmt::format("{} {} {:.1f} %", text.empty() ? ";" : ",", name, 100.0 * share);
  }
  return text;
}

std::string longest_points(const TimeAccount& account) {
  constexpr std::ptrdiff_t most = 3;
  std::string text;
  const auto end = std::next(account.longest.begin(), std::min(most, std::ssize(account.longest)));
  for (auto point = account.longest.begin(); point != end; ++point) {
    text += fmt::format("{} {} ({} on {}{})", text.empty() ? "  longest points:" : ",", point->index,
                        detail::duration(point->seconds), point->host, point->failed ? ", failed" : "");
  }
  return text.empty() ? text : fmt::format("{}\n", text);
}

}  // namespace

std::string account_summary(const TimeAccount& account) {
  if (account.attempts() == 0) return "";
  std::string text = fmt::format("Time: evaluate {:.1f} % of {} x {}{}\n", 100.0 * account.efficiency(),
                                 account.workers.size(), detail::duration(account.wall), other_shares(account));
  text += fmt::format("  efficiency {:.2f}, imbalance {:.2f}, overhead {} a point", account.efficiency(),
                      account.imbalance(), detail::duration(account.overhead()));
  if (account.root) text += fmt::format("; root busy {:.1f} %", 100.0 * account.root->busy() / account.wall);
  text += fmt::format("\n{}", longest_points(account));
  if (const std::string advice = account_advice(account); !advice.empty()) text += fmt::format("  {}\n", advice);
  return text;
}

}  // namespace windrow
