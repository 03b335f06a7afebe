// What people mean when they write what TOML does not know.
#include "study/toml_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <regex>
#include <vector>

namespace windrow::detail {

namespace {

std::size_t line_at(std::string_view source, std::size_t at) {
  return 1 +
         static_cast<std::size_t>(std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string line_of_text(std::string_view source, std::size_t line) {
  for (; line > 1; --line) source.remove_prefix(std::min(source.find('\n'), source.size() - 1) + 1);
  return std::string(source.substr(0, source.find('\n')));
}

bool is_closed(std::string_view source, std::size_t at, std::size_t end) {
  const std::size_t quotes = source.substr(at).starts_with(std::string(3, source[at])) ? 3 : 1;
  return end >= at + 2 * quotes && source.substr(end - quotes, quotes) == std::string(quotes, source[at]);
}

/// The first text or bracket that is not closed, if the parser met it.
std::string not_closed(std::string_view source, std::size_t line) {
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < source.size(); ++at) {
    const char c = source[at];
    if (c == '"' || c == '\'' || c == '#') {
      const std::size_t end = end_of_text(source, at);
      const std::size_t begins = line_at(source, at);
      if (c != '#' && begins <= line && !is_closed(source, at, end)) {
        return fmt::format("; the text that begins in line {} is not closed: {} is missing", begins, c);
      }
      at = end - 1;
    }
    if (c == '[' || c == '{') open.push_back(at);
    if ((c == ']' || c == '}') && !open.empty()) open.pop_back();
  }
  if (open.empty() || line_at(source, open.front()) > line) return {};
  const std::size_t at = open.front();
  return fmt::format("; the `{}` in line {} is not closed: `{}` is missing", source[at], line_at(source, at),
                     source[at] == '[' ? ']' : '}');
}

/// Of a table that is there twice, where it was first.
std::string seen_before(std::string_view source, std::size_t line) {
  const auto plain = [](std::string text) {
    text = text.substr(0, text.find('#'));
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
    return text;
  };
  const std::string header = plain(line_of_text(source, line));
  if (!header.starts_with('[')) return {};
  for (std::size_t before = 1; before < line; ++before) {
    if (plain(line_of_text(source, before)) != header) continue;
    return fmt::format("; {} stands in line {} already: write its keys there", header, before);
  }
  return {};
}

}  // namespace

std::size_t end_of_text(std::string_view source, std::size_t at) {
  const char quote = source[at];
  const std::string three(3, quote);
  const bool many_lines = source.substr(at).starts_with(three);
  if (quote == '#') return std::min(source.find('\n', at), source.size());
  for (at += many_lines ? 3 : 1; at < source.size(); ++at) {
    if (quote == '"' && source[at] == '\\') {
      ++at;
    } else if (many_lines ? source.substr(at).starts_with(three) : source[at] == quote || source[at] == '\n') {
      return at + (many_lines ? 3 : 1);
    }
  }
  return source.size();
}

std::string toml_advice(std::string_view source, std::size_t line, std::string_view description) {
  if (description.find("redefine") != std::string_view::npos) return seen_before(source, line);
  if (std::string advice = not_closed(source, line); !advice.empty()) return advice;
  if (description.find("escape") != std::string_view::npos) {
    return "; in double quotes `\\` begins an escape: write regular expressions in single quotes, as 'x = (\\S+)'";
  }
  static const std::regex bare(R"(^\s*[\w.-]+\s*=\s*([A-Za-z_][^#"'\[\{]*?)\s*(#.*)?$)");
  const std::string text = line_of_text(source, line).substr(0, 200);
  if (std::smatch match; std::regex_match(text, match, bare)) {
    return fmt::format("; texts stand in quotes: \"{}\"", match[1].str());
  }
  return {};
}

}  // namespace windrow::detail
