// Which line of what a program printed tells why it failed.
#include "base/interface/telling_line.hpp"

#include <gtest/gtest.h>

namespace windrow::detail {
namespace {

std::string line_of(std::string_view text) {
  return telling_line(text).line;
}

TEST(TellingLineTest, fortran_says_what_and_where_and_then_a_backtrace) {
  const Telling told = telling_line(
      "reading mesh\nAt line 12 of file model.f90 (unit = 10, file = 'mesh.dat')\nFortran runtime error: End of "
      "file\n\n"
      "Error termination. Backtrace:\n#0  0x7f1c2a in ???\n#1  0x7f1c2b in main\n");
  EXPECT_EQ(told.line, "Fortran runtime error: End of file");
  EXPECT_EQ(told.where, "At line 12 of file model.f90 (unit = 10, file = 'mesh.dat')");
  EXPECT_EQ(told.weight, Tells::runtime);
  EXPECT_EQ(line_of("forrtl: severe (24): end-of-file during read, unit 10\nImage PC Routine\na.out 000 Unknown\n"),
            "forrtl: severe (24): end-of-file during read, unit 10");
}

TEST(TellingLineTest, python_says_it_in_the_last_line_of_its_last_traceback) {
  const Telling told = telling_line(
      "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\n    int('x')\nValueError: invalid literal\n\n"
      "During handling of the above exception, another exception occurred:\n\n"
      "Traceback (most recent call last):\n  File \"a.py\", line 9, in <module>\n    f()\n"
      "model.Unstable: step 17 is too long\n"
      "-------------------------------------------------------\n"
      "Primary job  terminated normally, but 1 process returned\na non-zero exit code. Per user-direction, the job has "
      "been aborted.\n");
  EXPECT_EQ(told.line, "model.Unstable: step 17 is too long");
  EXPECT_EQ(told.where, "File \"a.py\", line 9, in <module>");
  EXPECT_EQ(line_of("  File \"a.py\", line 1\n    x = = 1\n        ^\nSyntaxError: invalid syntax\n"),
            "SyntaxError: invalid syntax");
  EXPECT_EQ(line_of("ValueError: x\nExiting now\n"), "ValueError: x");
}

TEST(TellingLineTest, a_traceback_that_is_indented_as_a_whole) {
  const std::string_view whole =
      "  Traceback (most recent call last):\n    File \"a.py\", line 1, in f\n      g()\n  ValueError: one frame\n";
  EXPECT_EQ(telling_line(whole).line, "ValueError: one frame");
  EXPECT_EQ(telling_line(whole).where, "File \"a.py\", line 1, in f");
  EXPECT_EQ(line_of("  reading cannot.dat\n" + std::string(whole)), "ValueError: one frame");
  EXPECT_EQ(line_of("  KeyError: 'k'\n  \n  During handling of the above exception, another exception occurred:\n  \n" +
                    std::string(whole)),
            "ValueError: one frame");
}

TEST(TellingLineTest, sanitizers_assertions_and_exceptions_of_cpp) {
  EXPECT_EQ(line_of("==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60\n    #0 0x4 in main a.c:3\n"
                    "SUMMARY: AddressSanitizer: heap-buffer-overflow a.c:3 in main\n==7==ABORTING\n"),
            "==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x60");
  EXPECT_EQ(line_of("start\na.c:3:5: runtime error: signed integer overflow\ndone\n"),
            "a.c:3:5: runtime error: signed integer overflow");
  EXPECT_EQ(line_of("terminate called after throwing an instance of 'std::runtime_error'\n  what():  bad mesh\n"),
            "what():  bad mesh");
  EXPECT_EQ(line_of("a.out: a.c:3: main: Assertion `x > 0' failed.\nAborted (core dumped)\n"),
            "a.out: a.c:3: main: Assertion `x > 0' failed.");
  EXPECT_EQ(line_of("thread 'main' panicked at src/main.rs:2:5:\nno mesh\nnote: run with `RUST_BACKTRACE=1`\n"),
            "no mesh");
}

TEST(TellingLineTest, the_programs_own_error_goes_before_what_mpi_and_the_system_say_of_it) {
  const std::string abort =
      "--------------------\nMPI_ABORT was invoked on rank 2 in communicator MPI_COMM_WORLD\nwith errorcode 3.\n\n"
      "NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.\nYou may or may not see output from other "
      "processes, depending on\nexactly when Open MPI kills them.\n--------------------\n";
  EXPECT_EQ(line_of(abort), "MPI_ABORT was invoked on rank 2 in communicator MPI_COMM_WORLD");
  EXPECT_EQ(line_of("[1,0]<stderr>:error: the mesh is folded\n" + abort), "error: the mesh is folded");
  EXPECT_EQ(line_of("srun: error: node3: task 0: Exited with exit code 1\nsolver: fatal: no licence\n"),
            "solver: fatal: no licence");
  EXPECT_EQ(line_of("Abort(3) on node 0: application called MPI_Abort(MPI_COMM_WORLD, 3) - process 0\n"),
            "Abort(3) on node 0: application called MPI_Abort(MPI_COMM_WORLD, 3) - process 0");
}

TEST(TellingLineTest, of_errors_the_first_and_of_anything_else_the_last) {
  EXPECT_EQ(line_of("ERROR: unknown pair style\nLast command: pair_style lj\nERROR: giving up\n"),
            "ERROR: unknown pair style");
  EXPECT_EQ(line_of("starting\nno licence today\n\n"), "no licence today");
  EXPECT_EQ(line_of("cannot open mesh.dat\nbye\n"), "cannot open mesh.dat");
  EXPECT_EQ(line_of("--> FOAM FATAL ERROR: (openfoam-2112)\nkeyword nu is undefined\n    From entry.C\n"),
            "keyword nu is undefined");
  EXPECT_EQ(line_of("\x1b[31mError:\x1b[0m no such material\nsee the manual\n"), "Error: no such material");
  EXPECT_EQ(line_of("\\x1b[31mError:\\x1b[0m no such material\n"), "Error: no such material");
}

TEST(TellingLineTest, a_quantity_called_error_is_none) {
  EXPECT_EQ(telling_line("relative error: 1e-5\nL2 error = 0.3\n").weight, Tells::last);
  EXPECT_EQ(telling_line("0 errors\n").weight, Tells::last);
  EXPECT_EQ(telling_line("Error: 404 for mesh.dat\n").weight, Tells::error);
  EXPECT_EQ(telling_line("").weight, Tells::nothing);
  EXPECT_EQ(telling_line("-----\n=====\n").weight, Tells::nothing);
}

TEST(TellingLineTest, a_line_without_its_numbers) {
  EXPECT_EQ(without_numbers("no convergence at step 17"), without_numbers("no  convergence at step 18 "));
  EXPECT_EQ(without_numbers("residual -1.5e-03 at 0x7f3a"), "residual # at #");
  EXPECT_EQ(without_numbers("t = 1.25D+02, node17: a-3"), "t = #, node#: a-#");
  EXPECT_NE(without_numbers("no mesh"), without_numbers("no material"));
  EXPECT_EQ(without_numbers("1."), "#.");
}

}  // namespace
}  // namespace windrow::detail
