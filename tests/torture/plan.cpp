#include "torture/plan.hpp"

#include <fmt/format.h>

#include <array>
#include <random>

namespace windrow::test {
namespace {

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  template <typename T, std::size_t n>
  T among(const std::array<T, n>& items) {
    return items[below(n)];
  }

 private:
  std::mt19937_64 random_;  // whose numbers are the same everywhere, unlike those of the distributions
};

Role choose_role(Choices& choices, const Plan& plan, bool ends_run) {
  if (ends_run) return choices.among(std::array{Role::main, Role::main, Role::root, Role::group});
  if (choices.below(6) == 0) return Role::anything;
  switch (plan.evaluation) {
    case Evaluation::command:
      return choices.among(std::array{Role::program, Role::program, Role::helper, Role::guardian, Role::worker});
    case Evaluation::function:
      return Role::worker;
    default:
      return choices.among(std::array{Role::evaluation, Role::evaluation, Role::server, Role::model, Role::forks,
                                      Role::guardian, Role::worker});
  }
}

Kill choose_kill(Choices& choices, const Plan& plan, bool ends_run) {
  Kill kill{choose_role(choices, plan, ends_run), Moment::share, choices.uniform(), 0.0};
  const double longest_start = plan.carrier == Carrier::mpirun ? 0.5 : 0.1;
  switch (choices.below(10)) {
    case 0:
    case 1:
      kill.moment = Moment::start;
      kill.delay = longest_start * choices.uniform();
      break;
    case 2:
    case 3:
    case 4:
      kill.moment = Moment::commit;
      kill.amount = static_cast<double>(1 + choices.below(8));
      kill.delay = choices.below(2) == 0 ? 0.0 : 0.002 * choices.uniform();
      break;
    case 5:
      kill.moment = Moment::end;
      kill.amount = static_cast<double>(choices.below(6));
      kill.delay = 0.03 * choices.uniform();
      break;
    default:
      break;
  }
  return kill;
}

std::string describe(const Kill& kill) {
  switch (kill.moment) {
    case Moment::start:
      return fmt::format("{} {:.0f} ms after the start", name_of(kill.role), 1e3 * kill.delay);
    case Moment::commit:
      return fmt::format("{} {:.1f} ms after commit {}", name_of(kill.role), 1e3 * kill.delay, kill.amount);
    case Moment::end:
      return fmt::format("{} {:.0f} ms after all but {} points began", name_of(kill.role), 1e3 * kill.delay,
                         kill.amount);
    case Moment::share:
      break;
  }
  return fmt::format("{} at {:.2f}", name_of(kill.role), kill.amount);
}

}  // namespace

Plan make_plan(std::uint64_t seed, bool with_mpi) {
  Choices choices(seed * 0x9E3779B97F4A7C15U + 1);  // neighbouring seeds are to have little in common
  Plan plan{seed, Evaluation::function, Carrier::workers, 0, {}};
  plan.evaluation =
      choices.among(std::array{Evaluation::function, Evaluation::process, Evaluation::fork, Evaluation::command});
  const std::uint64_t carrier = choices.below(10);
  plan.carrier = carrier < 5 ? Carrier::workers : Carrier::peers;
  if (with_mpi && carrier >= 7) plan.carrier = Carrier::mpirun;
  plan.retries = static_cast<int>(2 * choices.below(2));
  const std::uint64_t runs = 1 + choices.below(plan.carrier == Carrier::mpirun ? 2 : 3);
  for (std::uint64_t run = 0; run < runs; ++run) {
    auto& kills = plan.runs.emplace_back();
    const std::uint64_t others = choices.below(3);
    for (std::uint64_t i = 0; i < others; ++i) kills.push_back(choose_kill(choices, plan, false));
    if (others == 0 || choices.below(2) == 0) kills.push_back(choose_kill(choices, plan, true));
  }
  return plan;
}

std::string_view name_of(Evaluation evaluation) {
  constexpr std::array<std::string_view, 4> names = {"function", "process", "fork", "command"};
  return names[static_cast<std::size_t>(evaluation)];
}

std::string_view name_of(Carrier carrier) {
  constexpr std::array<std::string_view, 3> names = {"workers", "peers", "mpirun"};
  return names[static_cast<std::size_t>(carrier)];
}

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, kRoles> names = {"main",   "group",   "root",     "worker",
                                                          "server", "model",   "forks",    "evaluation",
                                                          "helper", "program", "guardian", "anything"};
  return names[static_cast<std::size_t>(role)];
}

std::string describe(const Plan& plan) {
  std::string text =
      fmt::format("{} on {}, {} retries, kill ", name_of(plan.evaluation), name_of(plan.carrier), plan.retries);
  for (std::size_t run = 0; run < plan.runs.size(); ++run) {
    if (run > 0) text += "; then ";
    for (std::size_t i = 0; i < plan.runs[run].size(); ++i) {
      text += (i > 0 ? ", " : "") + describe(plan.runs[run][i]);
    }
  }
  return text;
}

}  // namespace windrow::test
