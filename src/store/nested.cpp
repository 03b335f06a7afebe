// Stores in folders that tell the loops around their sweeps.
#include "windrow/store/nested.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <system_error>

#include "schema.hpp"
#include "store/interface/loop_names.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

namespace fs = std::filesystem;

// Those that tools which read such folders as columns write as %XX. Without them a folder says its value word for word.
constexpr std::string_view kNotInFolders = "\"#%'*/:=?[\\]^{}";
constexpr std::size_t kLongestFolder = 255;

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = text::utf8_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

/// Why it cannot be a part of a folder's name; empty if it can.
std::string problem_of(std::string_view part) {
  if (part.empty()) return "is empty";
  if (!is_utf8(part)) return "is not UTF-8";
  if (part.front() == ' ' || part.back() == ' ') return "begins or ends with a space";
  const auto bad = std::ranges::find_if(
      part, [](char c) { return text::is_control(c) || kNotInFolders.find(c) != std::string_view::npos; });
  if (bad == part.end()) return {};
  return fmt::format("holds `{}`; it names a folder, without control characters and any of {}",
                     text::visible({&*bad, 1}), kNotInFolders);
}

std::string folder_of(const LoopValue& loop) {
  if (const std::string problem = problem_of(loop.name); !problem.empty()) {
    throw SpecError(fmt::format("the name of a loop, `{}`, {}", text::visible(loop.name), problem));
  }
  const std::string value = loop.value.identity_text();
  const std::string problem = loop.value.is_array() ? "is an array" : problem_of(value);
  if (!problem.empty()) {
    throw SpecError(fmt::format("a value of the loop `{}`, `{}`, {}", loop.name, text::visible(value), problem));
  }
  std::string folder = fmt::format("{}={}", loop.name, value);
  if (folder.size() <= kLongestFolder) return folder;
  throw SpecError(fmt::format("a value of the loop `{}` is too long for a folder: {} of at most {} bytes", loop.name,
                              folder.size(), kLongestFolder));
}

bool has_name(const std::vector<LoopValue>& loops, std::string_view name) {
  return std::ranges::any_of(loops, [&](const LoopValue& loop) { return loop.name == name; });
}

/// As folder_of() gives it, or nothing.
std::optional<LoopValue> loop_of(const std::string& folder) {
  const std::size_t at = folder.find('=');
  if (at == std::string::npos) return std::nullopt;
  const std::string text = folder.substr(at + 1);
  if (!problem_of(folder.substr(0, at)).empty() || !problem_of(text).empty()) return std::nullopt;
  const Value value = parse_value(text);
  return LoopValue{folder.substr(0, at), value.identity_text() == text ? value : Value(text)};  // 007 stays what it is
}

std::strong_ordering compare_values(const Value& a, const Value& b) {
  if (a.is_number() != b.is_number()) return a.is_number() ? std::strong_ordering::less : std::strong_ordering::greater;
  if (a.is_number()) {
    const std::strong_ordering order = std::strong_order(a.number(), b.number());
    if (order != std::strong_ordering::equal) return order;
  }
  return a.identity_text() <=> b.identity_text();
}

bool comes_before(const NestedStore& a, const NestedStore& b) {
  const auto compare = [](const LoopValue& x, const LoopValue& y) {
    const std::strong_ordering order = x.name <=> y.name;
    return order != std::strong_ordering::equal ? order : compare_values(x.value, y.value);
  };
  return std::lexicographical_compare_three_way(a.loops.begin(), a.loops.end(), b.loops.begin(), b.loops.end(),
                                                compare) == std::strong_ordering::less;
}

/// A name that comes again ends the search, so that a link to a folder above does, too.
void find_below(const NestedStore& here, std::vector<NestedStore>& found) {
  std::error_code error;
  if (fs::exists(here.directory / detail::results_file, error) || fs::is_directory(here.directory / "shards", error)) {
    found.push_back(here);
  }
  for (fs::directory_iterator entry(here.directory, error), end; !error && entry != end; entry.increment(error)) {
    const auto loop = loop_of(entry->path().filename().string());
    std::error_code ignored;
    if (!loop || has_name(here.loops, loop->name) || !entry->is_directory(ignored)) continue;
    NestedStore below{entry->path(), here.loops};
    below.loops.push_back(*loop);
    find_below(below, found);
  }
}

}  // namespace

fs::path nested_store(const fs::path& store, const std::vector<LoopValue>& loops) {
  fs::path directory = store;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    const std::vector<LoopValue> outside(loops.begin(), loops.begin() + static_cast<std::ptrdiff_t>(i));
    if (has_name(outside, loops[i].name)) {
      throw SpecError(fmt::format("two loops around one sweep have the name `{}`", loops[i].name));
    }
    directory /= folder_of(loops[i]);
  }
  return directory;
}

std::string NestedStore::name() const {
  std::string name;
  for (const LoopValue& loop : loops) {
    name += fmt::format("{}{}={}", name.empty() ? "" : "/", loop.name, loop.value.identity_text());
  }
  return name.empty() ? "." : name;
}

std::vector<NestedStore> find_nested_stores(const fs::path& store) {
  std::vector<NestedStore> found;
  find_below({store, {}}, found);
  std::ranges::sort(found, comes_before);
  return found;
}

void detail::require_new_names(const std::vector<LoopValue>& loops, const StudyIdentity& study) {
  for (const LoopValue& loop : loops) {
    const auto is_it = [&](const Column& column) { return column.name == loop.name; };
    const bool taken = loop.name == "index" || loop.name == "status" || std::ranges::any_of(study.parameters, is_it) ||
                       std::ranges::any_of(study.outputs, is_it);
    if (!taken) continue;
    throw SpecError(fmt::format("a loop around the sweep has the name of a column of its results, `{}`", loop.name));
  }
}

}  // namespace windrow
