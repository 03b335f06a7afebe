#include "evaluation/interface/program_slots.hpp"

#include <fmt/format.h>

#include <utility>

#include "windrow/error.hpp"
#include "windrow/slurm/slurm.hpp"

namespace windrow::detail {
namespace {

// Of the outer mpirun's ranks there may be fewer than the Slurm job has tasks, and they are where they are.
Slots choose(const SweepOptions& options, const ParallelManager& manager) {
  if (!options.slots.empty() || manager.backend() == Backend::mpi) return options.slots;
  return slurm_slots();
}

std::uint64_t total(const Slots& slots, const ParallelManager& manager) {
  if (slots.empty()) return static_cast<std::uint64_t>(manager.worker_count());
  std::uint64_t all = 0;
  for (const HostSlots& some : slots) all += static_cast<std::uint64_t>(some.slots);
  return all;
}

}  // namespace

ProgramSlots::ProgramSlots(const Command& command, const SweepOptions& options, const ParallelManager& manager) {
  const auto ranks = command.constant_ranks();
  if (!command.spec().ranks) return;
  slots_ = choose(options, manager);
  // One rank runs where its worker is, without being asked for, if that is where the slots are.
  needed_ = ranks != 1 || !slots_.empty();
  if (!needed_) return;
  if (options.schedule == Schedule::static_split || options.schedule == Schedule::cyclic) {
    throw SpecError(
        fmt::format("schedule {} shares out points beforehand, but programs with ranks share slots: choose "
                    "auto, dynamic, guided or longest_first",
                    name_of(options.schedule)));
  }
  const std::uint64_t all = total(slots_, manager);
  if (!ranks || *ranks <= all) return;
  throw SpecError(fmt::format("each point's program has {} ranks, but there {} in all; {}", *ranks,
                              all == 1 ? "is 1 slot" : fmt::format("are {} slots", all),
                              !slots_.empty()                     ? "ask Slurm for more tasks"
                              : manager.backend() == Backend::mpi ? "mpirun gives a slot for each of its ranks"
                                                                  : "more workers make more slots"));
}

void ProgramSlots::fill(Job& job, const Design& design, std::shared_ptr<const Command> command) const {
  if (!needed_) return;
  job.slots = slots_;
  job.slots_needed = [&design, command = std::move(command)](std::uint64_t index) {
    return command->ranks(design.point(index));
  };
}

}  // namespace windrow::detail
