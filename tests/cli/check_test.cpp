// Results of which something was changed by nobody: named, evaluated again, recovered, never exported.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/check_fixture.hpp"

namespace windrow::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(CheckTest, a_damaged_row_is_never_shown_and_the_next_run_evaluates_its_point_again) {
  const std::string reference = finished();
  damage_row();
  for (const Arguments& arguments : {Arguments{"export", kResults, "--csv", "-"}, {"explain", kResults, "17"}}) {
    const Ended ended = windrow(arguments);
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("the row of point 17 is damaged"), HasSubstr("windrow run")));
  }
  EXPECT_EQ(windrow({"explain", kResults, "16"}).code, 0);
  const Ended check = windrow({"check", kResults});
  EXPECT_EQ(check.code, 1);
  EXPECT_THAT(check.out, HasSubstr("rows of 1 point do not fit their checksums: 17"));

  const Ended run = windrow({"run", "study.toml"});
  EXPECT_EQ(run.code, 0) << run.text();
  EXPECT_THAT(run.err, HasSubstr("point 17: its row in results.sqlite is damaged, and evaluated again"));
  EXPECT_THAT(run.out, AllOf(HasSubstr("this run evaluated 1 "), HasSubstr("1 point had a damaged row"),
                             Not(HasSubstr("Nothing to do"))));
  EXPECT_EQ(logged("log"), (std::vector<std::uint64_t>{17}));
  EXPECT_EQ(exported(kResults), reference);
  EXPECT_EQ(windrow({"check", kResults}).code, 0);
}

TEST_F(CheckTest, a_file_that_sqlite_refuses_is_recovered) {
  const std::string reference = finished();
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary) << std::string(4096, '?');
  EXPECT_EQ(windrow({"check", kResults}).code, 1);
  const Ended refused = windrow({"run", "study.toml"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("windrow recover"));
  const std::string damaged = read_file(file());
  const Ended recovered = windrow({"recover", "study.toml"});
  EXPECT_EQ(recovered.code, 0) << recovered.text();
  EXPECT_THAT(recovered.out,
              AllOf(HasSubstr("40 outcomes of 40 points are right and kept"), HasSubstr("The damaged file is kept: ")));
  EXPECT_TRUE(read_file(path(std::string(kResults) + "/results.sqlite.damaged")) == damaged);
  EXPECT_THAT(windrow({"run", "study.toml"}).out, HasSubstr("Nothing to do"));
  EXPECT_EQ(exported(kResults), reference);
}

TEST_F(CheckTest, tells_it_as_json_and_of_arrays_too) {
  finished();
  auto json = nlohmann::json::parse(windrow({"check", kResults, "--json"}).out);
  EXPECT_EQ(json.at("sound"), true);
  EXPECT_EQ(json.at("stores").at(0).at("outcomes"), 40);
  damage_row();
  json = nlohmann::json::parse(windrow({"check", kResults, "--json"}).out);
  EXPECT_EQ(json.at("sound"), false);
  EXPECT_EQ(json.at("stores").at(0).at("damaged_points"), nlohmann::json::array({17}));
  json = nlohmann::json::parse(windrow({"recover", kResults, "--json"}).out);
  EXPECT_EQ(json.at("stores").at(0).at("outcomes"), 39);
  EXPECT_EQ(windrow({"check", "nowhere"}).code, 2);
  EXPECT_EQ(windrow({"recover", "nowhere"}).code, 2);
}

TEST_F(CheckTest, of_arrays_every_byte) {
  write("arrays.toml", R"(
[parameters.x]
values = [1, 2]
[command]
run = "echo {{x}} 2 3 > field.txt"
[outputs]
field = { array = "field.txt" }
)");
  ASSERT_EQ(windrow({"run", "arrays.toml"}).code, 0);
  EXPECT_EQ(windrow({"check", "arrays.windrow"}).code, 0);
  const auto array = path("arrays.windrow/arrays/field/1.npy");
  std::string bytes = read_file(array);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(array, std::ios::binary) << bytes;
  const Ended check = windrow({"check", "arrays.windrow"});
  EXPECT_EQ(check.code, 1);
  EXPECT_THAT(check.out, AllOf(HasSubstr("arrays/field/1.npy"), HasSubstr("not those that were stored")));
}

}  // namespace
}  // namespace windrow::test
