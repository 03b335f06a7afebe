#include <gmock/gmock.h>

#include "command_fixture.hpp"

namespace windrow {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class CheckTest : public CommandFixture {
 protected:
  /// Of a program in a shell.
  CommandSpec checked(const std::string& program) const {
    return spec(sh(program), {{"y", RegexSource{"stdout", "y = (\\S+)"}}});
  }
  std::string failure(const CommandSpec& command) const {
    const auto outcome = evaluate(command);
    if (outcome.ok()) return "ok " + outcome.value().at(0).render();
    EXPECT_EQ(outcome.failure().kind, FailureKind::bad_output);
    return outcome.failure().message;
  }
};

TEST_F(CheckTest, a_program_may_say_that_it_failed) {
  CommandSpec command = checked("echo y = 3; echo '** Severe ** did not converge' > err; echo no ERROR >&2");
  EXPECT_EQ(failure(command), "ok 3.0");
  command.fail_if = {{"err", "Fatal"}, {"none", "Fatal"}};
  EXPECT_EQ(failure(command), "ok 3.0");
  command.fail_if = {{"err", "Fatal"}, {"err", "Severe"}};
  EXPECT_EQ(failure(command),
            "the program says that it failed, `Severe` matches in err: ** Severe ** did not converge");
  command.fail_if = {{"*r*", "ERROR$"}};
  EXPECT_EQ(failure(command), "the program says that it failed, `ERROR$` matches in stderr: no ERROR");
}

TEST_F(CheckTest, a_program_may_have_to_say_that_it_succeeded) {
  CommandSpec command = checked("echo y = 3; echo converged");
  command.require = {{"stdout", "^converged"}};
  EXPECT_EQ(failure(command), "ok 3.0");
  command.require.push_back({"log", "done"});
  EXPECT_THAT(failure(command), HasSubstr("`done`, which is required, matches nothing in log"));
  command.require = {{"stdout", "^Converged"}};
  EXPECT_THAT(failure(command), AllOf(HasSubstr("`^Converged`, which is required"), HasSubstr("stdout ends")));
}

TEST_F(CheckTest, exit_codes_may_mean_success) {
  CommandSpec command = checked("echo y = 3; exit 3");
  EXPECT_EQ(evaluate(command).failure().kind, FailureKind::exited);
  command.success_codes = {0, 3};
  EXPECT_EQ(failure(command), "ok 3.0");
  command.success_codes = {4};
  EXPECT_EQ(evaluate(command).failure().code, 3);
  CommandSpec zero = checked("echo y = 3");
  zero.success_codes = {3};
  const auto outcome = evaluate(zero);
  EXPECT_EQ(outcome.failure().kind, FailureKind::exited);
  EXPECT_THAT(outcome.failure().message, HasSubstr("exit code 0 is no success"));
  zero.success_codes = {};
  EXPECT_THAT(complaint(zero), HasSubstr("`success_codes` is empty"));
  zero.success_codes = {0, 256};
  EXPECT_THAT(complaint(zero), HasSubstr("0 to 255"));
}

TEST_F(CheckTest, conditions_tell_what_is_valid) {
  CommandSpec command = checked("echo y = 3");
  command.valid = {"y > 2", "y < 4 * x && x == 1"};
  EXPECT_EQ(failure(command), "ok 3.0");
  command.valid = {"y > 2", "y < x"};
  EXPECT_EQ(failure(command), "the outputs are not valid, `y < x` does not hold: x = 1.0, y = 3.0");
  CommandSpec nan = checked("echo y = nan");
  nan.valid = {"y > 2"};
  EXPECT_THAT(failure(nan), HasSubstr("y = nan"));
  nan.valid = {"y"};
  EXPECT_THAT(failure(nan), HasSubstr("does not hold"));
}

TEST_F(CheckTest, conditions_do_not_ask_for_what_is_missing) {
  CommandSpec command = checked("echo y = 3");
  command.outputs.push_back({"z", RegexSource{"stdout", "z = (.*)"}});
  command.outputs.back().optional = true;
  command.valid = {"z > y", "y == 3"};
  EXPECT_EQ(failure(command), "ok 3.0");
}

TEST_F(CheckTest, what_is_wrong_with_checks_is_found_at_once) {
  const auto complains = [&](const auto& change) {
    CommandSpec command = checked("true");
    command.outputs.push_back({"word", RegexSource{"stdout", "a"}, "string"});
    change(command);
    return complaint(command);
  };
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {"z > 1"}; }),
              HasSubstr("`z` in `z > 1` is no parameter and no"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {"y >"}; }),
              HasSubstr("`valid`: in \"y >\": unexpected end after >"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {"y > 5, y < 9"}; }),
              HasSubstr("unexpected , after 5: `&&` joins conditions"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {"y = 3"}; }), HasSubstr("`==` compares"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {"word > 3"}; }), HasSubstr("is a text"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.valid = {" "}; }), HasSubstr("is empty"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.fail_if = {{"stdout", "("}}; }), HasSubstr("`fail_if`: the regular"));
  EXPECT_THAT(complains([](CommandSpec& c) { c.require = {{"{{a}}", "a"}}; }), HasSubstr("`require`: "));
  EXPECT_THAT(complains([](CommandSpec& c) { c.outputs.back().finite = true; }), HasSubstr("goes with numbers"));
  EXPECT_EQ(complains([](CommandSpec& c) { c.valid = {"y <= 3 && y != 4 && x >= 0"}; }), "");
}

TEST_F(CheckTest, the_definition_of_what_could_be_said_before_stays) {
  const Design design = one("x", 1.0);
  CommandSpec command = spec(sh("true"), {{"a", RegexSource{"stdout", "a"}},
                                          {"b", JsonSource{"f", "/b"}, "integer"},
                                          {"c", CsvSource{"f", "c", 2}},
                                          {"d", ArraySource{"d.npy"}, "array"}});
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  const Pairs before = {{"command.run", R"(["sh", "-c", "true"])"},
                        {"outputs.a", R"(number regex("stdout", "a"))"},
                        {"outputs.b", R"(integer json("f", "/b"))"},
                        {"outputs.c", R"(number csv("f", "c", 2))"},
                        {"outputs.d", R"(array("d.npy"))"}};
  EXPECT_EQ(Command(command, design).definition(), before);
  command.valid = {"a < b"};
  command.success_codes = {0, 3};
  command.fail_if = {{"stdout", "E"}};
  command.outputs = {{"a", RegexSource{"stdout", "a", 2}}};
  command.outputs[0].optional = true;
  command.valid = {"a < x"};
  const Pairs now = {{"command.run", R"(["sh", "-c", "true"])"},
                     {"outputs.a", R"(number regex("stdout", "a", match 2), optional)"},
                     {"command.success_codes", "0, 3"},
                     {"command.fail_if", R"(regex("stdout", "E"))"},
                     {"command.valid", R"(["a < x"])"}};
  EXPECT_EQ(Command(command, design).definition(), now);
}

}  // namespace
}  // namespace windrow
