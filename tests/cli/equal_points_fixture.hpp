#pragma once

#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// Rows of a table of which some are there several times. The program writes its x into `log`; 3 fails unless there is
/// a file `mended`.
class EqualPointsFixture : public CliTest {
 protected:
  static constexpr const char* kRows = "x,word\n1,a\n2,b\n1,a\n3,c\n2,b\n3,c\n1,a\n4,d\n";
  static constexpr const char* kSentence = "4 points are equal to others: computed once";

  void SetUp() override {
    write("points.csv", kRows);
    write_study("");
    write_program("square.sh", R"(
directory=$(dirname "$0")
echo $1 >> "$directory/log"
[ $1 != 3 ] || [ -e "$directory/mended" ] || { echo "cannot do $1" >&2; exit 3; }
sleep 0.02
echo "square=$(($1 * $1)) word=$2"
)");
  }

  void write_study(const std::string& more) const {
    write("study.toml",
          "[design]\nmethod = \"table\"\nfile = \"points.csv\"\n[command]\nrun = [\"./square.sh\", \"{{x}}\", "
          "\"{{word}}\"" +
              more +
              "]\n[outputs]\nsquare = { stdout = 'square=(\\d+)', type = \"integer\" }\n"
              "said = { stdout = 'word=(.*)', type = \"string\" }\n");
  }

  /// What the failing points leave is in it.
  static constexpr const char* kExport =
      "index,x,word,square,said,status\n0,1,a,1,a,ok\n1,2,b,4,b,ok\n2,1,a,1,a,ok\n3,3,c,nan,,exited\n4,2,b,4,b,ok\n"
      "5,3,c,nan,,exited\n6,1,a,1,a,ok\n7,4,d,16,d,ok\n";
  static constexpr const char* kMended =
      "index,x,word,square,said,status\n0,1,a,1,a,ok\n1,2,b,4,b,ok\n2,1,a,1,a,ok\n3,3,c,9,c,ok\n4,2,b,4,b,ok\n"
      "5,3,c,9,c,ok\n6,1,a,1,a,ok\n7,4,d,16,d,ok\n";
};

}  // namespace windrow::test
