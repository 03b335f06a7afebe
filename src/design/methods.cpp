// All methods by their names, with the keys that study files have for them.
#include "windrow/design/methods.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "design/interface/bad_term.hpp"
#include "design/kernel.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::BadTerm;

/// The options of one call, by their keys.
class Given {
 public:
  explicit Given(const std::vector<MethodOption>& options) : options_(options) {}

  template <typename T>
  const T* find(std::string_view key) const {
    const auto found = std::ranges::find(options_, key, &MethodOption::key);
    return found == options_.end() ? nullptr : std::get_if<T>(&found->value);
  }
  template <typename T>
  T value(std::string_view key, T otherwise = {}) const {
    const T* given = find<T>(key);
    return given == nullptr ? std::move(otherwise) : *given;
  }
  std::uint64_t count(std::string_view key, std::uint64_t otherwise = 0) const { return value(key, otherwise); }
  Scramble scramble(Scramble otherwise) const {
    const auto* word = find<std::string>("scramble");
    if (word == nullptr) return otherwise;
    for (const Scramble scramble : {Scramble::none, Scramble::shift, Scramble::owen}) {
      if (*word == name_of(scramble)) return scramble;
    }
    return otherwise;  // words have been checked
  }

 private:
  const std::vector<MethodOption>& options_;
};

using Parameters = std::vector<Parameter>;
using Make = Design (*)(Parameters parameters, const Given& given, std::uint64_t seed);
using ByParameter = std::vector<std::pair<std::string, double>>;

/// For each parameter its number: by its name, or the one for all.
std::vector<double> by_parameter(const Parameters& parameters, const ByParameter& numbers, const std::string& key) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.name());
  for (const auto& [name, number] : numbers) {
    if (name.empty() || std::ranges::find(names, name) != names.end()) continue;
    throw BadTerm(key, fmt::format(": `{}` is no parameter{}", name, text::suggestion(name, names)));
  }
  std::vector<double> values;
  for (const std::string& name : names) {
    const auto found =
        std::ranges::find_if(numbers, [&](const auto& one) { return one.first.empty() || one.first == name; });
    if (found == numbers.end()) throw BadTerm(key, fmt::format(": none for the parameter `{}`", name));
    values.push_back(found->second);
  }
  return values;
}

Design make_one_at_a_time(Parameters parameters, const Given& given, std::uint64_t seed) {
  const auto* step = given.find<ByParameter>("step");
  const auto* steps = given.find<ByParameter>("steps");
  if (step == nullptr && steps == nullptr) return one_at_a_time(std::move(parameters), seed);
  if (step == nullptr) throw BadTerm("step", "missing ", ": `steps` says how many there are");
  if (steps == nullptr) throw BadTerm("steps", "missing ", ": `step` says how far each goes");
  const std::vector<double> lengths = by_parameter(parameters, *step, "step");
  const std::vector<double> counts = by_parameter(parameters, *steps, "steps");
  std::vector<Steps> all;
  for (std::size_t i = 0; i < lengths.size(); ++i) all.push_back({lengths[i], static_cast<std::uint64_t>(counts[i])});
  return centred(std::move(parameters), all, seed);
}

Design make_latin_hypercube(Parameters parameters, const Given& given, std::uint64_t seed) {
  const std::uint64_t points = given.count("points");
  const auto* grow_from = given.find<std::uint64_t>("grow_from");
  if (grow_from == nullptr) return latin_hypercube(std::move(parameters), points, seed);
  return nested_latin_hypercube(std::move(parameters), points, *grow_from, seed);
}

Design make_central_composite(Parameters parameters, const Given& given, std::uint64_t seed) {
  const double* alpha = given.find<double>("alpha");
  CompositeOptions options;
  if (alpha != nullptr) options.alpha = *alpha;
  options.centre = given.count("centre", options.centre);
  options.generators = given.value<std::vector<std::string>>("generators");
  return central_composite(std::move(parameters), options, seed);
}

Design make_saltelli(Parameters parameters, const Given& given, std::uint64_t seed) {
  SaltelliOptions options;
  options.second_order = given.value("second_order", options.second_order);
  options.scramble = given.scramble(options.scramble);
  return saltelli(std::move(parameters), given.count("base_points"), options, seed);
}

Design make_morris(Parameters parameters, const Given& given, std::uint64_t seed) {
  MorrisOptions options;
  options.levels = given.count("levels", options.levels);
  options.candidates = given.count("candidates", options.candidates);
  return morris(std::move(parameters), given.count("trajectories"), options, seed);
}

struct Row {
  Method method;
  Make make;
};

using Kind = MethodKeyKind;

const std::vector<Row>& rows() {
  static const MethodKey points{"points", Kind::count, true};
  static const MethodKey scramble{"scramble", Kind::word, false, 0, {"owen", "shift", "none"}};
  static const MethodKey shift{"scramble", Kind::word, false, 0, {"shift", "none"}};
  static const MethodKey centre{"centre", Kind::count, false, 0};
  static const MethodKey generators{"generators", Kind::texts};
  static const std::vector<Row> rows = {
      {{"grid", {}}, [](Parameters p, const Given&, std::uint64_t seed) { return grid(std::move(p), seed); }},
      {{"zip", {}}, [](Parameters p, const Given&, std::uint64_t seed) { return zip(std::move(p), seed); }},
      {{"list", {}}, [](Parameters p, const Given&, std::uint64_t seed) { return point_list(std::move(p), seed); }},
      {{"monte_carlo", {points}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return monte_carlo(std::move(p), given.count("points"), seed);
       }},
      {{"latin_hypercube", {points, {"grow_from", Kind::count}}}, make_latin_hypercube},
      {{"sobol", {points, scramble}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return sobol(std::move(p), given.count("points"), given.scramble(Scramble::owen), seed);
       }},
      {{"halton", {points, scramble}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return halton(std::move(p), given.count("points"), given.scramble(Scramble::owen), seed);
       }},
      {{"lattice", {points, shift}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return lattice(std::move(p), given.count("points"), given.scramble(Scramble::shift), seed);
       }},
      {{"one_at_a_time", {{"step", Kind::numbers}, {"steps", Kind::counts, false, 0}}}, make_one_at_a_time},
      {{"star", {}}, [](Parameters p, const Given&, std::uint64_t seed) { return star(std::move(p), seed); }},
      {{"corners", {}}, [](Parameters p, const Given&, std::uint64_t seed) { return corners(std::move(p), seed); }},
      {{"factorial", {generators}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return factorial(std::move(p), given.value<std::vector<std::string>>("generators"), seed);
       }},
      {{"plackett_burman", {}},
       [](Parameters p, const Given&, std::uint64_t seed) { return plackett_burman(std::move(p), seed); }},
      {{"central_composite", {{"alpha", Kind::number}, centre, generators}}, make_central_composite},
      {{"box_behnken", {centre}},
       [](Parameters p, const Given& given, std::uint64_t seed) {
         return box_behnken(std::move(p), given.count("centre", 1), seed);
       }},
      {{"morris",
        {{"trajectories", Kind::count, true}, {"levels", Kind::count, false, 2}, {"candidates", Kind::count}}},
       make_morris},
      {{"saltelli", {{"base_points", Kind::count, true}, {"second_order", Kind::truth}, scramble}}, make_saltelli},
  };
  return rows;
}

/// By the order of the alternatives of MethodValue.
bool is_of(const MethodValue& value, Kind kind) {
  switch (kind) {
    case Kind::count:
      return std::holds_alternative<std::uint64_t>(value);
    case Kind::number:
      return std::holds_alternative<double>(value);
    case Kind::truth:
      return std::holds_alternative<bool>(value);
    case Kind::word:
      return std::holds_alternative<std::string>(value);
    case Kind::texts:
      return std::holds_alternative<std::vector<std::string>>(value);
    case Kind::numbers:
    case Kind::counts:
      return std::holds_alternative<ByParameter>(value);
  }
  return false;
}

void check_option(const MethodOption& option, const MethodKey& key) {
  constexpr std::array kinds = {"a count",
                                "a number",
                                "true or false",
                                "a word",
                                "texts",
                                "a number for all or for each parameter",
                                "a count for all or for each parameter"};
  if (!is_of(option.value, key.kind)) {
    throw BadTerm(option.key, fmt::format(" must be {}", kinds[static_cast<std::size_t>(key.kind)]));
  }
  if (const auto* count = std::get_if<std::uint64_t>(&option.value); count != nullptr && *count < key.least) {
    throw BadTerm(option.key, fmt::format(" must be at least {}, not {}", key.least, *count));
  }
  if (const auto* word = std::get_if<std::string>(&option.value)) {
    if (std::ranges::find(key.words, *word) == key.words.end()) {
      throw BadTerm(option.key, fmt::format(" must be one of `{}`, not `{}`", fmt::join(key.words, "`, `"), *word));
    }
  }
  if (const auto* numbers = std::get_if<ByParameter>(&option.value); numbers != nullptr && key.kind == Kind::counts) {
    for (const auto& [name, number] : *numbers) {
      if (number >= static_cast<double>(key.least) && number <= 0x1p53 && std::trunc(number) == number) continue;
      throw BadTerm(option.key, fmt::format(" must be counts of at least {}, not {}", key.least, text::render(number)));
    }
  }
}

void check_options(const Method& method, const std::vector<MethodOption>& options) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const auto key = std::ranges::find(method.keys, options[i].key, &MethodKey::name);
    if (key == method.keys.end()) {
      std::vector<std::string> names;
      for (const MethodKey& known : method.keys) names.emplace_back(known.name);
      const std::string valid = names.empty() ? ": it has none" : text::suggestion(options[i].key, names);
      throw BadTerm(options[i].key, fmt::format(" is no key of the method `{}`{}", method.name, valid));
    }
    check_option(options[i], *key);
    const auto same = [&](const MethodOption& other) { return other.key == options[i].key; };
    if (std::any_of(options.begin(), options.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      throw BadTerm(options[i].key, " is given twice");
    }
  }
  for (const MethodKey& key : method.keys) {
    if (!key.required || std::ranges::find(options, key.name, &MethodOption::key) != options.end()) continue;
    throw BadTerm(std::string(key.name), "missing ", fmt::format(": method `{}` needs it", method.name));
  }
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> methods = [] {
    std::vector<Method> all;
    for (const Row& row : rows()) all.push_back(row.method);
    return all;
  }();
  return methods;
}

Design designed(std::string_view method, std::vector<Parameter> parameters, const std::vector<MethodOption>& options,
                std::uint64_t seed) {
  std::vector<std::string> names;
  for (const Row& row : rows()) {
    if (row.method.name != method) {
      names.emplace_back(row.method.name);
      continue;
    }
    check_options(row.method, options);
    return row.make(std::move(parameters), Given(options), seed);
  }
  throw SpecError(fmt::format("unknown method `{}`{}", method, text::suggestion(method, names)));
}

}  // namespace windrow
