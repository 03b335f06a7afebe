// What a file says of the study as a whole.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "netcdf_writer.hpp"
#include "windrow/base/hash.hpp"

namespace windrow::detail {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string text_of(const Pairs& pairs, std::string_view key) {
  const auto found = std::ranges::find(pairs, key, [](const auto& pair) { return pair.first; });
  return found == pairs.end() ? "" : found->second;
}

/// "2026-11-30T20:15:00Z"
std::string utc(double seconds) {
  const auto whole = static_cast<time_t>(std::floor(seconds));
  tm parts{};
  std::array<char, 32> text{};
  if (::gmtime_r(&whole, &parts) == nullptr) return "";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

/// The first run and the last one, which comes first by convention.
std::string history_of(const StoreReader& store, const std::vector<Pairs>& runs) {
  const std::vector<RunTimes> times = store.run_times();
  if (times.empty() || times.size() != runs.size()) return "";
  const auto line = [&](std::size_t run, const char* which) {
    const std::string version = text_of(runs[run], "windrow");
    return fmt::format("{}: windrow{}: {}", utc(times[run].started), version.empty() ? "" : " " + version, which);
  };
  const std::string first = line(0, "first run of the study");
  return runs.size() == 1 ? first : line(runs.size() - 1, "last run of the study") + "\n" + first;
}

/// A text that is the same only for the same study.
std::string digest_of(const StudyIdentity& study) {
  ContentHash hash;
  for (const auto& [name, text] : study.definition) {
    hash.add(fmt::format("{}:{}:", name.size(), text.size()));
    hash.add(name);
    hash.add(text);
  }
  return hash.value().text();
}

}  // namespace

void add_study_attributes(NetcdfFile& file, const StoreReader& store, const NetcdfLayout& layout) {
  constexpr std::size_t kLongest = 32768;  // HDF5 keeps no attribute of more than 64 kB
  const auto add = [&](const char* name, const std::string& text) {
    if (text.size() <= kLongest) file.add_attribute(NetcdfFile::kGlobal, name, text);
  };
  const StudyIdentity& study = store.identity();
  const std::vector<Pairs> runs = store.runs();
  const Pairs last = runs.empty() ? Pairs() : runs.back();
  const std::string version = text_of(last, "windrow");
  add("Conventions", "CF-1.10");
  add("title", study.name);
  add("source", version.empty() ? "windrow" : "windrow " + version);
  add("history", history_of(store, runs));
  add("study_digest", digest_of(study));
  add("study_points", std::to_string(study.points));
  add("design_method", text_of(study.definition, "design.method"));
  add("design_seed", text_of(study.definition, "design.seed"));
  add("study_file", text_of(last, "study"));
  add("why_no_grid", layout.why_no_grid);
  std::vector<std::string> left_out;
  for (const ArrayOutput& array : layout.arrays) {
    if (!array.why_not.empty()) left_out.push_back(left_out_array(study, array));
  }
  add("left_out", fmt::format("{}", fmt::join(left_out, "\n")));
}

std::string left_out_array(const StudyIdentity& study, const ArrayOutput& array) {
  const std::string& name = study.outputs[array.column].name;
  return fmt::format("{}: {}; each is in arrays/{}/INDEX.npy of the results directory", name, array.why_not, name);
}

}  // namespace windrow::detail
