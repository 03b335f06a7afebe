#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "json.hpp"
#include "options.hpp"
#include "verbs.hpp"
#include "windrow/base/table.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"
#include "windrow/report/account_summary.hpp"
#include "windrow/report/run_timing.hpp"
#include "windrow/timing/report.hpp"

namespace windrow::app {
namespace {

constexpr std::size_t kRowsShown = 24;  // of a table for people; the busiest and the idlest workers stand for more

struct Part {
  const char* name;
  double (*seconds)(const WorkerAccount&);
};

constexpr std::array<Part, 7> kParts = {
    {{"evaluate", [](const WorkerAccount& worker) { return worker.spent.evaluate; }},
     {"build", [](const WorkerAccount& worker) { return worker.spent.build; }},
     {"transfer", [](const WorkerAccount& worker) { return worker.spent.transfer; }},
     {"store", [](const WorkerAccount& worker) { return worker.spent.store; }},
     {"coordinate", [](const WorkerAccount& worker) { return worker.spent.coordinate; }},
     {"wait", [](const WorkerAccount& worker) { return worker.spent.wait; }},
     {"other", [](const WorkerAccount& worker) { return worker.other(); }}}};

std::string name_of(const WorkerAccount& worker) {
  return worker.worker < 0 ? "root" : fmt::format("worker {}", worker.worker);
}

std::vector<WorkerAccount> all_rows(const TimeAccount& account) {
  std::vector<WorkerAccount> rows = account.workers;
  if (account.root) rows.push_back(*account.root);
  return rows;
}

std::string date(double unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(time));
}

std::string share(double seconds, double whole) {
  return whole > 0.0 ? text::render_share(seconds / whole) : "";
}

/// A row a worker, in shares of the wall time.
void print_workers(const TimeAccount& account) {
  std::vector<WorkerAccount> rows = all_rows(account);
  const std::size_t hidden = rows.size() > kRowsShown ? rows.size() - kRowsShown : 0;
  if (hidden > 0) {
    std::ranges::sort(rows, std::greater(), &WorkerAccount::busy);
    const auto middle = rows.begin() + kRowsShown / 2;
    rows.erase(middle, middle + static_cast<std::ptrdiff_t>(hidden));
  }
  std::vector<detail::Align> columns(3 + kParts.size(), detail::Align::right);
  columns[0] = columns[1] = detail::Align::left;
  detail::Table table(columns);
  std::vector<std::string> line = {"", "host", "evaluated"};
  for (const Part& part : kParts) line.emplace_back(part.name);
  table.add(line);
  for (const WorkerAccount& worker : rows) {
    line = {name_of(worker), worker.host, text::with_thousands(worker.attempts)};
    for (const Part& part : kParts) line.push_back(share(part.seconds(worker), worker.wall));
    table.add(line);
  }
  show("{}", table.text());
  if (hidden > 0) show("(the busiest and the idlest; {} more: --format tsv, or --compare)\n", hidden);
}

void print_failed(const TimeAccount& account) {
  if (account.failed() <= 0.0) return;
  show("In evaluations that brought no result: {} ({} of the evaluation time)\n",
       text::render_duration(account.failed()), share(account.failed(), account.spent().evaluate));
}

void print_other_runs(const std::vector<RunTimes>& runs, std::int64_t shown) {
  if (runs.size() < 2) return;
  show("Runs (--run N):\n");
  constexpr std::size_t most = 20;
  for (std::size_t at = runs.size() > most ? runs.size() - most : 0; at < runs.size(); ++at) {
    const RunTimes& run = runs[at];
    const std::string what =
        run.account ? fmt::format("{} in {}, efficiency {:.2f}", counted(run.account->attempts(), "evaluation"),
                                  text::render_duration(run.account->wall), run.account->efficiency())
                    : "without an account: killed, or still running";
    show("  {}{}  {}  {}\n", run.run == shown ? '*' : ' ', run.run, date(run.started), what);
  }
}

std::string incomplete(const StoreReader& store) {
  return fmt::format("This run kept no account: it {}. What its recorded evaluations tell:\n",
                     store.status().running ? "is still running, or was killed" : "was killed");
}

void print_text(const StoreReader& store, const RunTiming& run) {
  const TimeAccount& account = run.account;
  show("{}: run {}, {}, {} on {} in {}\n", store.identity().name, run.run, date(run.started),
       counted(account.attempts(), "evaluation"), counted(account.workers.size(), "worker"),
       text::render_duration(account.wall));
  show("{}", run.is_complete ? account_summary(account) : incomplete(store));
  print_failed(account);
  if (!account.empty()) print_workers(account);
  print_other_runs(store.run_times(), run.run);
}

void print_tsv(const RunTiming& run) {
  show("run\tworker\thost\twall\tpoints\tattempts\tlosses");
  for (const Part& part : kParts) show("\t{}", part.name);
  show("\tfailed\n");
  for (const WorkerAccount& worker : all_rows(run.account)) {
    show("{}\t{}\t{}\t{:.9f}\t{}\t{}\t{}", run.run, worker.worker < 0 ? "root" : std::to_string(worker.worker),
         text::visible(worker.host), worker.wall, worker.points, worker.attempts, worker.losses);
    for (const Part& part : kParts) show("\t{:.9f}", part.seconds(worker));
    show("\t{:.9f}\n", worker.failed);
  }
}

Json json_of(const WorkerAccount& worker) {
  Json json = {{"worker", worker.worker}, {"host", worker.host},         {"wall", worker.wall},
               {"points", worker.points}, {"attempts", worker.attempts}, {"losses", worker.losses},
               {"failed", worker.failed}};
  for (const Part& part : kParts) json[part.name] = part.seconds(worker);
  return json;
}

void print_json(const StoreReader& store, const RunTiming& run) {
  const TimeAccount& account = run.account;
  Json json = {{"study", store.identity().name},
               {"run", run.run},
               {"started", run.started},
               {"complete", run.is_complete},
               {"wall", account.wall},
               {"efficiency", account.efficiency()},
               {"imbalance", account.imbalance()},
               {"overhead", account.overhead()},
               {"advice", run.is_complete ? account_advice(account) : ""},
               {"workers", Json::array()}};
  for (const WorkerAccount& worker : account.workers) json["workers"].push_back(json_of(worker));
  if (account.root) json["root"] = json_of(*account.root);
  for (const LongPoint& point : account.longest) {
    json["longest"].push_back({{"index", point.index},
                               {"seconds", point.seconds},
                               {"worker", point.worker},
                               {"host", point.host},
                               {"failed", point.failed}});
  }
  for (const RunTimes& other : store.run_times()) {
    json["runs"].push_back({{"run", other.run}, {"started", other.started}, {"complete", other.account.has_value()}});
  }
  print(json);
}

TimingFormat format_of(const std::string& name) {
  return name == "tsv" ? TimingFormat::tsv : name == "json" ? TimingFormat::json : TimingFormat::text;
}

}  // namespace

int timing(const TimingArguments& arguments) {
  const StoreReader store(results_directory(arguments.directory));
  const RunTiming run = read_run_timing(store, arguments.run);
  if (!arguments.trace.empty()) {
    std::uint64_t slices = 0;
    const bool to_output = is_standard_output(arguments.trace);
    write_output(arguments.trace, [&](std::ostream& out) { slices = write_run_trace(out, store, run); });
    if (to_output) return kSuccess;
    show("{}: {} of {} on {}; open it at https://ui.perfetto.dev or chrome://tracing\n", arguments.trace,
         counted(slices, "slice"), counted(run.account.attempts(), "evaluation"),
         counted(run.account.workers.size(), "worker"));
    if (!arguments.compare) return kSuccess;
  }
  const TimingFormat format = format_of(arguments.format);
  if (arguments.compare) {
    if (!run.is_complete && format == TimingFormat::text) show("{}", incomplete(store));
    const std::string table = compare(timing_records(run.account), {.format = format});
    if (format == TimingFormat::json) {
      put(table);
    } else {
      show("{}", table);
    }
  } else if (format == TimingFormat::text) {
    print_text(store, run);
  } else {
    format == TimingFormat::tsv ? print_tsv(run) : print_json(store, run);
  }
  return kSuccess;
}

Verb add_timing(CommandLine& line) {
  const auto arguments = std::make_shared<TimingArguments>();
  CLI::App* verb = line.app.add_subcommand("timing", "where the time of a run went, worker by worker");
  verb->add_option("DIR", arguments->directory, kResults)->required();
  verb->add_option("--run", arguments->run, "a run by its number (default: the last that evaluated a point)")
      ->option_text("N")
      ->check(whole_number())
      ->check(CLI::PositiveNumber);
  verb->add_flag("--compare", arguments->compare, "a column for each worker; of many, statistics and the slowest");
  verb->add_option("--trace", arguments->trace,
                   "write a trace for ui.perfetto.dev or chrome://tracing: a track for each\n"
                   "worker, a slice for each evaluation; - is standard output. Above 100,000\n"
                   "evaluations short ones that follow each other are drawn as one")
      ->option_text("FILE");
  CLI::Option* format = verb->add_option("--format", arguments->format, "text (default), tsv (seconds), or json")
                            ->option_text("NAME")
                            ->check(CLI::IsMember({"text", "tsv", "json"}));
  line.choices[format] = {"text", "tsv", "json"};
  verb->add_flag_callback(
      "--json", [arguments] { arguments->format = "json"; }, kJson);
  return {verb, [arguments] { return timing(*arguments); }};
}

}  // namespace windrow::app
