// The points of several designs, one after the other.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "design/equal_rows.hpp"
#include "design/kernel.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/design/compose.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

struct AppendedPart {
  Design::Kernel::Component of;
  std::uint64_t first;
  std::vector<std::size_t> places;  ///< of each of its parameters among those of the whole
};

std::string methods_of(const std::vector<AppendedPart>& parts) {
  std::string names;
  for (const AppendedPart& part : parts) names += (names.empty() ? "" : " + ") + part.of.kernel->method;
  return names;
}

class Appended : public Design::Kernel {
 public:
  explicit Appended(std::vector<AppendedPart> parts)
      : Kernel(methods_of(parts), parts.back().first + parts.back().of.kernel->size), parts_(std::move(parts)) {}

  std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    const AppendedPart& part = part_of(index);
    std::vector<Value> own = part.of.values(index - part.first);
    std::vector<Value> values(own.size());
    for (std::size_t i = 0; i < own.size(); ++i) values[part.places[i]] = std::move(own[i]);
    return values;
  }

  std::string definition(const Parameter& parameter) const override {
    std::vector<std::string> texts;
    for (const AppendedPart& part : parts_) {
      const auto own = std::ranges::find(part.of.parameters, parameter.name(), &Parameter::name);
      texts.push_back(part.of.kernel->definition(*own));
    }
    const bool same = std::ranges::all_of(texts, [&](const std::string& text) { return text == texts.front(); });
    return same ? texts.front() : fmt::format("{}", fmt::join(texts, " + "));
  }

  std::string layout() const override {
    std::string text;
    for (const AppendedPart& part : parts_) text += fmt::format("{}({})", text.empty() ? "" : " + ", part.of.layout());
    return text;
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    std::uint64_t compared = 0;
    for (const AppendedPart& part : parts_) compared += part.of.kernel->draws() ? 0 : part.of.kernel->size;
    return compared <= detail::max_compared_points ? equal_in_all(parameters, compared) : equal_in_each();
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> all;
    for (const AppendedPart& part : parts_) std::ranges::move(part.of.kernel->notes(), std::back_inserter(all));
    return all;
  }

  std::vector<Exclusion> exclusions() const override {
    std::vector<Exclusion> all;
    for (const AppendedPart& part : parts_) std::ranges::move(part.of.kernel->exclusions(), std::back_inserter(all));
    return all;
  }

  std::uint64_t candidates() const override {
    std::uint64_t sum = 0;
    for (const AppendedPart& part : parts_) sum += part.of.kernel->candidates();
    return sum;
  }

  bool draws() const override {
    return std::ranges::all_of(parts_, [](const AppendedPart& part) { return part.of.kernel->draws(); });
  }

  std::vector<DesignPart> parts(const std::vector<Parameter>& /*parameters*/) const override {
    std::vector<DesignPart> all;
    for (const AppendedPart& part : parts_) {
      for (DesignPart& own : part.of.kernel->parts(part.of.parameters)) {
        own.first += part.first;
        all.push_back(std::move(own));
      }
    }
    return all;
  }

 private:
  const AppendedPart& part_of(std::uint64_t index) const {
    return *--std::ranges::upper_bound(parts_, index, {}, &AppendedPart::first);
  }

  std::vector<EqualPoint> equal_in_each() const {
    std::vector<EqualPoint> equal;
    for (const AppendedPart& part : parts_) {
      for (const EqualPoint& own : part.of.kernel->equal_points(part.of.parameters)) {
        equal.push_back({part.first + own.first, part.first + own.index});
      }
    }
    return equal;
  }

  /// Points of different parts, too.
  std::vector<EqualPoint> equal_in_all(const std::vector<Parameter>& parameters, std::uint64_t compared) const {
    std::vector<std::uint64_t> indices;
    indices.reserve(compared);
    for (const AppendedPart& part : parts_) {
      const std::uint64_t count = part.of.kernel->draws() ? 0 : part.of.kernel->size;
      for (std::uint64_t i = 0; i < count; ++i) indices.push_back(part.first + i);
    }
    const auto values_at = [&](std::uint64_t row) { return values(parameters, 0, indices[row]); };
    const auto make_hash = [&] { return [&](std::uint64_t row) { return detail::hash_of_values(values_at(row)); }; };
    std::vector<EqualPoint> equal = detail::equal_among(compared, make_hash, [&](std::uint64_t a, std::uint64_t b) {
      return detail::are_same_values(values_at(a), values_at(b));
    });
    for (EqualPoint& one : equal) one = {indices[one.first], indices[one.index]};
    return equal;
  }

  std::vector<AppendedPart> parts_;
};

std::string listed(const std::vector<std::string>& names) {
  return fmt::format("`{}`", fmt::join(names, "`, `"));
}

/// @throws SpecError if they are not the same names
std::vector<std::size_t> places_of(const std::vector<Parameter>& own, const std::vector<Parameter>& all,
                                   std::size_t part) {
  std::vector<std::size_t> places;
  std::vector<std::string> unknown, missing;
  for (const Parameter& parameter : own) {
    const auto found = std::ranges::find(all, parameter.name(), &Parameter::name);
    if (found == all.end()) unknown.push_back(parameter.name());
    places.push_back(static_cast<std::size_t>(found - all.begin()));
  }
  for (const Parameter& parameter : all) {
    if (std::ranges::find(own, parameter.name(), &Parameter::name) == own.end()) missing.push_back(parameter.name());
  }
  if (!unknown.empty()) {
    throw SpecError(fmt::format("part {} has {}, which the first part does not have", part, listed(unknown)));
  }
  if (!missing.empty()) {
    throw SpecError(fmt::format("part {} does not have {}, which the first part has", part, listed(missing)));
  }
  return places;
}

bool is_same_source(const Parameter& a, const Parameter& b) {
  return a.type() == b.type() && a.definition() == b.definition();
}

/// What a parameter is in all parts, seen from outside.
Parameter joined(const Parameter& first, const std::vector<AppendedPart>& parts) {
  std::vector<Parameter> sources;
  for (const AppendedPart& part : parts) {
    const Parameter& own = *std::ranges::find(part.of.parameters, first.name(), &Parameter::name);
    const auto known = [&](const Parameter& other) { return is_same_source(other, own); };
    if (std::ranges::none_of(sources, known)) sources.push_back(own);
  }
  if (sources.size() == 1) return first;
  const auto is_bundle = [](const Parameter& p) { return std::holds_alternative<Bundle>(p.source()); };
  if (std::ranges::any_of(sources, is_bundle)) {
    throw SpecError("the parameter `" + first.name() + "` is a bundle, and not the same one in all parts");
  }
  Parameter joined(first.name(), PartsOf{std::make_shared<const std::vector<Parameter>>(std::move(sources))});
  joined.unit(first.unit()).description(first.description());
  if (first.format() != nullptr) joined.format(first.format()->text());
  return joined;
}

}  // namespace

Design appended(std::vector<Design> parts, std::uint64_t seed) {
  if (parts.empty()) throw SpecError("an appended design needs at least one part");
  std::vector<AppendedPart> made;
  std::uint64_t size = 0;
  for (const Design& part : parts) {
    Design::Kernel::Component own = Design::Kernel::component(part);
    std::vector<std::size_t> places =
        places_of(own.parameters, made.empty() ? own.parameters : made.front().of.parameters, made.size() + 1);
    if (own.kernel->size > detail::max_points - size) throw SpecError("the parts have more than 2^62 points together");
    const std::uint64_t first = size;
    size += own.kernel->size;
    made.push_back({std::move(own), first, std::move(places)});
  }
  std::vector<Parameter> parameters;
  for (const Parameter& parameter : made.front().of.parameters) parameters.push_back(joined(parameter, made));
  return {std::move(parameters), seed, std::make_shared<Appended>(std::move(made))};
}

}  // namespace windrow
