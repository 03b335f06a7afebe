// What a failure says of what its program printed.
#include <gmock/gmock.h>

#include "command/command_fixture.hpp"

namespace windrow {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class LastWordsTest : public CommandFixture {
 protected:
  std::string message_of(const std::string& script) const {
    const Outcome<std::vector<Value>> outcome = evaluate(spec(sh(script)));
    return outcome.ok() ? "no failure" : outcome.failure().message;
  }
};

TEST_F(LastWordsTest, the_line_that_tells_is_shown_though_much_follows) {
  EXPECT_EQ(
      message_of("{ echo 'At line 12 of file m.f90 (unit = 10)'; echo 'Fortran runtime error: End of file'; echo; "
                 "echo 'Error termination. Backtrace:'; for i in 0 1 2 3 4 5 6 7; do echo \"#$i  0x7f in ???\"; "
                 "done; } >&2; exit 2"),
      "stderr tells:\n  Fortran runtime error: End of file\n  At line 12 of file m.f90 (unit = 10)\nand ends:\n"
      "  #3  0x7f in ???\n  #4  0x7f in ???\n  #5  0x7f in ???\n  #6  0x7f in ???\n  #7  0x7f in ???");
}

TEST_F(LastWordsTest, it_is_not_told_twice) {
  EXPECT_EQ(message_of("echo begin >&2; echo 'error: no mesh' >&2; echo bye >&2; exit 1"),
            "stderr ends:\n  begin\n  error: no mesh\n  bye");
}

TEST_F(LastWordsTest, an_error_on_stdout_goes_before_a_stderr_that_tells_nothing) {
  EXPECT_EQ(
      message_of("echo 'ERROR: unknown pair style (input.cpp:12)'; echo 'Last command: x'; echo STOP 1 >&2; exit 1"),
      "stdout tells:\n  ERROR: unknown pair style (input.cpp:12)\nand stderr ends:\n  STOP 1");
  EXPECT_EQ(message_of("echo 'ERROR: on stdout'; echo 'error: on stderr' >&2; exit 1"),
            "stderr ends:\n  error: on stderr");
  EXPECT_EQ(message_of("echo bad; exit 1"), "stderr is empty, stdout ends:\n  bad");
  EXPECT_EQ(message_of("exit 1"), "it printed nothing");
}

TEST_F(LastWordsTest, of_a_long_file_the_begin_and_the_end_are_searched) {
  const std::string much = "yes 'a line that says nothing at all' | head -n 20000 >&2; ";
  EXPECT_THAT(message_of("echo 'error: at the begin' >&2; " + much + "exit 1"),
              StartsWith("stderr tells:\n  error: at the begin\nand ends:\n  a line that says"));
  EXPECT_THAT(message_of(much + "echo 'ValueError: near the end' >&2; yes nothing | head -n 1000 >&2; exit 1"),
              StartsWith("stderr tells:\n  ValueError: near the end\nand ends:\n  nothing"));
  EXPECT_THAT(message_of("head -c 3000000 /dev/zero | tr '\\0' x >&2; exit 1"), EndsWith("xxx")) << "one line";
}

TEST_F(LastWordsTest, nothing_of_it_is_obeyed_by_a_terminal) {
  EXPECT_EQ(
      message_of("printf 'error: \\033[2J\\302\\233\\377\\n' >&2; for i in 1 2 3 4 5 6; do echo $i >&2; done; exit 1"),
      "stderr tells:\n  error: \\u009b\\xff\nand ends:\n  2\n  3\n  4\n  5\n  6");
}

TEST_F(LastWordsTest, lines_that_a_message_shows_are_not_shown_twice) {
  CommandSpec command = spec(sh("echo a; echo b"), {{"y", RegexSource{"stdout", "y=(.*)"}}});
  EXPECT_EQ(evaluate(command).failure().message, "output `y`: the regular expression `y=(.*)` matches nothing in " +
                                                     (point() / "stdout").string() + "; the file ends:\n  a\n  b");
  command.run = sh("echo a; echo late >&2");
  EXPECT_THAT(evaluate(command).failure().message, HasSubstr("the file ends:\n  a\nstderr ends:\n  late"));
}

}  // namespace
}  // namespace windrow
