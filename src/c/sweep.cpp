#include <fmt/format.h>

#include <limits>
#include <utility>

#include "c/handles.hpp"

using windrow::detail::given;
using windrow::detail::guarded;

namespace {

/// What a build function has made, until the end.
class Model {
 public:
  Model(const windrow_sweep& sweep, void* user) : destroy_(sweep.destroy), user_(user) {
    if (sweep.build == nullptr) return;
    const int code = sweep.build(&model_, user);
    if (code != 0) throw windrow::Error(fmt::format("the build function returned {}", code));
  }
  ~Model() {
    if (destroy_ != nullptr && model_ != nullptr) destroy_(model_, user_);
  }
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  void* get() const { return model_; }

 private:
  windrow_destroy_function destroy_;
  void* user_;
  void* model_ = nullptr;
};

std::vector<windrow::Value> evaluate(windrow_evaluate_function function, const windrow::Point& at, std::size_t count,
                                     void* model, void* user) {
  windrow_point point{at, {}};
  std::vector<double> parameters(at.values().size());
  windrow::detail::copy_numbers(at, parameters.data());
  std::vector<double> outputs(count, std::numeric_limits<double>::quiet_NaN());
  const int code = function(&point, parameters.data(), outputs.data(), model, user);
  if (code == 0) return {outputs.begin(), outputs.end()};
  if (code == WINDROW_REJECT) throw windrow::Rejected(point.message.empty() ? "rejected" : point.message);
  throw windrow::Error(point.message.empty() ? fmt::format("the evaluate function returned {}", code) : point.message);
}

}  // namespace

uint64_t windrow_point_index(windrow_point* point) {
  return point->point.index();
}

uint64_t windrow_point_seed(windrow_point* point) {
  return point->point.seed();
}

int windrow_point_seed31(windrow_point* point) {
  return static_cast<int>(point->point.seed31());
}

void windrow_point_set_message(windrow_point* point, const char* message) {
  guarded([&] { given(point, "the point").message = &given(message, "the message"); });
}

windrow_status windrow_sweep_create(windrow_sweep** sweep, const windrow_design* design) {
  return guarded([&] {
    given(sweep, "the place for the sweep") = new windrow_sweep{given(design, "the design").get(), {}, {}};
  });
}

void windrow_sweep_free(windrow_sweep* sweep) {
  delete sweep;
}

windrow_status windrow_sweep_add_output(windrow_sweep* sweep, const char* name, const char* unit) {
  return guarded([&] {
    given(sweep, "the sweep")
        .outputs.push_back({&given(name, "the name of an output"), unit == nullptr ? "" : unit, "number"});
  });
}

windrow_status windrow_sweep_set_model(windrow_sweep* sweep, windrow_build_function build,
                                       windrow_destroy_function destroy) {
  return guarded([&] {
    given(sweep, "the sweep").build = build;
    sweep->destroy = destroy;
  });
}

windrow_status windrow_sweep_set_option(windrow_sweep* sweep, const char* name, const char* value) {
  return guarded([&] {
    windrow::detail::set_option(given(sweep, "the sweep"), &given(name, "the name of an option"),
                                &given(value, "the value of an option"));
  });
}

windrow_status windrow_sweep_run(windrow_sweep* sweep, windrow_manager* manager, windrow_evaluate_function function,
                                 void* user, windrow_result** result) {
  return guarded([&] {
    const windrow_sweep& self = given(sweep, "the sweep");
    windrow::ParallelManager& ranks = *given(manager, "the manager").manager;
    if (function == nullptr) throw windrow::SpecError("the evaluate function is NULL");
    windrow::Sweep run(
        self.design, [&self, user] { return std::make_shared<Model>(self, user); },
        [function, count = self.outputs.size(), user](std::shared_ptr<Model>& model, const windrow::Point& point) {
          return evaluate(function, point, count, model->get(), user);
        },
        self.outputs, self.function_options());
    auto outcome = std::make_unique<windrow_result>();
    outcome->result = run.run(ranks, self.options);
    if (result != nullptr) *result = outcome.release();
  });
}

windrow_status windrow_asked_create(windrow_asked** asked, windrow_sweep* sweep, windrow_manager* manager) {
  return guarded([&] {
    if (given(sweep, "the sweep").function_options().isolated) {
      throw windrow::SpecError(
          "points that the caller's own loop evaluates cannot be isolated: use a Sweep with functions");
    }
    given(asked, "the place for the asked sweep") = new windrow_asked(*sweep, *given(manager, "the manager").manager);
  });
}

void windrow_asked_free(windrow_asked* asked) {
  delete asked;
}

windrow_status windrow_next_point(windrow_asked* asked, windrow_point** point, double* parameters) {
  return guarded([&] {
    given(point, "the place for the point") = nullptr;
    auto next = given(asked, "the asked sweep").session.next_point();
    asked->point.reset();
    if (!next) return;
    windrow::detail::copy_numbers(*next, &given(parameters, "the place for the parameters"));
    asked->point.emplace(windrow_point{*std::move(next), {}});
    *point = &*asked->point;
  });
}

windrow_status windrow_report(windrow_asked* asked, windrow_point* point, const double* outputs) {
  return guarded([&] {
    const std::size_t count = given(asked, "the asked sweep").outputs;
    if (count > 0) given(outputs, "the list of outputs");
    asked->session.report(given(point, "the point").point, {outputs, outputs + count});
  });
}

windrow_status windrow_report_failure(windrow_asked* asked, windrow_point* point, const char* message) {
  return guarded([&] {
    given(asked, "the asked sweep")
        .session.report_failure(given(point, "the point").point, &given(message, "the message"));
  });
}

windrow_status windrow_finish(windrow_asked* asked, windrow_result** result) {
  return guarded([&] {
    auto outcome = std::make_unique<windrow_result>();
    outcome->result = given(asked, "the asked sweep").session.finish();
    if (result != nullptr) *result = outcome.release();
  });
}
