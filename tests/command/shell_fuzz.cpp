// Long runs of random shell texts with values that would make a file: shell_fuzz SEED COUNT [SHELL...]
#include "command/shell_fuzz.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>

namespace {

using namespace windrow;
using namespace windrow::shell_fuzz;

constexpr std::size_t kBatch = 200;

void show(const Shell& shell, const Case& fuzzed, const std::string& text) {
  fmt::print("{}: {}\n  v = {}\n  w = {}\n  as {}\n", shell.name, text::in_single_quotes(fuzzed.text),
             text::in_single_quotes(fuzzed.values[0]), text::in_single_quotes(fuzzed.values[1]),
             text::in_single_quotes(text));
  std::fflush(stdout);
}

struct Counts {
  std::uint64_t texts = 0;
  std::uint64_t refused = 0;
  std::uint64_t runs = 0;
  std::uint64_t made = 0;
};

void run_batch(Grammar& grammar, Runner& runner, const std::vector<Shell>& shells, std::uint64_t count,
               Counts& counts) {
  std::vector<Case> cases;
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    Case fuzzed = grammar.next();
    ++counts.texts;
    auto text = rendered(fuzzed);
    if (!text) {
      ++counts.refused;
      continue;
    }
    cases.push_back(std::move(fuzzed));
    texts.push_back(std::move(*text));
  }
  for (const Shell& shell : shells) {
    counts.runs += texts.size();
    for (const std::size_t culprit : runner.culprits(shell, texts)) {
      ++counts.made;
      show(shell, cases[culprit], texts[culprit]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} SEED COUNT [SHELL...]\n", argv[0]);
    return 2;
  }
  std::string name = (std::filesystem::temp_directory_path() / "sfXXXXXX").string();
  const std::filesystem::path directory = mkdtemp(name.data());
  const std::vector<std::string> wanted(argv + 3, argv + argc);
  std::vector<Shell> all;
  for (const std::string& shell : wanted.empty() ? kShells : wanted) {
    if (auto found = find_shell(shell, directory / "shells")) {
      all.push_back(std::move(*found));
    } else {
      fmt::print("{} is not here\n", shell);
    }
  }
  Runner runner(directory / "run");
  Grammar grammar(std::strtoull(argv[1], nullptr, 10), runner.mark().string());
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  Counts counts;
  while (counts.texts < count) {
    run_batch(grammar, runner, all, std::min<std::uint64_t>(kBatch, count - counts.texts), counts);
    if (counts.texts % 10000 < kBatch) {
      fmt::print(stderr, "{} texts, {} refused, {} runs, {} made a file\n", counts.texts, counts.refused, counts.runs,
                 counts.made);
    }
  }
  for (const std::string& text : runner.unfinished()) fmt::print("did not end: {}\n", text::in_single_quotes(text));
  fmt::print("{} texts (seed {}), {} refused, {} shells, {} runs of texts, {} did not end, {} made a file\n",
             counts.texts, argv[1], counts.refused, all.size(), counts.runs, runner.unfinished().size(), counts.made);
  std::filesystem::remove_all(directory);
  return counts.made == 0 ? 0 : 1;
}
