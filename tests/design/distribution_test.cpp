#include "windrow/design/distribution.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "error_of.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/random.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;
using Terms = std::vector<Term>;

constexpr std::array<double, 7> kShares = {1e-12, 1e-6, .01, .5, .99, 1 - 1e-6, 1 - 1e-12};

struct KnownQuantiles {
  std::string kind;
  Terms terms;
  std::array<double, kShares.size()> values;
};

// Computed by mpmath 1.2.1 with 60 digits at the doubles above: by closed forms with erfinv; for beta and gamma by
// bisection of betainc(a, b, 0, x, regularized=True) and gammainc(k, 0, x, regularized=True), above 0.5 of the
// complements; for poisson and binomial by sums of the probabilities, until they reach u; truncated ones by
// quantile(S(low) - u * (S(low) - S(high))) of the complement S.
const std::vector<KnownQuantiles>& known_quantiles() {
  static const std::vector<KnownQuantiles> known = {
      {"normal",
       {{"mean", 10}, {"sd", 2}},
       {-4.0689676506022639, 0.49315138235420209, 5.3473042519183178, 10, 14.652695748081682, 19.506848617634176,
        24.06897382009567}},
      {"lognormal",
       {{"mean", 300}, {"sd", 30}},
       {147.98458093037257, 185.79554347705909, 236.68993171996708, 298.51115706299674, 376.4795158102279,
        479.60736422098351, 602.15015476856704}},
      {"lognormal",
       {{"log_mean", 1}, {"log_sd", 0.5}},
       {0.080681827684553201, 0.25240706576017472, 0.84944342590575967, 2.7182818284590452, 8.6987030255154599,
        29.274363127100066, 91.582797609793376}},
      {"uniform",
       {{"low", 2}, {"high", 5}},
       {2.000000000003, 2.000003, 2.03, 3.5, 4.97, 4.9999969999999999, 4.9999999999970001}},
      {"log_uniform",
       {{"low", 0.001}, {"high", 1000}},
       {0.0010000000000138155, 0.0010000138156059926, 0.0011481536214968828, 1.0, 870.96358995608053,
        999.98618458487536, 999.9999999861848}},
      {"triangular",
       {{"low", -1}, {"mode", 0}, {"high", 4}},
       {-0.9999977639320225, -0.99776393202250021, -0.77639320225002103, 0.83772233983162067, 3.5527864045000419,
        3.9955278640449361, 3.9999955279135109}},
      {"beta",
       {{"alpha", 2}, {"beta", 3.5}},
       {3.5634842837006234e-7, 0.00035645420004244065, 0.036754468705071289, 0.34608605024787026, 0.81764460510998474,
        0.98740193128093025, 0.99975744116883956}},
      {"beta",
       {{"alpha", 0.5}, {"beta", 2}, {"low", 10}, {"high", 20}},
       {10.0, 10.000000000004444, 10.000444457613852, 11.206147584281832, 18.412552870530718, 19.983674513884488,
        19.99998367025345}},
      {"gamma",
       {{"shape", 2.5}, {"scale", 3}},
       {7.6869652452458038e-5, 0.019344240309745645, 0.83144711509241572, 6.527190286643291, 22.629408704083482,
        53.832280319415631, 97.858023783875301}},
      {"gamma",
       {{"shape", 0.3}, {"scale", 1}},
       {6.9726990964093372e-41, 6.9726990964093485e-21, 1.5022226552360382e-7, 0.073131135866951896, 2.639409157070533,
        10.984835632108626, 24.275241482554537}},
      {"weibull",
       {{"shape", 1.5}, {"scale", 3}},
       {3.000000000001e-8, 0.00030000010000005832, 0.13971455054105902, 2.349659306323954, 8.3039560950675733,
        17.272924740659353, 27.419073538768621}},
      {"exponential",
       {{"mean", 4}},
       {4.0000000000019999e-12, 4.0000020000013332e-6, 0.040201343414005766, 2.7725887222397812, 18.420680743952362,
        55.262042231742074, 110.52417295157343}},
      {"gumbel",
       {{"location", 10}, {"scale", 2}},
       {3.3621218099280878, 4.7484161710479784, 6.9456407483841978, 10.733025841163329, 19.200298453553158,
        37.63102011587062, 65.262086475785717}},
      {"poisson", {{"mean", 7.5}}, {0, 0, 2, 7, 15, 24, 34}},
      {"poisson", {{"mean", 1000}}, {786, 853, 927, 1000, 1074, 1154, 1230}},
      {"binomial", {{"trials", 40}, {"probability", 0.3}}, {0, 1, 6, 12, 19, 27, 33}},
      {"discrete_uniform", {{"low", 1}, {"high", 6}}, {1, 1, 1, 4, 6, 6, 6}},
      {"normal",
       {{"mean", 0}, {"sd", 1}, {"low", 8}},
       {8.0000000000001231, 8.0000001231320239, 8.001237424664287, 8.0849110073915441, 8.548758805535499,
        9.5543024685722814, 10.893040056650265}},
      {"normal",
       {{"mean", 0}, {"sd", 1}, {"low", -1}, {"high", 2}},
       {-0.99999999999661697, -0.99999661697409434, -0.96672325185033378, 0.17116391801782477, 1.8672107987812514,
        1.9999848385339991, 1.9999999999848386}},
      {"normal",
       {{"mean", 0}, {"sd", 1}, {"low", 8}, {"high", 8.5}},
       {8.0000000000001213, 8.0000001212557303, 8.001218476504184, 8.0830676605252938, 8.4419398377581207,
        8.4999924984164162, 8.4999999999924983}},
      {"lognormal",
       {{"mean", 300}, {"sd", 30}, {"low", 400}},
       {400.00000000001238, 400.00001238493007, 400.12443616433987, 408.42090443318237, 451.51948187909569,
        538.44969501736895, 654.9573145970349}},
      {"exponential",
       {{"mean", 4}, {"low", 400}},
       {400.000000000004, 400.000004000002, 400.04020134341401, 402.77258872223978, 418.42068074395236,
        455.26204223174207, 510.52417295157343}},
      {"weibull",
       {{"shape", 1.5}, {"scale", 3}, {"low", 1}, {"high", 2}},
       {1.0000000000010276, 1.0000010275776809, 1.0102647525736098, 1.4984124161411021, 1.9896779328360129,
        1.9999989669540542, 1.999999999998967}},
  };
  return known;
}

TEST(DistributionTest, has_the_quantiles_that_are_known) {
  for (const auto& [kind, terms, values] : known_quantiles()) {
    const Distribution distribution(kind, terms);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = distribution.quantile(kShares[i]).number();
      if (distribution.is_discrete()) {
        EXPECT_EQ(value, values[i]) << distribution.definition() << " at " << kShares[i];
      } else {
        EXPECT_NEAR(value, values[i], 1e-14 * std::abs(values[i]) + 1e-300)
            << distribution.definition() << " at " << kShares[i];
      }
    }
  }
}

// The moments of the logarithm: sigma^2 = ln(1 + (sd / mean)^2), mu = ln(mean) - sigma^2 / 2; of mean 300 and sd 30
// sigma is .0997513451 and mu is 5.6988073092.
TEST(DistributionTest, a_lognormal_of_mean_and_sd_is_that_of_its_logarithm) {
  const Distribution lognormal("lognormal", {{"mean", 300}, {"sd", 30}});
  const double mu = std::log(lognormal.quantile(0.5).number());
  EXPECT_NEAR(mu, 5.6988073092, 1e-10);
  EXPECT_NEAR((std::log(lognormal.quantile(0.975).number()) - mu) / 1.959963984540054, .0997513451, 1e-10);
}

// By the formulas under which results were stored; sampled_test.cpp has numbers of that version.
TEST(DistributionTest, uniform_and_normal_are_as_they_were_stored) {
  EXPECT_EQ(Distribution("uniform", {{"low", -1}, {"high", 1}}).definition(), "uniform(-1, 1)");
  EXPECT_EQ(Distribution("uniform", {{"high", 1}, {"low", -1}}).definition(), "uniform(-1, 1)");
  EXPECT_EQ(Distribution("normal", {{"mean", 0}, {"sd", 0.5}}).definition(), "normal(0, 0.5)");
  const Distribution even("uniform", {{"low", 0.1}, {"high", 0.7}});
  const Distribution bell("normal", {{"mean", 0.1}, {"sd", 0.7}});
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const double u = rng::uniform(1, 2, i);
    const long double low = 0.1;
    ASSERT_EQ(even.quantile(u).number(), static_cast<double>(low + (0.7 - low) * u));
    const long double z = rng::normal_quantile(u);
    ASSERT_EQ(bell.quantile(u).number(), static_cast<double>(0.1 + 0.7 * z));
  }
}

TEST(DistributionTest, defines_itself_by_its_terms_in_one_order) {
  EXPECT_EQ(Distribution("lognormal", {{"low", 0}, {"sd", 30}, {"mean", 300}}).definition(),
            "lognormal(mean = 300, sd = 30, low = 0)");
  EXPECT_EQ(Distribution("normal", {{"high", 3}, {"mean", 1}, {"sd", 2}, {"low", 0}}).definition(),
            "normal(mean = 1, sd = 2, low = 0, high = 3)");
  EXPECT_EQ(Distribution("beta", {{"beta", 2}, {"alpha", 1}}).definition(), "beta(alpha = 1, beta = 2)");
  EXPECT_EQ(Distribution("beta", {{"high", 5}, {"beta", 2}, {"alpha", 1}}).definition(),
            "beta(alpha = 1, beta = 2, high = 5)");
}

/// All kinds, whole and cut.
std::vector<Distribution> all_kinds() {
  std::vector<Distribution> all;
  for (const auto& known : known_quantiles()) all.emplace_back(known.kind, known.terms);
  const auto add = [&](const char* kind, Terms terms) { all.emplace_back(kind, std::move(terms)); };
  add("gamma", {{"shape", 2}, {"scale", 1}, {"low", 3}, {"high", 4}});
  add("gamma", {{"shape", 2}, {"scale", 1}, {"low", 40}});
  add("gumbel", {{"location", 0}, {"scale", 1}, {"low", -1}, {"high", 30}});
  add("lognormal", {{"log_mean", 0}, {"log_sd", 1}, {"low", -1}, {"high", 1e-3}});
  add("poisson", {{"mean", 3}, {"low", 1}, {"high", 9}});
  add("poisson", {{"mean", 3}, {"low", 30}});
  add("poisson", {{"mean", 1e9}});
  add("binomial", {{"trials", 10}, {"probability", 0.5}, {"low", 9}});
  add("binomial", {{"trials", 10}, {"probability", 0}});
  add("binomial", {{"trials", 10}, {"probability", 1}});
  add("binomial", {{"trials", 1e9}, {"probability", 0.25}});
  add("triangular", {{"low", 0}, {"mode", 0}, {"high", 1}});
  add("triangular", {{"low", 0}, {"mode", 1}, {"high", 1}});
  add("beta", {{"alpha", 200}, {"beta", 300}});
  add("log_uniform", {{"low", 1e-300}, {"high", 1e300}});
  add("discrete_uniform", {{"low", -0x1p53}, {"high", 0x1p53}});
  return all;
}

TEST(DistributionTest, never_falls_and_stays_within_its_bounds) {
  std::vector<double> shares;
  for (std::uint64_t i = 0; i < 100'000; ++i) shares.push_back(rng::uniform(3, 4, i));
  for (const double u : {0x1p-53, 1e-300, 1e-12, 1 - 0x1p-53}) shares.push_back(u);
  std::ranges::sort(shares);
  for (const Distribution& distribution : all_kinds()) {
    double low = -HUGE_VAL, high = HUGE_VAL;
    for (const Term& term : distribution.terms()) {
      if (term.name == "low") low = term.value;
      if (term.name == "high") high = term.value;
    }
    const bool is_fast = !distribution.is_discrete() || distribution.definition().find("e+09") == std::string::npos;
    double last = std::max(low, distribution.lowest());
    for (std::size_t i = 0; i < shares.size(); i += is_fast ? 1 : 1000) {
      const double value = distribution.quantile(shares[i]).number();
      ASSERT_GE(value, last) << distribution.definition() << " at " << shares[i];
      ASSERT_LE(value, high) << distribution.definition() << " at " << shares[i];
      last = value;
    }
  }
}

TEST(DistributionTest, whole_bounds_belong_to_what_is_left) {
  const Distribution dice("poisson", {{"mean", 3}, {"low", 2}, {"high", 3}});
  // P(2) = 4.5 / e^3 and P(3) = 4.5 / e^3: one half each
  EXPECT_EQ(dice.quantile(0.499), Value(2));
  EXPECT_EQ(dice.quantile(0.501), Value(3));
  const Distribution one("binomial", {{"trials", 5}, {"probability", 0.5}, {"low", 4}, {"high", 4}});
  EXPECT_EQ(one.quantile(0.001), Value(4));
  EXPECT_EQ(one.quantile(0.999), Value(4));
  const Distribution none("binomial", {{"trials", 5}, {"probability", 0}});
  EXPECT_EQ(none.quantile(0.999), Value(0));
}

std::string refused(const char* kind, Terms terms) {
  return error_of<SpecError>([&] { Distribution(kind, std::move(terms)); });
}

TEST(DistributionTest, says_which_term_is_wrong) {
  EXPECT_EQ(refused("nromal", {}), "unknown distribution `nromal`; did you mean `normal`?");
  EXPECT_EQ(refused("normal", {{"mean", 1}}), "missing `sd`");
  EXPECT_EQ(refused("normal", {{"mean", 1}, {"sd", 1}, {"sdd", 1}}), "unknown term `sdd`; did you mean `sd`?");
  EXPECT_EQ(refused("normal", {{"mean", 1}, {"sd", 1}, {"sd", 2}}), "`sd` is there twice");
  EXPECT_EQ(refused("normal", {{"mean", 1}, {"sd", -1}}), "`sd` must be at least 0, not -1");
  EXPECT_EQ(refused("normal", {{"mean", 1}, {"sd", 0}, {"low", 0}}),
            "`sd` must be above 0 beside `low` or `high`, not 0");
  EXPECT_EQ(refused("normal", {{"mean", std::nan("")}, {"sd", 1}}), "`mean` must be a finite number, not nan");
  EXPECT_EQ(refused("normal", {{"mean", 0}, {"sd", 1}, {"low", 2}, {"high", 1}}),
            "`low` must be below `high`, which is 1, not 2");
  EXPECT_EQ(refused("normal", {{"mean", 0}, {"sd", 1}, {"low", 1e6}}),
            "`low` leaves no values: next to nothing of the distribution is at least 1e+06");
  EXPECT_EQ(refused("lognormal", {{"mean", 1}, {"sd", 1}, {"high", 0}}),
            "`high` leaves no values: next to nothing of the distribution is at most 0");
  EXPECT_EQ(refused("lognormal", {}), "missing `mean`; lognormal has `mean` and `sd`, or `log_mean` and `log_sd`");
  EXPECT_EQ(refused("lognormal", {{"mean", 1}, {"log_sd", 1}}),
            "`log_sd` does not go with `mean` and `sd`: lognormal has either `mean` and `sd`, or `log_mean` and "
            "`log_sd`");
  EXPECT_EQ(refused("lognormal", {{"log_mean", 1}, {"log_sd", 1000}}),
            "`log_sd` makes values that are beyond the numbers up to 1.8e308; `low` and `high` can leave them out");
  EXPECT_EQ(refused("lognormal", {{"log_mean", 1}, {"log_sd", 1000}, {"high", 5}}), "");
  EXPECT_EQ(refused("uniform", {{"low", 2}, {"high", 1}}), "`low` must not be above `high`, which is 1, not 2");
  EXPECT_EQ(refused("log_uniform", {{"low", 0}, {"high", 1}}), "`low` must be above 0, not 0");
  EXPECT_EQ(refused("triangular", {{"low", 0}, {"mode", 2}, {"high", 1}}),
            "`mode` must be from `low` to `high`, 0 to 1, not 2");
  EXPECT_EQ(refused("triangular", {{"low", 1}, {"mode", 1}, {"high", 1}}),
            "`low` must be below `high`, which is 1, not 1");
  EXPECT_EQ(refused("beta", {{"alpha", 1}, {"beta", 1}, {"low", 2}}), "`low` must be below `high`, which is 1, not 2");
  EXPECT_EQ(refused("poisson", {{"mean", 2e9}}), "`mean` must be above 0 and at most 1e9, not 2e+09");
  EXPECT_EQ(refused("poisson", {{"mean", 2}, {"low", 0.5}}),
            "`low` must be a whole number from -2^53 to 2^53, not 0.5");
  EXPECT_EQ(refused("binomial", {{"trials", 2.5}, {"probability", 0.5}}),
            "`trials` must be a whole number from 1 to 1e9, not 2.5");
  EXPECT_EQ(refused("binomial", {{"trials", 2}, {"probability", 1.5}}), "`probability` must be from 0 to 1, not 1.5");
  EXPECT_EQ(refused("binomial", {{"trials", 2}, {"probability", 0.5}, {"low", 3}}),
            "`low` leaves no values: next to nothing of the distribution is at least 3");
  EXPECT_EQ(refused("discrete_uniform", {{"low", 0}, {"high", 1e17}}),
            "`high` must be a whole number from -2^53 to 2^53, not 1e+17");
}

TEST(ChoiceTest, draws_by_weights) {
  const Choice choice({"a", "b", "c", "d"}, {0, 3, 1, 0});
  EXPECT_EQ(choice.quantile(0x1p-60), Value("b"));
  EXPECT_EQ(choice.quantile(0.7499), Value("b"));
  EXPECT_EQ(choice.quantile(0.7501), Value("c"));
  EXPECT_EQ(choice.quantile(1 - 0x1p-53), Value("c"));
  EXPECT_EQ(choice.definition(), R"(choice("a" 0, "b" 3, "c" 1, "d" 0))");
  const Parameter parameter("x", choice);
  EXPECT_TRUE(parameter.is_random());
  EXPECT_TRUE(parameter.is_listed());
  EXPECT_EQ(parameter.type_of_values(), ValueType::string);
  EXPECT_EQ(Parameter("x", Choice({1, 2}, {1, 1})).type(ValueType::number).quantile(0.9), Value(2.0));
}

TEST(ChoiceTest, refuses_weights_that_say_nothing) {
  const auto message = [](std::vector<double> weights) {
    return error_of<SpecError>([&] { Choice({1, 2}, std::move(weights)); });
  };
  EXPECT_EQ(message({1}), "`weights` must be as many as `values`, 2, not 1");
  EXPECT_EQ(message({1, -1}), "`weights` must be finite numbers of at least 0; item 2 is -1");
  EXPECT_EQ(message({0, 0}), "`weights` must not all be 0");
  EXPECT_THROW(Choice({}, {}), SpecError);
  EXPECT_THROW(Parameter("x", Choice({Value(Array({1.0}))}, {1})), SpecError);
}

TEST(SamplesTest, are_the_step_function_of_what_was_observed) {
  const Samples samples({3.5, 1, 2, 2});
  EXPECT_EQ(samples.quantile(0.25), Value(1.0));
  EXPECT_EQ(samples.quantile(0.2501), Value(2.0));
  EXPECT_EQ(samples.quantile(0.75), Value(2.0));
  EXPECT_EQ(samples.quantile(0.7501), Value(3.5));
  EXPECT_EQ(samples.quantile(1 - 0x1p-53), Value(3.5));
  EXPECT_EQ(samples.quantile(0x1p-60), Value(1.0));
  EXPECT_EQ(Samples({3, 1}, true).quantile(0.9), Value(3));
  EXPECT_EQ(samples.definition(), Samples({2, 1, 2, 3.5}).definition());
  EXPECT_NE(samples.definition(), Samples({2, 1, 2, 3.6}).definition());
  EXPECT_NE(Samples({1}).definition(), Samples({1}, true).definition());
  EXPECT_THROW(Samples({}), SpecError);
  EXPECT_THROW(Samples({1, HUGE_VAL}), SpecError);
  EXPECT_THROW(Samples({1.5}, true), SpecError);
}

TEST(DrawnTest, belong_into_sampled_designs_alone) {
  EXPECT_EQ(error_of<SpecError>([] { drawn("load", "normal", {{"mean", 1}}); }), "parameter `load`: missing `sd`");
  const Parameter load = drawn("load", "gumbel", {{"location", 1}, {"scale", 2}});
  EXPECT_TRUE(load.is_random());
  EXPECT_FALSE(load.has_levels());
  EXPECT_THAT(error_of<SpecError>([&] { grid({load}); }), HasSubstr("parameter `load` is gumbel, which a grid"));
  EXPECT_THROW(grid({Parameter("x", Samples({1}))}), SpecError);
  EXPECT_THROW(zip({Parameter("x", Choice({1}, {1}))}), SpecError);
  EXPECT_THROW(monte_carlo({linear_steps("x", 0, 1, 1)}, 5), SpecError);
  EXPECT_EQ(drawn("n", "poisson", {{"mean", 3}}).type_of_values(), ValueType::integer);
  EXPECT_EQ(drawn("n", "poisson", {{"mean", 3}}).type(ValueType::number).quantile(0.5), Value(3.0));
  EXPECT_THROW(drawn("n", "poisson", {{"mean", 3}}).type(ValueType::string), SpecError);
  EXPECT_THROW(Parameter(load).type(ValueType::integer), SpecError);
}

TEST(DrawnTest, keep_their_points_when_more_are_asked_for) {
  std::vector<Parameter> parameters = {Parameter("c", Choice({"a", "b"}, {1, 2})), Parameter("s", Samples({1, 5, 9}))};
  for (const Distribution& distribution : all_kinds()) {
    if (distribution.definition().find("e+09") != std::string::npos) continue;
    parameters.emplace_back("p" + std::to_string(parameters.size()), distribution);
  }
  const Design few = monte_carlo(parameters, 100, 3);
  const Design many = monte_carlo(parameters, 1'000'000'000'000, 3);
  for (std::uint64_t i = 0; i < few.size(); ++i) EXPECT_EQ(few.point(i).values(), many.point(i).values());
}

TEST(DrawnTest, have_the_share_of_every_stratum_in_a_latin_hypercube) {
  const Design design = latin_hypercube(
      {Parameter("c", Choice({"a", "b"}, {1, 3})), drawn("d", "discrete_uniform", {{"low", 1}, {"high", 4}})}, 400, 1);
  int b = 0, fours = 0;
  for (std::uint64_t i = 0; i < design.size(); ++i) {
    b += design.point(i)["c"] == "b" ? 1 : 0;
    fours += design.point(i)["d"] == 4 ? 1 : 0;
  }
  EXPECT_EQ(b, 300);
  EXPECT_EQ(fours, 100);
}

}  // namespace
}  // namespace windrow
