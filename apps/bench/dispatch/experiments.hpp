#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// What the commands of one repetition printed: by command, then number by number.
using Printed = std::vector<std::vector<double>>;
using Quantity = std::function<double(const Printed&)>;

struct Target {
  enum class Kind { at_most, at_least } kind;
  double value;
};

struct Row {
  std::string what;
  std::string unit;
  Quantity value;
  std::optional<Target> target = {};
  /// What the row would be if handing out cost nothing. Where this misses the target, no dispatcher could meet it.
  Quantity without_overhead = {};
};

/// Commands that run in turns, repetition after repetition, and the rows that follow from what they print.
struct Experiment {
  std::string name;
  std::string about;
  std::vector<std::string> commands = {};  ///< the number of the repetition, a seed, is put at the end
  std::vector<Row> rows = {};
  bool once = false;
};

struct Settings {
  std::string program;  ///< this one
  double tail_seconds;  ///< how long the idle ranks idle
  double steps_per_microsecond;
};

std::vector<Experiment> experiments(const Settings& settings);

}  // namespace bench
