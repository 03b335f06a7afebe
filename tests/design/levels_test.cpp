#include "design/interface/levels.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "windrow/design/design.hpp"

namespace windrow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DifferentLevelsTest : public testing::Test {
 protected:
  DifferentLevelsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "windrow-levels-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~DifferentLevelsTest() override { std::filesystem::remove_all(directory_); }
  Design table_of(const std::string& text) const {
    std::ofstream(directory_ / "t.csv") << text;
    return table((directory_ / "t.csv").string());
  }
  std::filesystem::path directory_;
};

TEST_F(DifferentLevelsTest, that_differ_are_told_by_their_values) {
  const Design design = table_of("x,name\n1.10,\"a\"\n1.1,b\n2,\"a\"\n2.5,c\n1e0,b\n1,a\n");
  EXPECT_THAT(detail::different_levels(design.parameters()[0], 10), ElementsAre(1.1, 2.0, 2.5, 1.0));
  EXPECT_EQ(detail::different_levels(design.parameters()[0], 10)[0].written(), "1.10");
  EXPECT_THAT(detail::different_levels(design.parameters()[1], 2), ElementsAre(Value("a"), Value("b")));
  EXPECT_THAT(detail::different_levels(design.parameters()[1], 10), ElementsAre(Value("a"), Value("b"), Value("c")));
  EXPECT_THAT(detail::different_levels(values("v", {1, 2, 1, "2"}), 10), ElementsAre(Value(1), Value(2)));
  EXPECT_THAT(detail::different_levels(uniform("u", 0.0, 1.0), 10), IsEmpty());
}

TEST_F(DifferentLevelsTest, say_whether_a_character_may_be_in_one) {
  const Design design = table_of("x,name,path\n1.5,a,./one\n2e-3,b,./two\n");
  EXPECT_FALSE(detail::may_contain(design.parameters()[0], '/'));
  EXPECT_TRUE(detail::may_contain(design.parameters()[0], '-'));
  EXPECT_TRUE(detail::may_contain(design.parameters()[2], '/'));
  EXPECT_FALSE(detail::may_contain(table_of("x,name\n1,a\n2,b\n").parameters()[1], '/'));
  EXPECT_FALSE(detail::may_contain(linear("l", 0.0, 1.0, 3), '/'));
  EXPECT_TRUE(detail::may_contain(values("v", {"a/b"}), '/'));
}

TEST_F(DifferentLevelsTest, of_some_columns_of_a_table_are_compared_as_those_of_all) {
  const Design design = table_of("x,y\n1,a\n2,a\n1,b\n1,a\n");
  EXPECT_THAT(design.equal_points(), ElementsAre(EqualPoint{0, 3}));
  EXPECT_THAT(design.equal_points(), ElementsAre(EqualPoint{0, 3})) << "asked again";
  EXPECT_THAT(zip({design.parameters()[0]}).equal_points(), ElementsAre(EqualPoint{0, 2}, EqualPoint{0, 3}));
  EXPECT_THAT(zip({design.parameters()[1]}).equal_points(), ElementsAre(EqualPoint{0, 1}, EqualPoint{0, 3}));
}

}  // namespace
}  // namespace windrow
