#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "dispatch/experiments.hpp"
#include "measure.hpp"

namespace bench {

enum class Verdict { none, met, not_met, out_of_reach };

/// A row with what its repetitions brought.
struct Result {
  Row row;
  Figures figures;
  double without_overhead = 0.0;  ///< median, if the row knows it
  Verdict verdict = Verdict::none;
};

struct Finished {
  Experiment experiment;
  std::size_t repetitions = 0;
  double cores_of_others = 0.0;  ///< used by other processes meanwhile
  std::vector<Result> results = {};
};

/// @param printed          by repetition, at least one
/// @param cores_of_others  used by other processes meanwhile
Finished finish(const Experiment& experiment, const std::vector<Printed>& printed, double cores_of_others);

void print(const Finished& finished);
/// "12 of 14 targets met", and what was out of reach.
void print_totals(const std::vector<Finished>& all);

/// @param remarks  what speaks against the figures
/// @return whether the file could be written
bool write_json(const std::filesystem::path& path, const std::vector<Finished>& all,
                const std::vector<std::string>& remarks);

}  // namespace bench
