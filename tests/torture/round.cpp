#include "torture/round.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "cli/surroundings.hpp"
#include "torture/work.hpp"
#include "windrow/run/clean.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kStartSeconds = 0.05;
constexpr double kGrace = 1.0;          // seconds after which nothing may be left
constexpr double kGraceOfMpirun = 3.0;  // its ranks learn of its end after one, as a rule
constexpr const char* kMark = "TORTURE_MARK";

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Changes with every commit.
std::pair<off_t, long> state_of_log(const fs::path& results) {
  struct stat info {};
  if (::stat((results / "results.sqlite-wal").c_str(), &info) != 0) return {0, 0};
  return {info.st_size, info.st_mtim.tv_nsec};
}

std::size_t entries_of_log(const fs::path& log) {
  struct stat info {};
  return ::stat(log.c_str(), &info) == 0 ? static_cast<std::size_t>(info.st_size / kLogEntry) : 0;
}

bool ends_run(Role role, Carrier carrier) {
  if (role == Role::main || role == Role::group || role == Role::root) return true;
  return role == Role::worker && carrier == Carrier::mpirun;
}

bool is_fatal(const std::vector<Victim>& victims, Carrier carrier) {
  return std::any_of(victims.begin(), victims.end(),
                     [carrier](const Victim& victim) { return ends_run(victim.role, carrier); });
}

std::string names_of(const std::vector<Process>& processes) {
  std::string text;
  for (const Process& process : processes) text += fmt::format(" {} ({})", process.pid, process.name);
  return text;
}

std::size_t count_of(Role role, const std::vector<Victim>& victims) {
  return static_cast<std::size_t>(
      std::count_if(victims.begin(), victims.end(), [role](const Victim& victim) { return victim.role == role; }));
}

}  // namespace

double Paces::expected(const Plan& plan, std::size_t points) const {
  const auto found = seconds_per_point_.find({plan.evaluation, plan.carrier});
  const double each = found == seconds_per_point_.end() ? 4e-4 : found->second;
  return kStartSeconds + each * static_cast<double>(points);
}

void Paces::add(const Plan& plan, std::size_t points, double seconds) {
  if (points < kTorturePoints / 4) return;
  const double each = std::max(0.0, seconds - kStartSeconds) / static_cast<double>(points);
  const auto [found, is_new] = seconds_per_point_.try_emplace({plan.evaluation, plan.carrier}, each);
  if (!is_new) found->second = (found->second + each) / 2;
}

Round::Round(Plan plan, Paces& paces)
    : plan_(std::move(plan)),
      paces_(paces),
      directory_(fresh_directory("windrow-torture-")),
      mark_(fmt::format("{}={}", kMark, directory_.string())),
      shared_memory_(names_in_shared_memory()),
      random_(plan_.seed) {
  fs::create_directory(directory_ / "tmp");
}

RoundReport Round::play() {
  for (const auto& kills : plan_.runs) {
    Run run = start(false);
    torture(run, kills);
    end(run);
    if (!report_.violations.empty()) return std::move(report_);
  }
  finish();
  std::error_code ignored;
  if (report_.violations.empty()) fs::remove_all(directory_, ignored);
  return std::move(report_);
}

Round::Run Round::start(bool retry_failed) {
  const std::string number = std::to_string(report_.runs++);
  Program::Spec spec;
  if (plan_.carrier == Carrier::mpirun) {
    spec.argv = {WINDROW_MPIEXEC, "-n", "3"};
    spec.environment = mpi_environment();
    spec.environment["OMPI_MCA_btl_vader_backing_directory"] = (directory_ / "tmp").string();
  } else {
    spec.environment["WINDROW_BACKEND"] = "fork";
    spec.environment["WINDROW_WORKERS"] = plan_.carrier == Carrier::peers ? "3" : "2";
  }
  for (const std::string& word :
       {std::string(TORTURE_SUBJECT), std::string(name_of(plan_.evaluation)), std::to_string(plan_.retries)}) {
    spec.argv.push_back(word);
  }
  if (retry_failed) spec.argv.push_back("retry-failed");
  if (plan_.carrier == Carrier::peers) spec.argv.push_back("peers");
  const fs::path log = directory_ / ("log." + number);
  spec.environment[kLogVariable] = log.string();
  spec.environment[kMark] = directory_.string();
  spec.environment["TMPDIR"] = (directory_ / "tmp").string();
  spec.directory = directory_;
  spec.output = directory_ / ("run." + number);
  const std::size_t to_do = kTorturePoints - count(true) - (retry_failed ? 0 : count(false));
  return Run{Program(std::move(spec)), log, retry_failed, to_do};
}

void Round::torture(Run& run, const std::vector<Kill>& kills) {
  for (const Kill& kill : kills) {
    if (!wait_for(run, kill)) return;
    kill_role(run, kill.role);
  }
}

// Whether the moment came before the end of the run, or of a minute, after which end() has a look at what hangs.
bool Round::wait_for(Run& run, const Kill& kill) {
  const auto until = [&](auto condition) {
    while (run.program.is_running() && seconds_since(run.begin) < 60.0) {
      if (condition()) return true;
      sleep_for(1e-4);
    }
    return false;
  };
  bool came = true;
  if (kill.moment == Moment::share) {
    const double moment = kill.amount * paces_.expected(plan_, run.to_do);
    came = until([&] { return seconds_since(run.begin) >= moment; });
  } else if (kill.moment == Moment::commit) {
    auto seen = state_of_log(directory_ / "results");
    int commits = 0;
    came = until([&] {
      const auto state = state_of_log(directory_ / "results");
      if (state != seen) ++commits;
      seen = state;
      return commits >= static_cast<int>(kill.amount);
    });
  } else if (kill.moment == Moment::end) {
    const auto left = static_cast<std::size_t>(kill.amount);
    came = until([&] { return entries_of_log(run.log) + left >= run.to_do; });
  }
  if (came && kill.delay > 0.0) sleep_for(kill.delay);
  return came;
}

void Round::kill_role(Run& run, Role role) {
  if (role == Role::group) {
    run.program.signal_group(SIGKILL);
    run.victims.push_back({run.program.pid(), "", role});
    ++report_.kills[static_cast<std::size_t>(role)];
    return;
  }
  for (int attempt = 0; attempt < 100 && run.program.is_running(); ++attempt) {
    if (auto victim = kill_one(run.program.pid(), plan_.carrier, role, random_())) {
      ++report_.kills[static_cast<std::size_t>(victim->role)];
      run.victims.push_back(std::move(*victim));
      return;
    }
    sleep_for(1e-3);  // none of this role at the moment
  }
}

void Round::end(Run& run) {
  if (!eventually(std::chrono::seconds(60), [&run] { return !run.program.is_running(); })) {
    end_hanging(run);
  }
  const Ended ended = run.program.wait();
  const double seconds = seconds_since(run.begin);
  if (!ended.in_time) violate("and it did not end in half a minute more: " + ended.text());
  check_surroundings();
  const Outcomes now = read_store(directory_ / "results", directory_ / "copy", report_.violations);
  check_store(run, now);
  check_log(run);
  check_new_failures(run, now);
  if (ended.err.find("LEFT") != std::string::npos)
    violate("something is left in a process that lives on:\n" + ended.err);
  if (!is_fatal(run.victims, plan_.carrier) && !lacks_what_was_killed(run, ended)) {
    check_completed(run, ended, now);
    check_owned(now);
    paces_.add(plan_, run.to_do, seconds);
  } else if (plan_.seed % 2 == 0 && !now.empty()) {
    clean(now);
  }
  known_ = now;
}

// Open MPI's mpirun hangs now and then when a rank is killed while the two speak to each other. All ranks have gone
// then, and what is left to do is what a user would do.
void Round::end_hanging(Run& run) {
  const std::vector<Process> left = processes_with(mark_);
  const pid_t main = run.program.pid();
  const bool mpirun_alone = plan_.carrier == Carrier::mpirun && !run.victims.empty() &&
                            std::ranges::all_of(left, [main](const Process& process) { return process.pid == main; });
  if (!mpirun_alone) return violate("the run did not end; of it there are still:" + names_of(left));
  ++report_.hung_launchers;
  run.program.signal(SIGKILL);
  run.victims.push_back({main, "mpirun", Role::main});
}

// Before the sweep, ranks need each other in collectives, and under MPI the fork server, which cannot be replaced
// there.
bool Round::lacks_what_was_killed(const Run& run, const Ended& ended) const {
  const auto says = [&ended](const char* text) { return ended.err.find(text) != std::string::npos; };
  if (plan_.carrier == Carrier::peers)
    return count_of(Role::worker, run.victims) > 0 && says("while this rank needs it");
  const bool lost_server = count_of(Role::server, run.victims) + count_of(Role::forks, run.victims) > 0;
  return plan_.carrier == Carrier::mpirun && lost_server && says("on rank") && says(": the fork server was killed");
}

void Round::check_surroundings() {
  const double grace = plan_.carrier == Carrier::mpirun ? kGraceOfMpirun : kGrace;
  report_.longest_end = std::max(report_.longest_end, expect_no_process(mark_, grace, report_.violations));
  for (const std::string& name : names_in_shared_memory()) {
    if (!shared_memory_.contains(name)) violate("/dev/shm/" + name + " is left");
  }
  expect_no_files(directory_ / "tmp", report_.violations);
}

// What was committed stays, and what is there is right.
void Round::check_store(const Run& run, const Outcomes& now) {
  for (const auto& [index, stored] : known_) {
    const auto found = now.find(index);
    if (found == now.end()) {
      violate(fmt::format("the outcome of point {} is lost", index));
    } else if (found->second.ok != stored.ok && (stored.ok || !run.retry_failed)) {
      violate(fmt::format("the outcome of point {} has changed", index));
    }
  }
  for (const auto& [index, stored] : now) {
    if (index >= kTorturePoints) violate(fmt::format("there is no point {}", index));
    if (stored.ok && stored.value != value_of(index)) {
      violate(fmt::format("the value of point {} is {}", index, stored.value));
    }
  }
}

// A failure is that of something that was killed: one for each, if points are not tried again.
void Round::check_new_failures(const Run& run, const Outcomes& now) {
  std::size_t failed = 0;
  std::string text;
  for (const auto& [index, stored] : now) {
    const auto before = known_.find(index);
    if (stored.ok || (before != known_.end() && !run.retry_failed)) continue;
    ++failed;
    const bool killed = stored.failure.kind == FailureKind::crashed && stored.failure.code == -SIGKILL;
    if (!killed && stored.failure.kind != FailureKind::lost) violate(describe(stored.failure));
    text += "\n  " + describe(stored.failure);
  }
  report_.failed += failed;
  // All workers share a fork server. Two workers lost at one point are enough.
  std::size_t most = plan_.retries == 0 ? run.victims.size() : (count_of(Role::worker, run.victims) > 1 ? 1 : 0);
  if (plan_.retries == 0) most += 2 * count_of(Role::forks, run.victims);
  if (failed > most) violate(fmt::format("{} points failed, {} were to be expected at most:{}", failed, most, text));
}

void Round::check_log(const Run& run) {
  std::set<std::uint64_t> begun;
  for (const std::uint64_t index : read_log(run.log)) {
    const auto before = known_.find(index);
    const bool is_known = before != known_.end() && (before->second.ok || !run.retry_failed);
    if (is_known) violate(fmt::format("point {} had an outcome and was evaluated again", index));
    if (!begun.insert(index).second && run.victims.empty()) violate(fmt::format("point {} was evaluated twice", index));
  }
  begun_.insert(begun.begin(), begun.end());
}

// Nothing that was killed ends the run: it is complete.
void Round::check_completed(const Run& run, const Ended& ended, const Outcomes& now) {
  // A program of peers has the exit code of a peer that was lost, its sweep is complete all the same.
  const bool lost_peer = plan_.carrier == Carrier::peers && count_of(Role::worker, run.victims) > 0;
  const bool expected = ended.code == 0 || (lost_peer && ended.code == 128 + SIGKILL);
  if (!expected) violate("the run was to go on: " + ended.text());
  if (now.size() != kTorturePoints) violate(fmt::format("{} points have no outcome", kTorturePoints - now.size()));
  for (const auto& [index, stored] : now) {
    if (stored.ok && !begun_.contains(index))
      violate(fmt::format("point {} has an outcome and was never evaluated", index));
  }
  const auto failed = std::count_if(now.begin(), now.end(), [](const auto& item) { return !item.second.ok; });
  if (ended.out != fmt::format("failed={}\n", failed)) violate("it miscounts failed points: " + ended.text());
  if (!report_.violations.empty()) report_.violations.push_back("the run said: " + ended.text());
}

void Round::finish() {
  for (const bool retry_failed : {false, true}) {
    if (retry_failed && count(false) == 0) break;
    Run run = start(retry_failed);
    end(run);
    if (!report_.violations.empty()) return;
  }
  check_end();
}

void Round::check_owned(const Outcomes& now) {
  for (const auto& entry : fs::directory_iterator(directory_ / "results")) {
    const std::string name = entry.path().filename().string();
    if (name == "points") {
      for (const auto& point : fs::directory_iterator(entry.path())) {
        const auto is_its = [&](const auto& item) {
          return !item.second.ok && std::to_string(item.first) == point.path().filename().string();
        };
        if (std::none_of(now.begin(), now.end(), is_its)) violate(point.path().string() + " is left");
      }
    } else if (name != "results.sqlite" && name != "lock" && name != "live.json") {
      violate(entry.path().string() + " is left");
    }
  }
}

// After a kill; in every other round, so that runs also meet what was left.
void Round::clean(const Outcomes& now) {
  for (const std::string& problem : clean_results(directory_ / "results").problems) violate(problem);
  check_owned(now);
}

void Round::check_end() {
  if (count(true) != kTorturePoints) violate(fmt::format("{} points succeeded", count(true)));
  check_owned(known_);
}

std::size_t Round::count(bool ok) const {
  return static_cast<std::size_t>(
      std::count_if(known_.begin(), known_.end(), [ok](const auto& item) { return item.second.ok == ok; }));
}

}  // namespace windrow::test
