// Ranks that die under mpirun --enable-recovery, which goes on without them: rank_faults <scenario> [detail]
#include <arpa/inet.h>
#include <mpi.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "faults/support.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/mpi/mpi_manager.hpp"
#include "windrow/pool/mpi/mpi_executor.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

void tell(pid_t pid) {
  std::printf("pid %d\n", static_cast<int>(pid));
  std::fflush(stdout);
}

/// At the root. @return the exit code, which mpirun does not pass on: "all is well" is the sign
int verdict(const ParallelManager& manager, const std::string& wrong) {
  if (!manager.is_root()) return 0;
  std::printf("%s\n", wrong.empty() ? "all is well" : ("wrong: " + wrong).c_str());
  std::fflush(stdout);
  return wrong.empty() ? 0 : 1;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "; ";
  return all;
}

/// Each of these ranks, and no other, is told once.
std::string wrong_losses(const std::vector<std::string>& told, const std::vector<int>& ranks) {
  bool right = told.size() == ranks.size();
  for (const int rank : ranks) {
    const std::string begin = "rank " + std::to_string(rank) + " (pid ";
    right = right && std::count_if(told.begin(), told.end(), [&](const auto& t) { return t.starts_with(begin); }) == 1;
  }
  return right ? "" : "losses: " + joined(told);
}

double value_of(std::uint64_t index) {
  return 0.5 * static_cast<double>(index) + 1.0;
}

std::string wrong_values(const Mapped<double>& mapped, std::uint64_t count) {
  if (mapped.values.size() != count) return "not every point has a value";
  for (std::uint64_t i = 0; i < count; ++i) {
    if (mapped.values[static_cast<std::size_t>(i)] != value_of(i)) return "the value of point " + std::to_string(i);
  }
  return mapped.failures.empty() ? "" : describe(mapped.failures.front());
}

/// Chosen anew each time and told, or repeated.
unsigned seed() {
  const char* given = std::getenv("WINDROW_TEST_SEED");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device()();
}

/// After how many of its points a rank dies.
struct Death {
  int points;
  pid_t pid;
};
using Deaths = std::map<int, Death>;

/// Of these ranks; the same on every rank.
Deaths deaths(ParallelManager& manager, const std::vector<int>& ranks, int latest) {
  const unsigned number = manager.broadcast(manager.is_root() ? seed() : 0U);
  if (manager.is_root()) std::printf("WINDROW_TEST_SEED=%u repeats this test\n", number);
  std::mt19937 random(number);
  const auto pids = manager.all_gather(::getpid());
  Deaths all;
  for (const int rank : ranks) {
    all[rank] = {std::uniform_int_distribution<int>(1, latest)(random), pids[static_cast<std::size_t>(rank)]};
  }
  return all;
}

/// Points of 0.3 ms; ranks die in the middle of one. Where cores are short, the others leave them enough points.
Mapped<double> map_while_dying(ParallelManager& manager, std::uint64_t count, const Deaths& all) {
  const auto own = all.find(manager.rank());
  const auto is_awaited = [](const auto& death) { return ::kill(death.second.pid, 0) == 0; };
  int evaluated = 0;
  return manager.map([] { return 0; },
                     [&](int&, std::uint64_t index) {
                       ++evaluated;
                       std::this_thread::sleep_for(microseconds(300));
                       if (own != all.end()) {
                         if (evaluated == own->second.points) ::raise(SIGKILL);
                       } else if (evaluated > 100 && std::any_of(all.begin(), all.end(), is_awaited)) {
                         std::this_thread::sleep_for(milliseconds(10));
                       }
                       return value_of(index);
                     },
                     count);
}

std::vector<int> ranks_from(const std::string& text) {
  std::vector<int> ranks;
  for (const char c : text) ranks.push_back(c - '0');
  return ranks;
}

// Detail: the ranks that die, a digit each.
int points_run_elsewhere(ParallelManager& manager, const std::string& detail) {
  const std::vector<int> dying = ranks_from(detail);
  const auto mapped = map_while_dying(manager, 2000, deaths(manager, dying, 150));
  const auto wrong = wrong_values(mapped, 2000);
  return verdict(manager, wrong.empty() ? wrong_losses(mapped.lost_workers, dying) : wrong);
}

// A second job finds the ranks that the first has lost, and loses one more.
int jobs_go_on(ParallelManager& manager, const std::string&) {
  const auto at = deaths(manager, {1, 2}, 100);
  const auto first = map_while_dying(manager, 1000, {{1, at.at(1)}});
  const auto second = map_while_dying(manager, 1000, {{2, at.at(2)}});
  std::string wrong = wrong_values(first, 1000) + wrong_values(second, 1000);
  if (wrong.empty()) wrong = wrong_losses(first.lost_workers, {1}) + wrong_losses(second.lost_workers, {1, 2});
  return verdict(manager, wrong);
}

// A rank dies within its share: another one summarizes it, for the one that is lost.
int share_goes_elsewhere(ParallelManager& manager, const std::string&) {
  std::vector<double> parameters(40);
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = static_cast<double>(i);
  const int rank = manager.rank();
  auto scattered = manager.scatter([] { return 0; },
                                   [rank](int&, std::span<const double> share) {
                                     if (rank == 2) ::raise(SIGKILL);
                                     return share.front();
                                   },
                                   parameters);
  std::string wrong;
  for (const auto& local : scattered.gather()) {
    const bool right = local.summary && local.summary->ok() && local.summary->value() == 10.0 * local.worker;
    if (!right || local.indices.size() != 10) wrong += "the summary of worker " + std::to_string(local.worker);
  }
  return verdict(manager, wrong.empty() ? wrong_losses(scattered.lost_workers(), {2}) : wrong);
}

// It dies after all have started, before it has sent anything of the job.
int before_its_first_message(ParallelManager& manager, const std::string&) {
  if (manager.rank() == 1) ::raise(SIGKILL);
  const auto mapped = map_while_dying(manager, 500, {});
  const auto wrong = wrong_values(mapped, 500);
  return verdict(manager, wrong.empty() ? wrong_losses(mapped.lost_workers, {1}) : wrong);
}

// One point ends every rank that evaluates it: two of them, and then it is given up.
int point_that_kills(ParallelManager& manager, const std::string&) {
  constexpr std::uint64_t kDeadly = 17;
  const auto mapped = manager.map([] { return 0; },
                                  [&](int&, std::uint64_t index) {
                                    std::this_thread::sleep_for(milliseconds(5));
                                    if (index == kDeadly) ::raise(SIGSEGV);
                                    return value_of(index);
                                  },
                                  200, {.root = RootRole::coordinates});
  if (!manager.is_root()) return 0;
  std::string wrong;
  if (mapped.failures.size() != 1 || mapped.failures.front().index != kDeadly ||
      mapped.failures.front().kind != FailureKind::lost || mapped.failures.front().attempts != 2) {
    wrong = mapped.failures.empty() ? "no failure" : describe(mapped.failures.front());
  }
  for (std::uint64_t i = 0; i < 200; ++i) {
    if (i != kDeadly && mapped.values[static_cast<std::size_t>(i)] != value_of(i)) wrong = "a value";
  }
  if (mapped.lost_workers.size() != 2) wrong += joined(mapped.lost_workers);
  return verdict(manager, wrong);
}

bool throws_text(const std::string& text, const std::function<void()>& call) {
  try {
    call();
  } catch (const ParallelError& error) {
    if (std::string(error.what()).find(text) != std::string::npos) return true;
    std::fprintf(stderr, "told: %s\n", error.what());
  }
  return false;
}

bool names_rank_1(const std::function<void()>& call) {
  return throws_text("rank 1 (pid ", call);
}

/// By messages of its own, which still work, the root learns what was true on these ranks.
bool true_on(const std::vector<int>& ranks, ParallelManager& manager, bool here) {
  int told = here ? 1 : 0;
  if (!manager.is_root()) {
    MPI_Send(&told, 1, MPI_INT, 0, 999, MPI_COMM_WORLD);
    return here;
  }
  for (const int rank : ranks) {
    int other = 0;
    MPI_Recv(&other, 1, MPI_INT, rank, 999, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    told *= other;
  }
  return told == 1;
}

std::vector<int> ranks_but(const ParallelManager& manager, const std::vector<int>& without) {
  std::vector<int> ranks;
  for (int rank = 1; rank < manager.size(); ++rank) {
    if (std::count(without.begin(), without.end(), rank) == 0) ranks.push_back(rank);
  }
  return ranks;
}

// Every rank throws what names the lost one.
int collectives_throw(ParallelManager& manager, const std::string& detail) {
  if (detail == "later") map_while_dying(manager, 500, deaths(manager, {1}, 50));
  if (detail != "later" && manager.rank() == 1) {  // the others have waited
    std::this_thread::sleep_for(milliseconds(detail == "late" ? 2500 : 300));
    ::raise(SIGKILL);
  }
  const bool told = names_rank_1([&] { static_cast<void>(manager.all_gather(manager.rank())); }) &&
                    names_rank_1([&] { manager.sync(); }) &&
                    names_rank_1([&] { static_cast<void>(manager.broadcast(1)); });
  const bool all = true_on(ranks_but(manager, {1}), manager, told);
  return verdict(manager, all ? "" : "some ranks were not told");
}

/// Rank 1 dies while the others wait, for more than a second, in a call that the root does not make: so they have made
/// one more than the root.
void lose_rank_1_in_a_call(ParallelManager& manager) {
  if (manager.rank() == 1) ::raise(SIGKILL);
  if (manager.is_root()) return std::this_thread::sleep_for(milliseconds(1500));
  if (!names_rank_1([&] { manager.sync(); })) throw std::runtime_error("the loss is not told");
}

/// The root, or whoever is quicker, has the first point, for which the others wait.
Mapped<double> map_with_slow_point(ParallelManager& manager) {
  return manager.map([] { return 0; },
                     [](int&, std::uint64_t index) {
                       if (index == 0) std::this_thread::sleep_for(milliseconds(2500));
                       return value_of(index);
                     },
                     50);
}

// Ranks whose calls are not the same since one is lost wait long in a job: nobody is blamed.
int loss_is_no_leaver(ParallelManager& manager, const std::string&) {
  lose_rank_1_in_a_call(manager);
  std::string wrong;
  for (int round = 0; round < 2; ++round) {
    const auto mapped = map_with_slow_point(manager);
    wrong += wrong_values(mapped, 50);
    if (wrong.empty()) wrong = wrong_losses(mapped.lost_workers, {1});
  }
  if (manager.is_root()) std::this_thread::sleep_for(milliseconds(1500));  // the others have ended
  return verdict(manager, wrong);
}

// Detail: the rank that leaves the body after a job that it shared with those that are left of a loss.
int leaves_after_a_loss(ParallelManager& manager, const std::string& detail) {
  lose_rank_1_in_a_call(manager);
  const auto mapped = map_while_dying(manager, 300, {});
  const int leaver = detail[0] - '0';
  if (manager.rank() == leaver) return 0;
  const std::string text = "rank " + detail + " has ended, and rank ";
  const bool told = throws_text(text, [&] { map_while_dying(manager, 300, {}); }) &&
                    throws_text(text, [&] { map_while_dying(manager, 300, {}); });
  if (leaver == 0) return told ? 0 : 1;
  const bool all = true_on(ranks_but(manager, {1, leaver}), manager, told);
  return verdict(manager, all ? wrong_values(mapped, 300) : "some ranks were not told");
}

// Rank 1 leaves, and is killed: the job of the others goes on as without any other that is lost. Detail: when, before
// the job and after it has told the root that it has ended, or meanwhile, with points of it.
int leaver_is_lost(ParallelManager& manager, const std::string& detail) {
  manager.sync();
  const milliseconds later(detail == "before" ? 1500 : 500);
  if (manager.rank() == 1) {
    std::thread([later] {
      std::this_thread::sleep_for(later);
      ::raise(SIGKILL);
    }).detach();
    return 0;
  }
  if (detail == "before") std::this_thread::sleep_for(later + milliseconds(500));
  std::string wrong;
  for (int round = 0; round < 2; ++round) {
    const auto mapped = map_with_slow_point(manager);
    wrong += wrong_values(mapped, 50);
    if (wrong.empty()) wrong = wrong_losses(mapped.lost_workers, {1});
  }
  return verdict(manager, wrong);
}

// Rank 2 leaves while the others are in a job, and rank 1 dies at the same time: the one that left is named.
int leaves_during_a_loss(ParallelManager& manager, const std::string&) {
  manager.sync();
  if (manager.rank() == 1) {
    std::this_thread::sleep_for(milliseconds(50));
    ::raise(SIGKILL);
  }
  if (manager.rank() == 2) return 0;
  const bool told = throws_text("rank 2 has ended, and rank ", [&] { map_with_slow_point(manager); });
  const bool all = true_on(ranks_but(manager, {1, 2}), manager, told);
  return verdict(manager, all ? "" : "some ranks were not told");
}

// Detail: the rank. If it is the root, nothing is left; otherwise the rest goes on.
int throws(ParallelManager& manager, const std::string& detail) {
  tell(::getpid());
  if (manager.rank() == detail[0] - '0') throw std::runtime_error("no licence on this node");
  const auto mapped = map_while_dying(manager, 300, {});
  return verdict(manager, wrong_values(mapped, 300));
}

// Whatever the others do: they end with the root, or with mpirun.
int leader_dies(ParallelManager& manager, const std::string& detail) {
  tell(::getpid());
  manager.sync();
  if (manager.is_root()) {
    std::thread([&detail] {
      std::this_thread::sleep_for(milliseconds(300));
      ::kill(detail == "mpirun" ? ::getppid() : ::getpid(), SIGKILL);
    }).detach();
  }
  manager.map([] { return 0; },
              [](int&, std::uint64_t) -> int {
                for (;;) ::pause();
              },
              100);
  return 0;
}

// Messages of 32 MB, which move on only while their sender lives and looks after them: it dies meanwhile.
int large_results(ParallelManager& manager, const std::string&) {
  constexpr std::size_t kSize = std::size_t{4} << 20;
  const auto at = deaths(manager, {1, 2}, 2);
  const auto own = at.find(manager.rank());
  int evaluated = 0;
  const auto mapped = manager.map([] { return 0; },
                                  [&](int&, std::uint64_t index) {
                                    if (own != at.end() && ++evaluated > own->second.points) {
                                      std::this_thread::sleep_for(milliseconds(4));
                                      ::raise(SIGKILL);
                                    }
                                    return std::vector<double>(kSize, value_of(index));
                                  },
                                  12, {.schedule = Schedule::static_split});
  std::string wrong = mapped.failures.empty() ? "" : describe(mapped.failures.front());
  for (std::size_t i = 0; i < mapped.values.size(); ++i) {
    if (mapped.values[i] != std::vector<double>(kSize, value_of(i))) wrong = "a value";
  }
  if (wrong.empty()) wrong = wrong_losses(mapped.lost_workers, {1, 2});
  return verdict(manager, wrong);
}

int item(int number) {
  std::this_thread::sleep_for(milliseconds(1));
  static const int rank = std::atoi(std::getenv("OMPI_COMM_WORLD_RANK"));
  static int evaluated = 0;
  if (rank == 2 && ++evaluated == 5) ::raise(SIGKILL);
  return 3 * number;
}

// The item at which the rank died fails; all others have their results.
int executor(ParallelManager& manager, const std::string&) {
  std::string wrong;
  MpiExecutor::run(manager, [&](Executor& ranks) {
    std::vector<int> numbers(500);
    for (int i = 0; i < 500; ++i) numbers[static_cast<std::size_t>(i)] = i;
    const auto all = ranks.map([](int n) { return item(n); }, numbers);
    int failed = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].ok()) ++failed;
      if (all[i].ok() && all[i].value() != 3 * static_cast<int>(i)) wrong = "a result";
      if (!all[i].ok() && all[i].failure().kind != FailureKind::lost) wrong = describe(all[i].failure());
    }
    if (failed != 1) wrong += std::to_string(failed) + " items failed";
  });
  return verdict(manager, wrong);
}

/// The TCP connections of this process that are not Open MPI's: to the port that the root listens on for this.
void cut_off() {
  for (int fd = 3; fd < 256; ++fd) {
    int on = 0;
    int idle = 0;
    socklen_t length = sizeof on;
    if (::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &length) != 0 || on == 0) continue;
    length = sizeof idle;
    constexpr int kTcp = 6;
    constexpr int kKeepIdle = 4;
    if (::getsockopt(fd, kTcp, kKeepIdle, &idle, &length) == 0 && idle == 10) ::shutdown(fd, SHUT_WR);
  }
}

// A rank that lives but cannot be reached any more: it is told once, its late results count for nothing, and it ends.
int living_is_declared_dead(ParallelManager& manager, const std::string&) {
  tell(::getpid());
  int evaluated = 0;
  const auto mapped = manager.map([] { return 0; },
                                  [&](int&, std::uint64_t index) {
                                    std::this_thread::sleep_for(milliseconds(1));
                                    if (manager.rank() == 1 && ++evaluated == 20) cut_off();
                                    return value_of(index);
                                  },
                                  1500);
  const auto wrong = wrong_values(mapped, 1500);
  return verdict(manager, wrong.empty() ? wrong_losses(mapped.lost_workers, {1}) : wrong);
}

// A rank that is stopped for a while is slow, and nothing else.
int stopped_rank_is_not_lost(ParallelManager& manager, const std::string&) {
  int evaluated = 0;
  const auto mapped = manager.map([] { return 0; },
                                  [&](int&, std::uint64_t index) {
                                    if (manager.rank() == 1 && ++evaluated == 5) {
                                      const pid_t own = ::getpid();
                                      if (::fork() == 0) {
                                        ::kill(own, SIGSTOP);
                                        std::this_thread::sleep_for(seconds(2));
                                        ::kill(own, SIGCONT);
                                        ::_exit(0);
                                      }
                                    }
                                    std::this_thread::sleep_for(microseconds(500));
                                    return value_of(index);
                                  },
                                  1000);
  const auto wrong = wrong_values(mapped, 1000);
  return verdict(manager, wrong.empty() ? wrong_losses(mapped.lost_workers, {}) : wrong);
}

pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word == "PPid:" && status >> pid) return pid;
  }
  return 0;
}

// With isolated evaluations: a rank is killed while one of its own runs, with a child in a session of its own.
int isolated(ParallelManager& manager, const std::string&) {
  tell(detail::prepared_fork_server()->pid());
  Sweep points(
      zip({linear("x", 0.0, 99.0, 100)}), [] { return 0; },
      [](int&, const Point& p) {
        std::this_thread::sleep_for(milliseconds(2));
        const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
        if (p.index() < 20 || rank == nullptr || std::string(rank) != "1") return p["x"].number();
        const pid_t sleeper = ::fork();
        if (sleeper == 0) {
          ::setsid();
          for (;;) ::pause();
        }
        for (const pid_t pid : {sleeper, ::getpid(), ::getppid()}) tell(pid);
        ::kill(parent_of(parent_of(parent_of(::getppid()))), SIGKILL);
        for (;;) ::pause();
      },
      {{"result"}}, {.isolated = Isolated{}});
  const SweepResult result = points.run(manager, {.schedule = Schedule::dynamic});
  std::vector<std::string> losses;
  for (const std::string& note : result.notes) {
    if (note.find("was lost") != std::string::npos) losses.push_back(note);
  }
  return verdict(manager, result.succeeded == 100 ? wrong_losses(losses, {1}) : result.summary());
}

using Scenario = int (*)(ParallelManager&, const std::string&);
const std::map<std::string, Scenario> scenarios = {
    {"elsewhere", points_run_elsewhere},
    {"jobs-go-on", jobs_go_on},
    {"first-message", before_its_first_message},
    {"share", share_goes_elsewhere},
    {"deadly-point", point_that_kills},
    {"collectives", collectives_throw},
    {"loss-is-no-leaver", loss_is_no_leaver},
    {"leave", leaves_after_a_loss},
    {"leaver-is-lost", leaver_is_lost},
    {"leave-meanwhile", leaves_during_a_loss},
    {"throws", throws},
    {"leader-dies", leader_dies},
    {"large", large_results},
    {"executor", executor},
    {"cut-off", living_is_declared_dead},
    {"stopped", stopped_rank_is_not_lost},
    {"isolated", isolated},
};

/// A program that has MPI of its own, and ends it.
int host() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  int code = 0;
  {
    MpiManager manager(MPI_COMM_WORLD);
    const auto mapped = map_while_dying(manager, 1000, deaths(manager, {2}, 100));
    auto wrong = wrong_values(mapped, 1000);
    if (std::getenv("OMPI_MCA_async_mpi_finalize") == nullptr) wrong += "MPI_Finalize may wait for the dead";
    code = verdict(manager, wrong.empty() ? wrong_losses(mapped.lost_workers, {2}) : wrong);
  }
  MPI_Finalize();
  return code;
}

/// A rank that dies before MPI has started, or while it waits in MPI_Init for a slow one: the others cannot start, and
/// end. (Where it dies while it connects to mpirun, mpirun itself hangs.)
void die_early(const std::string& detail) {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  tell(::getpid());
  if (rank != nullptr && detail == "while" && std::string(rank) == "2") std::this_thread::sleep_for(seconds(2));
  if (rank == nullptr || std::string(rank) != "1") return;
  if (detail == "before") ::raise(SIGKILL);
  const pid_t own = ::getpid();
  if (::fork() == 0) {
    std::this_thread::sleep_for(seconds(1));
    ::kill(own, SIGKILL);
    ::_exit(0);
  }
}

}  // namespace
}  // namespace windrow

int main(int argc, char** argv) {
  const std::string scenario = argc > 1 ? argv[1] : "";
  const std::string detail = argc > 2 ? argv[2] : "";
  if (scenario == "host") return windrow::host();
  windrow::LaunchOptions options;
  options.isolates_evaluations = scenario == "isolated";
  if (scenario == "early") {
    windrow::die_early(detail);
    return windrow::launch(
        argc, argv, [](windrow::ParallelManager& manager) { manager.sync(); }, options);
  }
  return windrow::launch(
      argc, argv, [&](windrow::ParallelManager& manager) { return windrow::scenarios.at(scenario)(manager, detail); },
      options);
}
