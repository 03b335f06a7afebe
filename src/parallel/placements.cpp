#include "parallel/placements.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "windrow/base/exception_text.hpp"

namespace windrow::detail {
namespace {

// The root's slot is one of them even if it only coordinates: its core is idle then.
Slots slots_of(const JobSpec& job, const Workers& workers) {
  if (!job.slots.empty()) return job.slots;
  Slots slots;
  for (int w = 0; w < workers.count(); ++w) slots.push_back({workers.host(w), 1});
  return slots;
}

}  // namespace

Placements::Placements(const JobSpec& job, const Workers& workers)
    : job_(job),
      workers_(workers),
      pool_(slots_of(job, workers)),
      idle_(workers),
      taken_(static_cast<std::size_t>(workers.count())),
      is_lost_(static_cast<std::size_t>(workers.count()), false) {}

Placements::Place Placements::find(std::uint64_t index) {
  std::uint64_t needed = 0;
  try {
    needed = job_.needs->of(index);
  } catch (...) {
    return {{}, TaskFailure::rejected(exception_text(std::current_exception()))};
  }
  if (auto failure = obstacle(needed)) return {{}, std::move(failure)};
  auto slots = pool_.take(needed);
  if (!slots) return {};
  const int worker = worker_for(*slots);
  idle_.erase(worker);
  taken_[static_cast<std::size_t>(worker)] = *std::move(slots);
  return {worker, {}};
}

std::optional<TaskFailure> Placements::obstacle(std::uint64_t needed) const {
  const std::uint64_t initial = pool_.initial_size();
  if (needed > initial) {
    return TaskFailure::rejected(fmt::format("it needs {} slots, and there are {} in all", needed, initial));
  }
  if (needed <= pool_.size()) return std::nullopt;
  return TaskFailure::lost(
      fmt::format("it needs {} slots, and {} are left of {}: workers were lost", needed, pool_.size(), initial));
}

// There is an idle one on each of these hosts, unless workers were lost, since every evaluation takes a slot of the
// host that it is launched on. Then nothing has to be started from afar for an evaluation within one host.
int Placements::worker_for(const Slots& slots) const {
  for (const HostSlots& some : slots) {
    if (const auto worker = idle_.first_on(some.host)) return *worker;
  }
  return *idle_.first();
}

void Placements::release(int worker) {
  pool_.give_back(std::exchange(taken_[static_cast<std::size_t>(worker)], {}));
  if (!is_lost_[static_cast<std::size_t>(worker)]) idle_.insert(worker);
}

void Placements::lose(int worker) {
  is_lost_[static_cast<std::size_t>(worker)] = true;
  idle_.erase(worker);
  if (job_.slots.empty()) pool_.remove(workers_.host(worker));
}

}  // namespace windrow::detail
