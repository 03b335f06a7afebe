#pragma once

/// Studies that several tests run.
namespace windrow::test {

/// 36 points of all kinds of values, of which 12 exit with 3 and 12 print nothing.
inline constexpr const char* kMixedStudy = R"(
[study]
name = "mixed"
[parameters.mode]
values = ["fine", "exit", "silent"]
[parameters.flag]
values = [true, false]
[parameters.count]
values = [1, 2, 3]
unit = "pieces"
[parameters.word]
values = ["plain", 'a "quoted", comma']
[command]
run = ["./mixed.sh", "{{mode}}", "{{flag}}", "{{count}}", "{{word}}"]
[outputs]
label = { stdout = 'label=(.*)', type = "string" }
negated = { stdout = 'negated=(\w+)', type = "boolean" }
tripled = { stdout = 'tripled=(\d+)', type = "integer", unit = "pieces" }
third = { stdout = 'third=(\S+)' }
)";

inline constexpr const char* kMixedProgram = R"(
case $1 in
exit) echo "cannot do $4" >&2; exit 3 ;;
silent) exit 0 ;;
esac
[ "$2" = true ] && negated=false || negated=true
printf 'label=<%s>\nnegated=%s\ntripled=%d\nthird=%d.3333333333333333\n' "$4" $negated $(($3 * 3)) $(($3 / 3))
)";

/// Random draws; the program says back what it was given.
inline constexpr const char* kSampledStudy = R"(
[study]
name = "sampled"
seed = 20240229
[parameters.x]
values = { uniform = { low = -1.0, high = 1.0 } }
[parameters.y]
values = { normal = { mean = 0.0, sd = 1e-7 } }
[parameters.kind]
values = ["a", "b", "c"]
[design]
method = "latin_hypercube"
points = 40
[command]
run = "echo x={{x}} y={{y}} kind={{kind}} seed={{seed}}"
[outputs]
x_back = { stdout = 'x=(\S+)' }
y_back = { stdout = 'y=(\S+)' }
kind_back = { stdout = 'kind=(\S+)', type = "string" }
seed_back = { stdout = 'seed=(\S+)', type = "integer" }
)";

/// 40 points that append their index to the file `log` and take 30 ms or more. Points 5 and 6 fail where there is a
/// file `failing`; some ignore SIGTERM and leave a process in a session of its own behind, which ignores it too.
inline constexpr const char* kLoggingStudy = R"(
[study]
name = "logging"
[parameters.x]
values = { linear = { from = 0, to = 39, points = 40 } }
[command]
run = ["./logging.sh", "{{point.index}}"]
grace = "100ms"
[outputs]
square = { stdout = 'square=(\d+)', type = "integer" }
)";

inline constexpr const char* kLoggingProgram = R"(
directory=$(dirname "$0")
case $1 in
7 | 23) trap '' TERM; setsid sleep 60 & ;;
esac
sleep 0.03
echo $1 >> "$directory/log"
case $1 in
5 | 6) [ -e "$directory/failing" ] && exit 3 ;;
esac
echo square=$(($1 * $1))
)";

}  // namespace windrow::test
