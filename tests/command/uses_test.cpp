// Which parameters what runs at a point depends on.
#include <gtest/gtest.h>

#include "command/command_fixture.hpp"

namespace windrow {
namespace {

class UsesTest : public CommandFixture {};

TEST_F(UsesTest, a_tag_of_an_argument_a_template_or_the_launcher_and_ranks_use_a_parameter) {
  write("in.mustache", "{{#flag}}on{{/flag}} {{b}}\n");
  const Design design = grid({values("a", {1, 2}), values("b", {1, 2}), values("flag", {true, false}),
                              values("n", {1, 2}), values("host", {"x", "y"}), values("spare", {1, 2})});
  CommandSpec wanted = spec(std::vector<std::string>{"true", "--a={{a}}"});
  wanted.templates = {"in.mustache"};
  const Command plain(wanted, design);
  EXPECT_TRUE(plain.uses("a"));
  EXPECT_TRUE(plain.uses("b"));
  EXPECT_TRUE(plain.uses("flag")) << "a section alone";
  EXPECT_FALSE(plain.uses("n"));
  EXPECT_FALSE(plain.uses("host"));
  wanted.ranks = RanksSpec{"n + 1", std::vector<std::string>{"env", "HOST={{host}}"}};
  const Command ranked(wanted, design);
  EXPECT_TRUE(ranked.uses("n"));
  EXPECT_TRUE(ranked.uses("host"));
  EXPECT_FALSE(ranked.uses("spare"));
  EXPECT_FALSE(ranked.uses("no_such_name"));
}

}  // namespace
}  // namespace windrow
