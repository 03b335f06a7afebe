#include "windrow/analysis/failure_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "windrow/base/text.hpp"

namespace windrow {
namespace {

using Kind = RuleCondition::Kind;

constexpr std::size_t kMostCuts = 48;  // of an input, where pairs are looked for first; then limits are refined

struct Counts {
  double failed = 0.0, succeeded = 0.0;

  Counts& operator+=(const Counts& other) {
    failed += other.failed;
    succeeded += other.succeeded;
    return *this;
  }
  friend Counts operator-(const Counts& a, const Counts& b) { return {a.failed - b.failed, a.succeeded - b.succeeded}; }
  double all() const { return failed + succeeded; }
};

/// Bits to say who failed among these, knowing how many did.
double bits_of(const Counts& counts) {
  const auto part = [&](double k) { return k > 0.0 ? -k * std::log2(k / counts.all()) : 0.0; };
  return part(counts.failed) + part(counts.succeeded);
}

/// Values of an input in ascending order, cut into as many as kMostCuts bins; of texts, each is a bin.
struct Bins {
  std::vector<double> uppers;         // the largest value of each
  std::vector<std::uint32_t> of_row;  // kNoBin: the number is missing
  std::size_t count() const { return uppers.size(); }
};
constexpr std::uint32_t kNoBin = std::numeric_limits<std::uint32_t>::max();

Bins bins_of(const DataColumn& input) {
  std::vector<double> sorted;
  for (const double x : input.numbers) {
    if (!std::isnan(x)) sorted.push_back(x);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> different = sorted;
  different.erase(std::unique(different.begin(), different.end()), different.end());
  Bins bins;
  if (input.is_text() || different.size() <= kMostCuts) {
    bins.uppers = different;
  } else {
    for (std::size_t bin = 1; bin <= kMostCuts; ++bin) {
      const double upper = sorted[sorted.size() * bin / kMostCuts - 1];
      if (bins.uppers.empty() || bins.uppers.back() < upper) bins.uppers.push_back(upper);
    }
  }
  for (const double x : input.numbers) {
    const auto at = std::lower_bound(bins.uppers.begin(), bins.uppers.end(), x) - bins.uppers.begin();
    bins.of_row.push_back(std::isnan(x) ? kNoBin : static_cast<std::uint32_t>(at));
  }
  return bins;
}

/// A condition on bins, and how many bins there are to choose among.
struct BinCondition {
  Kind kind;
  std::size_t bin;  // `above` and `at_most` the upper end of it; `is` and `is_not` it
};

std::vector<BinCondition> conditions_on(const DataColumn& input, const Bins& bins) {
  std::vector<BinCondition> all;
  for (std::size_t bin = 0; bin < bins.count(); ++bin) {
    if (input.is_text()) {
      all.push_back({Kind::is, bin});
      if (bins.count() > 2) all.push_back({Kind::is_not, bin});
    } else if (bin + 1 < bins.count()) {
      all.push_back({Kind::above, bin});
      all.push_back({Kind::at_most, bin});
    }
  }
  return all;
}

bool holds_in(const BinCondition& condition, std::size_t bin) {
  switch (condition.kind) {
    case Kind::above:
      return bin > condition.bin;
    case Kind::at_most:
      return bin <= condition.bin;
    case Kind::is:
      return bin == condition.bin;
    case Kind::is_not:
      return bin != condition.bin;
  }
  return false;
}

bool meets(const RuleCondition& condition, double x) {
  switch (condition.kind) {
    case Kind::above:
      return x > condition.limit;
    case Kind::at_most:
      return x <= condition.limit;
    case Kind::is:
      return x == condition.limit;
    case Kind::is_not:
      return !std::isnan(x) && x != condition.limit;
  }
  return false;
}

const std::string& label(const DataColumn& input, const RuleCondition& condition) {
  return input.labels[static_cast<std::size_t>(condition.limit)];
}

class Search {
 public:
  Search(const Data& data, const std::vector<bool>& failed) : data_(data), failed_(failed) {
    for (std::size_t row = 0; row < data.rows(); ++row) count(all_, row);
    for (const DataColumn& input : data.inputs) bins_.push_back(bins_of(input));
    best_bits_ = bits_of(all_);
  }

  std::optional<FailureRule> run() {
    for (std::size_t i = 0; i < bins_.size(); ++i) try_one(i);
    for (std::size_t i = 0; i < bins_.size(); ++i) {
      for (std::size_t j = i + 1; j < bins_.size(); ++j) try_two(i, j);
    }
    if (best_.empty()) return std::nullopt;
    FailureRule rule;
    for (const auto& [input, condition] : best_) {
      rule.conditions.push_back({input, condition.kind, bins_[input].uppers[condition.bin]});
    }
    for (int round = 0; round < 3; ++round) {
      for (RuleCondition& condition : rule.conditions) refine(rule, condition);
    }
    for (RuleCondition& condition : rule.conditions) shorten(rule, condition);
    tally(rule);
    return rule;
  }

 private:
  void count(Counts& counts, std::size_t row) const { (failed_[row] ? counts.failed : counts.succeeded) += 1.0; }

  /// Bits of a rule and of who failed, knowing whether it holds; none of a rule inside of which points fail more
  /// rarely.
  double bits_with(const Counts& inside, double choices) const {
    const Counts outside = all_ - inside;
    if (inside.all() == 0.0 || outside.all() == 0.0) return std::numeric_limits<double>::infinity();
    if (inside.failed * outside.all() <= outside.failed * inside.all()) return std::numeric_limits<double>::infinity();
    return bits_of(inside) + bits_of(outside) + choices + 0.5 * std::log2(all_.all());
  }

  double choices_of(std::size_t input) const {
    const double limits = static_cast<double>(std::max<std::size_t>(bins_[input].count(), 2));
    return std::log2(static_cast<double>(bins_.size())) + 1.0 + std::log2(limits);
  }

  void try_one(std::size_t i) {
    std::vector<Counts> of_bin(bins_[i].count());
    for (std::size_t row = 0; row < data_.rows(); ++row) {
      if (bins_[i].of_row[row] != kNoBin) count(of_bin[bins_[i].of_row[row]], row);
    }
    for (const BinCondition& condition : conditions_on(data_.inputs[i], bins_[i])) {
      Counts inside;
      for (std::size_t bin = 0; bin < of_bin.size(); ++bin) {
        if (holds_in(condition, bin)) inside += of_bin[bin];
      }
      take(bits_with(inside, choices_of(i)), {{i, condition}});
    }
  }

  // Counts of all pairs of bins, and for each condition on the first input sums over its bins, by bin of the second.
  void try_two(std::size_t i, std::size_t j) {
    const std::size_t width = bins_[j].count();
    std::vector<Counts> of_bins(bins_[i].count() * width);
    for (std::size_t row = 0; row < data_.rows(); ++row) {
      const std::uint32_t first = bins_[i].of_row[row], second = bins_[j].of_row[row];
      if (first != kNoBin && second != kNoBin) count(of_bins[first * width + second], row);
    }
    const auto second_conditions = conditions_on(data_.inputs[j], bins_[j]);
    const double choices = choices_of(i) + choices_of(j) - 1.0;  // of two in either order
    for (const BinCondition& first : conditions_on(data_.inputs[i], bins_[i])) {
      std::vector<Counts> below(width + 1);  // sums over bins of the second before each
      for (std::size_t bin = 0; bin < width; ++bin) {
        Counts sum = below[bin];
        for (std::size_t a = 0; a < bins_[i].count(); ++a) {
          if (holds_in(first, a)) sum += of_bins[a * width + bin];
        }
        below[bin + 1] = sum;
      }
      for (const BinCondition& second : second_conditions) {
        const Counts to = below[second.bin + 1], own = to - below[second.bin], all = below[width];
        Counts inside = to;
        if (second.kind == Kind::above) inside = all - to;
        if (second.kind == Kind::is) inside = own;
        if (second.kind == Kind::is_not) inside = all - own;
        take(bits_with(inside, choices), {{i, first}, {j, second}});
      }
    }
  }

  void take(double bits, std::vector<std::pair<std::size_t, BinCondition>> rule) {
    if (bits >= best_bits_) return;
    best_bits_ = bits;
    best_ = std::move(rule);
  }

  /// Rows that meet the other conditions of a rule, by the number that this one is about.
  std::vector<std::size_t> rows_for(const FailureRule& rule, const RuleCondition& condition) const {
    const std::vector<double>& numbers = data_.inputs[condition.input].numbers;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < data_.rows(); ++row) {
      const bool others = std::all_of(rule.conditions.begin(), rule.conditions.end(), [&](const RuleCondition& other) {
        return &other == &condition || meets(other, data_.inputs[other.input].numbers[row]);
      });
      if (others && !std::isnan(numbers[row])) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
    return rows;
  }

  /// The best limit among all values, the other conditions as they are.
  void refine(const FailureRule& rule, RuleCondition& condition) const {
    const DataColumn& input = data_.inputs[condition.input];
    if (input.is_text()) return;
    const std::vector<std::size_t> rows = rows_for(rule, condition);
    Counts all, to;
    for (const std::size_t row : rows) count(all, row);
    double best = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k + 1 < rows.size(); ++k) {
      count(to, rows[k]);
      const double x = input.numbers[rows[k]];
      if (x == input.numbers[rows[k + 1]]) continue;
      const double bits = bits_with(condition.kind == Kind::above ? all - to : to, 0.0);
      if (bits >= best) continue;
      best = bits;
      condition.limit = x;
    }
  }

  /// Up to the next larger value, every limit says the same.
  void shorten(const FailureRule& rule, RuleCondition& condition) const {
    const DataColumn& input = data_.inputs[condition.input];
    if (input.is_text()) return;
    for (const std::size_t row : rows_for(rule, condition)) {
      const double next = input.numbers[row];
      if (next <= condition.limit) continue;
      if (std::isfinite(next) && std::isfinite(condition.limit)) {
        condition.limit = shortest_between(condition.limit, next);
      }
      return;
    }
  }

  void tally(FailureRule& rule) const {
    for (std::size_t row = 0; row < data_.rows(); ++row) {
      const bool inside = rule.holds(data_, row);
      (failed_[row] ? rule.failures : rule.successes) += 1;
      if (inside) (failed_[row] ? rule.failures_inside : rule.successes_inside) += 1;
    }
  }

  const Data& data_;
  const std::vector<bool>& failed_;
  Counts all_;
  std::vector<Bins> bins_;
  double best_bits_ = 0.0;
  std::vector<std::pair<std::size_t, BinCondition>> best_;
};

}  // namespace

bool FailureRule::holds(const Data& data, std::size_t row) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const RuleCondition& condition) {
    return meets(condition, data.inputs[condition.input].numbers[row]);
  });
}

std::string FailureRule::text(const std::vector<DataColumn>& inputs) const {
  std::string text;
  for (const RuleCondition& condition : conditions) {
    const DataColumn& input = inputs[condition.input];
    if (!text.empty()) text += " and ";
    switch (condition.kind) {
      case Kind::above:
        text += fmt::format("{} > {}", input.name, text::render_plain(condition.limit));
        break;
      case Kind::at_most:
        text += fmt::format("{} <= {}", input.name, text::render_plain(condition.limit));
        break;
      case Kind::is:
        text += fmt::format("{} is {}", input.name, label(input, condition));
        break;
      case Kind::is_not:
        text += fmt::format("{} is not {}", input.name, label(input, condition));
        break;
    }
  }
  return text;
}

std::string FailureRule::describe(const std::vector<DataColumn>& inputs) const {
  const auto share = [](std::uint64_t part, std::uint64_t all) {
    const double percent = all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all);
    return percent > 0.0 && percent < 1.0 ? std::string("under 1") : fmt::format("{:.0f}", percent);
  };
  return fmt::format("{}: {} % of failures, {} % of successes", text(inputs), share(failures_inside, failures),
                     share(successes_inside, successes));
}

std::optional<FailureRule> failure_rule(const Data& data, const std::vector<bool>& failed) {
  return Search(data, failed).run();
}

double shortest_between(double low, double high) {
  if (low <= 0.0 && high > 0.0) return 0.0;
  for (int digits = 0; digits < 17; ++digits) {  // after the first
    const auto number = text::parse_double(fmt::format("{:.{}e}", low + (high - low) / 2.0, digits));
    if (number && *number >= low && *number < high) return *number;
  }
  return low;
}

}  // namespace windrow
