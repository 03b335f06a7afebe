// Trajectories for elementary effects.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "design/coded.hpp"
#include "design/interface/bad_term.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::BadTerm;
using detail::CodedValues;

/// A trajectory: where it begins, and in which order parameters go up or down by half of the levels. Those that are
/// drawn in the lower half go up, the others down.
class Trajectories {
 public:
  Trajectories(const std::vector<Parameter>& parameters, std::uint64_t levels, std::uint64_t seed)
      : seed_(seed), levels_(levels), streams_(detail::streams_of(parameters, "/trajectory")) {}

  std::size_t parameters() const { return streams_.size(); }

  /// What a trajectory is: levels, half of them away from each other, and when a parameter goes from one to the other.
  struct Move {
    std::size_t begin, end, step;
  };
  std::vector<Move> moves(std::uint64_t trajectory) const {
    std::vector<Move> moves;
    std::vector<std::uint64_t> keys;  // in their order parameters move
    for (const std::uint64_t stream : streams_) {
      const auto bits = rng::block(seed_, stream, trajectory);
      const std::size_t begin = (std::uint64_t{bits[0]} * levels_) >> 32;
      moves.push_back({begin, begin < levels_ / 2 ? begin + levels_ / 2 : begin - levels_ / 2, 0});
      keys.push_back(std::uint64_t{bits[3]} << 32 | bits[2]);
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = 0; j < keys.size(); ++j)
        moves[i].step += keys[j] < keys[i] || (keys[j] == keys[i] && j <= i);
    }
    return moves;
  }

  /// Sum of the distances of all points of one to all of another, in levels: Campolongo et al. 2007, equation 10.
  double distance(std::uint64_t a, std::uint64_t b) const {
    const std::size_t points = parameters() + 1;
    std::vector<double> first, second;
    const std::vector<Move> moves_of_a = moves(a), moves_of_b = moves(b);
    for (std::size_t step = 0; step < points; ++step) {
      for (const Move& move : moves_of_a)
        first.push_back(static_cast<double>(step < move.step ? move.begin : move.end));
      for (const Move& move : moves_of_b)
        second.push_back(static_cast<double>(step < move.step ? move.begin : move.end));
    }
    double sum = 0.0;
    for (std::size_t i = 0; i < points; ++i) {
      for (std::size_t j = 0; j < points; ++j) {
        double squares = 0.0;
        for (std::size_t place = 0; place < parameters(); ++place) {
          const double along = first[i * parameters() + place] - second[j * parameters() + place];
          squares += along * along;
        }
        sum += std::sqrt(squares);
      }
    }
    return sum;
  }

 private:
  std::uint64_t seed_, levels_;
  std::vector<std::uint64_t> streams_;
};

/// One after the other, the one that is farthest from those before: so more of them keep those that are there.
std::vector<std::uint64_t> far_apart(const Trajectories& all, std::uint64_t count, std::uint64_t candidates) {
  std::vector<std::uint64_t> chosen = {0};
  std::vector<double> spread(candidates, 0.0);  // sum of the squares of the distances to those that are chosen
  std::vector<bool> is_chosen(candidates, false);
  is_chosen[0] = true;
  while (chosen.size() < count) {
    std::uint64_t best = 0;
    for (std::uint64_t i = 0; i < candidates; ++i) {
      if (is_chosen[i]) continue;
      const double distance = all.distance(chosen.back(), i);
      spread[i] += distance * distance;
      if (is_chosen[best] || spread[i] > spread[best]) best = i;
    }
    is_chosen[best] = true;
    chosen.push_back(best);
  }
  return chosen;
}

class Morris : public Design::Kernel {
 public:
  Morris(Trajectories all, std::vector<std::uint64_t> chosen, std::uint64_t count, std::vector<CodedValues> values,
         detail::KernelOptions options)
      : Kernel("morris", count * (all.parameters() + 1)),
        all_(std::move(all)),
        chosen_(std::move(chosen)),
        values_(std::move(values)),
        options_(std::move(options)) {}

  std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    const std::uint64_t points = all_.parameters() + 1, trajectory = index / points, step = index % points;
    const std::vector<Trajectories::Move> moves = all_.moves(chosen_.empty() ? trajectory : chosen_[trajectory]);
    std::vector<Value> values;
    values.reserve(moves.size());
    for (std::size_t i = 0; i < moves.size(); ++i) {
      values.push_back(values_[i][step < moves[i].step ? moves[i].begin : moves[i].end]);
    }
    return values;
  }
  detail::KernelOptions options() const override { return options_; }

 private:
  Trajectories all_;
  std::vector<std::uint64_t> chosen_;  ///< empty: as they come
  std::vector<CodedValues> values_;
  detail::KernelOptions options_;
};

CodedValues morris_values(const Parameter& parameter, std::uint64_t levels) {
  if (!parameter.is_listed() && detail::has_ends(parameter)) {
    std::vector<double> codes;
    for (std::uint64_t i = 0; i < levels; ++i) {
      codes.push_back(static_cast<double>(2 * i) / static_cast<double>(levels - 1) - 1.0);
    }
    return detail::values_between(parameter, "morris", codes);
  }
  if (!parameter.is_random() && !parameter.is_listed()) {
    throw detail::UnfitParameter(parameter.name(), fmt::format("parameter `{}` is {}, which morris cannot use",
                                                               parameter.name(), parameter.kind()));
  }
  CodedValues values;
  for (std::uint64_t i = 0; i < levels; ++i) {
    values.push_back(parameter.quantile((static_cast<double>(i) + 0.5) / static_cast<double>(levels)));
  }
  return values;
}

void check_morris(std::size_t parameters, std::uint64_t trajectories, const MorrisOptions& options) {
  constexpr std::uint64_t most_levels = 1000, most_candidates = 10'000;
  constexpr double most_work = 1e10;
  if (trajectories < 1) throw BadTerm("trajectories", " must be at least 1, not 0");
  if (trajectories > detail::max_points / (parameters + 1))
    throw BadTerm("trajectories", " make more than 2^62 points");
  if (options.levels < 2 || options.levels > most_levels || options.levels % 2 != 0) {
    throw BadTerm("levels", fmt::format(" must be an even number from 2 to {}, not {}", most_levels, options.levels));
  }
  if (options.candidates == 0) return;
  if (options.candidates < trajectories || options.candidates > most_candidates) {
    throw BadTerm("candidates", fmt::format(" must be from `trajectories`, {}, to {}, not {}", trajectories,
                                            most_candidates, options.candidates));
  }
  const auto points = static_cast<double>(parameters + 1);
  const double work =
      static_cast<double>(options.candidates) * static_cast<double>(trajectories) * points * points * points;
  if (work > most_work) {
    throw BadTerm("candidates", fmt::format(" are too many for {} trajectories of {} parameters: to compare them would "
                                            "take too long",
                                            trajectories, parameters));
  }
}

}  // namespace

Design morris(std::vector<Parameter> parameters, std::uint64_t trajectories, const MorrisOptions& given,
              std::uint64_t seed) {
  detail::check_parameters(parameters);
  check_morris(parameters.size(), trajectories, given);
  std::vector<CodedValues> values;
  for (const Parameter& parameter : parameters) values.push_back(morris_values(parameter, given.levels));
  Trajectories all(parameters, given.levels, seed);
  std::vector<std::uint64_t> chosen;
  if (given.candidates > 0) chosen = far_apart(all, trajectories, given.candidates);
  detail::KernelOptions options = {{"levels", std::to_string(given.levels)},
                                   {"candidates", std::to_string(given.candidates)}};
  auto kernel =
      std::make_shared<Morris>(std::move(all), std::move(chosen), trajectories, std::move(values), std::move(options));
  return {std::move(parameters), seed, std::move(kernel)};
}

}  // namespace windrow
