#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "submission_order.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kLargestRound = 10'000'000;  // results

// @throws SpecError where numbers get out of hand
std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > (std::uint64_t{1} << 62) / b) {
    throw SpecError("the stages produce and consume in proportions too large to be buffered");
  }
  return a * b;
}

struct Rate {  // tasklets of a stage relative to others
  std::uint64_t over = 1;
  std::uint64_t under = 1;

  Rate times_ratio(std::uint64_t up, std::uint64_t down) const {
    Rate rate{times(over, up), times(under, down)};
    const std::uint64_t common = std::gcd(rate.over, rate.under);
    return {rate.over / common, rate.under / common};
  }
  friend bool operator==(const Rate&, const Rate&) = default;
};

struct Rates {
  std::vector<Rate> rate;
  std::vector<std::size_t> group;  // stages of a group feed each other, so their rates are tied
};

// Stages of the input's group are scaled so that the reader can keep its rate.
void tie(Rates& rates, std::size_t reader, std::size_t input, const Rate& asked,
         const std::vector<std::size_t>& inputs) {
  const std::size_t group = rates.group[reader];
  const std::size_t joining = rates.group[input];
  const Rate own = rates.rate[reader];
  if (joining == group) {
    if (asked == own) return;
    throw SpecError(
        fmt::format("stage {} reads stages {}, which give results in different numbers: some would pile up without end",
                    reader, fmt::join(inputs, " and ")));
  }
  for (std::size_t k = 0; k < reader; ++k) {
    if (rates.group[k] != joining) continue;
    rates.rate[k] = rates.rate[k].times_ratio(own.over, own.under).times_ratio(asked.under, asked.over);
    rates.group[k] = group;
  }
}

Rates solve(const std::vector<StageRates>& stages) {
  Rates rates;
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const StageRates& stage = stages[k];
    const auto asked_by = [&](std::size_t input) {
      return rates.rate[input].times_ratio(stages[input].produce, stage.consume);
    };
    const bool is_source = stage.inputs.empty();
    const Rate rate = is_source ? Rate{} : asked_by(stage.inputs.front());
    rates.group.push_back(is_source ? k : rates.group[stage.inputs.front()]);
    rates.rate.push_back(rate);
    for (const std::size_t input : stage.inputs) tie(rates, k, input, asked_by(input), stage.inputs);
  }
  return rates;
}

}  // namespace

std::vector<std::uint64_t> round_quotas(const std::vector<StageRates>& stages, std::uint64_t stride) {
  const Rates rates = solve(stages);
  std::vector<std::uint64_t> quotas(stages.size());
  std::uint64_t results = 0;
  for (std::size_t group = 0; group < stages.size(); ++group) {
    std::vector<std::size_t> members;
    std::uint64_t multiple = 1;
    for (std::size_t k = 0; k < stages.size(); ++k) {
      if (rates.group[k] != group) continue;
      members.push_back(k);
      multiple = times(multiple / std::gcd(multiple, rates.rate[k].under), rates.rate[k].under);
    }
    std::uint64_t common = 0;
    std::uint64_t fewest = kLargestRound;
    for (const std::size_t k : members) {
      quotas[k] = times(rates.rate[k].over, multiple / rates.rate[k].under);
      common = std::gcd(common, quotas[k]);
    }
    for (const std::size_t k : members) fewest = std::min(fewest, quotas[k] /= common);
    for (const std::size_t k : members) {
      quotas[k] = times(quotas[k], (stride + fewest - 1) / fewest);
      results += times(quotas[k], stages[k].produce);
      if (results > kLargestRound)
        throw SpecError("the stages produce and consume in proportions too large to be buffered");
    }
  }
  return quotas;
}

// One round with endless sources: rounds are all alike.
std::uint64_t needed_buffer(const std::vector<StageRates>& stages, std::uint64_t stride) {
  SubmissionOrder order({stages, stride, SubmissionOrder::kUnknown, true}, 0);
  std::uint64_t needed = 0;
  order.runs_through(1, &needed);
  return needed;
}

}  // namespace windrow::detail
