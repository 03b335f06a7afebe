#include "failure_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {

namespace {

constexpr double kLongestDelay = 3600.0;  // seconds

}  // namespace

std::uint64_t MaxFailures::of(std::uint64_t points) const {
  const double number = is_share ? std::ceil(amount / 100.0 * static_cast<double>(points)) : amount;
  return number < 1e18 ? std::max<std::uint64_t>(1, static_cast<std::uint64_t>(number)) : ~std::uint64_t{0};
}

std::string MaxFailures::text() const {
  return text::render(amount) + (is_share ? "%" : "");
}

std::optional<MaxFailures> parse_max_failures(std::string_view text) {
  MaxFailures result;
  result.is_share = text.ends_with('%');
  if (result.is_share) {
    const auto share = text::parse_double(text.substr(0, text.size() - 1));
    if (!share || !(*share > 0.0 && *share <= 100.0)) return std::nullopt;
    result.amount = *share;
  } else {
    const auto number = text::parse_integer(text);
    if (!number || *number < 1) return std::nullopt;
    result.amount = static_cast<double>(*number);
  }
  return result;
}

namespace detail {

FailureJudge::FailureJudge(const FailurePolicy& policy, std::uint64_t points) : policy_(policy) {
  const bool sane =
      policy.retries >= 0 && policy.retry_delay.count() >= 0 && policy.backoff >= 1.0 && std::isfinite(policy.backoff);
  if (!sane) throw SpecError("retries and their delay must not be negative, and the back-off a number of at least 1");
  if (policy.max_failures) limit_ = policy.max_failures->of(points);
}

std::optional<double> FailureJudge::retry(FailureKind kind, int tries) const {
  const bool worth_it = kind != FailureKind::rejected && kind != FailureKind::bad_output;
  const int retries = policy_.retries_of.of(kind).value_or(worth_it ? policy_.retries : 0);
  if (tries > retries) return std::nullopt;
  const double first = std::chrono::duration<double>(policy_.retry_delay).count();
  return first == 0.0 ? 0.0 : std::min(kLongestDelay, first * std::pow(policy_.backoff, tries - 1));
}

void FailureJudge::count(FailureKind kind) {
  if (kind != FailureKind::rejected) ++failed_;
}

std::string FailureJudge::why() const {
  if (gives_up_early()) return early_.why();
  if (limit_ == 1U && failed_ == 1) return "at the first failed point";
  return fmt::format("at {} failed point{} (max_failures = {})", text::with_thousands(failed_), failed_ == 1 ? "" : "s",
                     policy_.max_failures ? policy_.max_failures->text() : "");
}

}  // namespace detail
}  // namespace windrow
