#pragma once

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// Nine points, whose programs leave numbers in every form that is met, or say that they failed.
inline constexpr const char* kOutputsStudy = R"(
[study]
name = "outputs"
[parameters.case]
values = ["plain", "fortran", "nan", "missing", "severe", "unsaid", "invalid", "three", "four"]
[command]
run = ["./solve.sh", "{{case}}"]
success_codes = [0, 3]
fail_if = { file = "*.err", regex = 'Severe' }
require = [{ stdout = '^done' }]
valid = "energy < 0 || energy != energy"
[outputs]
energy = { stdout = 'energy = +(\S+)' }
first = { stdout = 'energy = +(\S+)', match = "first" }
second = { stdout = 'energy = +(\S+)', match = 2, optional = true }
loss = { file = "result_{{case}}.json", json = "/loss" }
collapse = { stdout = 'collapse = (\S+)', optional = true, valid = "collapse > 0" }
count = { stdout = 'count = (\d+)', optional = true, type = "integer" }
note = { stdout = 'note = (.*)', optional = true, type = "string" }
worked = { stdout = 'worked = (\w+)', optional = true, type = "boolean" }
id = { stdout = 'id = (\d+)' }
lift = { file = "polar_*.txt", table = "CL" }
)";

inline constexpr const char* kOutputsProgram = R"(
echo "id = 9007199254740993"
echo "energy = -1.0D-03"
loss=0.5
case $1 in
plain) echo "collapse = 7
count = 5
note = a b
worked = True" ;;
fortran) echo "energy = -1.25-114
collapse = .5" ;;
nan) echo "energy = NaN"; loss=NaN ;;
severe) echo '** Severe ** did not converge' > run.err ;;
invalid) echo "energy =  3.5" ;;
esac
printf '{"loss": %s}\n' $loss > result_$1.json
printf '  alpha  CL\n ------ ----\n 0.0 1.5\n 1.0 2.5D-01\n' > polar_$$.txt
[ $1 = unsaid ] || echo done
[ $1 = three ] && exit 3
[ $1 = four ] && exit 4
exit 0
)";

inline constexpr const char* kOutputsTable =
    "index,case,energy,first,second,loss,collapse,count,note,worked,id,lift,status\n"
    "0,plain,-0.001,-0.001,nan,0.5,7,5,a b,true,9007199254740993,0.25,ok\n"
    "1,fortran,-1.25e-114,-0.001,-1.25e-114,0.5,0.5,nan,,,9007199254740993,0.25,ok\n"
    "2,nan,nan,-0.001,nan,nan,nan,nan,,,9007199254740993,0.25,ok\n"
    "3,missing,-0.001,-0.001,nan,0.5,nan,nan,,,9007199254740993,0.25,ok\n"
    "4,severe,nan,nan,nan,nan,nan,nan,,,nan,nan,bad_output\n"
    "5,unsaid,nan,nan,nan,nan,nan,nan,,,nan,nan,bad_output\n"
    "6,invalid,nan,nan,nan,nan,nan,nan,,,nan,nan,bad_output\n"
    "7,three,-0.001,-0.001,nan,0.5,nan,nan,,,9007199254740993,0.25,ok\n"
    "8,four,nan,nan,nan,nan,nan,nan,,,nan,nan,exited\n";

class OutputsFixture : public CliTest {
 protected:
  void SetUp() override {
    write("outputs.toml", kOutputsStudy);
    write_program("solve.sh", kOutputsProgram);
  }
};

}  // namespace windrow::test
