// Designs that draw: every draw is a function of the seed, the parameter's name and the point's index.

#include "design/kernel.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

void check_sampled(const std::vector<Parameter>& parameters, std::uint64_t points, const std::string& method) {
  detail::check_parameters(parameters);
  if (points < 1 || points > detail::max_points) throw SpecError(method + ": points must be from 1 to 2^62");
  for (const Parameter& parameter : parameters) {
    if (parameter.is_random() || std::holds_alternative<Levels>(parameter.source())) continue;
    throw SpecError("parameter `" + parameter.name() + "` is " + std::string(parameter.kind()) + ", which " + method +
                    " cannot sample; make it uniform, normal or a list of values, or use a grid");
  }
}

/// Designs whose values are draws, parameter by parameter.
class Sampled : public Design::Kernel {
 public:
  explicit Sampled(std::uint64_t points) : points_(points) {}

  std::uint64_t size() const override { return points_; }
  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
      values.push_back(parameter.quantile(quantile(seed, rng::stream_of(parameter.name()), index)));
    }
    return values;
  }

 private:
  /// In (0, 1).
  virtual double quantile(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) const = 0;

  std::uint64_t points_;
};

class MonteCarlo : public Sampled {
 public:
  using Sampled::Sampled;
  std::string_view method() const override { return "monte_carlo"; }

 private:
  double quantile(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) const override {
    return rng::uniform(seed, stream, index);
  }
};

class LatinHypercube : public Sampled {
 public:
  using Sampled::Sampled;
  std::string_view method() const override { return "latin_hypercube"; }

 private:
  double quantile(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) const override {
    const std::uint64_t order = rng::fnv1a("/strata", stream);  // no name has a slash: a stream of its own
    const std::uint64_t stratum = rng::permute(seed, order, size(), index);
    return rng::stratified(stratum, size(), rng::uniform(seed, stream, index));
  }
};

}  // namespace

Design monte_carlo(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  check_sampled(parameters, points, "monte_carlo");
  return {std::move(parameters), seed, std::make_shared<MonteCarlo>(points)};
}

Design latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  check_sampled(parameters, points, "latin_hypercube");
  return {std::move(parameters), seed, std::make_shared<LatinHypercube>(points)};
}

}  // namespace windrow
