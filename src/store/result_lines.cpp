#include "result_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "arrays/interface/array_files.hpp"
#include "base/interface/plain_number.hpp"
#include "rows.hpp"
#include "schema.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

constexpr std::size_t values_before = 2;  // index, status

template <typename Number>
void append_chars(std::string& text, Number number) {
  text::NumberRoom buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): what is not written is not read
  text.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
}

/// As text::render_plain(), and as text::render_real() if whole numbers have a point.
void append_real(std::string& text, double value, bool with_point) {
  constexpr double exact = 0x1p53;
  const bool is_whole = std::abs(value) < exact && std::trunc(value) == value && !(value == 0.0 && std::signbit(value));
  if (is_whole) {
    append_chars(text, static_cast<std::int64_t>(value));
    if (with_point) text += ".0";
    return;
  }
  text::NumberRoom room;  // NOLINT(cppcoreguidelines-pro-type-member-init): what is not written is not read
  const std::string_view number = text::write_plain(value, room);
  text += number;
  if (with_point && number.find_first_not_of("-0123456789") == std::string_view::npos) text += ".0";
}

/// Whether it is a field as it stands: what csv::field() and text::as_cell() look at does not occur.
bool is_bare(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != ',' && c != '"' && c != '#'; });
}

}  // namespace

ResultLines::ResultLines(Connection& connection, const StudyIdentity& identity, const std::vector<bool>& whole_ranges,
                         CsvBytes bytes)
    : file_(connection.file()),
      escaped_(bytes == CsvBytes::escaped),
      has_sums_(has_sums(connection)),
      parameters_(identity.parameters.size()) {
  std::string columns =
      "\"index\", status" + value_columns('p', identity.parameters) + value_columns('o', identity.outputs);
  std::size_t selected = values_before + parameters_ + identity.outputs.size();
  if (has_sums_) {
    salt_ = salt_of(connection, "results");
    for (const std::string& former : former_columns(connection, "results")) {
      columns += ", " + former;
      ++selected;
    }
    columns += ", checksum";
    ++selected;
  }
  values_.resize(selected);
  for (std::size_t i = 0; i < parameters_; ++i) {
    const Column& column = identity.parameters[i];
    written_.push_back({whole_ranges[i] ? Form::whole : Form::real, column.type == "boolean", nullptr});
  }
  for (const Column& column : identity.outputs) {
    const bool is_word = column.type == "string" || column.type == "boolean";
    const bool is_number = column.type == "number" || column.type == "integer";
    const Form form = is_array_type(column.type) ? Form::array
                      : is_word                  ? Form::word
                      : is_number                ? Form::whole
                                                 : Form::untyped;
    written_.push_back({form, column.type == "boolean", &column.name});
  }
  page_ = std::clamp<std::size_t>(65536 / (selected + 1), 16, 4096);
  select_.emplace(connection, fmt::format("SELECT {} FROM results WHERE \"index\" >= ? ORDER BY \"index\" LIMIT {}",
                                          columns, page_));
}

std::optional<std::uint64_t> ResultLines::read_page(std::uint64_t first, std::string& lines, Total& total) {
  const ResetAtEnd end(*select_);
  select_->with(first);
  std::size_t rows = 0;
  std::uint64_t last = 0;
  for (; select_->step(); ++rows) last = read_row(lines, total);
  return rows == page_ ? std::optional(last + 1) : std::nullopt;
}

std::uint64_t ResultLines::read_row(std::string& lines, Total& total) {
  for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = select_->value(static_cast<int>(i));
  const auto index = static_cast<std::uint64_t>(values_[0].integer);
  // Pages that have changed places hold rows that are right, and add up.
  if (values_[0].integer < 0 || (last_ && index <= *last_)) throw_incomplete(file_, "results");
  last_ = index;
  if (has_sums_) check(index, total);
  const std::string_view status = values_[1].bytes;
  const bool ok = status == "ok";
  append_chars(lines, index);
  const Statement::Value* value = &values_[values_before];
  for (std::size_t i = 0; i < written_.size(); ++i, ++value) {
    lines += ',';
    if (i < parameters_) {
      add_value(lines, written_[i], *value);
    } else if (ok) {
      add_output(lines, written_[i], *value, index);
    } else if (written_[i].form == Form::whole) {
      lines += "nan";
    }
  }
  lines += ',';
  lines += ok ? status : name_of(read_kind(std::string(status), file_));
  lines += '\n';
  return index;
}

void ResultLines::check(std::uint64_t index, Total& total) {
  hash_.restart(salt_);
  for (auto value = values_.begin(); value != values_.end() - 1; ++value) value->add_to(hash_);
  const Statement::Value& checksum = values_.back();
  if (checksum.type != Statement::Type::integer || hash_.value() != checksum.integer) throw_damaged_row(file_, index);
  total.add(checksum.integer);
}

void ResultLines::add_value(std::string& lines, const Written& column, const Statement::Value& value) const {
  switch (value.type) {
    case Statement::Type::real:
      return append_real(lines, value.real, column.form == Form::real);
    case Statement::Type::null:
      lines += "nan";
      return;
    case Statement::Type::text:
      return add_text(lines, value.bytes);
    case Statement::Type::blob:
      return add_text(lines, read_rendered(std::string(value.bytes), file_).render());
    case Statement::Type::integer:
      break;
  }
  if (column.boolean) {
    lines += value.integer != 0 ? "true" : "false";
  } else {
    append_chars(lines, value.integer);
  }
}

void ResultLines::add_output(std::string& lines, const Written& column, const Statement::Value& value,
                             std::uint64_t index) const {
  const bool is_word = column.form == Form::word || column.form == Form::array;
  if (is_word && value.type == Statement::Type::null) return;  // optional, and missing
  if (column.form != Form::array) return add_value(lines, column, value);
  static_cast<void>(parse_array_cell(std::string(value.bytes), file_));
  add_text(lines, array_path(*column.name, index).string());
}

void ResultLines::add_text(std::string& lines, std::string_view text) const {
  if (is_bare(text)) {
    lines += text;
  } else {
    lines += csv::field(escaped_ && !text::is_plain(text) ? text::as_cell(text) : std::string(text));
  }
}

}  // namespace windrow::detail
