#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// Values of one parameter or output, a row each.
struct DataColumn {
  std::string name;
  std::string unit = {};
  std::vector<double> numbers = {};      ///< NaN: missing; of texts, their positions in `labels`
  std::vector<std::string> labels = {};  ///< the different texts; none: the column holds numbers

  bool is_text() const { return !labels.empty(); }
};

/// What came of a sweep, or a table of somebody else's: a row is a point.
struct Data {
  std::vector<DataColumn> inputs;
  std::vector<DataColumn> outputs;       ///< NaN where the point failed
  std::vector<std::string> status = {};  ///< of each row: "ok", or the kind of failure

  std::size_t rows() const { return status.size(); }
  bool is_ok(std::size_t row) const { return status[row] == "ok"; }
};

/// An estimate lies in it with the level that it was asked for.
struct ConfidenceInterval {
  double low = 0.0, high = 0.0;
};

}  // namespace windrow
