// Commands that are MPI programs: how many ranks, and the command line that launches them.
#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "command/command_fixture.hpp"
#include "command/mpi_launch.hpp"
#include "command/rank_count.hpp"

namespace windrow {
namespace {

using detail::LaunchSurroundings;
using detail::MpiLaunch;
using detail::RankCount;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

Design nodes_and_cells() {
  return grid({values("nodes", {1, 2, 3}), values("cells", {1000, 2500}), values("label", {"a"})});
}

std::string complaint_about(const std::variant<std::int64_t, std::string>& count) {
  try {
    RankCount(RanksSpec{count}, nodes_and_cells());
  } catch (const SpecError& error) {
    return error.what();
  }
  return "";
}

TEST(RankCountTest, is_a_number_a_parameter_or_an_expression) {
  const Design design = nodes_and_cells();
  const auto at = [&](const std::variant<std::int64_t, std::string>& count, std::uint64_t index) {
    return RankCount(RanksSpec{count}, design).at(design.point(index));
  };
  EXPECT_EQ(at(4, 5), 4U);
  EXPECT_EQ(at("nodes", 5), 3U);
  EXPECT_EQ(at("2 * nodes + 1", 2), 5U);
  EXPECT_EQ(at("ceil(cells / 1000) * nodes", 3), 6U);
  EXPECT_EQ(at("max(nodes, 2)", 0), 2U);
  EXPECT_EQ(at("cells > 2000 ? 8 : 1", 1), 8U);
  EXPECT_EQ(at("0.1 * 30 * nodes", 0), 3U) << "as near to 3 as rounding allows";
}

TEST(RankCountTest, knows_whether_it_is_the_same_at_every_point) {
  const Design design = nodes_and_cells();
  EXPECT_EQ(RankCount(RanksSpec{4}, design).constant(), 4U);
  EXPECT_EQ(RankCount(RanksSpec{"2 * 3"}, design).constant(), 6U);
  EXPECT_EQ(RankCount(RanksSpec{"nodes"}, design).constant(), std::nullopt);
}

TEST(RankCountTest, says_what_cannot_be_right) {
  EXPECT_EQ(complaint_about(0), "`ranks` is 0, but a program has from 1 to 1000000 of them");
  EXPECT_EQ(complaint_about("2 * node"), "`ranks`: `node` in `2 * node` is no parameter; did you mean `nodes`?");
  EXPECT_EQ(complaint_about("2 * (nodes"), "`ranks`: in \"2 * (nodes\": missing ) after nodes");
  EXPECT_EQ(complaint_about(""), "`ranks`: an expression is empty");
  EXPECT_THAT(complaint_about("3 / 2"), HasSubstr("`3 / 2` gives 1.5; it must be a whole number from 1"));
}

TEST(RankCountTest, of_a_point_where_it_is_no_whole_number_says_so_for_that_point) {
  const Design design = nodes_and_cells();
  const RankCount half(RanksSpec{"nodes / 2"}, design);
  EXPECT_EQ(half.at(design.point(2)), 1U);
  EXPECT_THROW(half.at(design.point(0)), SpecError);
  for (const char* text : {"nodes - 1", "-nodes", "1 / (nodes - 1)", "nodes * 1e9"}) {
    EXPECT_THROW(RankCount(RanksSpec{text}, design).at(design.point(0)), SpecError) << text;
  }
  try {
    RankCount(RanksSpec{"label"}, design).at(design.point(0));
    ADD_FAILURE() << "a text is no number";
  } catch (const SpecError& error) {
    EXPECT_STREQ(error.what(), "`ranks`: `label` is a text, not a number");
  }
}

TEST(RankCountTest, several_threads_may_ask) {
  const Design design = grid({linear("n", 1, 1000, 1000)});
  const RankCount count(RanksSpec{"2 * n"}, design);
  const auto ask = [&] {
    for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(count.at(design.point(i)), 2 * (i + 1));
  };
  std::jthread other(ask);
  ask();
}

class RanksTest : public CommandFixture {
 protected:
  CommandSpec ranked(RanksSpec ranks, std::vector<std::string> run = {"prog"}) const {
    CommandSpec result = spec(std::move(run));
    result.ranks = std::move(ranks);
    return result;
  }

  static MpiLaunch::Prefix prefix(const RanksSpec& spec, const Slots& slots, const LaunchSurroundings& surroundings) {
    const Design design = one("n", 3);
    return MpiLaunch(spec, design, {"n"}).prefix(design.point(0), detail::Bindings({Value(3)}), slots, surroundings);
  }
  const LaunchSurroundings plain_{"me", false, false};
  const LaunchSurroundings batch_{"me", true, false};
  const LaunchSurroundings step_{"me", true, true};
};

TEST_F(RanksTest, mpirun_gets_the_hosts_and_no_binding) {
  const auto here = prefix({"n"}, {{"me", 3}}, plain_);
  EXPECT_THAT(here.argv, ElementsAre("mpirun", "-n", "3", "--host", "localhost:3", "--bind-to", "none"));
  EXPECT_THAT(here.environment, IsEmpty());
  EXPECT_THAT(prefix({"n"}, {{"me", 1}, {"you", 2}}, plain_).argv,
              ElementsAre("mpirun", "-n", "3", "--host", "me:1,you:2", "--bind-to", "none"));
  EXPECT_EQ(prefix({"n"}, {}, plain_).argv, here.argv) << "without slots: all here";
}

TEST_F(RanksTest, mpirun_inside_a_step_of_slurm_is_told_what_it_has) {
  EXPECT_THAT(prefix({"n"}, {{"me", 3}}, batch_).environment, ElementsAre("SLURM_OVERLAP=1"));
  EXPECT_THAT(prefix({"n"}, {{"me", 3}}, batch_).argv[4], "me:3") << "as Slurm calls it";
  EXPECT_THAT(prefix({"n"}, {{"me", 1}, {"you", 2}}, step_).environment,
              IsSupersetOf({"SLURM_OVERLAP=1", "SLURM_NODELIST=me,you", "SLURM_JOB_NODELIST=me,you", "SLURM_NNODES=2",
                            "SLURM_JOB_NUM_NODES=2", "SLURM_TASKS_PER_NODE=1,2"}));
}

TEST_F(RanksTest, srun_gets_a_node_for_each_rank) {
  RanksSpec spec{"n", MpiLauncher::srun};
  EXPECT_THAT(prefix(spec, {{"me", 1}, {"you", 2}}, batch_).argv,
              ElementsAre("srun", "--mpi=pmix", "--ntasks=3", "--nodes=2", "--nodelist=me,you,you",
                          "--distribution=arbitrary", "--exact", "--kill-on-bad-exit=1"));
  EXPECT_THAT(prefix(spec, {{"me", 3}}, step_).argv[6], "--overlap");
}

TEST_F(RanksTest, a_launcher_of_the_users_own_is_a_template) {
  const RanksSpec spec{"n", std::vector<std::string>{"run-it", "-np={{ranks}}", "-H={{hosts}}", "{{host.list}}",
                                                     "{{host.count}}", "{{n}}"}};
  EXPECT_THAT(prefix(spec, {{"a", 1}, {"b", 2}}, plain_).argv,
              ElementsAre("run-it", "-np=3", "-H=a:1,b:2", "a,b", "2", "3"));
}

TEST_F(RanksTest, the_program_and_its_arguments_follow_the_launcher) {
  write("launch.sh", "#!/bin/sh\necho launched \"$@\"\n");
  std::filesystem::permissions(study_ / "launch.sh", std::filesystem::perms::all);
  const Design design = one("n", 2);
  const Command command(ranked({"n", std::vector<std::string>{"./launch.sh", "{{ranks}}"}}, {"echo", "{{n}}", "a b"}),
                        design);
  EXPECT_THAT(command.render(design.point(0)).argv,
              ElementsAre((study_ / "./launch.sh").string(), "2", "echo", "2", "a b"));
  EXPECT_EQ(command.ranks(design.point(0)), 2U);
  EXPECT_EQ(command.constant_ranks(), std::nullopt);
  CommandSpec kept = command.spec();
  kept.keep = Keep::all;
  EXPECT_TRUE(evaluate(Command(kept, design), design).ok());
  EXPECT_EQ(content_of(point() / "stdout"), "launched 2 echo 2 a b\n");
}

TEST_F(RanksTest, a_shell_text_is_launched_as_a_program_too) {
  const Design design = one("n", 2);
  CommandSpec spec = ranked({2, std::vector<std::string>{"env"}});
  spec.run = "echo {{n}}";
  EXPECT_THAT(Command(spec, design).render(design.point(0)).argv, ElementsAre("env", "/bin/sh", "-euc", "echo 2"));
}

TEST_F(RanksTest, ranks_and_launcher_do_not_identify_a_point) {
  const Design design = one("n", 2);
  CommandSpec plain = spec(std::vector<std::string>{"echo", "{{n}}"});
  CommandSpec launched = plain;
  launched.ranks = RanksSpec{"n", std::vector<std::string>{"env"}};
  EXPECT_EQ(Command(plain, design).definition(), Command(launched, design).definition());
  EXPECT_EQ(Command(plain, design).constant_ranks(), 1U);
}

TEST_F(RanksTest, launchers_that_cannot_be_right_are_named) {
  const auto complaint_of = [&](std::vector<std::string> launcher) {
    return complaint(ranked({2, std::move(launcher)}, {"true"}));
  };
  EXPECT_EQ(complaint_of({}), "`launcher` must start with a program");
  EXPECT_EQ(complaint_of({"no-such-launcher"}), "the launcher of MPI programs, `no-such-launcher`, is not found");
  EXPECT_EQ(complaint_of({"env", "{{host}}"}), "launcher[1]: unknown name `host` in a tag; did you mean `hosts`?");
}

}  // namespace
}  // namespace windrow
