#include "output_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>

#include <algorithm>
#include <string_view>
#include <system_error>

#include "bad_output.hpp"
#include "excerpt.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostListed = 12;
constexpr std::string_view kWildcards = "*?[";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || kWildcards.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

std::vector<fs::path> files_of(const std::string& pattern) {
  glob_t found{};
  std::vector<fs::path> files;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::error_code error;
      if (fs::is_regular_file(found.gl_pathv[i], error)) files.emplace_back(found.gl_pathv[i]);
    }
  }
  globfree(&found);
  return files;
}

/// In the order of the alphabet; the first ones of many.
std::string listed(std::vector<std::string> names) {
  if (names.empty()) return "nothing";
  std::sort(names.begin(), names.end());
  const std::size_t more = names.size() - std::min(names.size(), kMostListed);
  names.resize(names.size() - more);
  return made_visible(fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : ""));
}

std::string what_is_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string() + (entry->is_directory(error) ? "/" : ""));
  }
  return listed(std::move(names));
}

}  // namespace

OutputFile::OutputFile(const std::string& name, const std::vector<std::string>& names)
    : name_(name, "file", false, names) {}

OutputFile::Rendered OutputFile::render(const Bindings& bindings) const {
  Rendered result;
  bool is_pattern = false;
  for (const Piece& piece : name_.pieces(bindings)) {
    const bool is_value = piece.name != Piece::literal;
    result.name += piece.text;
    result.pattern += is_value ? escaped(piece.text) : piece.text;
    is_pattern = is_pattern || (!is_value && piece.text.find_first_of(kWildcards) != std::string::npos);
  }
  if (!is_pattern) result.pattern.clear();
  return result;
}

std::vector<fs::path> OutputFile::find_all(const fs::path& directory, const Bindings& bindings) const {
  const auto [name, pattern] = render(bindings);
  std::error_code error;
  if (pattern.empty() || fs::exists(directory / name, error)) return {directory / name};
  return files_of(pattern.starts_with('/') ? pattern : (fs::path(escaped(directory.string())) / pattern).string());
}

fs::path OutputFile::find(const fs::path& directory, const Bindings& bindings) const {
  auto files = find_all(directory, bindings);
  if (files.size() == 1) return files.front();
  const std::string name = made_visible(render(bindings).name);
  if (files.empty()) {
    const fs::path folder = (directory / name).parent_path();
    throw MissingOutput(
        fmt::format("no file is called {}; in {}, there is {}", name, folder.string(), what_is_in(folder)));
  }
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.lexically_relative(directory).string());
  throw BadOutput(
      fmt::format("{} files are called {}, where one is needed: {}", files.size(), name, listed(std::move(names))));
}

}  // namespace windrow::detail
