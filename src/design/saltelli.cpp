// Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018
#include "design/draws.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

/// Two numbers for each parameter, A and B, of which each point of a base point's group takes one.
class TwoSets : public detail::Draws {
 public:
  TwoSets(std::shared_ptr<const Draws> both, std::size_t parameters, std::uint64_t group)
      : Draws(both->seed), both_(std::move(both)), parameters_(parameters), group_(group) {}
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<TwoSets>(both_->by_seed(other), parameters_, group_);
  }
  bool goes_on() const override { return false; }  // a group that lacks a point is of no use
  bool has_zero() const override { return both_->has_zero(); }

  double at(std::size_t place, std::uint64_t index) const override {
    const std::uint64_t row = index % group_;  // A, B, AB_1 .. AB_d, BA_1 .. BA_d
    bool is_b = row == 1;
    if (row >= 2) {
      const bool of_a = row < 2 + parameters_;
      const std::uint64_t exchanged = (row - 2) % parameters_;
      is_b = of_a == (place == exchanged);
    }
    return both_->at(is_b ? parameters_ + place : place, index / group_);
  }

 private:
  std::shared_ptr<const Draws> both_;
  std::size_t parameters_;
  std::uint64_t group_;
};

}  // namespace

Design saltelli(std::vector<Parameter> parameters, std::uint64_t base_points, const SaltelliOptions& options,
                std::uint64_t seed) {
  detail::check_sampled(parameters, base_points, "saltelli", "base_points");
  if (options.scramble == Scramble::none) detail::check_lowest(parameters, "saltelli");
  const std::uint64_t group = 2 + parameters.size() * (options.second_order ? 2 : 1);
  if (base_points > detail::max_points / group) throw SpecError("saltelli: there are more than 2^62 points");
  std::vector<std::uint64_t> streams = detail::streams_of(parameters);
  for (const std::uint64_t stream : detail::streams_of(parameters, "/b")) streams.push_back(stream);
  auto draws =
      std::make_shared<TwoSets>(detail::sobol_draws(options.scramble, seed, streams), parameters.size(), group);
  detail::KernelOptions said = {{"scramble", std::string(name_of(options.scramble))},
                                {"second_order", options.second_order ? "true" : "false"}};
  return {std::move(parameters), seed,
          std::make_shared<detail::Sampled>("saltelli", base_points * group, std::move(draws), std::move(said))};
}

}  // namespace windrow
