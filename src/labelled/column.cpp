#include "column.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "windrow/base/display.hpp"

namespace windrow::detail {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kNoInteger = NC_FILL_INT64;
constexpr signed char kNoBoolean = NC_FILL_BYTE;

bool is_nan(const Value& value) {
  const auto* number = std::get_if<double>(&value.variant());
  return number != nullptr && std::isnan(*number);
}

bool has(ColumnKind kind, const Value& value) {
  const auto* number = std::get_if<double>(&value.variant());
  switch (kind) {
    case ColumnKind::number:
      return value.is_number();
    case ColumnKind::integer:
      return std::holds_alternative<std::int64_t>(value.variant()) ||
             (number != nullptr &&
              (std::isnan(*number) || (std::abs(*number) < 0x1p53 && std::trunc(*number) == *number)));
    case ColumnKind::boolean:
      return std::holds_alternative<bool>(value.variant()) || is_nan(value);
    case ColumnKind::text:
      break;
  }
  return true;
}

}  // namespace

void put_texts(NetcdfFile& file, int variable, const Region& region, const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  file.put(variable, region, pointers.data());
}

ColumnKind kind_of(const Column& column) {
  if (column.type == "integer") return ColumnKind::integer;
  if (column.type == "boolean") return ColumnKind::boolean;
  return column.type.empty() || column.type == "number" ? ColumnKind::number : ColumnKind::text;
}

ColumnKind kind_with(ColumnKind kind, const Value& value) {
  if (has(kind, value)) return kind;
  return kind == ColumnKind::integer && value.is_number() ? ColumnKind::number : ColumnKind::text;
}

nc_type type_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::number:
      return NC_DOUBLE;
    case ColumnKind::integer:
      return NC_INT64;
    case ColumnKind::boolean:
      return NC_BYTE;
    case ColumnKind::text:
      break;
  }
  return NC_STRING;
}

std::size_t size_of(ColumnKind kind) {
  return kind == ColumnKind::boolean ? 1 : kind == ColumnKind::text ? 16 : 8;
}

ColumnPart::ColumnPart(ColumnKind kind, bool missing_numbers_are_empty)
    : kind_(kind), missing_numbers_are_empty_(missing_numbers_are_empty) {}

void ColumnPart::reset(std::size_t size) {
  switch (kind_) {
    case ColumnKind::number:
      values_ = std::vector<double>(size, kNoNumber);
      return;
    case ColumnKind::integer:
      values_ = std::vector<std::int64_t>(size, kNoInteger);
      return;
    case ColumnKind::boolean:
      values_ = std::vector<signed char>(size, kNoBoolean);
      return;
    case ColumnKind::text:
      values_ = std::vector<std::string>(size);
      return;
  }
}

void ColumnPart::set(std::size_t at, const Value& value) {
  if (is_nan(value) && (kind_ != ColumnKind::text || missing_numbers_are_empty_)) return;
  switch (kind_) {
    case ColumnKind::number:
      std::get<std::vector<double>>(values_)[at] = value.number();
      return;
    case ColumnKind::integer:
      std::get<std::vector<std::int64_t>>(values_)[at] = value.integer();
      return;
    case ColumnKind::boolean:
      std::get<std::vector<signed char>>(values_)[at] = value.boolean() ? 1 : 0;
      return;
    case ColumnKind::text:
      std::get<std::vector<std::string>>(values_)[at] = text::as_cell(value.written());
      return;
  }
}

void ColumnPart::put(NetcdfFile& file, int variable, const Region& region) {
  const auto put = [&](const auto& values) {
    if constexpr (requires { values.front().c_str(); }) {
      put_texts(file, variable, region, values);
    } else {
      file.put(variable, region, values.data());
    }
  };
  std::visit(put, values_);
}

void ColumnPart::define_fill(NetcdfFile& file, int variable) const {
  if (kind_ == ColumnKind::number) file.set_fill(variable, &kNoNumber);
  if (kind_ == ColumnKind::integer) file.set_fill(variable, &kNoInteger);
  if (kind_ == ColumnKind::boolean) file.set_fill(variable, &kNoBoolean);
}

}  // namespace windrow::detail
