#include "windrow/design/design.hpp"

#include <algorithm>

#include "design/kernel.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/methods.hpp"
#include "windrow/error.hpp"

namespace windrow {

Point::Point(std::uint64_t index, std::shared_ptr<const std::vector<Parameter>> parameters, std::vector<Value> values,
             std::uint64_t study_seed)
    : index_(index), parameters_(std::move(parameters)), values_(std::move(values)), study_seed_(study_seed) {
  if (values_.size() != parameters_->size()) {
    throw SpecError("point " + std::to_string(index) + ": " + std::to_string(values_.size()) + " values for " +
                    std::to_string(parameters_->size()) + " parameters");
  }
}

const Value& Point::operator[](std::string_view name) const {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if ((*parameters_)[i].name() == name) return values_[i];
  }
  std::vector<std::string> names;
  for (const Parameter& parameter : *parameters_) names.push_back(parameter.name());
  throw SpecError("unknown parameter `" + std::string(name) + "`" + text::suggestion(name, names));
}

namespace {

using Parameters = std::vector<Parameter>;

/// Whether there are bundles without their fields. (Around others, kernels may give the fields, too.)
bool lacks_fields(const Parameters& laid_out) {
  const auto is_field = [](const Parameter& p) { return std::holds_alternative<BundleField>(p.source()); };
  return std::ranges::any_of(laid_out, [&](const Parameter& p) {
    const auto* bundle = std::get_if<Bundle>(&p.source());
    return bundle != nullptr && !bundle->fields().empty() && std::ranges::none_of(laid_out, is_field);
  });
}

/// A parameter for each field of a bundle, behind it.
std::shared_ptr<const Parameters> with_fields(const std::shared_ptr<const Parameters>& laid_out) {
  if (!lacks_fields(*laid_out)) return laid_out;
  auto all = std::make_shared<Parameters>();
  for (const Parameter& parameter : *laid_out) {
    all->push_back(parameter);
    const auto* bundle = std::get_if<Bundle>(&parameter.source());
    for (std::size_t field = 0; bundle != nullptr && field < bundle->fields().size(); ++field) {
      all->emplace_back(parameter.name() + "." + bundle->fields()[field], BundleField{*bundle, field});
      all->back().unit(bundle->unit(field));
    }
  }
  return all;
}

std::vector<Value> with_fields(const Parameters& laid_out, std::vector<Value> values) {
  std::vector<Value> all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    all.push_back(std::move(values[i]));
    const auto* bundle = std::get_if<Bundle>(&laid_out[i].source());
    if (bundle == nullptr) continue;
    const std::size_t entry = bundle->find(all.back().text()).value();
    for (std::size_t field = 0; field < bundle->fields().size(); ++field) all.push_back(bundle->value(entry, field));
  }
  return all;
}

}  // namespace

Design::Design(std::vector<Parameter> parameters, std::uint64_t seed, std::shared_ptr<const Kernel> kernel)
    : laid_out_(std::make_shared<const std::vector<Parameter>>(std::move(parameters))),
      parameters_(with_fields(laid_out_)),
      seed_(seed),
      kernel_(std::move(kernel)) {}

std::uint64_t Design::size() const {
  return kernel_->size;
}

std::string Design::method() const {
  return kernel_->method;
}

bool Design::draws() const {
  return kernel_->draws();
}

std::vector<DesignPart> Design::parts() const {
  return kernel_->parts(*laid_out_);
}

Point Design::point(std::uint64_t index) const {
  if (index >= size()) {
    throw SpecError("there is no point " + std::to_string(index) + "; the design has " + std::to_string(size()) +
                    (size() == 1 ? " point" : " points") + ", counted from 0");
  }
  std::vector<Value> values = kernel_->values(*laid_out_, seed_, index);
  if (parameters_ != laid_out_) values = with_fields(*laid_out_, std::move(values));
  return {index, parameters_, std::move(values), seed_};
}

std::vector<std::pair<std::string, std::string>> Design::definition() const {
  std::vector<std::pair<std::string, std::string>> pairs = {
      {"design.method", method()}, {"design.points", std::to_string(size())}, {"design.seed", std::to_string(seed_)}};
  for (auto& [key, text] : kernel_->options()) pairs.emplace_back("design." + key, std::move(text));
  if (std::string layout = kernel_->layout(); !layout.empty()) pairs.emplace_back("design.layout", std::move(layout));
  for (const Parameter& parameter : *laid_out_) {
    pairs.emplace_back("parameters." + parameter.name(), kernel_->definition(parameter));
  }
  return pairs;
}

Design::Kernel::Component Design::Kernel::with_fields(const Design& design) {
  Component given = component(design);
  if (design.parameters_ == design.laid_out_) return given;
  class WithFields : public Around {
   public:
    using Around::Around;
    std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t seed,
                              std::uint64_t index) const override {
      return windrow::with_fields(of_.parameters, values_of(seed, index));
    }
  };
  return {std::make_shared<WithFields>(given), design.parameters(), design.seed()};
}

std::vector<Exclusion> Design::exclusions() const {
  return kernel_->exclusions();
}

std::uint64_t Design::candidates() const {
  return kernel_->candidates();
}

std::vector<EqualPoint> Design::equal_points() const {
  return kernel_->equal_points(*laid_out_);
}

std::vector<std::string> Design::notes() const {
  std::vector<std::string> notes = kernel_->notes();
  for (const Parameter& parameter : *parameters_) {
    for (std::string& note : parameter.notes()) notes.push_back(std::move(note));
  }
  return notes;
}

void detail::check_parameters(const std::vector<Parameter>& parameters) {
  if (parameters.empty()) throw SpecError("a design needs at least one parameter");
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) {
    if (std::find(names.begin(), names.end(), parameter.name()) != names.end()) {
      throw SpecError("two parameters are named `" + parameter.name() + "`");
    }
    names.push_back(parameter.name());
  }
}

std::vector<Value> Design::Kernel::values(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                                          std::uint64_t index) const {
  std::vector<Value> values;
  values.reserve(parameters.size());
  for (const Parameter& parameter : parameters) values.push_back(parameter.level(index));
  return values;
}

std::vector<DesignPart> Design::Kernel::parts(const std::vector<Parameter>& parameters) const {
  DesignBlock block{method, size, {}};
  for (const Parameter& parameter : parameters) block.parameters.push_back(parameter.name());
  return {{0, size, {std::move(block)}}};
}

std::string Design::Kernel::Component::layout() const {
  std::string names;
  for (const Parameter& parameter : parameters) names += (names.empty() ? "" : ", ") + parameter.name();
  std::string text =
      kernel->method + " of " + names + ": " + text::counted(kernel->size, "point") + ", seed " + std::to_string(seed);
  for (const auto& [key, said] : kernel->options()) text += ", " + key + " " + said;
  if (const std::string inside = kernel->layout(); !inside.empty()) text += ", " + inside;
  return text;
}

namespace {

/// Takes them out of the whole point.
class WholePointReader : public Design::Kernel::Reader {
 public:
  WholePointReader(const Design::Kernel& kernel, const std::vector<Parameter>& parameters, std::uint64_t seed,
                   std::vector<std::size_t> which)
      : kernel_(kernel), parameters_(parameters), seed_(seed), which_(std::move(which)) {}

  void read(std::uint64_t index, std::span<Value> values) override {
    std::vector<Value> all = kernel_.values(parameters_, seed_, index);
    for (std::size_t i = 0; i < which_.size(); ++i) values[i] = std::move(all[which_[i]]);
  }

 private:
  const Design::Kernel& kernel_;
  const std::vector<Parameter>& parameters_;
  std::uint64_t seed_;
  std::vector<std::size_t> which_;
};

}  // namespace

std::unique_ptr<Design::Kernel::Reader> Design::Kernel::reader(const std::vector<Parameter>& parameters,
                                                               std::uint64_t seed,
                                                               const std::vector<std::size_t>& which) const {
  return std::make_unique<WholePointReader>(*this, parameters, seed, which);
}

void detail::check_fixed(const std::vector<Parameter>& parameters, const std::string& method) {
  detail::check_parameters(parameters);
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_random()) continue;
    throw SpecError(
        "parameter `" + parameter.name() + "` is " + std::string(parameter.kind()) + ", which a " + method +
        " cannot use; use monte_carlo or latin_hypercube, or give it as linear, geometric or a list of values");
  }
}

namespace {

std::uint64_t grid_size(const std::vector<Parameter>& parameters) {
  std::uint64_t size = 1;
  for (const Parameter& parameter : parameters) {
    if (parameter.level_count() > detail::max_points / size) throw SpecError("the grid has more than 2^62 points");
    size *= parameter.level_count();
  }
  return size;
}

/// Level by level: the levels of the others are not made.
class GridReader : public Design::Kernel::Reader {
 public:
  struct Column {
    const Parameter* parameter;
    std::uint64_t stride, count;
  };
  explicit GridReader(std::vector<Column> columns) : columns_(std::move(columns)) {}

  void read(std::uint64_t index, std::span<Value> values) override {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      values[i] = columns_[i].parameter->level(index / columns_[i].stride % columns_[i].count);
    }
  }

 private:
  std::vector<Column> columns_;
};

class Grid : public Design::Kernel {
 public:
  explicit Grid(const std::vector<Parameter>& parameters) : Kernel("grid", grid_size(parameters)) {
    for (const Parameter& parameter : parameters) {
      counts_.push_back(parameter.level_count());
      std::vector<Value>& known = known_.emplace_back();
      if (parameter.level_count() > kFew || parameters.size() > kFew) continue;
      for (std::uint64_t i = 0; i < parameter.level_count(); ++i) known.push_back(parameter.level(i));
    }
  }

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    std::vector<Value> values(parameters.size());
    for (std::size_t i = parameters.size(); i-- > 0; index /= counts_[i]) {
      const std::uint64_t level = index % counts_[i];
      values[i] = known_[i].empty() ? parameters[i].level(level) : known_[i][level];
    }
    return values;
  }

  std::unique_ptr<Reader> reader(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                                 const std::vector<std::size_t>& which) const override {
    std::vector<std::uint64_t> strides(counts_.size(), 1);
    for (std::size_t i = counts_.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * counts_[i];
    std::vector<GridReader::Column> columns;
    for (const std::size_t i : which) columns.push_back({&parameters[i], strides[i], counts_[i]});
    return std::make_unique<GridReader>(std::move(columns));
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    return detail::equal_combinations(parameters, size);
  }

 private:
  static constexpr std::uint64_t kFew = 256;

  std::vector<std::uint64_t> counts_;
  std::vector<std::vector<Value>> known_{};  ///< levels of parameters that have few: three times as fast
};

class Zip : public Design::Kernel {
 public:
  Zip(std::string_view name, std::uint64_t points) : Kernel(name, points) {}
  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& parameters) const override {
    return detail::equal_rows(parameters, size);
  }
};

}  // namespace

Design grid(std::vector<Parameter> parameters, std::uint64_t seed) {
  detail::check_fixed(parameters, "grid");
  auto kernel = std::make_shared<Grid>(parameters);
  return {std::move(parameters), seed, std::move(kernel)};
}

namespace {

Design zipped(std::vector<Parameter> parameters, std::uint64_t seed, const char* method) {
  detail::check_fixed(parameters, method);
  const std::uint64_t points = parameters.front().level_count();
  const bool equal = std::all_of(parameters.begin(), parameters.end(),
                                 [points](const Parameter& parameter) { return parameter.level_count() == points; });
  if (!equal) {
    std::string counts;
    for (const Parameter& parameter : parameters) {
      counts += (counts.empty() ? "`" : ", `") + parameter.name() + "` has " + std::to_string(parameter.level_count());
    }
    throw SpecError(std::string(method) + " needs as many levels of every parameter: " + counts);
  }
  return {std::move(parameters), seed, std::make_shared<Zip>(method, points)};
}

}  // namespace

Design zip(std::vector<Parameter> parameters, std::uint64_t seed) {
  return zipped(std::move(parameters), seed, "zip");
}

Design point_list(std::vector<Parameter> parameters, std::uint64_t seed) {
  return zipped(std::move(parameters), seed, "list");
}

}  // namespace windrow
