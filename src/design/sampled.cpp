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

class MonteCarlo : public Design::Kernel {
 public:
  explicit MonteCarlo(std::uint64_t points) : points_(points) {}

  std::string_view method() const override { return "monte_carlo"; }
  std::uint64_t size() const override { return points_; }

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
      values.push_back(parameter.quantile(rng::uniform(seed, rng::stream_of(parameter.name()), index)));
    }
    return values;
  }

 private:
  std::uint64_t points_;
};

class LatinHypercube : public Design::Kernel {
 public:
  explicit LatinHypercube(std::uint64_t points) : points_(points) {}

  std::string_view method() const override { return "latin_hypercube"; }
  std::uint64_t size() const override { return points_; }

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
      const std::uint64_t stream = rng::stream_of(parameter.name());
      const std::uint64_t order = rng::fnv1a("/strata", stream);  // no name has a slash: a stream of its own
      const std::uint64_t stratum = rng::permute(seed, order, points_, index);
      values.push_back(parameter.quantile(rng::stratified(stratum, points_, rng::uniform(seed, stream, index))));
    }
    return values;
  }

 private:
  std::uint64_t points_;
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
