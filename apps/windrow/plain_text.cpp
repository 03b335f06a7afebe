// Just as much Markdown as the manual uses: headings, paragraphs, lists, tables, fenced blocks, links, emphasis.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <regex>
#include <sstream>
#include <vector>

#include "manual.hpp"

namespace windrow::app {
namespace {

using Row = std::vector<std::string>;

std::string inline_text(std::string text) {
  static const std::regex web_link(R"(\[([^\]]+)\]\((https?://[^)]+)\))"), link(R"(!?\[([^\]]+)\]\([^)]+\))");
  static const std::regex page(R"(\[[^\]]+\]\((windrow[a-z-]*)\.md\))");
  static const std::regex bold(R"(\*\*([^*]+)\*\*)"), emphasis(R"((^|[\s(])\*([^*\s][^*]*)\*)");
  static const std::regex escaped(R"(\\([|]))");
  text = std::regex_replace(text, web_link, "$1 <$2>");
  text = std::regex_replace(text, page, "$1");
  text = std::regex_replace(text, link, "$1");
  text = std::regex_replace(text, bold, "$1");
  text = std::regex_replace(text, emphasis, "$1$2");
  return std::regex_replace(text, escaped, "$1");
}

std::size_t columns(const std::string& text) {  // letters, not bytes
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Wrapped; the first line begins with `first`, the others with `rest`.
std::string wrapped(const std::string& text, const std::string& first, const std::string& rest, std::size_t width) {
  std::istringstream words(text);
  std::string result, line = first, word;
  bool empty = true;
  while (words >> word) {
    if (!empty && columns(line) + 1 + columns(word) > width) {
      result += line + "\n";
      line = rest;
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  return result + line + "\n";
}

Row cells(const std::string& line) {
  Row row;
  std::string cell;
  for (std::size_t i = 1; i < line.size(); ++i) {  // after the first bar
    if (line[i] == '|' && line[i - 1] != '\\') {
      const std::size_t from = cell.find_first_not_of(' ');
      row.push_back(from == std::string::npos ? ""
                                              : inline_text(cell.substr(from, cell.find_last_not_of(' ') - from + 1)));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  return row;
}

/// In columns, the last one wrapped, if that leaves it room; else each row as a paragraph under its first cell.
std::string table(const std::vector<Row>& rows, std::size_t width) {
  const std::size_t fields = rows.front().size();
  std::vector<std::size_t> widths(fields, 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < std::min(fields, row.size()); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  const std::size_t before = std::accumulate(widths.begin(), widths.end() - 1, 2 * fields);
  std::string text;
  if (before + std::min<std::size_t>(widths.back(), 34) <= width) {
    for (const Row& row : rows) {
      std::string line = "  ";
      for (std::size_t i = 0; i + 1 < row.size(); ++i) {
        line += row[i] + std::string(widths[i] - columns(row[i]) + 2, ' ');
      }
      text += wrapped(row.back(), line, std::string(before, ' '), width);
    }
    return text;
  }
  for (std::size_t r = 1; r < rows.size(); ++r) {
    text += wrapped(rows[r].front(), "  ", "  ", width);
    for (std::size_t i = 1; i < rows[r].size(); ++i) {
      const std::string label = fields > 2 ? rows.front()[i] + ": " : "";
      text += wrapped(label + rows[r][i], "      ", "      ", width);
    }
  }
  return text;
}

class Page {
 public:
  explicit Page(std::size_t width) : width_(width) {}

  void add(const std::string& line) {
    if (in_code_ || line.starts_with("```")) return add_code(line);
    if (line.starts_with("|")) return add_row(line);
    if (line.starts_with("#")) return add_heading(line);
    if (line.empty()) {
      flush();
      text_ += text_.ends_with("\n\n") ? "" : "\n";
      return;
    }
    static const std::regex item(R"(^(- |\d+\. )(.*))");
    if (std::smatch match; std::regex_match(line, match, item)) {
      flush();
      bullet_ = match[1];
      paragraph_ = match[2];
    } else {
      paragraph_ += (paragraph_.empty() ? "" : " ") + line;
    }
  }

  std::string text() {
    flush();
    return text_;
  }

 private:
  void add_code(const std::string& line) {
    flush();
    if (line.starts_with("```")) {
      in_code_ = !in_code_;
      const std::size_t name = line.find(" file=");
      if (in_code_ && name != std::string::npos) text_ += "  " + line.substr(name + 6) + ":\n";
    } else {
      text_ += line.empty() ? "\n" : "    " + line + "\n";
    }
  }

  void add_row(const std::string& line) {
    if (!paragraph_.empty()) flush();
    if (!line.starts_with("|---")) rows_.push_back(cells(line));
  }

  void add_heading(const std::string& line) {
    flush();
    const std::size_t level = line.find_first_not_of('#');
    std::string heading = inline_text(line.substr(level + 1));
    if (level == 2 && heading.find('[') == std::string::npos)
      std::ranges::transform(heading, heading.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    text_ += heading + "\n";
  }

  void flush() {
    if (!rows_.empty()) text_ += table(rows_, width_);
    if (!paragraph_.empty()) {
      const std::string margin = "  ";
      text_ += wrapped(inline_text(paragraph_), margin + bullet_, margin + std::string(bullet_.size(), ' '), width_);
    }
    rows_.clear();
    paragraph_.clear();
    bullet_.clear();
  }

  std::size_t width_;
  bool in_code_ = false;
  std::string text_, paragraph_, bullet_;
  std::vector<Row> rows_;
};

}  // namespace

std::string plain_text(const std::string& markdown, std::size_t width) {
  Page page(width);
  std::istringstream lines(markdown);
  for (std::string line; std::getline(lines, line);) page.add(line);
  return page.text();
}

}  // namespace windrow::app
