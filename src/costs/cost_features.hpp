#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "windrow/design/parameter.hpp"

namespace windrow::detail {

/// What a regression over the parameters of a point looks at, as numbers of about unit size:
/// - of a parameter with few levels (truth values, texts, up to 8 numbers): which level it is, one feature for each but
///   the first;
/// - of any other number x: x and x^2, and where all its values are positive and at least a factor of 4 apart, log x
///   and (log x)^2 too, so that power laws are straight lines.
/// Numbers are standardised by what the parameter's source says of them, so that no pass over the points is needed.
class CostFeatures {
 public:
  static constexpr std::size_t kMost = 64;  ///< features; parameters that find no place are left out

  explicit CostFeatures(const std::vector<Parameter>& parameters);

  std::size_t size() const { return size_; }
  /// @param values  of a point, one for each parameter
  /// @return size() finite numbers
  std::vector<double> of(std::span<const Value> values) const;
  /// Parameters that are not looked at, each with the reason: "`file` has more than 32 levels".
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  struct Scale {
    double mean = 0.0;
    double sd = 0.0;  ///< 0: the feature is not used
  };
  struct Encoder {
    std::size_t parameter = 0;
    std::vector<Value> levels;  ///< empty for a number on a scale
    Scale linear;
    Scale logarithmic;
    std::size_t size() const;
  };

  static Encoder level_encoder(std::size_t parameter, std::vector<Value> levels);
  static Encoder number_encoder(std::size_t parameter, const Parameter& source);
  static Scale scale_of(std::span<const double> numbers);
  static void append(std::vector<double>& features, const Scale& scale, double number);

  std::vector<Encoder> encoders_;
  std::vector<std::string> left_out_;
  std::size_t size_ = 0;
};

}  // namespace windrow::detail
