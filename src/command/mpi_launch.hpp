#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rank_count.hpp"
#include "render.hpp"
#include "windrow/parallel/slots.hpp"

namespace windrow::detail {

/// The process that launches MPI programs: what it is itself a part of decides what inner launchers need.
struct LaunchSurroundings {
  std::string host;        ///< as Slots name it
  bool slurm_job = false;  ///< inside an allocation of Slurm
  bool mpi_rank = false;   ///< a rank of an outer mpirun or srun
  static LaunchSurroundings here();
};

/// What goes before a program's own arguments so that it runs as an MPI program.
class MpiLaunch {
 public:
  /// @param names  what tags of the study may name
  /// @throws SpecError for a number of ranks or a launcher that cannot be right
  MpiLaunch(const RanksSpec& spec, const Design& design, const std::vector<std::string>& names);

  const RankCount& ranks() const { return ranks_; }
  bool is_mpirun() const { return known_ == MpiLauncher::mpirun; }
  /// Whether the number of ranks, or an argument of the launcher, names this parameter.
  bool uses(std::string_view parameter) const;
  /// The program of the launcher, if it is the same at every point.
  std::optional<std::string> program() const;

  struct Prefix {
    std::vector<std::string> argv;
    std::vector<std::string> environment;  ///< "NAME=value"
  };
  /// @param values  of `names`
  /// @param slots   empty: all on this host
  Prefix prefix(const Point& point, const Bindings& values, std::span<const HostSlots> slots,
                const LaunchSurroundings& surroundings) const;

 private:
  RankCount ranks_;
  std::optional<MpiLauncher> known_;
  std::vector<Template> custom_;
  std::vector<std::string> names_;
};

}  // namespace windrow::detail
