// `windrow export --netcdf`. What is in the files is tested in tests/labelled.
#include <gmock/gmock.h>

#include "cli/cli_fixture.hpp"

namespace windrow::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kManual = WINDROW_EXAMPLES "/../windrow/manual/windrow-export.md";

class NetcdfCliTest : public CliTest {
 protected:
  /// What stands in the manual's block that begins with these words.
  static std::string block(const std::string& begin) {
    const std::string page = read_file(kManual);
    const std::size_t at = page.find("\n```" + begin + "\n");
    if (at == std::string::npos) return "";
    const std::size_t text = at + begin.size() + 5;
    return page.substr(text, page.find("```\n", text) - text);
  }
  /// A Python that has xarray; empty if there is none.
  std::string python() {
    for (const char* name : {"python3", "/usr/bin/python3"}) {
      if (start({name, "-c", "import xarray, netCDF4"}).wait().code == 0) return name;
    }
    return "";
  }
  void run_manual_study() {
    write("filter.toml", block("toml file=filter.toml"));
    const Ended run = windrow({"run", "filter.toml"});
    ASSERT_EQ(run.code, 0) << run.text();
  }
};

TEST_F(NetcdfCliTest, xarray_opens_it_as_the_manual_says) {
  run_manual_study();
  const Ended exported = windrow({"export", "filter.windrow", "--netcdf", "filter.nc"});
  EXPECT_EQ(exported.code, 0);
  EXPECT_EQ(exported.out + exported.err, "");
  const std::string with = python();
  if (with.empty()) GTEST_SKIP() << "there is no Python with xarray and netCDF4 (python3-xarray, python3-netcdf4)";
  const Ended shown = start({with, "-c", block("python")}).wait();
  EXPECT_EQ(shown.code, 0) << shown.text();
  EXPECT_THAT(shown.out, AllOf(StartsWith("159 Hz\n["), HasSubstr(" 159155"), HasSubstr("]\n0 points failed\n")));
}

TEST_F(NetcdfCliTest, what_is_no_file_is_refused) {
  run_manual_study();
  for (const char* target : {"-", "/dev/stdout"}) {
    const Ended refused = windrow({"export", "filter.windrow", "--netcdf", target});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("--netcdf cannot write to standard output, as a NetCDF file is not written from "
                                       "its beginning to its end: give it the name of a file"));
  }
  EXPECT_THAT(windrow({"export", "filter.windrow", "--netcdf", "/dev/null"}).err, HasSubstr("is no regular file"));
  EXPECT_EQ(windrow({"export", "filter.windrow", "--netcdf", "no/such/x.nc"}).code, 2);
  fs::create_directory(path("all"));
  fs::rename(path("filter.windrow"), path("all/case=1"));
  EXPECT_THAT(windrow({"export", "all", "--netcdf", "x.nc"}).err, HasSubstr("several sweeps below it"));
}

TEST_F(NetcdfCliTest, says_what_it_leaves_out) {
  write("study.toml", R"(
[parameters.n]
values = [1, 2, 3]
[command]
run = "seq {{n}} > row.txt; test {{n}} != 3"
[outputs]
row = { array = "row.txt" }
)");
  EXPECT_EQ(windrow({"run", "study.toml"}).code, 1);
  const Ended ended = windrow({"export", "study.windrow", "--netcdf", "out.nc"});
  EXPECT_EQ(ended.code, 0) << ended.text();
  EXPECT_THAT(ended.err,
              HasSubstr("windrow: not in out.nc: row: arrays have different shapes (1 at point 0, 2 at point "
                        "1); each is in arrays/row/INDEX.npy of the results directory\n"));
}

}  // namespace
}  // namespace windrow::test
