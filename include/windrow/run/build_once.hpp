#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include "windrow/evaluation/functions.hpp"
#include "windrow/parallel/manager.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A model that several sweeps use one after the other, as those of all cases of one way to build it:
///
///     for (const std::string option : {"coarse", "fine"}) {
///       const windrow::BuildOnce build(manager, [=] { return Mesh(option); });
///       for (const int number : {1, 2, 3}) {
///         windrow::Sweep sweep(design(number), build, [=](Mesh& mesh, const windrow::Point& p) { ... });
///         sweep.run(manager, {.store = "study.windrow", .loops = {{"build", option}, {"case", number}}});
///       }
///     }
///
/// Each rank builds it once, when its first point needs it. Workers that are forked have copies of one that the root
/// has built; if that fails, they build their own, as in any sweep. As always it is built anew after a failed
/// evaluation, by the worker concerned. Otherwise the next sweep begins with the model as the last evaluation left it,
/// as the next point does. Copies stand for the same model.
template <std::invocable Build>
class BuildOnce {
  struct State;

 public:
  using Model = std::decay_t<std::invoke_result_t<Build&>>;

  /// The model, for as long as one sweep has it.
  class Loan : public detail::LoanedModel {
   public:
    operator Model&() const { return *model_; }  // NOLINT: stands for the model
    /// An evaluation has failed: the model goes to nobody else.
    void spoil() const {
      if (state_->model == model_) state_->model.reset();
    }

   private:
    friend class BuildOnce;
    explicit Loan(std::shared_ptr<State> state) : state_(std::move(state)), model_(state_->model) {}

    std::shared_ptr<State> state_;
    std::shared_ptr<Model> model_;
  };

  /// Not collective.
  BuildOnce(const ParallelManager& manager, Build build)
      : state_(std::make_shared<State>(State{std::move(build), nullptr})) {
    if (!manager.forks_workers()) return;
    try {
      state_->renew();
    } catch (...) {  // the workers meet it, too, and say so
    }
  }

  /// What a Sweep calls to build. If the model is on loan, this is because an evaluation has failed.
  Loan operator()() const {
    if (!state_->model || state_->model.use_count() > 1) state_->renew();
    return Loan(state_);
  }

 private:
  struct State {
    Build build;
    std::shared_ptr<Model> model;

    void renew() { model = std::shared_ptr<Model>(new Model(build())); }
  };
  std::shared_ptr<State> state_;
};

}  // namespace windrow
