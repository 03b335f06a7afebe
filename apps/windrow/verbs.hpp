#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "selection.hpp"
#include "windrow/store/row_selection.hpp"

/// The verbs of the windrow command. Each returns the exit code of the program.
namespace windrow::app {

inline constexpr int kSuccess = 0;
inline constexpr int kSomeFailed = 1;
inline constexpr int kDifferent = 1;
inline constexpr int kUsage = 2;
inline constexpr int kRunAgain = 75;
inline constexpr int kInterrupted = 130;

struct RunArguments {
  std::filesystem::path study;
  std::filesystem::path directory;   ///< empty: `<name>.windrow` beside the study
  int workers = 0;                   ///< 0: as many as this process may use
  std::string schedule;              ///< a valid name; empty: auto, or longest_first if there is `costs_from`
  std::filesystem::path costs_from;  ///< results of an earlier run; empty: none
  std::string root = "auto";         ///< a valid name
  std::string shard;                 ///< "2/4", valid; empty: all points
  Selection selection;
  std::optional<int> retries;  ///< these four go before what the study file says
  std::string max_failures;    ///< "10" or "5%"; empty: as the study file says
  std::string time_limit;      ///< a duration; the same
  std::string drain;           ///< a duration; the same
  bool requeue = false;
  bool quiet = false;
  std::string command_line;  ///< kept with the run
};
int run(const RunArguments& arguments, int argc, char** argv);

struct CollectArguments {
  std::filesystem::path study;
  std::filesystem::path directory;
  std::string command_line;  ///< kept with the results
  bool json = false;
};
int collect(const CollectArguments& arguments);

struct PlanArguments {
  std::filesystem::path study;
  std::filesystem::path directory;
  std::optional<std::uint64_t> point;  ///< whose command is shown; none: the first that is chosen
  Selection selection;
  std::string csv = {};   ///< a file, or "-": the points, and nothing else
  std::string plot = {};  ///< the same: a picture of them
  bool json = false;
};
int plan(const PlanArguments& arguments);

struct SubmitArguments {
  RunArguments run;  ///< of the job; those of the machine that it begins on are not asked for
  int nodes = 0;     ///< 0 here and below: left to Slurm
  int tasks = 0;
  int cpus_per_task = 0;
  int shards = 0;    ///< an array of jobs, each with a share of the points
  std::string time;  ///< a valid time
  std::string partition;
  std::string account;
  std::string launcher;           ///< "mpirun", "srun"; empty: the first
  bool print = false;             ///< write the script, submit nothing
  std::vector<std::string> more;  ///< options of sbatch
};
/// @param command_line  that asked for it
int submit(const SubmitArguments& arguments, const std::vector<std::string>& command_line);

/// @param json  `windrow help json` describes the form
int status(const std::filesystem::path& directory, bool json);

struct WatchArguments {
  std::filesystem::path directory;
  std::string interval = "1s";  ///< a duration
  bool once = false;
};
int watch(const WatchArguments& arguments);

struct MergeArguments {
  std::filesystem::path directory;
  std::filesystem::path into;  ///< empty: the study's own results
};
int merge(const MergeArguments& arguments);

struct CleanArguments {
  std::filesystem::path directory;
  bool dry_run = false;
  bool json = false;
};
int clean(const CleanArguments& arguments);

int check(const std::filesystem::path& directory, bool json);
int recover(const std::filesystem::path& directory, bool json);

struct ExportArguments {
  std::filesystem::path directory;
  std::string csv;          ///< "-" is standard output
  std::string jsonl;        ///< the same
  std::string netcdf;       ///< a file
  std::string evaluations;  ///< as csv
  RowSelection selection;   ///< of `csv` and `jsonl`
  bool raw = false;         ///< texts byte for byte
};
int export_results(const ExportArguments& arguments);

struct ShowArguments {
  std::filesystem::path directory;
  RowSelection selection;
  std::uint64_t head = 20;  ///< rows
};
int show_results(const ShowArguments& arguments);

struct TimingArguments {
  std::filesystem::path directory;
  std::int64_t run = 0;  ///< 0: the last one that evaluated something
  bool compare = false;
  std::string trace;            ///< "-" is standard output; empty: none
  std::string format = "text";  ///< text, tsv or json
};
int timing(const TimingArguments& arguments);

int explain(const std::filesystem::path& directory, std::uint64_t index, bool json);

struct AnalyzeArguments {
  std::filesystem::path directory;   ///< results, or a table
  std::vector<std::string> outputs;  ///< empty: all
  std::vector<std::string> inputs;   ///< of a table; empty: all columns that are no outputs
  double level = 0.95;
  bool json = false;
};
int analyze(const AnalyzeArguments& arguments);

struct CompareArguments {
  std::filesystem::path first;
  std::filesystem::path second;
  std::vector<std::string> outputs;  ///< empty: all
  double tolerance = 0.0;            ///< relative
  bool json = false;
};
int compare(const CompareArguments& arguments);

struct FailuresArguments {
  std::filesystem::path directory;
  bool all = false;  ///< every group, not the largest alone
  bool json = false;
};
int failures(const FailuresArguments& arguments);

}  // namespace windrow::app
