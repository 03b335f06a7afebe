#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace [[gnu::visibility("default")]] windrow {

/// A time limit as sbatch takes it.
struct BatchTime {
  std::string text;                           ///< "90", "2:00:00", "1-12"
  std::optional<std::chrono::seconds> limit;  ///< none: "UNLIMITED"
};

/// What a user means by a time: as Slurm writes it (a bare number is minutes), or a duration such as 2h30m, which is
/// rounded up to minutes. None if it is neither, or zero.
std::optional<BatchTime> batch_time(std::string_view text);

/// A job of Slurm that runs a study.
struct BatchJob {
  std::string name;
  std::string written_by;           ///< "windrow 0.1.0"
  std::filesystem::path directory;  ///< of the results, absolute
  int nodes = 0;                    ///< 0 here and below: sbatch is not told
  int tasks = 0;
  int cpus_per_task = 0;
  std::string array;  ///< "1-4", a job for each shard; empty: one job
  std::string time;   ///< empty: that of the partition
  std::string partition;
  std::string account;
  bool requeue = false;
  std::chrono::seconds notice{60};     ///< how long before its end the job hears of it
  std::vector<std::string> more;       ///< options of sbatch, as they are written on its command line
  std::vector<std::string> command;    ///< what runs in the job; its words are quoted
  std::vector<std::string> variables;  ///< further words of it, which the job's shell is to expand
  std::string again;                   ///< the command line that submits such a job
  std::string go_on;                   ///< ... a job that does what is left; empty: the same
};

/// The script, ready for sbatch. @throws SpecError if a word of it holds a line break
std::string batch_script(const BatchJob& job);

/// Where a script went.
struct WrittenScript {
  std::filesystem::path file;
  std::filesystem::path kept;  ///< where the one went that a user had edited; empty: there was none
};

/// Puts a script in its place, whole or not at all. An earlier one is replaced, but kept under another name if it is
/// not as it was written. Makes the directory.
/// @throws SystemError
WrittenScript write_script(const std::filesystem::path& file, const std::string& text);

}  // namespace windrow
