#include "mpi_launch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "windrow/base/machine.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/launch.hpp"

namespace windrow::detail {
namespace {

constexpr std::array<const char*, 4> kOwnTags = {"ranks", "hosts", "host.list", "host.count"};

std::vector<std::string> names_of(std::span<const HostSlots> slots) {
  std::vector<std::string> names;
  for (const HostSlots& some : slots) names.push_back(some.host);
  return names;
}

/// "a:2,b:1"
std::string with_counts(std::span<const HostSlots> slots) {
  std::vector<std::string> parts;
  for (const HostSlots& some : slots) parts.push_back(fmt::format("{}:{}", some.host, some.slots));
  return fmt::format("{}", fmt::join(parts, ","));
}

// An mpirun inside a step of Slurm reads what SLURM_* variables say of the step, one daemon a node, and starts its own
// daemons by srun, which without overlap would wait until that step ends. So both are told what this program has.
std::vector<std::string> mpirun_environment(std::span<const HostSlots> slots, const LaunchSurroundings& surroundings) {
  if (!surroundings.slurm_job) return {};
  std::vector<std::string> environment = {"SLURM_OVERLAP=1"};
  if (!surroundings.mpi_rank) return environment;
  std::vector<int> counts;
  for (const HostSlots& some : slots) counts.push_back(some.slots);
  for (const char* name : {"SLURM_NODELIST", "SLURM_JOB_NODELIST"}) {
    environment.push_back(fmt::format("{}={}", name, fmt::join(names_of(slots), ",")));
  }
  for (const char* name : {"SLURM_NNODES", "SLURM_JOB_NUM_NODES"}) {
    environment.push_back(fmt::format("{}={}", name, slots.size()));
  }
  environment.push_back(fmt::format("SLURM_TASKS_PER_NODE={}", fmt::join(counts, ",")));
  return environment;
}

// No binding: mpirun binds the ranks of each program from the first core on, as if it were alone on the host.
MpiLaunch::Prefix by_mpirun(std::uint64_t ranks, std::span<const HostSlots> slots,
                            const LaunchSurroundings& surroundings) {
  const bool here_alone = slots.size() == 1 && slots.front().host == surroundings.host;
  const std::string hosts =  // a host need not know its own name by its resolver
      here_alone && !surroundings.slurm_job ? fmt::format("localhost:{}", slots.front().slots) : with_counts(slots);
  return {{"mpirun", "-n", std::to_string(ranks), "--host", hosts, "--bind-to", "none"},
          mpirun_environment(slots, surroundings)};
}

// Where windrow's own ranks are a step of Slurm, or its daemons are, the cores are theirs: only an overlapping step
// begins at once. Else --exact gives each program cores of its own.
MpiLaunch::Prefix by_srun(std::uint64_t ranks, std::span<const HostSlots> slots,
                          const LaunchSurroundings& surroundings) {
  std::vector<std::string> nodes;  // one for each rank: that is what the distribution means
  for (const HostSlots& some : slots) {
    nodes.insert(nodes.end(), static_cast<std::size_t>(some.slots), some.host);
  }
  MpiLaunch::Prefix prefix;
  prefix.argv = {"srun",
                 "--mpi=pmix",
                 fmt::format("--ntasks={}", ranks),
                 fmt::format("--nodes={}", slots.size()),
                 fmt::format("--nodelist={}", fmt::join(nodes, ",")),
                 "--distribution=arbitrary",
                 surroundings.mpi_rank ? "--overlap" : "--exact",
                 "--kill-on-bad-exit=1"};
  return prefix;
}

std::vector<Template> parse(const std::vector<std::string>& launcher, std::vector<std::string> names) {
  if (launcher.empty() || launcher.front().empty()) throw SpecError("`launcher` must start with a program");
  names.insert(names.end(), kOwnTags.begin(), kOwnTags.end());
  std::vector<Template> arguments;
  for (std::size_t i = 0; i < launcher.size(); ++i) {
    if (launcher[i].find('\0') != std::string::npos) {
      throw SpecError(fmt::format("launcher[{}] holds a null character", i));
    }
    arguments.emplace_back(launcher[i], fmt::format("launcher[{}]", i), false, names);
  }
  return arguments;
}

}  // namespace

LaunchSurroundings LaunchSurroundings::here() {
  return {host_name(), std::getenv("SLURM_JOB_ID") != nullptr, started_by_mpi()};
}

MpiLaunch::MpiLaunch(const RanksSpec& spec, const Design& design, const std::vector<std::string>& names)
    : ranks_(spec, design) {
  if (const auto* known = std::get_if<MpiLauncher>(&spec.launcher)) {
    known_ = *known;
  } else {
    custom_ = parse(std::get<std::vector<std::string>>(spec.launcher), names);
    names_ = names;
  }
}

bool MpiLaunch::uses(std::string_view parameter) const {
  const auto position = static_cast<std::size_t>(std::ranges::find(names_, parameter) - names_.begin());
  return ranks_.uses(parameter) || std::ranges::any_of(custom_, [&](const Template& argument) {
           return position < names_.size() && argument.names(position);
         });
}

std::optional<std::string> MpiLaunch::program() const {
  if (known_) return *known_ == MpiLauncher::mpirun ? "mpirun" : "srun";
  return custom_.front().is_constant() ? std::optional(custom_.front().render(Bindings({}))) : std::nullopt;
}

MpiLaunch::Prefix MpiLaunch::prefix(const Point& point, const Bindings& values, std::span<const HostSlots> slots,
                                    const LaunchSurroundings& surroundings) const {
  const std::uint64_t ranks = ranks_.at(point);
  const Slots here = {{surroundings.host, static_cast<int>(ranks)}};
  if (slots.empty()) slots = here;
  if (known_ == MpiLauncher::mpirun) return by_mpirun(ranks, slots, surroundings);
  if (known_ == MpiLauncher::srun) return by_srun(ranks, slots, surroundings);
  std::vector<Value> all = values.values;
  all.emplace_back(std::to_string(ranks));
  all.emplace_back(with_counts(slots));
  all.emplace_back(fmt::format("{}", fmt::join(names_of(slots), ",")));
  all.emplace_back(std::to_string(slots.size()));
  const Bindings bindings(std::move(all));
  Prefix prefix;
  for (const Template& argument : custom_) prefix.argv.push_back(argument.render(bindings));
  return prefix;
}

}  // namespace windrow::detail
