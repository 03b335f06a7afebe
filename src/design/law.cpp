#include "design/law.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/exponential.hpp>
#include <boost/math/distributions/extreme_value.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/distributions/triangular.hpp>
#include <boost/math/distributions/weibull.hpp>
#include <cmath>

#include "windrow/design/random.hpp"

namespace windrow::detail {
namespace {

namespace math = boost::math;
namespace policies = boost::math::policies;

/// Nothing is thrown: what overflows is infinite, and who makes a distribution looks for that.
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>, policies::underflow_error<policies::ignore_error>,
    policies::denorm_error<policies::ignore_error>, policies::rounding_error<policies::ignore_error>,
    policies::evaluation_error<policies::ignore_error>, policies::indeterminate_result_error<policies::ignore_error>,
    policies::discrete_quantile<policies::integer_round_up>>;

/// The shares of a distribution below and above a value, each accurate where it is small.
struct Shares {
  Real below, above;
};

/// What of a distribution lies between two places, each with the shares on its two sides.
class Between {
 public:
  Between() = default;
  /// @throws NothingBetween
  Between(Shares low, Shares high) : below_(low.below), above_(high.above) {
    mass_ = low.below < 0.5L ? high.below - low.below : low.above - high.above;
    if (!(mass_ > 0.0L)) throw NothingBetween();
  }

  /// The shares at a quantile of what is left. They are sums of what is not negative, so that the smaller loses
  /// nothing.
  Shares at(double u) const { return {below_ + u * mass_, above_ + (1.0L - u) * mass_}; }

 private:
  Real below_ = 0.0L, above_ = 0.0L, mass_ = 1.0L;
};

/// By the smaller share.
template <typename Distribution>
Real quantile_at(const Distribution& distribution, Shares at) {
  return at.below <= at.above ? math::quantile(distribution, at.below)
                              : math::quantile(math::complement(distribution, at.above));
}

using Weibull = math::weibull_distribution<Real, Quiet>;

/// A power by exp() and log(): pow() of extended precision takes 500 ns. Of the 64 bits at most 10 are lost.
Real quantile_at(const Weibull& weibull, Shares at) {
  const Real exponential = at.below <= at.above ? -std::log1p(-at.below) : -std::log(at.above);
  return weibull.scale() * std::exp(std::log(exponential) / weibull.shape());
}

template <typename Distribution>
class Continuous : public Law {
 public:
  Continuous(const Distribution& distribution, Bounds bounds) : distribution_(distribution), bounds_(bounds) {
    const auto [least, most] = math::support(distribution_);
    bounds_.low = std::max(bounds.low, static_cast<double>(least));
    if (std::isfinite(bounds.low) || std::isfinite(bounds.high)) {
      between_ = {shares(bounds.low, least, most), shares(bounds.high, least, most)};
    }
  }

  double quantile(double u) const override {
    const Real value = quantile_at(distribution_, between_.at(u));
    return std::clamp(static_cast<double>(value), bounds_.low, bounds_.high);
  }
  double lowest() const override { return bounds_.low; }

 private:
  Shares shares(Real x, Real least, Real most) const {
    if (x <= least) return {0.0L, 1.0L};
    if (x >= most) return {1.0L, 0.0L};
    return {math::cdf(distribution_, x), math::cdf(math::complement(distribution_, x))};
  }

  Distribution distribution_;
  Bounds bounds_;
  Between between_;
};

/// Of whole numbers from 0. The library's quantile is where the search begins: the first number with enough below it is
/// found by the distribution function itself, whatever was rounded.
template <typename Distribution>
class Discrete : public Law {
 public:
  Discrete(const Distribution& distribution, Bounds bounds, double most)
      : distribution_(distribution), low_(std::max(bounds.low, 0.0)), high_(std::min(bounds.high, most)) {
    if (low_ > high_) throw NothingBetween();
    const Shares high = high_ == most ? Shares{1.0L, 0.0L} : shares(high_);
    between_ = {low_ == 0.0 ? Shares{0.0L, 1.0L} : shares(low_ - 1.0), high};
  }

  double quantile(double u) const override {
    const Shares at = between_.at(u);
    const bool is_lower = at.below <= at.above;
    const auto reaches = [&](double k) {
      return is_lower ? math::cdf(distribution_, static_cast<Real>(k)) >= at.below
                      : math::cdf(math::complement(distribution_, static_cast<Real>(k))) <= at.above;
    };
    const Real guess =
        is_lower ? math::quantile(distribution_, at.below) : math::quantile(math::complement(distribution_, at.above));
    double k = std::isfinite(guess) ? std::clamp(static_cast<double>(guess), low_, high_) : low_;
    while (k > low_ && reaches(k - 1.0)) k -= 1.0;
    while (k < high_ && !reaches(k)) k += 1.0;
    return k;
  }
  double lowest() const override { return low_; }

 private:
  Shares shares(Real k) const { return {math::cdf(distribution_, k), math::cdf(math::complement(distribution_, k))}; }

  Distribution distribution_;
  double low_, high_;
  Between between_;
};

template <typename Distribution>
LawPtr continuous(const Distribution& distribution, Bounds bounds = {}) {
  return std::make_shared<Continuous<Distribution>>(distribution, bounds);
}

class UniformLaw : public Law {
 public:
  UniformLaw(double low, double high) : low_(low), high_(high) {}
  /// The width of the range cannot overflow, and rounding cannot leave it.
  double quantile(double u) const override { return static_cast<double>(low_ + (high_ - low_) * u); }
  double lowest() const override { return static_cast<double>(low_); }

 private:
  Real low_, high_;
};

class LogUniformLaw : public Law {
 public:
  LogUniformLaw(double low, double high)
      : low_(low), high_(high), log_ratio_(std::log(static_cast<Real>(high) / low)) {}
  double quantile(double u) const override {
    const Real value = low_ * std::exp(log_ratio_ * u);
    return std::clamp(static_cast<double>(value), low_, high_);
  }
  double lowest() const override { return low_; }

 private:
  double low_, high_;
  Real log_ratio_;
};

class DiscreteUniformLaw : public Law {
 public:
  DiscreteUniformLaw(double low, double high) : low_(low), high_(high) {}
  double quantile(double u) const override {
    const Real width = static_cast<Real>(high_) - low_ + 1.0L;
    return std::min(static_cast<double>(low_ + std::floor(u * width)), high_);
  }
  double lowest() const override { return low_; }

 private:
  double low_, high_;
};

class WholeNormalLaw : public Law {
 public:
  WholeNormalLaw(double mean, double sd) : mean_(mean), sd_(sd) {}
  double quantile(double u) const override {
    return static_cast<double>(mean_ + sd_ * static_cast<Real>(rng::normal_quantile(u)));
  }
  double lowest() const override { return Bounds().low; }

 private:
  double mean_;
  Real sd_;
};

/// A beta distribution that lies between other ends than 0 and 1.
class BetaLaw : public Law {
 public:
  BetaLaw(double alpha, double beta, double low, double high) : beta_(alpha, beta), low_(low), high_(high) {}
  /// From the nearer end, so that it is accurate at both.
  double quantile(double u) const override {
    const Real width = static_cast<Real>(high_) - low_;
    const Real share =
        u <= 0.5 ? math::quantile(beta_, static_cast<Real>(u)) : math::quantile(math::complement(beta_, 1.0L - u));
    return std::clamp(static_cast<double>(low_ + width * share), low_, high_);
  }
  double lowest() const override { return low_; }

 private:
  math::beta_distribution<Real, Quiet> beta_;
  double low_, high_;
};

}  // namespace

LawPtr uniform_law(double low, double high) {
  return std::make_shared<UniformLaw>(low, high);
}

LawPtr log_uniform_law(double low, double high) {
  return std::make_shared<LogUniformLaw>(low, high);
}

LawPtr discrete_uniform_law(double low, double high) {
  return std::make_shared<DiscreteUniformLaw>(low, high);
}

LawPtr whole_normal_law(double mean, double sd) {
  return std::make_shared<WholeNormalLaw>(mean, sd);
}

LawPtr triangular_law(double low, double mode, double high) {
  return continuous(math::triangular_distribution<Real, Quiet>(low, mode, high), {low, high});
}

LawPtr beta_law(double alpha, double beta, double low, double high) {
  return std::make_shared<BetaLaw>(alpha, beta, low, high);
}

LawPtr normal_law(double mean, double sd, Bounds bounds) {
  return continuous(math::normal_distribution<Real, Quiet>(mean, sd), bounds);
}

LawPtr lognormal_law(double mean, double sd, Bounds bounds) {
  const Real ratio = static_cast<Real>(sd) / mean;
  const Real variance = std::log1p(ratio * ratio);
  return lognormal_law_of_log(std::log(static_cast<Real>(mean)) - variance / 2.0L, std::sqrt(variance), bounds);
}

LawPtr lognormal_law_of_log(Real log_mean, Real log_sd, Bounds bounds) {
  return continuous(math::lognormal_distribution<Real, Quiet>(log_mean, log_sd), bounds);
}

LawPtr gamma_law(double shape, double scale, Bounds bounds) {
  return continuous(math::gamma_distribution<Real, Quiet>(shape, scale), bounds);
}

LawPtr weibull_law(double shape, double scale, Bounds bounds) {
  return continuous(Weibull(shape, scale), bounds);
}

LawPtr exponential_law(double mean, Bounds bounds) {
  return continuous(math::exponential_distribution<Real, Quiet>(1.0L / mean), bounds);
}

LawPtr gumbel_law(double location, double scale, Bounds bounds) {
  return continuous(math::extreme_value_distribution<Real, Quiet>(location, scale), bounds);
}

LawPtr poisson_law(double mean, Bounds bounds) {
  using Poisson = math::poisson_distribution<Real, Quiet>;
  return std::make_shared<Discrete<Poisson>>(Poisson(mean), bounds, Bounds().high);
}

LawPtr binomial_law(double trials, double probability, Bounds bounds) {
  using Binomial = math::binomial_distribution<Real, Quiet>;
  return std::make_shared<Discrete<Binomial>>(Binomial(trials, probability), bounds, trials);
}

}  // namespace windrow::detail
