#include "command/program_check.hpp"

#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ProgramCheckTest : public CommandFixture {
 protected:
  CommandSpec running(const std::string& content) const {
    write("sim", content);
    fs::permissions(study_ / "sim", fs::perms::owner_all);
    return spec(std::vector<std::string>{"./sim"});
  }
  /// The message of a program that is known only at the point.
  std::string failure(const std::variant<std::vector<std::string>, std::string>& run) const {
    const Design design = one("program", "./sim");
    const auto outcome = evaluate(Command(spec(run), design), design);
    return outcome.ok() ? "" : outcome.failure().message;
  }
};

TEST_F(ProgramCheckTest, what_is_wrong_with_the_first_line_is_found_before_any_point) {
  EXPECT_THAT(complaint(running("#!/no/such/python\n")),
              AllOf(HasSubstr("`#!` line"), HasSubstr("`/no/such/python`, which does not exist here")));
  EXPECT_THAT(complaint(running("#!/usr/bin/env no-such-python\n")),
              HasSubstr("`no-such-python`, which is not found in PATH"));
  EXPECT_THAT(complaint(running("#!/usr/bin/env -S A=1 no-such-python -u\n")), HasSubstr("`no-such-python`"));
  EXPECT_THAT(complaint(running("#!/bin/sh\r\necho\r\n")),
              AllOf(HasSubstr("carriage return"), HasSubstr("sed -i 's/\\r$//' sim")));
  EXPECT_THAT(complaint(running("#!\n")), HasSubstr("names no interpreter"));
  EXPECT_EQ(complaint(running("#! /bin/sh -e\n")), "");
  EXPECT_EQ(complaint(running("#!/usr/bin/env sh\n")), "");
  EXPECT_EQ(complaint(running(content_of("/bin/true"))), "");
  std::string foreign = content_of("/bin/true");
  foreign[18] = static_cast<char>(foreign[18] ^ 1);
  EXPECT_THAT(complaint(running(foreign)), HasSubstr("another kind of machine"));
}

TEST_F(ProgramCheckTest, a_script_without_its_first_line_is_warned_of) {
  const Design design = one("x", 1.0);
  EXPECT_THAT(Command(running("print(1)\n"), design).warnings(), ElementsAre(HasSubstr("has no `#!` line")));
  EXPECT_THAT(Command(running("#!/bin/sh\n"), design).warnings(), ElementsAre());
  const auto outcome = evaluate(Command(running("import math\n"), design), design);
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(outcome.failure().message, HasSubstr("has no `#!` line"));
}

TEST_F(ProgramCheckTest, a_program_that_is_known_at_its_point_alone_is_explained_there) {
  running("#!/no/such/python\n");
  EXPECT_THAT(failure(std::vector<std::string>{"{{program}}"}),
              AllOf(HasSubstr("cannot start"), HasSubstr("does not exist here")));
  running("#!/usr/bin/env no-such-python\n");
  EXPECT_THAT(failure(std::vector<std::string>{"{{program}}"}), HasSubstr("`no-such-python`, which is not found"));
  running("#!/bin/sh\r\necho\r\n");
  EXPECT_THAT(failure(std::vector<std::string>{"{{program}}"}), HasSubstr("carriage return"));
  EXPECT_THAT(failure(std::string("./sim")), HasSubstr("carriage return"));
}

TEST_F(ProgramCheckTest, a_forgotten_path_is_told) {
  running("#!/bin/sh\n");
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"sim"})),
              HasSubstr("`sim` lies beside the study: write `./sim`"));
  EXPECT_THAT(failure(std::string("sim {{program}}")), HasSubstr("`sim` lies beside the study: write `./sim`"));
  EXPECT_THAT(failure(std::string("sim | cat")), HasSubstr("write `./sim`"));
}

TEST_F(ProgramCheckTest, a_script_that_points_would_not_find_is_refused) {
  write("sim.py", "print(1)\n");
  write("sim.awk", "BEGIN { print 1 }\n");
  const std::string refused =
      "run[1]: `sim.py` lies beside the study, but each point runs in a directory of its own: write "
      "`{{study.dir}}/sim.py`, or lay it there by `stage = [\"sim.py\"]`";
  using List = std::vector<std::string>;
  EXPECT_EQ(complaint(spec(List{"python3", "sim.py"})), refused);
  EXPECT_THAT(complaint(spec(List{"python3", "-u", "./sim.py", "{{x}}"})), HasSubstr("run[2]: `./sim.py` lies"));
  EXPECT_THAT(complaint(spec(List{"awk", "-f", "sim.awk"})), HasSubstr("run[2]: `sim.awk` lies"));
  EXPECT_THAT(complaint(spec(std::string("A=1 python3 sim.py {{x}} | cat"))), HasSubstr("run: `sim.py` lies"));
  EXPECT_EQ(complaint(spec(List{"python3", "{{study.dir}}/sim.py"})), "");
  EXPECT_EQ(complaint(spec(List{"python3", "other.py"})), "");
  EXPECT_EQ(complaint(spec(List{"cat", "sim.py"})), "") << "it may be a file that the program writes";
  EXPECT_EQ(complaint(spec(std::string("cp {{study.dir}}/sim.py . && python3 sim.py"))), "");
  CommandSpec laid = spec(List{"python3", "./sim.py"});
  laid.stage = {{"sim.py"}};
  EXPECT_EQ(complaint(laid), "");
  laid.stage = {};
  laid.templates = {"sim.py"};
  EXPECT_EQ(complaint(laid), "");
}

TEST_F(ProgramCheckTest, a_file_that_may_not_be_executed_is_told_with_what_helps) {
  write("sim.py", "print(1)\n");
  EXPECT_THAT(complaint(spec(std::vector<std::string>{"./sim.py"})),
              AllOf(HasSubstr("`./sim.py` is no executable program"), HasSubstr("`chmod +x "),
                    HasSubstr(R"(begin `run` with "python3", "{{study.dir}}/sim.py")")));
}

TEST_F(ProgramCheckTest, a_file_that_lies_beside_the_study_is_told_when_it_is_missed) {
  write("data.txt", "42\n");
  const auto missed = [this](const std::string& text) { return failure(std::vector<std::string>{"sh", "-c", text}); };
  EXPECT_THAT(missed("cat data.txt"), AllOf(HasSubstr("`data.txt` lies beside the study"), HasSubstr("`stage`")));
  EXPECT_THAT(missed("echo \"cannot open file 'data.txt'\"; exit 2"), HasSubstr("`data.txt` lies beside the study"));
  EXPECT_THAT(missed("cat other.txt"), testing::Not(HasSubstr("beside the study")));
  EXPECT_THAT(missed("touch data.txt; echo data.txt not found; exit 1"), testing::Not(HasSubstr("beside the study")));
}

TEST_F(ProgramCheckTest, a_template_that_is_missed_where_it_is_not_is_told) {
  fs::create_directories(study_ / "t");
  write("t/deck.mustache", "{{x}}\n");
  CommandSpec command = spec(std::vector<std::string>{"cat", "deck"});
  command.templates = {"t/deck.mustache"};
  EXPECT_THAT(
      evaluate(command).failure().message,
      HasSubstr("t/deck.mustache is rendered to `t/deck`, in its folder: written as `t/./deck.mustache` it is `deck`"));
  command.templates = {"t/./deck.mustache"};
  EXPECT_TRUE(evaluate(command).ok());
  command.run = std::vector<std::string>{"sh", "-c", "cat t/deck; exit 3"};
  command.templates = {"t/deck.mustache"};
  EXPECT_THAT(evaluate(command).failure().message, testing::Not(HasSubstr("rendered to")));
}

}  // namespace
}  // namespace windrow
