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
    if (parameter.is_random() || parameter.is_listed()) continue;
    throw SpecError("parameter `" + parameter.name() + "` is " + std::string(parameter.kind()) + ", which " + method +
                    " cannot sample; make it uniform, normal or a list of values, or use a grid");
  }
}

/// In (0, 1).
using Quantile = double (*)(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t points);

/// Designs whose values are draws, parameter by parameter.
class Sampled : public Design::Kernel {
 public:
  Sampled(std::string_view name, std::uint64_t points, Quantile quantile) : Kernel(name, points), quantile_(quantile) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
      values.push_back(parameter.quantile(quantile_(seed, rng::stream_of(parameter.name()), index, size)));
    }
    return values;
  }

  bool draws() const override { return true; }

 private:
  Quantile quantile_;
};

double independent(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t /*points*/) {
  return rng::uniform(seed, stream, index);
}

double in_a_stratum(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t points) {
  const std::uint64_t order = rng::fnv1a("/strata", stream);  // no name has a slash: a stream of its own
  return rng::stratified(rng::permute(seed, order, points, index), points, rng::uniform(seed, stream, index));
}

Design sampled(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed, const char* method,
               Quantile quantile) {
  check_sampled(parameters, points, method);
  return {std::move(parameters), seed, std::make_shared<Sampled>(method, points, quantile)};
}

}  // namespace

Design monte_carlo(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  return sampled(std::move(parameters), points, seed, "monte_carlo", independent);
}

Design latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  return sampled(std::move(parameters), points, seed, "latin_hypercube", in_a_stratum);
}

}  // namespace windrow
