#include "windrow/design/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "design/interface/bad_term.hpp"
#include "design/law.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using detail::BadTerm;
using detail::LawPtr;

/// What a number of a term may be.
struct Allowed {
  bool (*holds)(double);
  const char* said;
};

constexpr Allowed kAny = {[](double) { return true; }, "finite"};
constexpr Allowed kPositive = {[](double x) { return x > 0.0; }, "above 0"};
constexpr Allowed kNotNegative = {[](double x) { return x >= 0.0; }, "at least 0"};
constexpr Allowed kShare = {[](double x) { return x >= 0.0 && x <= 1.0; }, "from 0 to 1"};
constexpr Allowed kMean = {[](double x) { return x > 0.0 && x <= 1e9; }, "above 0 and at most 1e9"};
constexpr Allowed kTrials = {[](double x) { return std::trunc(x) == x && x >= 1.0 && x <= 1e9; },
                             "a whole number from 1 to 1e9"};
constexpr Allowed kWhole = {[](double x) { return std::trunc(x) == x && std::abs(x) <= 0x1p53; },
                            "a whole number from -2^53 to 2^53"};

struct Key {
  std::string_view name;
  Allowed allowed = kAny;
  std::optional<double> otherwise = {};  ///< none: it must be there
};

/// The numbers of a distribution, in the order of its keys; then its bounds, if it has such.
struct Numbers {
  std::array<double, 4> of{};
  std::optional<double> low{}, high{};

  double operator[](std::size_t i) const { return of[i]; }
  detail::Bounds bounds() const {
    const detail::Bounds none;
    return {low.value_or(none.low), high.value_or(none.high)};
  }
};

/// One form of a kind: what it is told by.
struct Form {
  std::string_view kind;
  std::vector<Key> keys;
  enum Cut { in_its_range, by_bounds, by_whole_bounds } cut;  ///< whether `low` and `high` leave a part of it
  LawPtr (*make)(const Numbers&);
};

void check_ends(double low, double high, bool may_be_one) {
  if (low < high || (may_be_one && low == high)) return;
  throw BadTerm("low", fmt::format(" must {} `high`, which is {}, not {}", may_be_one ? "not be above" : "be below",
                                   text::render(high), text::render(low)));
}

LawPtr make_triangular(const Numbers& n) {
  check_ends(n[0], n[2], false);
  if (n[1] < n[0] || n[1] > n[2]) {
    throw BadTerm("mode", fmt::format(" must be from `low` to `high`, {} to {}, not {}", text::render(n[0]),
                                      text::render(n[2]), text::render(n[1])));
  }
  return detail::triangular_law(n[0], n[1], n[2]);
}

/// The bare form takes sd = 0.
LawPtr make_normal(const Numbers& n) {
  if (!n.low && !n.high) return detail::whole_normal_law(n[0], n[1]);
  if (n[1] == 0.0) throw BadTerm("sd", " must be above 0 beside `low` or `high`, not 0");
  return detail::normal_law(n[0], n[1], n.bounds());
}

// Forms of one kind stand together.
const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {"uniform",
       {{"low"}, {"high"}},
       Form::in_its_range,
       [](const Numbers& n) {
         check_ends(n[0], n[1], true);
         return detail::uniform_law(n[0], n[1]);
       }},
      {"log_uniform",
       {{"low", kPositive}, {"high", kPositive}},
       Form::in_its_range,
       [](const Numbers& n) {
         check_ends(n[0], n[1], true);
         return detail::log_uniform_law(n[0], n[1]);
       }},
      {"normal", {{"mean"}, {"sd", kNotNegative}}, Form::by_bounds, make_normal},
      {"lognormal",
       {{"mean", kPositive}, {"sd", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::lognormal_law(n[0], n[1], n.bounds()); }},
      {"lognormal",
       {{"log_mean"}, {"log_sd", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::lognormal_law_of_log(n[0], n[1], n.bounds()); }},
      {"triangular", {{"low"}, {"mode"}, {"high"}}, Form::in_its_range, make_triangular},
      {"beta",
       {{"alpha", kPositive}, {"beta", kPositive}, {"low", kAny, 0.0}, {"high", kAny, 1.0}},
       Form::in_its_range,
       [](const Numbers& n) {
         check_ends(n[2], n[3], false);
         return detail::beta_law(n[0], n[1], n[2], n[3]);
       }},
      {"gamma",
       {{"shape", kPositive}, {"scale", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::gamma_law(n[0], n[1], n.bounds()); }},
      {"weibull",
       {{"shape", kPositive}, {"scale", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::weibull_law(n[0], n[1], n.bounds()); }},
      {"exponential",
       {{"mean", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::exponential_law(n[0], n.bounds()); }},
      {"gumbel",
       {{"location"}, {"scale", kPositive}},
       Form::by_bounds,
       [](const Numbers& n) { return detail::gumbel_law(n[0], n[1], n.bounds()); }},
      {"poisson",
       {{"mean", kMean}},
       Form::by_whole_bounds,
       [](const Numbers& n) { return detail::poisson_law(n[0], n.bounds()); }},
      {"binomial",
       {{"trials", kTrials}, {"probability", kShare}},
       Form::by_whole_bounds,
       [](const Numbers& n) { return detail::binomial_law(n[0], n[1], n.bounds()); }},
      {"discrete_uniform",
       {{"low", kWhole}, {"high", kWhole}},
       Form::in_its_range,
       [](const Numbers& n) {
         check_ends(n[0], n[1], true);
         return detail::discrete_uniform_law(n[0], n[1]);
       }},
  };
  return all;
}

bool gives_integers(const Form& form) {
  return form.cut == Form::by_whole_bounds || form.kind == "discrete_uniform";
}

std::span<const Form> forms_of(std::string_view kind) {
  const auto is_of_kind = [kind](const Form& form) { return form.kind == kind; };
  const auto begin = std::ranges::find_if(forms(), is_of_kind);
  const auto end = std::find_if_not(begin, forms().end(), is_of_kind);
  if (begin == end) {
    throw SpecError(fmt::format("unknown distribution `{}`{}", kind, text::suggestion(kind, Distribution::kinds())));
  }
  return {begin, end};
}

/// What of its own a form needs: "`mean` and `sd`".
std::string names_of(const Form& form) {
  std::string names;
  for (const Key& key : form.keys) names += fmt::format("{}`{}`", names.empty() ? "" : " and ", key.name);
  return names;
}

const Key* find_key(const Form& form, std::string_view name) {
  static const Key bound_low{"low", kAny, 0.0}, bound_high{"high", kAny, 0.0};
  static const Key whole_low{"low", kWhole, 0.0}, whole_high{"high", kWhole, 0.0};
  const auto found = std::ranges::find(form.keys, name, &Key::name);
  if (found != form.keys.end()) return &*found;
  if (form.cut == Form::in_its_range) return nullptr;
  if (name == "low") return form.cut == Form::by_bounds ? &bound_low : &whole_low;
  if (name == "high") return form.cut == Form::by_bounds ? &bound_high : &whole_high;
  return nullptr;
}

/// The form that the first term is of that belongs to one alone; the first form if there is none.
const Form& form_of(std::span<const Form> of_kind, const std::vector<Term>& terms) {
  for (const Term& term : terms) {
    for (const Form& form : of_kind) {
      if (std::ranges::find(form.keys, term.name, &Key::name) != form.keys.end()) return form;
    }
  }
  return of_kind.front();
}

std::string said_of_forms(std::span<const Form> of_kind) {
  std::string said;
  for (const Form& form : of_kind) said += (said.empty() ? "" : ", or ") + names_of(form);
  return said;
}

void check_term(const Term& term, std::span<const Form> of_kind, const Form& form) {
  const Key* key = find_key(form, term.name);
  if (key == nullptr) {
    const auto keys = Distribution::keys(form.kind);
    if (std::ranges::find(keys, term.name) == keys.end()) {
      throw BadTerm(term.name, "unknown term ", text::suggestion(term.name, keys));
    }
    throw BadTerm(term.name, fmt::format(" does not go with {}: {} has either {}", names_of(form), form.kind,
                                         said_of_forms(of_kind)));
  }
  if (std::isfinite(term.value) && key->allowed.holds(term.value)) return;
  const char* said = std::isfinite(term.value) ? key->allowed.said : "a finite number";
  throw BadTerm(term.name, fmt::format(" must be {}, not {}", said, text::render(term.value)));
}

const Term* find_term(const std::vector<Term>& terms, std::string_view name) {
  const auto found = std::ranges::find(terms, name, &Term::name);
  return found == terms.end() ? nullptr : &*found;
}

/// The terms in the order of the keys, each once.
std::vector<Term> checked_terms(std::span<const Form> of_kind, const Form& form, const std::vector<Term>& terms) {
  for (const Term& term : terms) {
    check_term(term, of_kind, form);
    if (find_term(terms, term.name) != &term) throw BadTerm(term.name, " is there twice");
  }
  std::vector<Term> ordered;
  for (const Key& key : form.keys) {
    if (const Term* term = find_term(terms, key.name)) {
      ordered.push_back(*term);
    } else if (!key.otherwise) {
      const bool chosen = !terms.empty() || of_kind.size() == 1;
      throw BadTerm(std::string(key.name), "missing ",
                    chosen ? "" : fmt::format("; {} has {}", form.kind, said_of_forms(of_kind)));
    }
  }
  for (const char* bound : {"low", "high"}) {
    const Term* term = find_term(terms, bound);
    if (term != nullptr && find_term(ordered, bound) == nullptr) ordered.push_back(*term);
  }
  return ordered;
}

Numbers numbers_of(const Form& form, const std::vector<Term>& terms) {
  Numbers numbers;
  for (std::size_t i = 0; i < form.keys.size(); ++i) {
    const Term* term = find_term(terms, form.keys[i].name);
    numbers.of[i] = term != nullptr ? term->value : form.keys[i].otherwise.value_or(0.0);
  }
  if (form.cut == Form::in_its_range) return numbers;
  if (const Term* low = find_term(terms, "low")) numbers.low = low->value;
  if (const Term* high = find_term(terms, "high")) numbers.high = high->value;
  if (numbers.low && numbers.high) check_ends(*numbers.low, *numbers.high, form.cut == Form::by_whole_bounds);
  return numbers;
}

/// Where nothing is cut off, no draw may be beyond the numbers that there are.
void check_range(const detail::Law& law, const Form& form) {
  constexpr double kLeast = 0x1p-1022, kMost = 1.0 - 0x1p-53;
  if (std::isfinite(law.quantile(kLeast)) && std::isfinite(law.quantile(kMost)) && std::isfinite(law.quantile(0.5))) {
    return;
  }
  const bool can_be_cut = form.cut != Form::in_its_range;
  throw BadTerm(std::string(form.keys.back().name),
                fmt::format(" makes values that are beyond the numbers up to 1.8e308{}",
                            can_be_cut ? "; `low` and `high` can leave them out" : ""));
}

LawPtr make_law(const Form& form, const Numbers& numbers) {
  try {
    LawPtr law = form.make(numbers);
    check_range(*law, form);
    return law;
  } catch (const detail::NothingBetween&) {
    throw BadTerm(numbers.low ? "low" : "high",
                  fmt::format(" leaves no values: next to nothing of the distribution is {}",
                              !numbers.low    ? "at most " + text::render(*numbers.high)
                              : !numbers.high ? "at least " + text::render(*numbers.low)
                                              : fmt::format("from {} to {}", text::render(*numbers.low),
                                                            text::render(*numbers.high))));
  }
}

}  // namespace

struct Distribution::Drawn {
  const Form* form;
  std::vector<Term> terms;
  LawPtr law;
};

Distribution::Distribution(std::string_view kind, std::vector<Term> terms) {
  const std::span<const Form> of_kind = forms_of(kind);
  const Form& form = form_of(of_kind, terms);
  terms = checked_terms(of_kind, form, terms);
  LawPtr law = make_law(form, numbers_of(form, terms));
  drawn_ = std::make_shared<Drawn>(Drawn{&form, std::move(terms), std::move(law)});
}

std::string_view Distribution::kind() const {
  return drawn_->form->kind;
}

const std::vector<Term>& Distribution::terms() const {
  return drawn_->terms;
}

Value Distribution::quantile(double u) const {
  const double value = drawn_->law->quantile(u);
  return is_discrete() ? Value(static_cast<std::int64_t>(value)) : Value(value);
}

bool Distribution::is_discrete() const {
  return gives_integers(*drawn_->form);
}

double Distribution::lowest() const {
  return drawn_->law->lowest();
}

std::string Distribution::definition() const {
  // As they were stored when there were no others.
  const bool bare = (kind() == "uniform" || kind() == "normal") && terms().size() == 2;
  std::string inside;
  for (const Term& term : terms()) {
    inside += inside.empty() ? "" : ", ";
    inside += bare ? text::render(term.value) : fmt::format("{} = {}", term.name, text::render(term.value));
  }
  return fmt::format("{}({})", kind(), inside);
}

const std::vector<std::string>& Distribution::kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> names;
    for (const Form& form : forms()) {
      if (names.empty() || names.back() != form.kind) names.emplace_back(form.kind);
    }
    return names;
  }();
  return kinds;
}

std::vector<std::string> Distribution::keys(std::string_view kind) {
  std::vector<std::string> keys;
  bool has_bounds = false;
  for (const Form& form : forms_of(kind)) {
    for (const Key& key : form.keys) keys.emplace_back(key.name);
    has_bounds = form.cut != Form::in_its_range;
  }
  if (has_bounds) keys.insert(keys.end(), {"low", "high"});
  return keys;
}

}  // namespace windrow
