#include <algorithm>

#include "design/kernel.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr const char* kReplicate = "replicate";

Parameter replicate_parameter(std::uint64_t count) {
  Parameter parameter = linear(kReplicate, 1.0, static_cast<double>(count), count);
  return parameter.type(ValueType::integer);
}

/// The points of another method, several times.
class Replicated : public Design::Kernel {
 public:
  Replicated(std::shared_ptr<const Kernel> kernel, std::vector<Parameter> parameters, std::uint64_t replicates)
      : Kernel(kernel->method, kernel->size * replicates),
        kernel_(std::move(kernel)),
        parameters_(std::move(parameters)),
        replicates_(replicates) {}

  std::vector<Value> values(const std::vector<Parameter>& /*parameters*/, std::uint64_t seed,
                            std::uint64_t index) const override {
    std::vector<Value> values = kernel_->values(parameters_, seed, index / replicates_);
    values.emplace_back(1 + index % replicates_);
    return values;
  }

  std::string definition(const Parameter& parameter) const override {
    return parameter.name() == kReplicate ? parameter.definition() : kernel_->definition(parameter);
  }

  std::vector<std::pair<std::string, std::string>> options() const override { return kernel_->options(); }
  std::vector<Exclusion> exclusions() const override { return kernel_->exclusions(); }
  std::uint64_t candidates() const override { return kernel_->candidates(); }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const override {
    std::vector<EqualPoint> equal;
    for (const EqualPoint& point : kernel_->equal_points(parameters_)) {
      for (std::uint64_t replicate = 0; replicate < replicates_; ++replicate) {
        equal.push_back({point.first * replicates_ + replicate, point.index * replicates_ + replicate});
      }
    }
    std::ranges::sort(equal);
    return equal;
  }

  std::vector<std::string> notes() const override { return kernel_->notes(); }
  bool draws() const override { return kernel_->draws(); }
  std::string layout() const override { return kernel_->layout(); }

  std::vector<DesignPart> parts(const std::vector<Parameter>& /*parameters*/) const override {
    std::vector<DesignPart> parts = kernel_->parts(parameters_);
    for (DesignPart& part : parts) {
      part.first *= replicates_;
      part.points *= replicates_;
      part.replicates *= replicates_;
    }
    return parts;
  }

 private:
  std::shared_ptr<const Kernel> kernel_;
  std::vector<Parameter> parameters_;
  std::uint64_t replicates_;
};

}  // namespace

Design replicated(const Design& design, std::uint64_t replicates) {
  if (replicates == 0) throw SpecError("replicates must be at least 1");
  if (design.size() > 0 && replicates > detail::max_points / design.size()) {
    throw SpecError("the design has more than 2^62 points with its replicates");
  }
  auto [kernel, parameters, seed] = Design::Kernel::component(design);
  for (const Parameter& parameter : parameters) {
    if (parameter.name() != kReplicate) continue;
    throw SpecError(
        "a parameter is called `replicate`, and so is the number of the replicate: give the parameter another name, or "
        "leave out `replicates`");
  }
  auto several = std::make_shared<Replicated>(std::move(kernel), parameters, replicates);
  parameters.push_back(replicate_parameter(replicates));
  return {std::move(parameters), seed, std::move(several)};
}

}  // namespace windrow
