// Designs that draw: every draw is a function of the seed, the parameter's name and the point's index.

#include "design/copula.hpp"
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

/// Designs whose values are draws, parameter by parameter, or mixtures of several draws.
class Sampled : public Design::Kernel {
 public:
  Sampled(std::string_view name, std::uint64_t points, Quantile quantile, bool goes_on,
          std::shared_ptr<const detail::Copula> copula = nullptr)
      : Kernel(name, points), quantile_(quantile), goes_on_(goes_on), copula_(std::move(copula)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const auto drawn = [&](std::size_t parameter) {
        return quantile_(seed, rng::stream_of(parameters[parameter].name()), index, size);
      };
      values.push_back(parameters[i].quantile(copula_ ? copula_->mixed(i, drawn) : drawn(i)));
    }
    return values;
  }

  std::unique_ptr<Reader> reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                 const std::vector<std::size_t>& which) const override;

  bool goes_on() const override { return goes_on_; }
  bool draws() const override { return true; }
  std::shared_ptr<const Kernel> correlated(std::shared_ptr<const detail::Copula> copula) const override {
    return std::make_shared<Sampled>(method, size, quantile_, goes_on_, std::move(copula));
  }
  std::vector<std::pair<std::string, std::string>> further_definition() const override {
    return copula_ ? copula_->definition() : std::vector<std::pair<std::string, std::string>>();
  }

 private:
  friend class SampledReader;

  Quantile quantile_;
  bool goes_on_;
  std::shared_ptr<const detail::Copula> copula_;  // null: all are independent
};

/// Draws some parameters, whose streams it knows.
class SampledReader : public Design::Kernel::Reader {
 public:
  SampledReader(const Sampled& kernel, const std::vector<Parameter>& parameters, std::uint64_t seed,
                std::vector<std::size_t> which)
      : kernel_(kernel), parameters_(parameters), seed_(seed), which_(std::move(which)) {
    for (const Parameter& parameter : parameters) streams_.push_back(rng::stream_of(parameter.name()));
  }

  void read(std::uint64_t index, std::span<Value> values) override {
    const auto drawn = [&](std::size_t parameter) {
      return kernel_.quantile_(seed_, streams_[parameter], index, kernel_.size);
    };
    for (std::size_t i = 0; i < which_.size(); ++i) {
      const std::size_t parameter = which_[i];
      const double u = kernel_.copula_ ? kernel_.copula_->mixed(parameter, drawn) : drawn(parameter);
      values[i] = parameters_[parameter].quantile(u);
    }
  }

 private:
  const Sampled& kernel_;
  const std::vector<Parameter>& parameters_;
  std::uint64_t seed_;
  std::vector<std::size_t> which_;
  std::vector<std::uint64_t> streams_;
};

std::unique_ptr<Design::Kernel::Reader> Sampled::reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                                        const std::vector<std::size_t>& which) const {
  return std::make_unique<SampledReader>(*this, parameters, seed, which);
}

double independent(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t /*points*/) {
  return rng::uniform(seed, stream, index);
}

double in_a_stratum(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t points) {
  const std::uint64_t order = rng::fnv1a("/strata", stream);  // no name has a slash: a stream of its own
  return rng::stratified(rng::permute(seed, order, points, index), points, rng::uniform(seed, stream, index));
}

Design sampled(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed, const char* method,
               Quantile quantile, bool goes_on) {
  check_sampled(parameters, points, method);
  return {std::move(parameters), seed, std::make_shared<Sampled>(method, points, quantile, goes_on)};
}

}  // namespace

Design monte_carlo(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  return sampled(std::move(parameters), points, seed, "monte_carlo", independent, true);
}

Design latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  return sampled(std::move(parameters), points, seed, "latin_hypercube", in_a_stratum, false);
}

}  // namespace windrow
