#pragma once

/// A study with all that goes into a point's directory, its environment and its standard input.
namespace windrow::test {

inline constexpr const char* kFilesStudy = R"(
[parameters.x]
values = [1, 2, 3, 4]
[parameters.inputs]
values = [["a.txt", "b c.txt"], ["a.txt"]]
[parameters.verbose]
values = [true, false]
[command]
run = "./sim {{*inputs}} {{#verbose}}--verbose{{/verbose}} | tee log"
templates = ["system/controlDict.mustache"]
stage = ["a.txt", "b c.txt", { path = "data/", copy = true }]
stdin = "system/controlDict"
env = { SCALE = "{{x}}", FIXED = "2.5", ON = true }
keep = ["*.vtk"]
[outputs]
read = { stdout = 'read=(\d+)', type = "integer" }
count = { stdout = 'count=(\d+)', type = "integer" }
scale = { stdout = 'scale=(\S+)', type = "string" }
)";

/// Adds up the lines of its files and of its standard input.
inline constexpr const char* kFilesProgram = R"SH(
count=$#
sum=$(cat)
for file in "$@"; do [ "$file" = --verbose ] || sum=$((sum + $(cat "$file"))); done
echo 7 >> data/table
[ "$(tail -n 1 data/table)" = 7 ]
echo > "field$SCALE.vtk"
echo > other
echo "read=$sum"
echo "count=$count"
echo "scale=$SCALE,$FIXED,$ON"
)SH";

}  // namespace windrow::test
