// Regular expressions on what a program printed: the matches are those of a plain search.
// Input: the expression on the first line, then the text.
#include <algorithm>
#include <boost/regex.hpp>
#include <optional>

#include "command/bad_output.hpp"
#include "command/output_value.hpp"
#include "command/regex_scan.hpp"
#include "fuzz.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;

constexpr std::size_t kLongestText = 4096;  // the steps that an expression may take grow with the square

std::string group_of(const boost::smatch& match) {
  std::size_t group = 1;
  while (group < match.size() && !match[static_cast<int>(group)].matched) ++group;
  return match[group < match.size() ? static_cast<int>(group) : 0].str();
}

struct Matches {
  std::vector<std::string> some;       // of at least one character
  std::optional<std::string> nothing;  // the first of none
};

std::optional<Matches> matches_of(const boost::regex& pattern, const std::string& text) try {
  Matches matches;
  for (boost::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    if (match->length() > 0) {
      matches.some.push_back(group_of(*match));
    } else if (!matches.nothing) {
      matches.nothing = group_of(*match);
    }
  }
  return matches;
} catch (const std::runtime_error&) {
  return std::nullopt;  // too many steps
}

/// @return what was found; a text that no match can be where it gave up
std::optional<std::string> scanned(const boost::regex& pattern, const std::string& text,
                                   std::optional<std::uint64_t> wanted) {
  detail::RegexScan scan(pattern, wanted);
  scan.scan({text, 0, true});
  const auto& match = scan.match();
  if (!match) return std::nullopt;
  return match->text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::string expression(input.line());
  const std::string text(input.rest().substr(0, kLongestText));
  boost::regex pattern;
  try {
    pattern = detail::compile_regex(expression);
  } catch (const SpecError&) {
    return 0;
  }
  const auto matches = matches_of(pattern, text);
  for (const std::optional<std::uint64_t> wanted : {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(2)}) {
    std::optional<std::string> found;
    try {
      found = scanned(pattern, text, wanted);
    } catch (const detail::BadOutput&) {
      continue;
    }
    if (!matches) continue;
    const std::size_t number = wanted ? *wanted : matches->some.size();
    if (number > 0 && number <= matches->some.size()) {
      require(found == matches->some[number - 1], "the match is that of a plain search");
    } else if (matches->some.empty()) {
      require(found == matches->nothing, "a match of nothing is that of a plain search");
    }
    if (!found) continue;
    for (const std::string& type : detail::names_of_output_types()) {
      if (const auto value = detail::value_of_type(*found, type)) require_reads_back(*value);
    }
  }
  return 0;
}
