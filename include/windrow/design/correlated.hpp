#pragma once

#include <string>
#include <vector>

#include "windrow/design/design.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// Spearman's rank correlation of two parameters.
struct Correlation {
  std::string first, second;
  double rank;  ///< between -1 and 1
};

/// The sampled design with correlated parameters: by a Gaussian copula, of which rho = 2 sin(pi rank / 6) gives the
/// rank correlation exactly for continuous distributions (rank 0.5 by rho 0.5176381). Pairs that are not named are
/// independent. Distributions of the parameters stay what they are, and so do the values of the first of them that are
/// correlated, in the design's order, and of all others.
///
/// A Latin hypercube keeps its strata for these alone: the numbers that are mixed are in strata, each once, but not
/// what they are mixed to. (Reordering the ranks as Iman & Conover do, doi:10.1080/03610918208812265, would keep all,
/// but needs all points at once, and a point is a function of its index.) Sources: Kruskal 1958,
/// doi:10.1080/01621459.1958.10501481 (the formula); Nelsen 2006, doi:10.1007/0-387-28678-0
/// @throws SpecError for a method that does not draw, an unknown or doubled name, a pair that is there twice, texts, a
///         rank that is not between -1 and 1, and correlations that no random numbers have together (the matrix of rho
///         is not positive definite), with the pair that does not go with the others
Design correlated(const Design& design, const std::vector<Correlation>& correlations);

}  // namespace windrow
