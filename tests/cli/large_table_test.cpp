// What a table of many rows costs those who read it.
#include <gmock/gmock.h>

#include "cli/large_table_fixture.hpp"

namespace windrow::test {
namespace {

using testing::HasSubstr;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these take memory of their own
using LargeTableCliTest = LargeTableFixture;

TEST_F(LargeTableCliTest, every_verb_takes_at_most_one_and_a_half_times_the_file) {
  const std::vector<Arguments> verbs = {{"plan", "study.toml"},
                                        {"run", "study.toml", "--dry-run"},
                                        {"run", "study.toml", "--only", "7", "--workers", "1"},
                                        {"plan", "study.toml", "--json"},
                                        {"explain", "study.windrow", "7"},
                                        {"explain", "study.windrow", "8"}};
  write_study("[\"echo\", \"<{{i}} {{x}} {{y}} {{name}}>\"]", "", kEcho);
  std::vector<long> small;
  write_rows(10);
  for (const Arguments& verb : verbs) small.push_back(peak_of(verb));
  std::filesystem::remove_all(path("study.windrow"));
  const long file = write_rows(kRows);
  for (std::size_t i = 0; i < verbs.size(); ++i) {
    const long growth = peak_of(verbs[i]) - small[i];
    EXPECT_LT(growth, file + file / 2) << verbs[i][0] << " " << verbs[i].back();
    EXPECT_GT(growth, file / 2) << "what is measured is there";
  }
  EXPECT_THAT(windrow({"plan", "study.toml"}).out, HasSubstr("left to run: 399,999"));
}
#endif

}  // namespace
}  // namespace windrow::test
