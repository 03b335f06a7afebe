// Values that go together: in numbers, the entry's place and its fields.
#include "windrow/design/bundle.hpp"

#include <cmath>
#include <utility>
#include <variant>

#include "c/arguments.hpp"

using windrow::detail::given;
using windrow::detail::guarded;

namespace {

/// @param values  entry by entry
windrow::Bundle bundle_of(const std::vector<std::string>& names, const std::vector<std::string>& fields,
                          const std::vector<double>& values) {
  if (values.size() != names.size() * fields.size()) {
    throw windrow::SpecError(fmt::format("{} values, but {} are needed: one for each field of each entry",
                                         values.size(), names.size() * fields.size()));
  }
  std::vector<windrow::Bundle::Entry> entries;
  for (std::size_t i = 0; i < names.size(); ++i) {
    windrow::Bundle::Entry& entry = entries.emplace_back(windrow::Bundle::Entry{names[i], {}});
    for (std::size_t k = 0; k < fields.size(); ++k) entry.fields.emplace_back(fields[k], values[i * fields.size() + k]);
  }
  return windrow::Bundle(std::move(entries));
}

/// The place of an entry, by the parameter that has its name as value. @throws SpecError for another text
double number_of(const windrow::Parameter& parameter, const windrow::Value& value) {
  const auto* bundle = std::get_if<windrow::Bundle>(&parameter.source());
  const auto place = bundle != nullptr && value.is_text() ? bundle->find(value.text()) : std::nullopt;
  return place ? static_cast<double>(*place) : value.number();
}

}  // namespace

void windrow::detail::copy_numbers(const Point& point, double* numbers) {
  const std::vector<Value>& values = point.values();
  for (std::size_t i = 0; i < values.size(); ++i) numbers[i] = number_of(point.parameters()[i], values[i]);
}

windrow::Value windrow::detail::value_for(const Parameter& parameter, double number) {
  const auto* bundle = std::get_if<Bundle>(&parameter.source());
  if (bundle == nullptr) return number;
  if (!(number >= 0.0 && number < static_cast<double>(bundle->size())) || number != std::floor(number)) {
    throw SpecError(
        fmt::format("`{}` has the entries 0 to {}, and none {}", parameter.name(), bundle->size() - 1, number));
  }
  return bundle->name(static_cast<std::size_t>(number));
}

windrow_status windrow_design_add_bundle(windrow_design* design, const char* name, const char* entries,
                                         const char* fields, size_t count, const double* values) {
  return windrow::detail::add_parameter(design, name, [&] {
    return bundle_of(windrow::detail::words(&given(entries, "the names of the entries")),
                     windrow::detail::words(&given(fields, "the names of the fields")),
                     windrow::detail::listed(count, values, "the list of values"));
  });
}

windrow_status windrow_design_set_field_unit(windrow_design* design, const char* field, const char* unit) {
  return guarded([&] {
    windrow::Parameter& last = windrow::detail::last_parameter(design, "a unit of a field");
    const auto* bundle = std::get_if<windrow::Bundle>(&last.source());
    if (bundle == nullptr) throw windrow::SpecError(fmt::format("`{}` is no bundle, and has no fields", last.name()));
    windrow::Bundle with_unit = *bundle;
    with_unit.unit(&given(field, "the name of a field"), &given(unit, "the unit"));
    windrow::Parameter changed(last.name(), std::move(with_unit));
    changed.unit(last.unit());
    if (last.nominal() != nullptr) changed.nominal(*last.nominal());
    last = std::move(changed);
    design->made.reset();
  });
}
