#include "extract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/regex.hpp>
#include <cmath>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "conditions.hpp"
#include "excerpt.hpp"
#include "json_scan.hpp"
#include "output_file.hpp"
#include "output_size.hpp"
#include "output_value.hpp"
#include "regex_scan.hpp"
#include "table_scan.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/number.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t shown_lines = 3;
constexpr std::size_t shown_of_value = 100;  // bytes
constexpr std::size_t shown_of_line = 300;

/// An output, ready to be read.
struct ReadyOutput {
  OutputSpec spec;
  OutputFile file;
  boost::regex pattern{};              // of a RegexSource
  std::vector<std::string> pointer{};  // of a JsonSource

  template <typename Source>
  const Source* source() const {
    return std::get_if<Source>(&spec.source);
  }
};

struct ReadyCheck {
  TextCheck spec;
  OutputFile file;
  boost::regex pattern;
};

const std::string& file_of(const OutputSpec& spec) {
  return std::visit([](const auto& source) -> const std::string& { return source.file; }, spec.source);
}

std::string what_is_there(const fs::path& path) {
  const std::string lines = last_lines(path, shown_lines);
  return lines.empty() ? "; the file is empty" : "; the file ends:" + lines;
}

Value checked(const std::string& text, const OutputSpec& spec, const fs::path& path) {
  if (auto value = value_of_type(text, spec.type)) return *std::move(value);
  throw BadOutput(fmt::format("{} in {} is not of the type {}{}{}",
                              in_quotes(made_visible(text.substr(0, shown_of_value))), path.string(), spec.type,
                              why_not_of_type(text, spec.type), what_is_there(path)));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// A column's cell in a CSV file, found among others in one pass.
struct CsvCell {
  const CsvSource* source;
  std::optional<std::size_t> position{};  // of the column; none: the header does not name it
  std::optional<std::string> text{};
  std::size_t short_row = 0;  // the line of a row that ends before it
};

struct CsvTable {
  std::vector<std::string> header;
  std::uint64_t rows = 0;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\f\v");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

void find_columns(const std::vector<std::string>& header, std::vector<CsvCell>& cells) {
  for (CsvCell& cell : cells) {
    const auto found = std::find_if(header.begin(), header.end(),
                                    [&](const std::string& name) { return trimmed(name) == cell.source->column; });
    if (found != header.end()) cell.position = static_cast<std::size_t>(found - header.begin());
  }
}

/// @throws BadOutput, SpecError
CsvTable read_csv(const fs::path& path, std::uint64_t most, std::vector<CsvCell>& cells) {
  std::ifstream in = open_output(path, most);
  csv::Reader reader(in, path.string());
  CsvTable table;
  if (!reader.next(table.header)) throw BadOutput(fmt::format("{} is empty", path.string()));
  find_columns(table.header, cells);
  const auto is_known = [](const CsvCell& cell) { return cell.position.has_value(); };
  if (std::none_of(cells.begin(), cells.end(), is_known)) return table;
  std::vector<std::string> fields;
  while (reader.next(fields)) {
    for (CsvCell& cell : cells) {
      if (!cell.position || (cell.source->row && table.rows != *cell.source->row)) continue;
      const bool is_there = fields.size() > *cell.position;
      cell.short_row = is_there ? 0 : reader.line();
      if (is_there) cell.text = fields[*cell.position];
    }
    ++table.rows;
  }
  return table;
}

std::string cell_of(const CsvCell& cell, const CsvTable& table, const fs::path& path) {
  const CsvSource& source = *cell.source;
  if (cell.short_row > 0) {
    throw BadOutput(
        fmt::format("{}:{}: the row ends before column `{}`", path.string(), cell.short_row, source.column));
  }
  if (cell.text) return *cell.text;
  throw MissingOutput(source.row
                          ? fmt::format("there is no row {} in {}: it has {}", *source.row, path.string(), table.rows)
                          : fmt::format("there is no row below the header in {}", path.string()));
}

void require_there(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw MissingOutput(fmt::format("{}: there is no such file", path.string()));
  if (!fs::is_regular_file(path, error)) throw BadOutput(fmt::format("{} is no regular file", path.string()));
}

Value read_array(const ArraySource& source, std::uint64_t most, const fs::path& path) {
  require_there(path);
  try {
    if (path.extension() == ".npy") return npy::read(path);
    require_size(path, most);
    return npy::read_text(path, source.form);
  } catch (const SpecError& error) {
    const bool is_whole = source.form.skip == 0 && source.form.columns.index() == 0;
    const std::string message = made_visible(error.what());
    const bool may_have_header = is_whole && message.find("is no number") != std::string::npos;
    throw BadOutput(message +
                    (may_have_header ? "; `skip` passes over lines, `columns` takes those below a header" : ""));
  }
}

void require_finite(const Value& value) {
  if (!value.is_array()) {
    if (!std::isfinite(value.number())) throw BadOutput(fmt::format("it is {}, and has to be finite", value.render()));
    return;
  }
  const auto& values = value.array().values;
  const auto bad = std::find_if(values.begin(), values.end(), [](double number) { return !std::isfinite(number); });
  if (bad == values.end()) return;
  throw BadOutput(fmt::format("the number at {} of {} is {}, and has to be finite", bad - values.begin(),
                              value.render(), text::render(*bad)));
}

/// @param make  called with what may throw a SpecError about this output
template <typename Make>
auto for_output(const OutputSpec& spec, Make&& make) {
  try {
    return make();
  } catch (const SpecError& error) {
    throw SpecError(fmt::format("output `{}`: {}", spec.name, error.what()));
  }
}

void check_output(const OutputSpec& spec) {
  const auto* array = std::get_if<ArraySource>(&spec.source);
  const auto& types = names_of_output_types();
  if ((array != nullptr) != (spec.type == "array")) {
    throw SpecError("the type `array` goes with an array's file, and only with it");
  }
  if (array == nullptr && std::find(types.begin(), types.end(), spec.type) == types.end()) {
    throw SpecError(fmt::format("unknown type `{}`{}", spec.type, text::suggestion(spec.type, types)));
  }
  if (file_of(spec).empty()) throw SpecError("no file to find it in");
  if (spec.finite && (spec.type == "boolean" || spec.type == "string")) {
    throw SpecError(fmt::format("`finite` goes with numbers, not with the type {}", spec.type));
  }
  const bool is_whole = array == nullptr || (array->form.skip == 0 && array->form.columns.index() == 0);
  if (!is_whole && array->file.ends_with(".npy")) throw SpecError("`skip` and `columns` go with texts, not with .npy");
  if (array != nullptr && array->form.table && array->form.columns.index() != 2) {
    throw SpecError("which table it is can be said only with names of `columns`");
  }
}

/// Whether a pattern without groups asks for letters or signs that no number has. What shows alternatives, or takes
/// something out of the match ("(?<=x = )\\d+"), is not looked at.
bool is_no_number(const boost::regex& pattern, const std::string& text) {
  if (pattern.mark_count() > 0 || text.find_first_of("(|") != std::string::npos) return false;
  if (text.find("\\K") != std::string::npos || text.find("\\Q") != std::string::npos) return false;
  constexpr std::string_view in_numbers = "abcdefinptxyABCDEFINPTXY0123456789+-._ \t^$*?{},";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '[') {
      at = std::min(text.find(']', at + 2), text.size());
    } else if (in_numbers.find(text[at]) == std::string_view::npos) {
      const char next = at + 1 < text.size() ? text[at + 1] : ' ';
      return next != '?' && next != '*' && next != '{';
    }
  }
  return false;
}

ReadyOutput ready(const OutputSpec& spec, const std::vector<std::string>& names) {
  return for_output(spec, [&] {
    check_output(spec);
    ReadyOutput output{spec, OutputFile(file_of(spec), names)};
    if (const auto* regex = output.source<RegexSource>()) {
      output.pattern = compile_regex(regex->pattern);
      if ((spec.type == "number" || spec.type == "integer") && is_no_number(output.pattern, regex->pattern)) {
        throw SpecError(
            fmt::format("the regular expression `{}` has no group, and all that it matches is no {}: put "
                        "( ) around the number",
                        regex->pattern, spec.type));
      }
    }
    if (const auto* node = output.source<JsonSource>()) output.pointer = parse_json_pointer(node->pointer);
    return output;
  });
}

ReadyCheck ready(const TextCheck& spec, const std::string& key, const std::vector<std::string>& names) {
  try {
    if (spec.file.empty()) throw SpecError("no file to look into");
    return {spec, OutputFile(spec.file, names), compile_regex(spec.pattern)};
  } catch (const SpecError& error) {
    throw SpecError(fmt::format("`{}`: {}", key, error.what()));
  }
}

void check_success_codes(const std::vector<int>& codes) {
  if (codes.empty()) throw SpecError("`success_codes` is empty: no program could succeed");
  for (const int code : codes) {
    if (code < 0 || code > 255)
      throw SpecError(fmt::format("`success_codes` has {}, but exit codes are 0 to 255", code));
  }
}

}  // namespace

struct Extraction::Impl {
  Impl(const CommandSpec& spec, const Design& design, const std::vector<std::string>& names)
      : conditions(spec.valid, design, spec.outputs) {
    for (const OutputSpec& output : spec.outputs) outputs.push_back(ready(output, names));
    for (const TextCheck& check : spec.fail_if) fail_if.push_back(ready(check, "fail_if", names));
    for (const TextCheck& check : spec.require) require.push_back(ready(check, "require", names));
    check_success_codes(spec.success_codes);
    max_output_size = spec.max_output_size;
  }
  std::vector<ReadyOutput> outputs;
  std::vector<ReadyCheck> fail_if;
  std::vector<ReadyCheck> require;
  Conditions conditions;
  std::uint64_t max_output_size = 0;
};

namespace {

/// What is read for one point.
class Reading {
 public:
  /// @param known  what need not be read; may be null
  Reading(const Extraction::Impl& what, const fs::path& directory, const Bindings& bindings,
          const EvaluatedPoint* known)
      : what_(what), directory_(directory), bindings_(bindings), known_(known), found_(what.outputs.size()) {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (is_wanted(i)) find(i, [&] { found_[i].file = what_.outputs[i].file.find(directory_, bindings_); });
    }
  }

  /// Of texts, all that is looked for in them.
  void read_texts() {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (is_wanted(i)) add_scanner(i);
    }
    if (checks_texts()) {
      add_checks(what_.fail_if, fail_if_);
      add_checks(what_.require, require_);
    }
    for (auto& [file, text] : texts_) {
      try {
        scan_text(file, what_.max_output_size, text.scanners);
      } catch (const BadOutput&) {
        text.problem = std::current_exception();
      }
    }
  }

  /// @throws FailedCheck, BadOutput
  void check() const {
    if (!checks_texts()) return;
    for (const FileCheck& check : fail_if_) {
      if (!is_found(check)) continue;
      const std::string line = made_visible(trimmed(check.scan->match()->line).substr(0, shown_of_line));
      throw FailedCheck(fmt::format("the program says that it failed, `{}` matches in {}: {}",
                                    check.check->spec.pattern, shown(check.file), line));
    }
    for (const ReadyCheck& wanted : what_.require) {
      const auto is_it = [&](const FileCheck& check) { return check.check == &wanted && is_found(check); };
      if (std::any_of(require_.begin(), require_.end(), is_it)) continue;
      throw BadOutput(
          fmt::format("`{}`, which is required, matches nothing in {}", wanted.spec.pattern, wanted.spec.file));
    }
  }

  void read_documents() {
    std::map<fs::path, std::vector<std::size_t>> json;
    std::map<fs::path, std::vector<std::size_t>> csv;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (!is_wanted(i) || found_[i].problem) continue;
      if (what_.outputs[i].source<JsonSource>() != nullptr) json[found_[i].file].push_back(i);
      if (what_.outputs[i].source<CsvSource>() != nullptr) csv[found_[i].file].push_back(i);
    }
    for (const auto& [file, outputs] : json) find(outputs, [&, &f = file, &o = outputs] { read_json(f, o); });
    for (const auto& [file, outputs] : csv) find(outputs, [&, &f = file, &o = outputs] { read_csv_of(f, o); });
  }

  const fs::path& file(std::size_t i) const {
    if (found_[i].problem) std::rethrow_exception(found_[i].problem);
    return found_[i].file;
  }

  /// @throws BadOutput
  Value value(std::size_t i) const {
    const ReadyOutput& output = what_.outputs[i];
    const fs::path& path = file(i);
    if (const auto* regex = output.source<RegexSource>()) return value_of_match(i, *regex);
    if (output.source<JsonSource>() != nullptr) return value_of_node(i);
    if (const auto* array = output.source<ArraySource>()) return read_array(*array, what_.max_output_size, path);
    if (output.source<TableSource>() != nullptr) {
      rethrow_problem_of(path);
      return checked(found_[i].table->cell(path.string()), output.spec, path);
    }
    const std::string& cell = found_[i].cell;
    if (output.spec.optional && output.spec.type != "string" && is_blank(cell))
      throw MissingOutput("its cell is empty");
    return checked(cell, output.spec, path);
  }

 private:
  /// What is known of an output.
  struct Found {
    fs::path file;
    std::exception_ptr problem;
    std::unique_ptr<RegexScan> regex;
    std::unique_ptr<TableScan> table;
    std::optional<JsonNode> node;
    std::string cell;
  };
  struct Text {
    std::vector<TextScanner*> scanners;
    std::exception_ptr problem;
  };
  /// A check in one file.
  struct FileCheck {
    const ReadyCheck* check;
    fs::path file;
    std::unique_ptr<RegexScan> scan;
  };

  template <typename Look>
  void find(std::size_t output, Look&& look) {
    find(std::vector<std::size_t>{output}, std::forward<Look>(look));
  }
  /// A problem of `look` is one of these outputs.
  template <typename Look>
  void find(const std::vector<std::size_t>& outputs, Look&& look) {
    try {
      look();
    } catch (const BadOutput&) {
      for (const std::size_t output : outputs) found_[output].problem = std::current_exception();
    }
  }

  void add_scanner(std::size_t i) {
    const ReadyOutput& output = what_.outputs[i];
    Found& found = found_[i];
    if (found.problem) return;
    if (const auto* regex = output.source<RegexSource>()) {
      found.regex = std::make_unique<RegexScan>(output.pattern, regex->match);
      texts_[found.file].scanners.push_back(found.regex.get());
    }
    if (const auto* table = output.source<TableSource>()) {
      found.table = std::make_unique<TableScan>(*table, is_numeric(output.spec));
      texts_[found.file].scanners.push_back(found.table.get());
    }
  }

  void add_checks(const std::vector<ReadyCheck>& checks, std::vector<FileCheck>& result) {
    for (const ReadyCheck& check : checks) {
      for (fs::path& file : check.file.find_all(directory_, bindings_)) {
        result.push_back({&check, std::move(file), std::make_unique<RegexScan>(check.pattern, 1)});
        texts_[result.back().file].scanners.push_back(result.back().scan.get());
      }
    }
  }

  bool is_wanted(std::size_t i) const { return known_ == nullptr || !known_->known[i]; }
  bool checks_texts() const { return known_ == nullptr || known_->texts; }
  static bool is_numeric(const OutputSpec& spec) { return spec.type == "number" || spec.type == "integer"; }

  std::string shown(const fs::path& file) const { return made_visible(file.lexically_relative(directory_).string()); }

  void rethrow_problem_of(const fs::path& file) const {
    const auto text = texts_.find(file);
    if (text != texts_.end() && text->second.problem) std::rethrow_exception(text->second.problem);
  }

  bool is_found(const FileCheck& check) const {
    try {
      rethrow_problem_of(check.file);
    } catch (const MissingOutput&) {
      return false;
    }
    try {
      return check.scan->match().has_value();
    } catch (const BadOutput& error) {
      throw BadOutput(fmt::format("the regular expression `{}` gave up on {}: {}", check.check->spec.pattern,
                                  check.file.string(), error.what()));
    }
  }

  Value value_of_match(std::size_t i, const RegexSource& source) const {
    const Found& found = found_[i];
    const std::string path = found.file.string();
    rethrow_problem_of(found.file);
    const std::optional<RegexScan::Match>* match = nullptr;
    try {
      match = &found.regex->match();
    } catch (const BadOutput& error) {
      throw BadOutput(fmt::format("the regular expression `{}` gave up on {}: {}", source.pattern, path, error.what()));
    }
    const std::uint64_t count = found.regex->count();
    if (source.match && count < *source.match && !(*match && count == 0 && source.match == 1)) {
      throw MissingOutput(fmt::format("the regular expression `{}` has {} in {}, and number {} is asked for{}",
                                      source.pattern, count == 1 ? "1 match" : fmt::format("{} matches", count), path,
                                      *source.match, what_is_there(found.file)));
    }
    if (!*match) {
      throw MissingOutput(fmt::format("the regular expression `{}` matches nothing in {}{}", source.pattern, path,
                                      what_is_there(found.file)));
    }
    return checked((*match)->text, what_.outputs[i].spec, found.file);
  }

  void read_json(const fs::path& file, const std::vector<std::size_t>& outputs) {
    std::vector<std::vector<std::string>> pointers;
    for (const std::size_t output : outputs) pointers.push_back(what_.outputs[output].pointer);
    std::ifstream in = open_output(file, what_.max_output_size);
    try {
      auto nodes = JsonScan(std::move(pointers)).scan(in);
      for (std::size_t i = 0; i < outputs.size(); ++i) found_[outputs[i]].node = std::move(nodes[i]);
    } catch (const SpecError& error) {
      throw BadOutput(fmt::format("{} is no valid JSON: {}{}", file.string(), error.what(), what_is_there(file)));
    }
  }

  Value value_of_node(std::size_t i) const {
    const OutputSpec& spec = what_.outputs[i].spec;
    const Found& found = found_[i];
    const std::string at = in_quotes(std::get<JsonSource>(spec.source).pointer);
    const std::string path = found.file.string();
    if (!found.node) {
      throw MissingOutput(fmt::format("there is nothing at {} in {}{}", at, path, what_is_there(found.file)));
    }
    const JsonNode& node = *found.node;
    if (node.kind == JsonNode::Kind::word && node.text == "null") {
      throw MissingOutput(
          fmt::format("null at {} in {} is not of the type {}: there is no value", at, path, spec.type));
    }
    if (auto value = value_of_type(node, spec.type)) return *std::move(value);
    const std::string why = node.kind == JsonNode::Kind::word ? why_not_of_type(node.text, spec.type) : "";
    throw BadOutput(fmt::format("{} at {} in {} is not of the type {}{}", node.shown(), at, path, spec.type, why));
  }

  void read_csv_of(const fs::path& file, const std::vector<std::size_t>& outputs) {
    std::vector<CsvCell> cells;
    for (const std::size_t output : outputs) cells.push_back({what_.outputs[output].source<CsvSource>()});
    CsvTable table;
    try {
      table = read_csv(file, what_.max_output_size, cells);
    } catch (const SpecError& error) {
      throw BadOutput(made_visible(error.what()));
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      find(outputs[i], [&] {
        found_[outputs[i]].cell =
            cells[i].position ? cell_of(cells[i], table, file) : cell_of_other_table(outputs[i], table.header, file);
      });
    }
  }

  /// Of a file whose header is a comment, or which has another separator.
  std::string cell_of_other_table(std::size_t i, const std::vector<std::string>& header, const fs::path& file) const {
    const OutputSpec& spec = what_.outputs[i].spec;
    const auto& source = std::get<CsvSource>(spec.source);
    TableScan table({source.file, source.column, source.row, {}}, is_numeric(spec));
    TextScanner* const scanner = &table;
    scan_text(file, what_.max_output_size, {&scanner, 1});
    if (table.has_table()) return table.cell(file.string());
    throw MissingOutput(fmt::format("there is no column `{}` in {}{}", source.column, file.string(),
                                    made_visible(text::suggestion(source.column, header))));
  }

  const Extraction::Impl& what_;
  const fs::path& directory_;
  const Bindings& bindings_;
  const EvaluatedPoint* known_;
  std::vector<Found> found_;
  std::map<fs::path, Text> texts_;
  std::vector<FileCheck> fail_if_;
  std::vector<FileCheck> require_;
};

/// A value that is known: an array is the path of its file.
void require_finite_known(const OutputSpec& spec, const Value& value) {
  if (!spec.finite || (spec.optional && is_missing_value(value))) return;
  if (value.is_number()) return require_finite(value);
  try {
    require_finite(npy::read(value.text()));
  } catch (const SpecError& error) {
    throw BadOutput(made_visible(error.what()));
  }
}

/// Whether a directory is as its program left it: `keep` may have let some of its files alone stay.
bool is_complete(const fs::path& directory) {
  std::error_code none;
  return fs::exists(directory / "command", none) && fs::exists(directory / "stdout", none) &&
         fs::exists(directory / "stderr", none);
}

/// For an array in NumPy's format: its file, which has been looked at, but not read. Else nothing.
std::optional<fs::path> file_to_keep(const ReadyOutput& output, const fs::path& file) {
  if (file.extension() != ".npy") return std::nullopt;
  require_there(file);
  try {
    npy::read_header(file);
    if (output.spec.finite) require_finite(npy::read(file));
  } catch (const SpecError& error) {
    throw BadOutput(made_visible(error.what()));
  }
  return file;
}

}  // namespace

Extraction::Extraction(const CommandSpec& spec, const Design& design, const std::vector<std::string>& names)
    : impl_(std::make_unique<Impl>(spec, design, names)) {}

Extraction::~Extraction() = default;
Extraction::Extraction(Extraction&&) noexcept = default;

bool Extraction::uses(std::size_t name, std::string_view text) const {
  const auto has_tag = [name](const auto& read) { return read.file.names(name); };
  return std::any_of(impl_->outputs.begin(), impl_->outputs.end(), has_tag) ||
         std::any_of(impl_->fail_if.begin(), impl_->fail_if.end(), has_tag) ||
         std::any_of(impl_->require.begin(), impl_->require.end(), has_tag) || impl_->conditions.uses(text);
}

bool Extraction::judges(std::string_view name) const {
  return impl_->conditions.uses(name);
}

std::vector<Value> Extraction::extract(const fs::path& directory, const Point& point, const Bindings& bindings,
                                       const KeepFile& keep_file, const EvaluatedPoint* known) const {
  const auto& outputs = impl_->outputs;
  Reading reading(*impl_, directory, bindings, known);
  reading.read_texts();
  reading.check();
  reading.read_documents();
  std::vector<Value> values(outputs.size());
  std::vector<bool> is_missing(outputs.size(), false);
  std::vector<std::pair<std::size_t, fs::path>> files;  // kept last: a point that fails keeps its files where they are
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputSpec& spec = outputs[i].spec;
    try {
      if (known != nullptr && known->known[i]) {
        values[i] = *known->known[i];
        is_missing[i] = spec.optional && is_missing_value(values[i]);
        require_finite_known(spec, values[i]);
        continue;
      }
      const bool may_keep = keep_file && outputs[i].source<ArraySource>() != nullptr;
      if (auto file = may_keep ? file_to_keep(outputs[i], reading.file(i)) : std::nullopt) {
        files.emplace_back(i, *std::move(file));
        continue;
      }
      values[i] = reading.value(i);
      if (spec.finite) require_finite(values[i]);
    } catch (const MissingOutput& error) {
      if (!spec.optional) throw BadOutput(fmt::format("output `{}`: {}", spec.name, error.what()));
      values[i] = missing_value();
      is_missing[i] = true;
    } catch (const BadOutput& error) {
      throw BadOutput(fmt::format("output `{}`: {}", spec.name, error.what()));
    }
  }
  impl_->conditions.check(point, values, is_missing);
  for (const auto& [position, file] : files) values[position] = keep_file(file);
  return values;
}

KnownBy Extraction::reads_from(const EvaluatedPoint& evaluated, const Bindings& bindings) const {
  const bool checks = evaluated.texts && !(impl_->fail_if.empty() && impl_->require.empty());
  const auto is_known = [](const std::optional<Value>& value) { return value.has_value(); };
  if (!checks && std::all_of(evaluated.known.begin(), evaluated.known.end(), is_known)) return KnownBy::values;
  const fs::path& directory = evaluated.directory;
  std::error_code none;
  if (!fs::is_directory(directory, none)) return KnownBy::nothing;
  const bool complete = is_complete(directory);
  const auto is_there = [&](const OutputFile& file) {
    const auto files = file.find_all(directory, bindings);
    return std::any_of(files.begin(), files.end(), [&](const fs::path& one) { return fs::exists(one, none); });
  };
  for (std::size_t i = 0; i < impl_->outputs.size(); ++i) {
    if (evaluated.known[i] || is_there(impl_->outputs[i].file)) continue;
    // Arrays in NumPy's format are taken out of the directories of points that succeed.
    const bool was_moved = !evaluated.failed && file_of(impl_->outputs[i].spec).ends_with(".npy");
    if (!complete || was_moved) return KnownBy::nothing;
  }
  for (const auto* some : {&impl_->fail_if, &impl_->require}) {
    for (const ReadyCheck& check : *some) {
      if (checks && !complete && !is_there(check.file)) return KnownBy::nothing;
    }
  }
  return KnownBy::files;
}

}  // namespace windrow::detail
