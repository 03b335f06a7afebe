// The C interface: what goes wrong is told, and what goes right is what C++ gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "windrow/windrow.h"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* handle) const {
    free(handle);
  }
};
using DesignHandle = std::unique_ptr<windrow_design, Free<windrow_design_free>>;
using ManagerHandle = std::unique_ptr<windrow_manager, Free<windrow_manager_free>>;
using SweepHandle = std::unique_ptr<windrow_sweep, Free<windrow_sweep_free>>;
using ResultHandle = std::unique_ptr<windrow_result, Free<windrow_result_free>>;

DesignHandle grid() {
  windrow_design* design = nullptr;
  EXPECT_EQ(windrow_design_create(&design), WINDROW_OK);
  const double masses[] = {1.0, 2.5};
  EXPECT_EQ(windrow_design_add_linear(design, "angle", 0.0, 1.0, 3), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_unit(design, "rad"), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_values(design, "mass", 2, masses), WINDROW_OK);
  return DesignHandle(design);
}

ManagerHandle serial() {
  windrow_manager* manager = nullptr;
  EXPECT_EQ(windrow_manager_create_serial(&manager), WINDROW_OK);
  return ManagerHandle(manager);
}

SweepHandle sweep_of(const windrow_design* design) {
  windrow_sweep* sweep = nullptr;
  EXPECT_EQ(windrow_sweep_create(&sweep, design), WINDROW_OK);
  EXPECT_EQ(windrow_sweep_add_output(sweep, "y", nullptr), WINDROW_OK);
  return SweepHandle(sweep);
}

int product(windrow_point*, const double* parameters, double* outputs, void*, void*) {
  outputs[0] = parameters[0] * parameters[1];
  return 0;
}

ResultHandle run(windrow_sweep* sweep, windrow_manager* manager, windrow_evaluate_function evaluate,
                 void* user = nullptr) {
  windrow_result* result = nullptr;
  EXPECT_EQ(windrow_sweep_run(sweep, manager, evaluate, user, &result), WINDROW_OK) << windrow_last_error();
  return ResultHandle(result);
}

TEST(CDesignTest, points_are_those_of_the_design) {
  const auto design = grid();
  std::uint64_t points = 0;
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(points, 6U);
  double values[2];
  EXPECT_EQ(windrow_design_point(design.get(), 3, values), WINDROW_OK);
  EXPECT_EQ(values[0], 0.5);
  EXPECT_EQ(values[1], 2.5);
  EXPECT_EQ(windrow_design_point(design.get(), 6, values), WINDROW_SPEC_ERROR);
}

TEST(CDesignTest, methods_and_mistakes) {
  const auto design = grid();
  EXPECT_EQ(windrow_design_set_method(design.get(), "latin_hipercube", 10, 1), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("latin_hypercube"));
  EXPECT_EQ(windrow_design_set_method(design.get(), "zip", 0, 0), WINDROW_OK);
  std::uint64_t points = 0;
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_SPEC_ERROR);  // 3 levels beside 2
  EXPECT_EQ(windrow_design_add_linear(nullptr, "x", 0, 1, 2), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "the design is NULL");
  EXPECT_EQ(windrow_design_add_linear(design.get(), "no name", 0, 1, 2), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_geometric(design.get(), "g", 0.0, 1, 2), WINDROW_SPEC_ERROR);

  windrow_design* sampled = nullptr;
  ASSERT_EQ(windrow_design_create(&sampled), WINDROW_OK);
  const DesignHandle owner(sampled);
  EXPECT_EQ(windrow_design_set_unit(sampled, "m"), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_uniform(sampled, "u", 0, 1), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_normal(sampled, "n", 0, 1), WINDROW_OK);
  const double terms[] = {300, 30}, numbers[] = {1, 2, 3}, weights[] = {0, 1, 0};
  EXPECT_EQ(windrow_design_add_distribution(sampled, "l", "lognormal", "mean, sd", 2, terms), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_distribution(sampled, "m", "lognormal", "mean", 2, terms), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "parameter `m`: 2 values for the terms `mean`");
  EXPECT_EQ(windrow_design_add_distribution(sampled, "m", "lognormal", "mean,sdd", 2, terms), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "parameter `m`: unknown term `sdd`; did you mean `sd`?");
  EXPECT_EQ(windrow_design_add_choice(sampled, "c", 3, numbers, weights), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_choice(sampled, "d", 3, numbers, nullptr), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_samples(sampled, "s", 3, numbers), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_samples(sampled, "t", 0, nullptr), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_set_method(sampled, "monte_carlo", 7, 3), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(sampled, &points), WINDROW_OK);
  EXPECT_EQ(points, 7U);
  double values[5];
  EXPECT_EQ(windrow_design_point(sampled, 6, values), WINDROW_OK);
  EXPECT_EQ(values[3], 2.0);

  windrow_design* steps = nullptr;
  ASSERT_EQ(windrow_design_create(&steps), WINDROW_OK);
  const DesignHandle steps_owner(steps);
  EXPECT_EQ(windrow_design_add_linear_steps(steps, "x", 0, 0.3, 0.1), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_integers(steps, "n", 3, 1, -1), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_integers(steps, "m", 3, 1, 1), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_size(steps, &points), WINDROW_OK);
  EXPECT_EQ(points, 12U);
  EXPECT_EQ(windrow_design_point(steps, 11, values), WINDROW_OK);
  EXPECT_EQ(values[0], 0.3);
  EXPECT_EQ(values[1], 1.0);
}

TEST(CSweepTest, results_by_index) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  const auto result = run(sweep.get(), manager.get(), product);
  EXPECT_EQ(windrow_result_points(result.get()), 6U);
  EXPECT_EQ(windrow_result_succeeded(result.get()), 6U);
  EXPECT_EQ(windrow_result_exit_code(result.get()), 0);
  double y = 0.0;
  EXPECT_EQ(windrow_result_outputs(result.get(), 5, &y), WINDROW_OK);
  EXPECT_EQ(y, 2.5);
  EXPECT_EQ(windrow_result_outputs(result.get(), 6, &y), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_result_summary(result.get()), HasSubstr("6"));
}

int fussy(windrow_point* point, const double* parameters, double* outputs, void*, void*) {
  outputs[0] = 1.0;
  switch (windrow_point_index(point)) {
    case 1:
      return WINDROW_REJECT;
    case 2:
      windrow_point_set_message(point, "diverged");
      return 7;
    case 3:
      return 8;
    default:
      return parameters[0] < 0.0;
  }
}

TEST(CSweepTest, failures_say_why) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  const auto result = run(sweep.get(), manager.get(), fussy);
  EXPECT_EQ(windrow_result_failed(result.get()), 3U);
  EXPECT_EQ(windrow_result_exit_code(result.get()), 1);
  double y = 0.0;
  const std::vector<std::string> messages = {"", "rejected", "diverged", "the evaluate function returned 8", "", ""};
  for (std::uint64_t i = 0; i < messages.size(); ++i) {
    const bool good = messages[i].empty();
    EXPECT_EQ(windrow_result_outputs(result.get(), i, &y), good ? WINDROW_OK : WINDROW_POINT_FAILED);
    if (!good) {
      EXPECT_EQ(windrow_last_error(), messages[i]);
    }
  }
}

struct Count {
  int built = 0, destroyed = 0;
};

TEST(CSweepTest, a_model_is_made_once_and_destroyed) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  const auto build = [](void** model, void* user) {
    ++static_cast<Count*>(user)->built;
    *model = new double(10.0);
    return 0;
  };
  const auto destroy = [](void* model, void* user) {
    ++static_cast<Count*>(user)->destroyed;
    delete static_cast<double*>(model);
  };
  EXPECT_EQ(windrow_sweep_set_model(sweep.get(), build, destroy), WINDROW_OK);
  Count count;
  const auto evaluate = [](windrow_point*, const double* parameters, double* outputs, void* model, void*) {
    outputs[0] = *static_cast<double*>(model) * parameters[1];
    return 0;
  };
  const auto result = run(sweep.get(), manager.get(), evaluate, &count);
  double y = 0.0;
  EXPECT_EQ(windrow_result_outputs(result.get(), 1, &y), WINDROW_OK);
  EXPECT_EQ(y, 25.0);
  EXPECT_EQ(count.built, 1);
  EXPECT_EQ(count.destroyed, 1);
}

TEST(CSweepTest, a_model_that_cannot_be_made_fails_the_points) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  EXPECT_EQ(windrow_sweep_set_model(
                sweep.get(), [](void**, void*) { return 4; }, nullptr),
            WINDROW_OK);
  const auto result = run(sweep.get(), manager.get(), product);
  EXPECT_EQ(windrow_result_failed(result.get()), 6U);
  double y = 0.0;
  EXPECT_EQ(windrow_result_outputs(result.get(), 0, &y), WINDROW_POINT_FAILED);
  EXPECT_THAT(windrow_last_error(), HasSubstr("the build function returned 4"));
}

int deadly(windrow_point*, const double* parameters, double* outputs, void*, void*) {
  if (parameters[0] == 0.5) ::_exit(3);
  outputs[0] = parameters[1];
  return 0;
}

TEST(CSweepTest, forked_workers_that_die_cost_their_points) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  windrow_manager* forked = nullptr;
  ASSERT_EQ(windrow_manager_create_fork(&forked, 2), WINDROW_OK);
  const ManagerHandle manager(forked);
  const auto result = run(sweep.get(), forked, deadly);
  EXPECT_EQ(windrow_result_failed(result.get()), 2U);
  EXPECT_EQ(windrow_result_succeeded(result.get()), 4U);
}

TEST(CSweepTest, options) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "retires", "2"), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("did you mean `retries`?"));
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "retries", "some"), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "time_limit", "soon"), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "schedule", "best"), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "retry_failed", "yes"), WINDROW_SPEC_ERROR);
  for (const auto& [name, value] : std::vector<std::pair<const char*, const char*>>{{"retries", "2"},
                                                                                    {"max_failures", "5%"},
                                                                                    {"time_limit", "90m"},
                                                                                    {"relative_timeout", "300%"},
                                                                                    {"schedule", "dynamic"}}) {
    EXPECT_EQ(windrow_sweep_set_option(sweep.get(), name, value), WINDROW_OK) << name;
  }
}

TEST(CSweepTest, limits_need_isolation_and_loops_of_ones_own_have_none) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  ASSERT_EQ(windrow_sweep_set_option(sweep.get(), "timeout", "30s"), WINDROW_OK);
  EXPECT_EQ(windrow_sweep_run(sweep.get(), manager.get(), product, nullptr, nullptr), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("choose isolation = process, or fork"));
  ASSERT_EQ(windrow_sweep_set_option(sweep.get(), "isolation", "fork"), WINDROW_OK);
  EXPECT_EQ(windrow_result_succeeded(run(sweep.get(), manager.get(), product).get()), 6U);
  windrow_asked* asked = nullptr;
  EXPECT_EQ(windrow_asked_create(&asked, sweep.get(), manager.get()), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("cannot be isolated"));
  EXPECT_EQ(windrow_sweep_set_option(sweep.get(), "isolation", "thread"), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("it is none, process or fork"));
}

TEST(CSweepTest, a_store_is_continued_and_read) {
  std::string folder = std::filesystem::temp_directory_path() / "windrow-c-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    const auto design = grid();
    const auto sweep = sweep_of(design.get());
    const auto manager = serial();
    ASSERT_EQ(windrow_sweep_set_option(sweep.get(), "store", (folder + "/c.windrow").c_str()), WINDROW_OK);
    EXPECT_EQ(windrow_result_evaluated(run(sweep.get(), manager.get(), product).get()), 6U);
    const auto again = run(sweep.get(), manager.get(), product);
    EXPECT_EQ(windrow_result_evaluated(again.get()), 0U);
    double y = 0.0;
    EXPECT_EQ(windrow_result_outputs(again.get(), 3, &y), WINDROW_OK);
    EXPECT_EQ(y, 1.25);
    ASSERT_EQ(windrow_sweep_set_option(sweep.get(), "store", "/proc/none"), WINDROW_OK);
    EXPECT_EQ(windrow_sweep_run(sweep.get(), manager.get(), product, nullptr, nullptr), WINDROW_STORE_ERROR);
  }
  std::filesystem::remove_all(folder);
}

TEST(CAskTest, the_callers_loop_and_its_mistakes) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  windrow_asked* asked = nullptr;
  ASSERT_EQ(windrow_asked_create(&asked, sweep.get(), manager.get()), WINDROW_OK);
  windrow_point* point = nullptr;
  double parameters[2];
  EXPECT_EQ(windrow_report(asked, nullptr, parameters), WINDROW_SPEC_ERROR);
  int asked_for = 0;
  while (windrow_next_point(asked, &point, parameters) == WINDROW_OK && point != nullptr) {
    const double y = parameters[0] * parameters[1];
    EXPECT_EQ(++asked_for == 2 ? windrow_report_failure(asked, point, "diverged") : windrow_report(asked, point, &y),
              WINDROW_OK);
    EXPECT_EQ(windrow_report(asked, point, &y), WINDROW_SPEC_ERROR);
  }
  windrow_result* result = nullptr;
  EXPECT_EQ(windrow_finish(asked, &result), WINDROW_OK);
  const ResultHandle owner(result);
  windrow_asked_free(asked);
  EXPECT_EQ(asked_for, 6);
  EXPECT_EQ(windrow_result_succeeded(result), 5U);
  double y = 0.0;
  EXPECT_EQ(windrow_result_outputs(result, 1, &y), WINDROW_POINT_FAILED);
  EXPECT_STREQ(windrow_last_error(), "diverged");
}

TEST(CAskTest, freed_in_the_middle) {
  const auto design = grid();
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  windrow_asked* asked = nullptr;
  ASSERT_EQ(windrow_asked_create(&asked, sweep.get(), manager.get()), WINDROW_OK);
  windrow_point* point = nullptr;
  double parameters[2];
  EXPECT_EQ(windrow_next_point(asked, &point, parameters), WINDROW_OK);
  windrow_asked_free(asked);
}

int remember_seeds(windrow_point* point, const double* parameters, double* outputs, void*, void*) {
  outputs[0] = static_cast<double>(windrow_point_seed31(point));
  return windrow_point_seed(point) < (std::uint64_t{1} << 63) && parameters[2] >= 1.0 ? 0 : 1;
}

TEST(CDesignTest, methods_have_options_by_name) {
  windrow_design* made = nullptr;
  ASSERT_EQ(windrow_design_create(&made), WINDROW_OK);
  const DesignHandle design(made);
  EXPECT_EQ(windrow_design_set_nominal(made, 1.0), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_uniform(made, "x", 0, 2), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_nominal(made, 0.5), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_uniform(made, "y", 0, 2), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_nominal(made, 0.25), WINDROW_OK);
  std::uint64_t points = 0;
  double values[2];

  EXPECT_EQ(windrow_design_set_method(made, "sobol", 8, 0), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "scramble", "none"), WINDROW_OK);
  EXPECT_EQ(windrow_design_point(made, 2, values), WINDROW_OK);
  EXPECT_THAT(values, ElementsAre(1.5, 0.5));
  EXPECT_EQ(windrow_design_set_method_option(made, "scramble", "owens"), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "option `scramble`: unknown word `owens`; did you mean `owen`?");
  EXPECT_EQ(windrow_design_set_method_option(made, "scrambel", "owen"), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), HasSubstr("unknown option `scrambel` of the method `sobol`"));

  EXPECT_EQ(windrow_design_set_method(made, "central_composite", 0, 0), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "centre", "-1"), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "option `centre`: `-1` is not a whole number from 0");
  EXPECT_EQ(windrow_design_set_method_option(made, "centre", "0"), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "alpha", "1"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(made, &points), WINDROW_OK);
  EXPECT_EQ(points, 8U);

  EXPECT_EQ(windrow_design_set_method(made, "one_at_a_time", 0, 0), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "step", "x = 0.1, y = 0.5"), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "steps", "2"), WINDROW_OK);
  EXPECT_EQ(windrow_design_point(made, 8, values), WINDROW_OK);
  EXPECT_THAT(values, ElementsAre(0.5, 1.25));

  EXPECT_EQ(windrow_design_set_method(made, "saltelli", 0, 0), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(made, &points), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "missing `base_points`: method `saltelli` needs it");
  EXPECT_EQ(windrow_design_set_method_option(made, "base_points", "4"), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method_option(made, "second_order", "yes"), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_set_method_option(made, "second_order", "true"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(made, &points), WINDROW_OK);
  EXPECT_EQ(points, 24U);
}

TEST(CDesignTest, is_crossed_appended_and_zipped) {
  const auto design = grid();  // of two parameters, 6 points
  windrow_design* sample = nullptr;
  ASSERT_EQ(windrow_design_create(&sample), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_uniform(sample, "load", 0.0, 1.0), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_method(sample, "latin_hypercube", 5, 1), WINDROW_OK);
  EXPECT_EQ(windrow_design_cross(design.get(), sample, 0), WINDROW_OK);
  std::uint64_t points = 0;
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(points, 30U);
  double first[3], second[3];
  EXPECT_EQ(windrow_design_point(design.get(), 2, first), WINDROW_OK);
  EXPECT_EQ(windrow_design_point(design.get(), 7, second), WINDROW_OK);
  EXPECT_EQ(first[2], second[2]);
  EXPECT_EQ(windrow_design_append(design.get(), design.get()), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(points, 60U);
  EXPECT_EQ(windrow_design_append(design.get(), sample), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_SPEC_ERROR);
  EXPECT_THAT(windrow_last_error(), testing::HasSubstr("part 3 does not have"));
  windrow_design_free(sample);

  windrow_design* zipped = nullptr;
  ASSERT_EQ(windrow_design_create(&zipped), WINDROW_OK);
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(windrow_design_add_linear(zipped, name, 0, 1, 4), WINDROW_OK);
  EXPECT_EQ(windrow_design_zip(zipped, "a, c"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(zipped, &points), WINDROW_OK);
  EXPECT_EQ(points, 16U);
  EXPECT_EQ(windrow_design_zip(zipped, "b, x"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(zipped, &points), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "unknown parameter `x`; valid: `a`, `b`, `c`");
  windrow_design_free(zipped);
}

TEST(CDesignTest, derived_numbers_and_conditions) {
  const auto design = grid();
  double before[2], values[3];
  std::uint64_t points = 0, left = 0;
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(windrow_design_point(design.get(), points - 1, before), WINDROW_OK);
  EXPECT_EQ(windrow_design_add_derived(design.get(), "both", "angle + mass"), WINDROW_OK);
  EXPECT_EQ(windrow_design_set_unit(design.get(), "m"), WINDROW_OK);
  EXPECT_EQ(windrow_design_point(design.get(), points - 1, values), WINDROW_OK);
  EXPECT_EQ(values[2], before[0] + before[1]);
  EXPECT_EQ(windrow_design_add_where(design.get(), nullptr), WINDROW_SPEC_ERROR);
  EXPECT_EQ(windrow_design_add_where(design.get(), "both > 2"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(design.get(), &left), WINDROW_OK);
  EXPECT_LT(left, points);
  for (std::uint64_t i = 0; i < left; ++i) {
    EXPECT_EQ(windrow_design_point(design.get(), i, values), WINDROW_OK);
    EXPECT_GT(values[2], 2.0);
  }
  EXPECT_EQ(windrow_design_add_where(design.get(), "both >"), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(design.get(), &left), WINDROW_SPEC_ERROR);
  EXPECT_STREQ(windrow_last_error(), "in \"both >\": unexpected end after >");
}

TEST(CDesignTest, replicates_are_one_more_parameter_and_have_seeds_of_their_own) {
  const auto design = grid();
  EXPECT_EQ(windrow_design_set_replicates(design.get(), 4), WINDROW_OK);
  std::uint64_t points = 0;
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(points, 24U);
  double values[3];
  EXPECT_EQ(windrow_design_point(design.get(), 5, values), WINDROW_OK);
  EXPECT_EQ(values[1], 2.5);
  EXPECT_EQ(values[2], 2.0);
  const auto sweep = sweep_of(design.get());
  const auto manager = serial();
  const auto result = run(sweep.get(), manager.get(), remember_seeds);
  EXPECT_EQ(windrow_result_succeeded(result.get()), 24U);
  std::vector<double> seeds(24);
  for (std::size_t i = 0; i < seeds.size(); ++i) windrow_result_outputs(result.get(), i, &seeds[i]);
  std::sort(seeds.begin(), seeds.end());
  EXPECT_EQ(std::unique(seeds.begin(), seeds.end()), seeds.end());
  EXPECT_EQ(windrow_design_set_replicates(design.get(), 0), WINDROW_OK);
  EXPECT_EQ(windrow_design_size(design.get(), &points), WINDROW_OK);
  EXPECT_EQ(points, 6U);
}

}  // namespace
