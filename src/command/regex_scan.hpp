#pragma once

#include <boost/regex.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "text_scan.hpp"

namespace windrow::detail {

/// `^` and `$` match at lines, and `.` stops at their ends, as users of line-oriented output expect.
/// @throws SpecError
boost::regex compile_regex(const std::string& pattern);

/// Finds a match of a regular expression: those of no characters count only if there is no other (`.*` matches nothing
/// at the end of every text). In a text of one window, its matches are those of a boost::regex_iterator. In a longer
/// one, none is longer than `reach`.
class RegexScan : public TextScanner {
 public:
  struct Match {
    std::string text;  ///< of the first group that took part, or of all of it
    std::string line;  ///< on which it begins; empty if the last is wanted
  };

  /// @param wanted  number of the match, from 1; none: the last
  explicit RegexScan(const boost::regex& pattern, std::optional<std::uint64_t> wanted = {})
      : pattern_(pattern), wanted_(wanted) {}

  bool scan(const TextWindow& window) override;

  /// @throws BadOutput if the pattern took too many steps, or matches more than it may: "... gave up: why"
  const std::optional<Match>& match() const;
  /// Matches of at least one character, up to the one that was wanted.
  std::uint64_t count() const { return count_; }

 private:
  using Iterator = std::string_view::const_iterator;
  bool search(const TextWindow& window);
  bool take(const boost::match_results<Iterator>& found, const TextWindow& window);

  boost::regex pattern_;
  std::optional<std::uint64_t> wanted_;
  std::uint64_t next_ = 0;      // where the next match may begin
  bool after_nothing_ = false;  // the last match ended where it began
  std::optional<Match> match_;
  std::uint64_t count_ = 0;
  std::string problem_;
};

}  // namespace windrow::detail
