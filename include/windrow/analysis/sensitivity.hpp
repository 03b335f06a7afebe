#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "windrow/analysis/data.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// A sensitivity index, and where it lies.
struct SensitivityIndex {
  double value = 0.0;
  ConfidenceInterval interval;
};

/// Sobol' indices: the share of the output's variance that is due to inputs.
struct SobolIndices {
  std::uint64_t used = 0;        ///< base points of which all outputs are there
  std::uint64_t incomplete = 0;  ///< ... and those that were left out, since one is missing
  double mean = 0.0;
  double variance = 0.0;
  std::vector<SensitivityIndex> first;                ///< of each input by itself
  std::vector<SensitivityIndex> total;                ///< with all its interactions
  std::vector<std::vector<SensitivityIndex>> second;  ///< [i][j], i < j: of both together, less each by itself; may be
                                                      ///< empty
};

/// From the outputs of a `saltelli` design: for each base point those of A, B, AB_1 ... AB_d, and, if second order
/// indices are asked for, BA_1 ... BA_d; AB_i is A with input i of B. First order by Saltelli et al. 2010
/// (doi:10.1016/j.cpc.2009.09.018, table 2 b), total by Jansen 1999 (table 2 f), second order by Saltelli 2002
/// (doi:10.1016/S0010-4655(02)00280-1). Intervals are the bootstrap's: base points are drawn anew, `resamples` times;
/// the same draws for the same seed.
/// @param outputs  NaN: the point failed; its base point is left out
/// @throws SpecError if their number is no multiple of inputs + 2 (2 inputs + 2 with second order)
SobolIndices sobol_indices(std::span<const double> outputs, std::size_t inputs, bool second_order = false,
                           double level = 0.95, std::uint64_t resamples = 1000, std::uint64_t seed = 0);

/// First order indices from any sample: the variance of the means of `bins` equally full bins of the input, less what
/// that has by chance (the correlation ratio, adjusted as Kelley's epsilon squared, doi:10.1073/pnas.21.9.554). Of
/// texts each is a bin. Rows with a NaN are left out.
/// @param bins  0: the cube root of the number of rows, doubled
double first_order_by_bins(const DataColumn& input, std::span<const double> output, std::size_t bins = 0);

/// Elementary effects of one input (Morris 1991, doi:10.1080/00401706.1991.10484804).
struct ElementaryEffects {
  std::uint64_t count = 0;      ///< pairs of points that differ in this input alone and have both outputs
  double mean = 0.0;            ///< mu
  double mean_absolute = 0.0;   ///< mu* (Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004)
  double sd = 0.0;              ///< sigma: how far the effect depends on the others, or is not linear
  ConfidenceInterval interval;  ///< of mu*, by Student's t
};

/// From consecutive points of trajectories that differ in one input: the change of the output over that of the input,
/// which counts in units of its range over all points (so that effects of all inputs compare).
/// @param inputs  columns, as long as the output
std::vector<ElementaryEffects> elementary_effects(const std::vector<std::vector<double>>& inputs,
                                                  std::span<const double> output, double level = 0.95);

/// What changing an input from its low to its high level does to the mean of the output.
struct FactorEffect {
  std::vector<std::size_t> inputs;  ///< one, or two for their interaction
  double effect = 0.0;              ///< mean at the high level (of the product of both) less that at the low one
};

/// Main effects and interactions of two inputs, the largest first, of designs with two levels; inputs with another
/// number of levels have none. Rows with a NaN are left out.
std::vector<FactorEffect> factor_effects(const std::vector<std::vector<double>>& inputs,
                                         std::span<const double> output);

}  // namespace windrow
