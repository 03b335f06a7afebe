#include "design/fraction.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "design/interface/bad_term.hpp"
#include "windrow/base/text.hpp"

namespace windrow::detail {
namespace {

constexpr const char* kForm = R"(such as "d = a*b*c" or "D = ABC")";

[[noreturn]] void wrong_generator(const std::string& text, const std::string& why) {
  throw BadTerm("generators", fmt::format(": \"{}\": {}", text, why));
}

std::string blanks_removed(std::string_view text) {
  std::string plain;
  std::ranges::copy_if(text, std::back_inserter(plain), [](char c) { return c != ' ' && c != '\t'; });
  return plain;
}

std::optional<std::size_t> place_of(const std::vector<Parameter>& parameters, std::string_view name) {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  if (found == parameters.end()) return {};
  return static_cast<std::size_t>(found - parameters.begin());
}

/// "AB": capital letters, A for the first parameter; I, which is the identity elsewhere, is left out. Or a name.
std::vector<std::size_t> places_of(const std::vector<Parameter>& parameters, const std::string& word,
                                   const std::string& text) {
  if (const auto place = place_of(parameters, word)) return {*place};
  constexpr std::string_view letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ";
  std::vector<std::size_t> places;
  for (const char c : word) {
    const std::size_t place = letters.find(c);
    if (place >= parameters.size()) {
      std::vector<std::string> names;
      for (const Parameter& parameter : parameters) names.push_back(parameter.name());
      wrong_generator(text,
                      fmt::format("`{}` is no parameter, nor letters of some{}", word, text::suggestion(word, names)));
    }
    places.push_back(place);
  }
  return places;
}

/// One parameter, those of which it is the product, and whether its sign is turned.
struct Generator {
  std::size_t place = 0;
  std::vector<std::size_t> factors{};
  bool is_turned = false;
};

Generator parse_generator(const std::vector<Parameter>& parameters, const std::string& text) {
  const std::string plain = blanks_removed(text);
  const std::size_t equals = plain.find('=');
  if (equals == std::string::npos || plain.find('=', equals + 1) != std::string::npos) {
    wrong_generator(text, fmt::format("one parameter is to be a product of others, {}", kForm));
  }
  const std::string left = plain.substr(0, equals);
  std::string right = plain.substr(equals + 1);
  Generator generator;
  if (right.starts_with('-') || right.starts_with('+')) {
    generator.is_turned = right.front() == '-';
    right.erase(0, 1);
  }
  const std::vector<std::size_t> one = left.empty() ? std::vector<std::size_t>() : places_of(parameters, left, text);
  if (one.size() != 1) wrong_generator(text, fmt::format("one parameter is to stand before `=`, {}", kForm));
  generator.place = one.front();
  for (std::size_t at = 0; at <= right.size();) {
    const std::size_t end = std::min(right.find('*', at), right.size());
    if (end == at) wrong_generator(text, fmt::format("a parameter is missing after `=` or beside `*`, {}", kForm));
    for (const std::size_t place : places_of(parameters, right.substr(at, end - at), text)) {
      generator.factors.push_back(place);
    }
    at = end + 1;
  }
  return generator;
}

std::string product(const std::vector<Parameter>& parameters, std::uint64_t word) {
  std::vector<std::string> names;
  for (std::size_t place = 0; place < parameters.size(); ++place) {
    if (word >> place & 1U) names.push_back(parameters[place].name());
  }
  return fmt::format("{}", fmt::join(names, "*"));
}

}  // namespace

Fraction::Fraction(const std::vector<Parameter>& parameters, const std::vector<std::string>& generators)
    : columns_(parameters.size()), generators_(generators) {
  constexpr std::size_t most = 62;
  if (parameters.size() > most)
    throw SpecError(fmt::format("{} parameters have more than 2^62 corners", parameters.size()));
  std::vector<Generator> parsed;
  std::uint64_t generated = 0;
  for (const std::string& text : generators) {
    const Generator& generator = parsed.emplace_back(parse_generator(parameters, text));
    if (generated >> generator.place & 1U) {
      wrong_generator(text, fmt::format("`{}` has a generator already", parameters[generator.place].name()));
    }
    generated |= std::uint64_t{1} << generator.place;
  }
  for (std::size_t place = 0; place < parameters.size(); ++place) {
    if (generated >> place & 1U) continue;
    columns_[place].of = points_;
    points_ *= 2;
  }
  std::vector<std::uint64_t> words;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    Column& column = columns_[parsed[i].place];
    std::uint64_t word = std::uint64_t{1} << parsed[i].place;
    column.is_turned = parsed[i].is_turned;
    for (const std::size_t factor : parsed[i].factors) {
      const std::uint64_t bit = std::uint64_t{1} << factor;
      if (generated & bit) {
        wrong_generator(generators[i], fmt::format("`{}` has a generator itself", parameters[factor].name()));
      }
      if (word & bit) wrong_generator(generators[i], fmt::format("`{}` is there twice", parameters[factor].name()));
      word |= bit;
      column.of ^= columns_[factor].of;
    }
    // A product is high if an even number of its factors is low.
    if (parsed[i].factors.size() % 2 == 0) column.is_turned = !column.is_turned;
    words.push_back(word);
  }
  if (!words.empty()) check_words(parameters, words);
}

void Fraction::check_words(const std::vector<Parameter>& parameters, const std::vector<std::uint64_t>& words) {
  constexpr std::size_t most = 20;  // products of more are not looked at
  if (words.size() > most) return;
  std::uint64_t shortest = 0;
  std::uint64_t word = 0;
  for (std::uint64_t i = 1; i < std::uint64_t{1} << words.size(); ++i) {
    word ^= words[static_cast<std::size_t>(std::countr_zero(i))];  // all products, in the order of a Gray code
    if (shortest == 0 || std::popcount(word) < std::popcount(shortest)) shortest = word;
  }
  if (std::popcount(shortest) < 3) {
    throw BadTerm("generators", fmt::format(" make {} vary together always", product(parameters, shortest)));
  }
  constexpr std::array<const char*, 8> roman = {"III", "IV", "V", "VI", "VII", "VIII", "IX", "X"};
  const auto length = static_cast<std::size_t>(std::popcount(shortest));
  const std::string resolution = length < 11 ? roman[length - 3] : std::to_string(length);
  note_ = fmt::format("the factorial has resolution {}: {} is the same at all points", resolution,
                      product(parameters, shortest));
}

KernelOptions Fraction::options() const {
  if (generators_.empty()) return {};
  std::vector<std::string> plain;
  for (const std::string& text : generators_) plain.push_back(blanks_removed(text));
  return {{"generators", fmt::format("{}", fmt::join(plain, ", "))}};
}

}  // namespace windrow::detail
