#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "windrow/design/design.hpp"

/// Methods of laying out points beside those of windrow/design/design.hpp. All are functions from index to point, and
/// all throw SpecError for no parameter, two of one name, and more than 2^62 points.
namespace [[gnu::visibility("default")]] windrow {

/// How points that are the same for every seed are made random without making them less even.
enum class Scramble {
  none,   ///< as they are: the seed does not count
  shift,  ///< all by one random vector, around the unit cube (of Sobol' points: bit by bit)
  owen    ///< digit by digit; of Sobol' points each digit by the ones before it, too (nested)
};
/// "none", "shift", "owen"
std::string_view name_of(Scramble scramble);

// ---- samples: drawn and listed parameters; more points keep those that are there ----------------------------------

/// Sobol' points by the direction numbers of Joe & Kuo, in their order, from the point 0 on; up to 3667 parameters.
///
/// Scrambled by default, since then any distribution can be drawn, an average has no bias, several seeds tell its
/// error, and the error falls faster. Without a scramble the first point has the lowest value of each parameter: one
/// without any, as a normal distribution, is refused. 2^k points are the most even. Sources: Joe & Kuo 2008,
/// doi:10.1137/070709359; scrambles: Owen 1995; by a hash: Burley, JCGT 9(4), 2020.
Design sobol(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble = Scramble::owen,
             std::uint64_t seed = 0);

/// Halton points; without a scramble from number 1 on: (1/2, 1/3, 1/5, ...), (1/4, 2/3, 2/5, ...), else from 0. Up to
/// 1000 parameters, of which those after the tenth or so need a scramble. Any number of points is as good as another.
/// `owen` permutes each digit.
/// @throws SpecError for more points than are told apart (at least 2^39, and 2^51 for 2 parameters)
/// Sources: Halton 1960, doi:10.1007/BF01386213; scrambled: Owen 2017, arXiv:1706.02808
Design halton(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble = Scramble::owen,
              std::uint64_t seed = 0);

/// A lattice of rank 1 that goes on, in radical inverse order; up to 100 parameters; by a generating vector for 2^k
/// points up to 2^20. `shift` or `none`; without a shift the first point is as that of sobol().
/// Source: Cools, Kuo & Nuyens 2006, doi:10.1137/06065074X
Design lattice(std::vector<Parameter> parameters, std::uint64_t points, Scramble scramble = Scramble::shift,
               std::uint64_t seed = 0);

/// A Latin hypercube that grows: its first `grow_from` points are those of latin_hypercube() with so many, and the
/// first 2, 4, 8, ... times as many are a Latin hypercube, too. Numbers in between leave some of the finer strata
/// empty.
/// @throws SpecError if grow_from is 0, or above points
/// Source: Qian 2009, doi:10.1093/biomet/asp045
Design nested_latin_hypercube(std::vector<Parameter> parameters, std::uint64_t points, std::uint64_t grow_from,
                              std::uint64_t seed = 0);

struct SaltelliOptions {
  bool second_order = false;
  Scramble scramble = Scramble::owen;
};
/// Points for Sobol' indices, first and total: for each base point A, B, AB_1 ... AB_d, where AB_i is A with parameter
/// i of B; for those of second order also BA_1 ... BA_d. A and B are one Sobol' point of twice as many parameters. So
/// there are base_points * (d + 2), or (2d + 2), points; more base points keep those that are there.
/// Source: Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018
Design saltelli(std::vector<Parameter> parameters, std::uint64_t base_points, const SaltelliOptions& options = {},
                std::uint64_t seed = 0);

// ---- one parameter after the other --------------------------------------------------------------------------------

/// The nominal values of all, then each parameter's levels, one after the other, while the others stay at their nominal
/// values; a level that is the nominal value is not there twice.
/// @throws SpecError for a parameter without nominal value or without levels
Design one_at_a_time(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// How far a parameter goes from its nominal value, and in how many steps, to both sides.
struct Steps {
  double step;
  std::uint64_t steps;
};
/// The nominal values, then for each parameter the steps below, the farthest first, and those above. What the
/// parameters' values are otherwise does not count. @param steps  for each parameter
/// @throws SpecError for a parameter without nominal value or whose nominal value is no number, and a step of 0
Design centred(std::vector<Parameter> parameters, const std::vector<Steps>& steps, std::uint64_t seed = 0);

/// The nominal values (by default the middle), then for each parameter low and high, while the others stay.
Design star(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// Trajectories of d + 1 points, each of which differs from the one before in one parameter, by half of the levels.
struct MorrisOptions {
  std::uint64_t levels = 4;      ///< even: from low to high, or at the middles of as many equally likely strata
  std::uint64_t candidates = 0;  ///< chooses the trajectories from so many, far from each other; 0: takes the first
};
/// Points for elementary effects. More trajectories keep those that are there.
/// Sources: Morris 1991, doi:10.1080/00401706.1991.10484804; the choice: Campolongo et al. 2007,
/// doi:10.1016/j.envsoft.2006.10.004, one after the other
Design morris(std::vector<Parameter> parameters, std::uint64_t trajectories, const MorrisOptions& options = {},
              std::uint64_t seed = 0);

// ---- low and high -------------------------------------------------------------------------------------------------

// These take parameters that have a low and a high value: uniform, log_uniform or discrete_uniform, a range (its ends),
// or a list of two. What lies between is a number; of log_uniform and geometric ones by its logarithm.

/// All combinations of low and high: the first parameter slowest, as in a grid.
Design corners(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// All combinations of low and high, in standard order (the first parameter fastest); or a fraction of them:
/// @param generators  how further parameters follow from those before: "d = a*b*c", "d = -a*b", by the parameters'
///                    names, or by capital letters in their order: "D = ABC"
/// @throws SpecError also for generators by which two parameters always vary together
/// Source: Box & Hunter 1961, doi:10.1080/00401706.1961.10489951
Design factorial(std::vector<Parameter> parameters, const std::vector<std::string>& generators = {},
                 std::uint64_t seed = 0);

/// As few points as there can be for main effects: the next multiple of 4 above the number of parameters for which
/// there is a Hadamard matrix (up to 48: any). Source: Plackett & Burman 1946, doi:10.1093/biomet/33.4.305; Paley 1933
Design plackett_burman(std::vector<Parameter> parameters, std::uint64_t seed = 0);

struct CompositeOptions {
  std::optional<double> alpha = {};          ///< default: rotatable, (number of factorial points)^(1/4)
  std::uint64_t centre = 1;                  ///< points in the centre
  std::vector<std::string> generators = {};  ///< of the factorial part
};
/// A factorial design, then for each parameter the points at -alpha and alpha, then the centre. Low is -1, high is 1:
/// with alpha above 1 parameters go beyond them. Source: Box & Wilson 1951, doi:10.1111/j.2517-6161.1951.tb00067.x
Design central_composite(std::vector<Parameter> parameters, const CompositeOptions& options = {},
                         std::uint64_t seed = 0);

/// The middles of edges (of faces for 6 and 7), then the centre, for 3 to 7 parameters.
/// Source: Box & Behnken 1960, doi:10.1080/00401706.1960.10489912
Design box_behnken(std::vector<Parameter> parameters, std::uint64_t centre = 1, std::uint64_t seed = 0);

// ---- by name ------------------------------------------------------------------------------------------------------

/// Point i takes value i of every parameter, as zip() does: points that are written down one by one.
Design point_list(std::vector<Parameter> parameters, std::uint64_t seed = 0);

/// What a key of a method says.
using MethodValue = std::variant<std::uint64_t, double, bool, std::string, std::vector<std::string>,
                                 std::vector<std::pair<std::string, double>>>;
/// {"scramble", "owen"}, {"centre", 3}
struct MethodOption {
  std::string key;
  MethodValue value;
};

enum class MethodKeyKind { count, number, truth, word, texts, numbers, counts };
/// A key that study files have, and what stands there: a count from `least` on, a number, true or false, one of
/// `words`, texts, or for all or each parameter ({"", 0.1}, or {"x", 0.1}, {"y", 2}) a number or a count.
struct MethodKey {
  std::string_view name;
  MethodKeyKind kind;
  bool required = false;
  std::uint64_t least = 1;
  std::vector<std::string> words = {};
};
struct Method {
  std::string_view name;
  std::vector<MethodKey> keys;
};
/// All methods but table().
const std::vector<Method>& methods();

/// Any of them, by what study files say.
/// @throws SpecError for an unknown method or key, with the nearest valid one, a missing or a wrong one
Design designed(std::string_view method, std::vector<Parameter> parameters, const std::vector<MethodOption>& options,
                std::uint64_t seed = 0);

}  // namespace windrow
