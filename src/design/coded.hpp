#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "design/draws.hpp"

namespace windrow::detail {

/// A parameter of which a method takes few values, by numbers: they are made once.
using CodedValues = std::vector<Value>;

/// What each point takes of each parameter, as numbers of its values.
class Coded : public Design::Kernel {
 public:
  Coded(std::string_view name, std::uint64_t points, std::vector<CodedValues> values, KernelOptions options = {})
      : Kernel(name, points), values_(std::move(values)), options_(std::move(options)) {}

  std::vector<Value> values(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            std::uint64_t index) const override;
  std::vector<std::pair<std::string, std::string>> options() const override { return options_; }
  std::vector<std::string> notes() const override { return notes_; }

  /// Of the parameter at `place`. @pre index < size
  virtual std::size_t code(std::size_t place, std::uint64_t index) const = 0;

  void note(std::string text) { notes_.push_back(std::move(text)); }

 private:
  std::vector<CodedValues> values_;
  KernelOptions options_;
  std::vector<std::string> notes_{};
};

/// Those whose last points are all the same, in the centre.
std::vector<EqualPoint> equal_at_end(std::uint64_t size, std::uint64_t centre);

/// Where values lie between low (-1) and high (1).
/// @throws UnfitParameter for a parameter without them, and for a value between that its type does not have
CodedValues values_between(const Parameter& parameter, std::string_view method, const std::vector<double>& codes);
/// The same of all.
std::vector<CodedValues> values_between(const std::vector<Parameter>& parameters, std::string_view method,
                                        const std::vector<double>& codes);
/// Whether values_between() takes it: it has a low and a high value.
bool has_ends(const Parameter& parameter);

/// Kernels whose points depend on a parameter's nominal value define it with that.
std::string definition_with_nominal(const Parameter& parameter);

}  // namespace windrow::detail
