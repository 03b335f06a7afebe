#include "costs/interface/sweep_costs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "learned_costs.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/store/store.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kMostLearned = 100000;  // of the records of an earlier run: more would teach nothing new

/// The times of an earlier run by index, those of failed points too: they may well fail after that time again.
/// 12 bytes for each.
class RecordedCosts : public CostModel {
 public:
  explicit RecordedCosts(const StoreReader& store) {
    double sum = 0.0;
    store.for_each_time([&](const PointTime& time) {  // in index order
      indices_.push_back(time.index);
      seconds_.push_back(static_cast<float>(time.seconds));
      sum += time.seconds;
    });
    if (!indices_.empty()) mean_ = sum / static_cast<double>(indices_.size());
  }

  std::uint64_t size() const { return indices_.size(); }
  std::uint64_t revision() const override { return 1; }
  double cost(std::uint64_t index) const override {
    const auto found = std::lower_bound(indices_.begin(), indices_.end(), index);
    if (found == indices_.end() || *found != index) return mean_;
    return static_cast<double>(seconds_[static_cast<std::size_t>(found - indices_.begin())]);
  }
  void observe(std::uint64_t, double) override {}

 private:
  std::vector<std::uint64_t> indices_;
  std::vector<float> seconds_;
  double mean_ = 0.0;
};

/// Times depend on the points; that another program took them, or another version, is no harm.
void require_same_design(const std::filesystem::path& directory, const StoreReader& store, const Design& design) {
  auto stored = store.identity().definition;
  std::erase_if(stored, [](const auto& item) {
    return !item.first.starts_with("design.") && !item.first.starts_with("parameters.");
  });
  const auto lines = differences(stored, design.definition());
  if (lines.empty()) return;
  std::string message = fmt::format(
      "{}: costs cannot be taken from here: these are the times of another design; what "
      "differs, there -> here:",
      directory.string());
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < std::min(most, lines.size()); ++i) message += "\n  " + lines[i];
  if (lines.size() > most) message += fmt::format("\n  and {} more", lines.size() - most);
  throw StoreError(message);
}

}  // namespace

SweepCosts::SweepCosts(const Design& design, const Costs& costs, Schedule schedule) {
  const bool learns = std::holds_alternative<LearnedCosts>(costs);
  if (schedule != Schedule::longest_first) {
    if (learns) return;
    throw SpecError(fmt::format("the costs of points are for the schedule `{}`, but the schedule is `{}`",
                                name_of(Schedule::longest_first), name_of(schedule)));
  }
  if (learns) {
    learn(design);
  } else if (const auto* store = std::get_if<std::filesystem::path>(&costs)) {
    take_from(*store, design);
  } else {
    const auto& cost = std::get<std::function<double(const Point&)>>(costs);
    if (!cost) throw SpecError("the function that gives the costs of points is empty");
    model_ = known_costs([design, cost](std::uint64_t index) { return cost(design.point(index)); });
  }
}

void SweepCosts::take_from(const std::filesystem::path& directory, const Design& design) {
  const StoreReader store(directory);
  require_same_design(directory, store, design);
  auto recorded = std::make_shared<RecordedCosts>(store);
  const std::uint64_t missing = design.size() - std::min(design.size(), recorded->size());
  if (missing > 0) {
    note_ = fmt::format("{} of {} points have no time in {}", text::with_thousands(missing),
                        text::with_thousands(design.size()), directory.string());
  }
  if (recorded->size() == 0) return learn(design);
  if (missing > 0) note_ += ": their costs were taken as the mean";
  model_ = std::move(recorded);
}

void SweepCosts::learn(const Design& design) {
  learned_ = std::make_shared<CostLearner>(design);
  model_ = learned_;
}

void SweepCosts::learn_from(const std::filesystem::path& store, std::uint64_t succeeded) {
  if (!learned_ || succeeded == 0) return;
  const std::uint64_t stride = 1 + succeeded / kMostLearned;
  std::uint64_t seen = 0;
  StoreReader(store).for_each_time([&](const PointTime& time) {
    if (time.succeeded && seen++ % stride == 0) learned_->observe(time.index, time.seconds);
  });
}

std::vector<std::string> SweepCosts::notes() const {
  std::vector<std::string> notes;
  if (!note_.empty()) notes.push_back(note_);
  if (learned_) notes.push_back(learned_->note());
  return notes;
}

}  // namespace windrow::detail
