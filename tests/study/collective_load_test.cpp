#include <gtest/gtest.h>

#include "study/study_files.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/run/sweep.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::StudyFolder;

/// What identifies a study, but for the contents of programs: only the root can tell these.
std::string identity_of(const Study& study) {
  std::string text = study.source;
  for (const auto& [name, line] : Sweep(study.design, Command(study.command, study.design)).identity("s").definition) {
    if (!name.starts_with("command.program.")) text += name + ": " + line + "\n";
  }
  return text;
}

/// The root's working directory has the files, the others' has none: they cannot open any.
void leave_the_files(const ParallelManager& manager) {
  if (manager.is_root()) return;
  fs::create_directories("empty");
  fs::current_path("empty");
}

TEST(CollectiveLoadTest, other_ranks_open_no_file) {
  const StudyFolder folder;
  folder.write("deck.in.mustache", "x = {{x}}\n");
  folder.write("points.csv", "x,y\n1,2.5\n3,4.5\n");
  folder.write("mesh", "input");
  folder.write("solver", "#!/bin/sh\n");
  fs::permissions("solver", fs::perms::owner_all);
  folder.write("launch", "#!/bin/sh\n");
  fs::permissions("launch", fs::perms::owner_all);
  folder.write("study.toml", R"([design]
method = "table"
file = "points.csv"
[parameters.x]
unit = "m"
[command]
run = ["./solver", "deck.in"]
templates = ["deck.in.mustache"]
inputs = ["mesh"]
ranks = 2
launcher = ["./launch"]
)");
  const int code = ForkManager::run_peers(3, [](ParallelManager& manager) {
    leave_the_files(manager);
    Study study = load_study(manager, "study.toml");
    const Command command(study.command, study.design);
    const auto files = command.render(study.design.point(1)).files;
    study.command.inputs.clear();  // only the root can tell what they hold
    const auto identities = manager.all_gather(identity_of(study));
    return identities.back() == identities.front() && files.at(0).content == "x = 3\n" ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(CollectiveLoadTest, other_ranks_are_told_what_a_filter_has_found) {
  const StudyFolder folder;
  folder.write("study.toml",
               "[parameters.x]\nvalues = { uniform = { low = 0, high = 1 } }\n[parameters.y]\nvalue = \"2 * x\"\n"
               "[design]\nmethod = \"monte_carlo\"\npoints = 3000\nwhere = \"y > 1.5\"\n" +
                   testing::command);
  const int code = ForkManager::run_peers(3, [](ParallelManager& manager) {
    const Design design = load_study(manager, "study.toml").design;
    const Design alone = manager.is_root() ? load_study("study.toml").design : design;
    std::string text = std::to_string(design.candidates());
    for (std::uint64_t i = 0; i < design.size(); ++i) text += " " + design.point(i)["y"].render();
    const auto texts = manager.all_gather(text);
    const bool same = texts[1] == texts[0] && texts[2] == texts[0];
    return same && design.size() == 3000 && alone.exclusions() == design.exclusions() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST(CollectiveLoadTest, every_rank_throws_what_the_root_meets) {
  const StudyFolder folder;
  folder.write("study.toml", testing::parameters + "[command]\nrun = \"true\"\ntemplates = [\"missing\"]\n");
  const int code = ForkManager::run_peers(3, [](ParallelManager& manager) {
    try {
      load_study(manager, "study.toml");
    } catch (const SpecError& error) {
      return manager.is_root() && std::string(error.what()).find("missing cannot be read") != std::string::npos ? 0 : 2;
    } catch (const RootFailed&) {
      return manager.is_root() ? 3 : 0;
    }
    return 4;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace windrow
