// Every seed again: what a fuzzer has found once stays mended, and the targets compile, wherever there is no clang.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "fuzz_targets.hpp"

#define WINDROW_FUZZ_TARGET(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
WINDROW_FUZZ_TARGETS
#undef WINDROW_FUZZ_TARGET

namespace windrow::fuzz {
namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

const std::vector<Target> kTargets = {
#define WINDROW_FUZZ_TARGET(name) {#name, fuzz_##name},
    WINDROW_FUZZ_TARGETS
#undef WINDROW_FUZZ_TARGET
};

class SeedsTest : public testing::TestWithParam<Target> {};

TEST_P(SeedsTest, keep_what_is_promised) {
  std::vector<std::filesystem::path> seeds;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(WINDROW_SEEDS) / GetParam().name)) {
    seeds.push_back(entry.path());
  }
  ASSERT_FALSE(seeds.empty());
  std::sort(seeds.begin(), seeds.end());
  for (const std::filesystem::path& seed : seeds) {
    std::ifstream in(seed, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    try {
      GetParam().run(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    } catch (const std::exception& error) {
      ADD_FAILURE() << seed << ": " << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SeedsTest, testing::ValuesIn(kTargets),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(FindingTest, is_thrown_for_a_promise_that_is_not_kept) {
  EXPECT_NO_THROW(require(true, "one is one"));
  EXPECT_THROW(require(false, "one is two"), Finding);
}

}  // namespace
}  // namespace windrow::fuzz
