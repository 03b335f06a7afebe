#include "common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <streambuf>
#include <string_view>
#include <thread>

#include "windrow/base/files.hpp"
#include "windrow/error.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {
std::string version() {
  return WINDROW_VERSION;
}

std::string with_options(std::string message) {
  struct Advice {
    std::string_view words;
    std::string_view option;
  };
  constexpr std::array<Advice, 5> kAdvice = {{{"are taken as its results", " (--again computes them anew)"},
                                              {"another directory", " (--dir DIR)"},
                                              {"retries failed points", " (--retry-failed)"},
                                              {"into another store", " (--into DIR)"},
                                              {"more workers make more slots", " (--workers N)"}}};
  for (const Advice& advice : kAdvice) {
    const std::size_t at = message.find(advice.words);
    if (at != std::string::npos) message.insert(at + advice.words.size(), advice.option);
  }
  return message;
}

// Of all ranks the first one speaks. The others leave it the time to: when one ends with a code, mpirun ends all.
int complain(const std::string& message) {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    const char* rank = std::getenv(name);
    if (rank == nullptr || std::strcmp(rank, "0") == 0) continue;
    std::this_thread::sleep_for(std::chrono::seconds(2));
    return 2;
  }
  put_aside(fmt::format("windrow: {}\n", text::visible(with_options(message), "\n\t")));
  return 2;
}

std::filesystem::path results_directory(const std::filesystem::path& given) {
  if (!std::filesystem::is_regular_file(given)) return given;
  if (given.extension() == ".toml") return load_study(given).directory;
  return given.extension() == ".sqlite" ? std::filesystem::absolute(given).parent_path() : given;
}

bool has_nested_stores(const std::filesystem::path& directory) {
  return std::ranges::any_of(find_nested_stores(directory),
                             [](const NestedStore& store) { return !store.loops.empty(); });
}

StoreReader open_results(const std::filesystem::path& directory) {
  std::error_code none;
  if (!std::filesystem::exists(directory / "results.sqlite", none)) {
    if (const std::string shards = unmerged(directory); !shards.empty()) {
      throw StoreError(
          fmt::format("{}: there are no results here but those of shards; {}", directory.string(), shards));
    }
    if (const auto nested = find_nested_stores(directory); !nested.empty()) {
      throw StoreError(fmt::format("{}: there are {} below it: give the directory of one, as {}", directory.string(),
                                   counted(nested.size(), "sweep"), shell_line({nested.front().directory.string()})));
    }
  }
  return StoreReader(directory);
}

std::string no_such_point(std::uint64_t index, const std::string& study, std::uint64_t points) {
  if (points == 1) return fmt::format("there is no point {}: {} has point 0 only", index, study);
  return fmt::format("there is no point {}: {} has points 0 to {}", index, study, points - 1);
}

std::string within_line(const std::string& text, std::size_t width) {
  return text::shortened(text::visible(text), width);
}

std::string assignment(const std::string& name, const std::string& value, const std::string& unit) {
  const std::string shown = within_line(value, 100);
  return unit.empty() ? fmt::format("{} = {}", name, shown) : fmt::format("{} = {} {}", name, shown, within_line(unit));
}

std::string written(const Parameter& parameter, const Value& value) {
  try {
    return parameter.write(value);
  } catch (const Rejected&) {  // it does not fit its format
    return value.written();
  }
}

std::string one_line(const Point& point) {
  std::string line;
  for (std::size_t i = 0; i < point.values().size(); ++i) {
    const Parameter& parameter = point.parameters()[i];
    if (i > 0) line += ", ";
    if (text::width(line) > 200) return line + "...";
    line += assignment(parameter.name(), written(parameter, point.values()[i]), parameter.unit());
  }
  return line;
}

std::string why_stopped(const StoreReader& store) {
  const auto runs = store.runs();
  std::string why;
  if (runs.empty()) return why;
  for (const auto& [name, text] : runs.back()) {
    if (name == "stopped") why = text;
  }
  return why;
}

std::uint64_t for_damaged_arrays(const StoreReader& store, const std::function<void(const ArrayFile&)>& visit) {
  const auto is_array = [](const Column& output) { return detail::is_array_type(output.type); };
  if (std::ranges::none_of(store.identity().outputs, is_array)) return 0;
  std::uint64_t points = 0;
  store.for_each([&](const Record& record) {
    bool whole = true;
    for (const ArrayFile& array : record.arrays) {
      if (array.is_whole()) continue;
      visit(array);
      whole = false;
    }
    points += whole ? 0 : 1;
  });
  return points;
}

std::string indented(const std::string& text, int spaces) {
  std::string out = text::indented(text, static_cast<std::size_t>(spaces));
  if (!out.ends_with('\n')) out += '\n';
  return out;
}

namespace {

/// So that the reason is known where something cannot be written.
class StandardOutput : public std::streambuf {
 protected:
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    return put({text, static_cast<std::size_t>(size)}) ? size : 0;
  }
  int_type overflow(int_type next) override {
    const char c = traits_type::to_char_type(next);
    return put({&c, 1}) ? traits_type::not_eof(next) : traits_type::eof();
  }
  int sync() override { return flush_output() == 0 ? 0 : -1; }
};

}  // namespace

void write_output(const std::string& target, const std::function<void(std::ostream&)>& content) {
  if (target != "-") {
    static_cast<void>(flush_output());  // it may be the target by another name
    detail::NewFile file(target);
    try {
      content(file.stream());
    } catch (const Error&) {
      if (!file.stream()) file.finish();  // throws, and says why
      throw;
    }
    return file.take_name();
  }
  StandardOutput buffer;
  std::ostream out(&buffer);
  try {
    content(out);
  } catch (const Error&) {
    if (out) throw;  // what could not be written is told at the end
  }
}

bool is_standard_output(const std::string& target) {
  return target == "-" || detail::write_target(target).is_standard_output();
}

bool may_have_neighbours(const std::string& target) {
  return target != "-" && detail::write_target(target).is_replaced;
}

}  // namespace windrow::app
