#pragma once

#include <gmock/gmock.h>

#include <string>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// Points whose programs leave what could crash who reads it, keep him waiting, or fill his memory or the disk.
class HostileOutputsFixture : public CliTest {
 protected:
  void SetUp() override {
    write("hostile.toml", R"(
[parameters.case]
values = ["good", "deep", "sparse", "device", "pipe", "folder", "endless", "nested", "slow"]
[command]
run = ["./leave.sh", "{{case}}"]
max_output_size = "50 MB"
timeout = "1h"
[run]
give_up_early = false
[outputs]
json = { file = "out.json", json = "/y" }
csv = { file = "out.csv", csv = "y" }
text = { file = "out.txt", regex = '^y=(\d+)' }
table = { file = "out.tab", table = "y" }
regex = { stdout = '(\((?:[^()]|(?1))*\))', type = "string" }
many = { file = "out.many", regex = '(a+)+b', type = "string" }
)");
    write_program("leave.sh", R"(
printf '{"y": 1}' > out.json
printf 'y\n1\n' > out.csv
echo y=1 > out.txt
printf 'x y\n1 2\n' > out.tab
echo '(a)'
echo aab > out.many
case $1 in
deep) { printf '{"y": 1, "z": '; head -c 200000 /dev/zero | tr '\0' '['; } > out.json ;;
sparse) for f in json csv txt tab; do truncate -s 1T out.$f; done ;;
device) for f in json csv txt tab; do ln -sf /dev/zero out.$f; done ;;
pipe) rm out.*; for f in json csv txt tab; do mkfifo out.$f; done ;;
folder) rm out.*; for f in json csv txt tab; do mkdir out.$f; done ;;
endless) yes ;;
nested) head -c 200000 /dev/zero | tr "\0" "(" ;;
slow) head -c 100000 /dev/zero | tr "\0" "a" > out.many ;;
esac
exit 0
)");
  }

  void expect_outcomes(const Ended& run, const std::string& results) {
    EXPECT_TRUE(run.in_time);
    EXPECT_EQ(run.code, 1) << run.text();
    EXPECT_EQ(exported(results),
              "index,case,json,csv,text,table,regex,many,status\n"
              "0,good,1,1,1,2,(a),aa,ok\n"
              "1,deep,nan,nan,nan,nan,,,bad_output\n"
              "2,sparse,nan,nan,nan,nan,,,bad_output\n"
              "3,device,nan,nan,nan,nan,,,bad_output\n"
              "4,pipe,nan,nan,nan,nan,,,bad_output\n"
              "5,folder,nan,nan,nan,nan,,,bad_output\n"
              "6,endless,nan,nan,nan,nan,,,bad_output\n"
              "7,nested,nan,nan,nan,nan,,,bad_output\n"
              "8,slow,nan,nan,nan,nan,,,bad_output\n");
    const auto why = [&](const std::string& index) { return windrow({"explain", results, index}).out; };
    using testing::HasSubstr;
    EXPECT_THAT(why("1"), HasSubstr("nested more than 2000 deep"));
    EXPECT_THAT(why("2"), HasSubstr("is longer than the 50000000 bytes that `max_output_size` in [command] allows"));
    for (const char* index : {"3", "4", "5"}) EXPECT_THAT(why(index), HasSubstr("is no regular file"));
    EXPECT_THAT(why("6"), HasSubstr("stdout is longer than the 50000000 bytes"));
    for (const char* index : {"7", "8"}) EXPECT_THAT(why(index), HasSubstr("gave up on"));
  }
};

}  // namespace windrow::test
