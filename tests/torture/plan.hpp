#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windrow::test {

enum class Evaluation { function, process, fork, command };
enum class Carrier {
  workers,
  peers,
  mpirun
};  ///< what the ranks are: forked by the root, forked peers, or under mpirun

/// What is killed. `main` is mpirun, or the root where there is none; `group` its process group; `forks` a fork server
/// together with the processes that it forked for models; `guardian` what waits for the end of a helper or a server.
enum class Role { main, group, root, worker, server, model, forks, evaluation, helper, program, guardian, anything };
inline constexpr std::size_t kRoles = 12;

/// When: at a share of the time that the run probably takes; shortly after it began; in or after its n-th commit; or
/// when so many points are left to begin, and a little later.
enum class Moment { share, start, commit, end };

struct Kill {
  Role role;
  Moment moment;
  double amount;  ///< the share; else the number n
  double delay;   ///< seconds, after that
};

/// One round: runs of a sweep in which something is killed, to be followed by runs that complete it. Follows from the
/// seed alone.
struct Plan {
  std::uint64_t seed;
  Evaluation evaluation;
  Carrier carrier;
  int retries;
  std::vector<std::vector<Kill>> runs;
};

Plan make_plan(std::uint64_t seed, bool with_mpi);

std::string_view name_of(Evaluation evaluation);
std::string_view name_of(Carrier carrier);
std::string_view name_of(Role role);
/// "command under mpirun, 2 retries: kill program at 0.31; root in commit 3, server 2 points before the end"
std::string describe(const Plan& plan);

}  // namespace windrow::test
