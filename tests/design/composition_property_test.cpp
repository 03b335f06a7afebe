// Compositions by chance: of up to four blocks, in parts, with replicates.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>

#include "windrow/design/compose.hpp"

namespace windrow {
namespace {

using Content = std::vector<std::pair<std::string, std::string>>;

/// By what a point is known in stores: names and values.
Content content_of(const Point& point) {
  Content content;
  for (std::size_t i = 0; i < point.values().size(); ++i) {
    content.emplace_back(point.parameters()[i].name(), point.values()[i].identity_text());
  }
  std::ranges::sort(content);
  return content;
}

std::set<Content> contents_of(const Design& design) {
  std::set<Content> contents;
  for (std::uint64_t i = 0; i < design.size(); ++i) contents.insert(content_of(design.point(i)));
  return contents;
}

/// What a block is made by; growing it changes the numbers alone.
struct BlockRecipe {
  int method = 0;  // grid, zipped grid, zip, monte_carlo, bundle grid
  std::uint64_t levels = 2;
  bool redraw = false;
};

struct PartRecipe {
  std::vector<BlockRecipe> blocks;
};

struct Recipe {
  std::vector<PartRecipe> parts;
  std::uint64_t replicates = 1;
  bool is_replicated = false;
};

Parameter levels(const std::string& name, std::uint64_t count) {
  return integers(name, 1, static_cast<std::int64_t>(count));
}

Parameter bundle_of(const std::string& name, std::uint64_t count) {
  std::vector<Bundle::Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    entries.push_back({"entry" + std::to_string(i), {{"f", 0.5 * static_cast<double>(i)}}});
  }
  return bundle(name, std::move(entries));
}

Design block_of(const BlockRecipe& recipe, const std::string& name, std::uint64_t part) {
  const std::string a = name + "a", b = name + "b";
  switch (recipe.method) {
    case 0:
      return grid({levels(a, recipe.levels), values(b, {"u", "v"})});
    case 1:
      return zipped_grid({levels(a, recipe.levels), levels(b, recipe.levels)}, {{a, b}});
    case 2:
      return zip({levels(a, recipe.levels), levels(b, recipe.levels)});
    case 3:
      return monte_carlo({values(a, {1, 2, 3}), uniform(b, 0, 1)}, recipe.levels, part);
    default:
      return grid({bundle_of(a, recipe.levels), levels(b, 2)});
  }
}

Design made_of(const Recipe& recipe) {
  std::vector<Design> parts;
  for (std::size_t part = 0; part < recipe.parts.size(); ++part) {
    std::vector<Block> blocks;
    for (std::size_t block = 0; block < recipe.parts[part].blocks.size(); ++block) {
      const BlockRecipe& one = recipe.parts[part].blocks[block];
      blocks.emplace_back(block_of(one, std::string(1, static_cast<char>('p' + block)), part), one.redraw);
    }
    parts.push_back(crossed(std::move(blocks), 5));
  }
  const Design all = parts.size() == 1 ? parts.front() : appended(std::move(parts), 5);
  return recipe.is_replicated ? replicated(all, recipe.replicates) : all;
}

class CompositionTest : public testing::TestWithParam<unsigned> {
 protected:
  std::uint64_t up_to(std::uint64_t most) { return random_() % most + 1; }

  Recipe any() {
    Recipe recipe;
    const std::uint64_t blocks = up_to(4);
    const bool has_bundle = up_to(3) == 1;  // a bundle is the same in all parts
    for (std::uint64_t part = has_bundle ? 1 : up_to(3); part > 0; --part) {
      PartRecipe one;
      for (std::uint64_t block = 0; block < blocks; ++block) {
        BlockRecipe made{static_cast<int>(up_to(has_bundle ? 5 : 4)) - 1, up_to(3), false};
        made.redraw = made.method == 3 && block > 0 && up_to(2) == 1;
        one.blocks.push_back(made);
      }
      recipe.parts.push_back(std::move(one));
    }
    recipe.is_replicated = up_to(2) == 1;
    recipe.replicates = up_to(3);
    return recipe;
  }

  /// The same with more of everything.
  Recipe grown(Recipe recipe) {
    for (PartRecipe& part : recipe.parts) {
      for (BlockRecipe& block : part.blocks) block.levels += up_to(3) - 1;
    }
    recipe.replicates += up_to(3) - 1;
    if (up_to(2) == 1) {  // a further part, of the parameters that are there
      PartRecipe further = recipe.parts.front();
      for (BlockRecipe& block : further.blocks) block = {block.method, block.levels + 1, block.redraw};
      recipe.parts.push_back(std::move(further));
      for (const BlockRecipe& block : recipe.parts.back().blocks) {
        if (block.method == 4) return without_last(std::move(recipe));
      }
    }
    return recipe;
  }

  static Recipe without_last(Recipe recipe) {
    recipe.parts.pop_back();
    return recipe;
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(CompositionTest, gives_the_same_points_in_any_order_of_asking) {
  const Recipe recipe = any();
  const Design design = made_of(recipe);
  const Design again = made_of(recipe);
  ASSERT_EQ(design.size(), again.size());
  EXPECT_EQ(design.definition(), again.definition());
  std::vector<std::uint64_t> order(design.size());
  for (std::uint64_t i = 0; i < order.size(); ++i) order[i] = i;
  std::vector<std::vector<Value>> in_order;
  for (const std::uint64_t i : order) in_order.push_back(design.point(i).values());
  std::ranges::shuffle(order, random_);
  for (const std::uint64_t i : order) {
    EXPECT_EQ(again.point(i).values(), in_order[i]);
    EXPECT_EQ(again.point(i).seed(), design.point(i).seed());
  }
}

TEST_P(CompositionTest, keeps_every_point_when_it_grows) {
  const Recipe recipe = any();
  const Recipe more = grown(recipe);
  const std::set<Content> before = contents_of(made_of(recipe));
  const std::set<Content> after = contents_of(made_of(more));
  EXPECT_TRUE(std::ranges::includes(after, before));
}

TEST_P(CompositionTest, has_the_parts_that_it_says) {
  const Design design = made_of(any());
  std::uint64_t next = 0;
  for (const DesignPart& part : design.parts()) {
    EXPECT_EQ(part.first, next);
    std::uint64_t points = part.replicates;
    for (const DesignBlock& block : part.blocks) points *= block.points;
    EXPECT_EQ(part.points, points);
    next += part.points;
  }
  EXPECT_EQ(next, design.size());
}

TEST_P(CompositionTest, says_of_points_that_they_are_equal_only_if_they_are) {
  const Design design = made_of(any());
  for (const EqualPoint& equal : design.equal_points()) {
    EXPECT_LT(equal.first, equal.index);
    EXPECT_EQ(content_of(design.point(equal.first)), content_of(design.point(equal.index)));
  }
}

INSTANTIATE_TEST_SUITE_P(By, CompositionTest, testing::Range(1U, 101U));

}  // namespace
}  // namespace windrow
