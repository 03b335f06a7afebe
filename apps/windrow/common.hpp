#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/design.hpp"
#include "windrow/store/store.hpp"
#include "windrow/study/study.hpp"

namespace windrow::app {

/// "0.1.0"
std::string version();

/// "windrow: message" on stderr, once under mpirun too. @return the exit code for wrong usage
int complain(const std::string& message);

/// The results directory that a user means: the directory itself, that of a study file, or of a results.sqlite.
std::filesystem::path results_directory(const std::filesystem::path& given);

/// "there is no point 7: rc-filter has points 0 to 4"
std::string no_such_point(std::uint64_t index, const std::string& study, std::uint64_t points);

/// "resistance = 100 ohm"
std::string assignment(const std::string& name, const std::string& value, const std::string& unit);

/// "resistance = 100 ohm, capacitance = 1e-09 F"
std::string one_line(const Point& point);

/// Why the last run that wrote to the store ended though points were left, "at its time limit of 2h00m"; empty if it
/// did not say.
std::string why_stopped(const StoreReader& store);

/// Visits the files of arrays that are missing, or not as long as they were. @return of how many points they are
std::uint64_t for_damaged_arrays(const StoreReader& store, const std::function<void(const ArrayFile&)>& visit);

/// What there is of a study's results before a run.
struct StudyState {
  std::uint64_t succeeded = 0;      ///< points of the present study
  std::uint64_t failed = 0;         ///< ... the same
  std::uint64_t left = 0;           ///< that a run would evaluate
  bool running = false;             ///< a run has the store open
  std::optional<Resumption> found;  ///< if the study has changed since it ran
};

/// @return nothing if there is no store yet
/// @throws StoreError if it cannot be read
std::optional<StudyState> state_of(const Study& study, Command command, bool retry_failed);

/// "1 point", "1,200 points"
std::string counted(std::uint64_t number, const std::string& thing);

/// Seconds as "1.2s" or "3m12s".
std::string duration(double seconds);

/// Indented by `spaces`, every line that is not empty.
std::string indented(const std::string& text, int spaces);

/// Arguments as they can be pasted into a shell.
std::string shell_line(const std::vector<std::string>& argv);

}  // namespace windrow::app
