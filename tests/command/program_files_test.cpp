#include "command/program_files.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ProgramFilesTest : public testing::Test {
 protected:
  ProgramFilesTest() {
    const std::string name = (fs::temp_directory_path() / "windrow-programs-XXXXXX").string();
    std::vector<char> text(name.begin(), name.end());
    text.push_back('\0');
    study_ = mkdtemp(text.data());
    for (const char* file : {"sim", "bin/sim", "model.py", "data"}) {
      fs::create_directories((study_ / file).parent_path());
      std::ofstream(study_ / file) << "x";
    }
    for (const char* file : {"sim", "bin/sim"}) fs::permissions(study_ / file, fs::perms::owner_all);
  }
  ~ProgramFilesTest() override { fs::remove_all(study_); }

  std::vector<std::string> found(std::variant<std::vector<std::string>, std::string> run) const {
    CommandSpec spec;
    spec.run = std::move(run);
    spec.study_directory = study_;
    std::vector<std::string> names;
    for (const detail::ProgramFile& file : detail::program_files(spec)) names.push_back(file.name);
    return names;
  }
  using List = std::vector<std::string>;

  fs::path study_;
};

TEST_F(ProgramFilesTest, of_a_list) {
  EXPECT_THAT(found(List{"./sim", "{{x}}"}), ElementsAre("sim"));
  EXPECT_THAT(found(List{"bin/../bin/sim"}), ElementsAre("bin/sim"));
  EXPECT_THAT(found(List{"{{study.dir}}/bin/sim"}), ElementsAre("bin/sim"));
  EXPECT_THAT(found(List{(study_ / "sim").string()}), ElementsAre("sim"));
  EXPECT_THAT(found(List{"sim"}), IsEmpty()) << "is looked for in PATH";
  EXPECT_THAT(found(List{"/bin/echo", "x"}), IsEmpty());
  EXPECT_THAT(found(List{"./{{x}}"}), IsEmpty());
  EXPECT_THAT(found(List{"python3", "-u", "{{study.dir}}/model.py", "{{study.dir}}/data"}), ElementsAre("model.py"));
  EXPECT_THAT(found(List{"python3", "-c", "{{study.dir}}/model.py"}), IsEmpty());
  EXPECT_THAT(found(List{"awk", "-f", "{{study.dir}}/model.py", "{{study.dir}}/data"}), ElementsAre("model.py"));
  EXPECT_THAT(found(List{"timeout", "9", "{{study.dir}}/sim", "{{study.dir}}/data"}), ElementsAre("sim"));
}

TEST_F(ProgramFilesTest, of_a_shell_text) {
  EXPECT_THAT(found("{{study.dir}}/sim {{x}} > {{study.dir}}/bin/sim"), ElementsAre("sim"));
  EXPECT_THAT(found("A=1 B='2 3' \"{{study.dir}}\"/sim x; {{{study.dir}}}/bin/sim"), ElementsAre("sim", "bin/sim"));
  EXPECT_THAT(found("echo a # {{study.dir}}/sim\ncat {{study.dir}}/data"), IsEmpty());
  EXPECT_THAT(found("echo {{x}} >> {{study.dir}}/data; grep a {{study.dir}}/data 2>&1"), IsEmpty());
  EXPECT_THAT(found("x=$({{study.dir}}/sim) && python3 {{study.dir}}/model.py \"$x\""), ElementsAre("sim", "model.py"));
  EXPECT_THAT(found("if ! {{study.dir}}/sim; then exec {{study.dir}}/bin/sim; fi"), ElementsAre("sim", "bin/sim"));
  EXPECT_THAT(found("{{study.dir}}/sim; {{study.dir}}/sim"), ElementsAre("sim"));
}

}  // namespace
}  // namespace windrow
