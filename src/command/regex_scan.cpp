#include "regex_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "bad_output.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace {

std::string line_around(std::string_view text, std::ptrdiff_t position) {
  const auto at = static_cast<std::size_t>(position);
  const std::size_t line_break = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const std::size_t line = line_break == std::string_view::npos ? 0 : line_break + 1;
  const std::size_t begin = std::max(line, at - std::min(at, TextScanner::behind));
  const std::size_t end = std::min({text.find('\n', at), at + TextScanner::behind, text.size()});
  return std::string(text.substr(begin, end - begin));
}

}  // namespace

boost::regex compile_regex(const std::string& pattern) {
  try {
    return boost::regex(pattern, boost::regex::perl | boost::regex::no_mod_s);
  } catch (const boost::regex_error& error) {
    throw SpecError(fmt::format("the regular expression `{}` is invalid: {}", pattern, error.what()));
  }
}

bool RegexScan::scan(const TextWindow& window) {
  try {
    return search(window);
  } catch (const std::runtime_error& error) {  // the pattern needs too many steps on this text
    problem_ = error.what();
    return false;
  }
}

bool RegexScan::search(const TextWindow& window) {
  const Iterator begin = window.text.begin();
  const Iterator end = window.text.end();
  // What begins behind it may go on in the next window, and is left to that.
  const std::uint64_t limit = window.offset + window.text.size() - (window.is_last ? 0 : reach);
  boost::match_flag_type around = boost::match_default;
  if (window.offset > 0) around |= boost::match_not_bol | boost::match_not_bob;
  if (!window.is_last) around |= boost::match_not_eol | boost::match_not_eob;
  boost::match_results<Iterator> found;
  while (window.is_last || next_ < limit) {
    const Iterator first = begin + static_cast<std::ptrdiff_t>(next_ - window.offset);
    const auto flags = after_nothing_ ? around | boost::regex_constants::match_not_initial_null : around;
    const bool is_found = boost::regex_search(first, end, found, pattern_, flags, begin);
    const std::uint64_t at = is_found ? window.offset + static_cast<std::uint64_t>(found[0].first - begin) : limit;
    if (!is_found || (!window.is_last && at >= limit)) {
      if (window.is_last) return false;
      next_ = limit;
      after_nothing_ = false;
      return true;
    }
    if (!window.is_last && found[0].second == end) {
      throw std::runtime_error(fmt::format("it matches more than {} MiB", reach >> 20U));
    }
    after_nothing_ = found.length() == 0;
    next_ = at + static_cast<std::uint64_t>(found.length());
    if (!take(found, window)) return false;
    if (window.is_last && found[0].second == end) return false;
  }
  return true;
}

/// @return whether another one may be wanted
bool RegexScan::take(const boost::match_results<Iterator>& found, const TextWindow& window) {
  const bool is_empty = found.length() == 0;
  if (!is_empty) ++count_;
  if (is_empty ? match_.has_value() : wanted_ && count_ != *wanted_) return true;
  std::size_t group = 1;
  while (group < found.size() && !found[static_cast<int>(group)].matched) ++group;
  const auto& text = found[group < found.size() ? static_cast<int>(group) : 0];
  match_ = Match{text.str(), wanted_ ? line_around(window.text, found[0].first - window.text.begin()) : ""};
  return is_empty || !wanted_ || count_ < *wanted_;
}

const std::optional<RegexScan::Match>& RegexScan::match() const {
  if (!problem_.empty()) throw BadOutput(problem_);
  return match_;
}

}  // namespace windrow::detail
