// Designs that draw: every draw is a function of the seed, the parameter's name and the point's index.

#include <limits>

#include "design/copula.hpp"
#include "design/draws.hpp"
#include "design/permutation.hpp"
#include "windrow/design/random.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace detail {

void check_sampled(const std::vector<Parameter>& parameters, std::uint64_t points, const std::string& method,
                   const char* key) {
  check_parameters(parameters);
  if (points < 1 || points > max_points) throw SpecError(method + ": " + key + " must be from 1 to 2^62");
  for (const Parameter& parameter : parameters) {
    if (parameter.is_random() || parameter.is_listed()) continue;
    throw SpecError("parameter `" + parameter.name() + "` is " + std::string(parameter.kind()) + ", which " + method +
                    " cannot sample; make it uniform, normal or a list of values, or use a grid");
  }
}

std::vector<std::uint64_t> streams_of(const std::vector<Parameter>& parameters, std::string_view purpose) {
  std::vector<std::uint64_t> streams;
  streams.reserve(parameters.size());
  for (const Parameter& parameter : parameters) {
    // No name has a slash: what has one is a stream of its own.
    streams.push_back(rng::fnv1a(purpose, rng::stream_of(parameter.name())));
  }
  return streams;
}

std::vector<Permutation> orders_of(const std::vector<Parameter>& parameters, std::string_view purpose,
                                   std::uint64_t size, std::uint64_t seed) {
  constexpr std::size_t few = 64;  // so that designs with very many parameters begin at once, too
  std::vector<Permutation> orders;
  for (const std::uint64_t stream : streams_of(parameters, purpose)) {
    if (parameters.size() <= few) {
      orders.emplace_back(seed, stream, size);
    } else {
      orders.emplace_back(seed, stream, size, Permutation::once);
    }
  }
  return orders;
}

namespace {

double lowest_of(const Parameter& parameter) {
  const auto* distribution = std::get_if<Distribution>(&parameter.source());
  return distribution ? distribution->lowest() : 0.0;
}

Value value_at(const Parameter& parameter, double u) {
  if (u > 0.0) return parameter.quantile(u);
  if (parameter.has_levels()) return parameter.quantile(std::numeric_limits<double>::min());
  return parameter.value_of(lowest_of(parameter));
}

}  // namespace

void check_lowest(const std::vector<Parameter>& parameters, std::string_view method) {
  for (const Parameter& parameter : parameters) {
    if (lowest_of(parameter) > -std::numeric_limits<double>::infinity()) continue;
    throw SpecError("parameter `" + parameter.name() + "` has no lowest value, at which " + std::string(method) +
                    " begins without a scramble; give it `low`, or scramble the points");
  }
}

// Blocks that are drawn anew ask by one seed for many points; the last that was asked for is kept.
std::shared_ptr<const Draws> Sampled::by_seed(std::uint64_t seed) const {
  if (seed == draws_->seed) return draws_;
  thread_local std::pair<std::shared_ptr<const Draws>, std::shared_ptr<const Draws>> last;  // of, by another seed
  if (last.first != draws_ || last.second->seed != seed) last = {draws_, draws_->by_seed(seed)};
  return last.second;
}

std::vector<Value> Sampled::values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                   std::uint64_t index) const {
  const std::shared_ptr<const Draws> other = seed == draws_->seed ? nullptr : by_seed(seed);
  const Draws& draws = other ? *other : *draws_;
  std::vector<Value> values;
  values.reserve(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    values.push_back(value_at(parameters[i], draws.at(i, index)));
  }
  return values;
}

namespace {

/// Draws some parameters and not the others.
class SampledReader : public Design::Kernel::Reader {
 public:
  SampledReader(std::shared_ptr<const Draws> draws, const std::vector<Parameter>& parameters,
                std::vector<std::size_t> which)
      : draws_(std::move(draws)), parameters_(parameters), which_(std::move(which)) {}

  void read(std::uint64_t index, std::span<Value> values) override {
    for (std::size_t i = 0; i < which_.size(); ++i) {
      values[i] = value_at(parameters_[which_[i]], draws_->at(which_[i], index));
    }
  }

 private:
  std::shared_ptr<const Draws> draws_;
  const std::vector<Parameter>& parameters_;
  std::vector<std::size_t> which_;
};

/// The numbers of others, mixed.
class Mixed : public Draws {
 public:
  Mixed(std::shared_ptr<const Draws> of, std::shared_ptr<const Copula> copula)
      : Draws(of->seed), of_(std::move(of)), copula_(std::move(copula)) {}
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<Mixed>(of_->by_seed(other), copula_);
  }
  double at(std::size_t place, std::uint64_t index) const override {
    return copula_->mixed(place, [&](std::size_t parameter) { return of_->at(parameter, index); });
  }
  bool goes_on() const override { return of_->goes_on(); }

 private:
  std::shared_ptr<const Draws> of_;
  std::shared_ptr<const Copula> copula_;
};

}  // namespace

std::unique_ptr<Design::Kernel::Reader> Sampled::reader(const std::vector<Parameter>& parameters, std::uint64_t seed,
                                                        const std::vector<std::size_t>& which) const {
  return std::make_unique<SampledReader>(by_seed(seed), parameters, which);
}

std::shared_ptr<const Design::Kernel> Sampled::correlated(std::shared_ptr<const Copula> copula) const {
  if (draws_->has_zero()) {
    throw SpecError(method +
                    " without a scramble begins with the lowest values, which cannot be correlated: scramble it");
  }
  KernelOptions options = options_;
  for (auto& said : copula->definition()) options.push_back(std::move(said));
  return std::make_shared<Sampled>(method, size, std::make_shared<Mixed>(draws_, std::move(copula)), std::move(options),
                                   notes_);
}

}  // namespace detail

namespace {

class Independent : public detail::Draws {
 public:
  Independent(std::uint64_t by, std::vector<std::uint64_t> streams) : Draws(by), streams_(std::move(streams)) {}
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<Independent>(other, streams_);
  }
  double at(std::size_t place, std::uint64_t index) const override {
    return rng::uniform(seed, streams_[place], index);
  }

 private:
  std::vector<std::uint64_t> streams_;
};

/// Each in a stratum of its own.
class InStrata : public detail::Draws {
 public:
  InStrata(std::uint64_t by, std::vector<Parameter> parameters, std::uint64_t points)
      : Draws(by),
        parameters_(std::move(parameters)),
        streams_(detail::streams_of(parameters_)),
        orders_(detail::orders_of(parameters_, "/strata", points, by)),
        points_(points) {}
  std::shared_ptr<const Draws> by_seed(std::uint64_t other) const override {
    return std::make_shared<InStrata>(other, parameters_, points_);
  }
  bool goes_on() const override { return false; }
  double at(std::size_t place, std::uint64_t index) const override {
    return rng::stratified(orders_[place](index), points_, rng::uniform(seed, streams_[place], index));
  }

 private:
  std::vector<Parameter> parameters_;
  std::vector<std::uint64_t> streams_;
  std::vector<detail::Permutation> orders_;
  std::uint64_t points_;
};

}  // namespace

Design monte_carlo(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  detail::check_sampled(parameters, points, "monte_carlo");
  auto draws = std::make_shared<Independent>(seed, detail::streams_of(parameters));
  return {std::move(parameters), seed, std::make_shared<detail::Sampled>("monte_carlo", points, std::move(draws))};
}

Design latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t seed) {
  detail::check_sampled(parameters, points, "latin_hypercube");
  auto draws = std::make_shared<InStrata>(seed, parameters, points);
  return {std::move(parameters), seed, std::make_shared<detail::Sampled>("latin_hypercube", points, std::move(draws))};
}

}  // namespace windrow
