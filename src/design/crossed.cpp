// All combinations of the points of several designs.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "design/kernel.hpp"
#include "windrow/design/compose.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

using Component = Design::Kernel::Component;

struct CrossedBlock {
  Component of;
  bool redraw = false;
  std::uint64_t stride = 1;                              ///< how many points the blocks behind it have together
  std::shared_ptr<const std::vector<Parameter>> before;  ///< parameters of the blocks before it
};

std::string name_of(const Design::Kernel& kernel) {
  return kernel.method.find('+') == std::string::npos ? kernel.method : "(" + kernel.method + ")";
}

std::string names_of(const std::vector<CrossedBlock>& blocks) {
  std::string names;
  for (const CrossedBlock& block : blocks) names += (names.empty() ? "" : " x ") + name_of(*block.of.kernel);
  return names;
}

class Crossed : public Design::Kernel {
 public:
  explicit Crossed(std::vector<CrossedBlock> blocks)
      : Kernel(names_of(blocks), blocks.front().stride * blocks.front().of.kernel->size), blocks_(std::move(blocks)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t /*seed*/,
                            std::uint64_t index) const override {
    std::vector<Value> values;
    values.reserve(parameters.size());
    for (const CrossedBlock& block : blocks_) {
      const std::uint64_t own = index / block.stride % block.of.kernel->size;
      const std::uint64_t seed = block.redraw ? Point(0, block.before, values, block.of.seed).seed() : block.of.seed;
      std::ranges::move(block.of.kernel->values(block.of.parameters, seed, own), std::back_inserter(values));
    }
    return values;
  }

  std::string definition(const Parameter& parameter) const override {
    for (const CrossedBlock& block : blocks_) {
      for (const Parameter& own : block.of.parameters) {
        if (own.name() == parameter.name()) return block.of.kernel->definition(own);
      }
    }
    return parameter.definition();
  }

  std::string layout() const override {
    std::string text;
    for (const CrossedBlock& block : blocks_) {
      text += fmt::format("{}({}{})", text.empty() ? "" : " x ", block.of.layout(), block.redraw ? ", redrawn" : "");
    }
    return text;
  }

  std::vector<EqualPoint> equal_points(const std::vector<Parameter>& /*parameters*/) const override {
    std::vector<detail::EqualFactor> factors;
    for (const CrossedBlock& block : blocks_) {
      factors.push_back(
          detail::equal_factor(block.of.kernel->size, block.of.kernel->equal_points(block.of.parameters)));
    }
    return detail::equal_products(factors);
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> all;
    for (const CrossedBlock& block : blocks_) std::ranges::move(block.of.kernel->notes(), std::back_inserter(all));
    return all;
  }

  std::vector<Exclusion> exclusions() const override {
    std::vector<Exclusion> all;
    for (const CrossedBlock& block : blocks_) std::ranges::move(block.of.kernel->exclusions(), std::back_inserter(all));
    return all;
  }

  std::uint64_t candidates() const override {
    std::uint64_t product = 1;
    for (const CrossedBlock& block : blocks_) product *= block.of.kernel->candidates();
    return product;
  }

  bool draws() const override {
    return std::ranges::any_of(blocks_, [](const CrossedBlock& block) { return block.of.kernel->draws(); });
  }

  /// A block that has parts itself counts as one.
  std::vector<DesignPart> parts(const std::vector<Parameter>& /*parameters*/) const override {
    DesignPart part{0, size, {}};
    for (const CrossedBlock& block : blocks_) {
      std::vector<DesignPart> own = block.of.kernel->parts(block.of.parameters);
      if (own.size() > 1 || own.front().replicates > 1) own = block.of.kernel->Kernel::parts(block.of.parameters);
      for (DesignBlock& one : own.front().blocks) {
        one.redraw = one.redraw || block.redraw;
        part.blocks.push_back(std::move(one));
      }
    }
    return {std::move(part)};
  }

 private:
  std::vector<CrossedBlock> blocks_;
};

void check_redraw(const Design::Kernel& kernel, bool is_first) {
  if (is_first) throw SpecError("the first block cannot be drawn anew: there is none before it");
  if (!kernel.draws() && !kernel.exclusions().empty()) {
    throw SpecError(
        "a block with conditions cannot be drawn anew: which of its points are left is found once, and they "
        "are the same for each point of the blocks before it");
  }
  if (!kernel.draws())
    throw SpecError("a block of method `" + kernel.method + "` cannot be drawn anew: it draws nothing");
}

}  // namespace

Design crossed(std::vector<Block> blocks, std::uint64_t seed) {
  if (blocks.empty()) throw SpecError("a crossed design needs at least one block");
  std::vector<Parameter> parameters;
  std::vector<CrossedBlock> made;
  for (const Block& block : blocks) {
    Component own = Design::Kernel::component(block.design);
    if (block.redraw) check_redraw(*own.kernel, made.empty());
    const auto before = std::make_shared<const std::vector<Parameter>>(parameters);
    for (const Parameter& parameter : own.parameters) {
      const auto same = [&](const Parameter& other) { return other.name() == parameter.name(); };
      if (std::ranges::any_of(parameters, same)) {
        throw SpecError("the parameter `" + parameter.name() + "` is in two blocks that are crossed");
      }
      parameters.push_back(parameter);
    }
    made.push_back({std::move(own), block.redraw, 1, before});
  }
  std::uint64_t size = 1;
  for (std::size_t i = made.size(); i-- > 0; size *= made[i].of.kernel->size) {
    if (made[i].of.kernel->size > detail::max_points / size) {
      throw SpecError("the crossed design has more than 2^62 points");
    }
    made[i].stride = size;
  }
  return {std::move(parameters), seed, std::make_shared<Crossed>(std::move(made))};
}

}  // namespace windrow
