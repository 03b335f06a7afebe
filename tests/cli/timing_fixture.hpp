#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "cli/cli_fixture.hpp"
#include "timing/trace_checks.hpp"

namespace windrow::test {

/// Where the time of runs went, as `windrow timing` tells it.
class TimingVerbTest : public CliTest {
 protected:
  void SetUp() override {
    write("unequal.toml", R"(
[parameters.x]
values = { linear = { from = 0, to = 199, points = 200 } }
[command]
run = ["./unequal.sh", "{{point.index}}"]
[outputs]
r = { stdout = 'r=(\S+)' }
[run]
retries = { exited = 1 }
)");
    // 10 to 50 ms, and one that fails the first time.
    write_program("unequal.sh", R"(
sleep 0.0$(( 1 + $1 % 5 ))
once=$(dirname "$0")/failed
[ "$1" = 77 ] && [ ! -e "$once" ] && { touch "$once"; exit 3; }
echo "r=$1"
)");
  }

  /// Rows by worker, as numbers by column.
  std::map<std::string, std::map<std::string, double>> account(const std::string& results) {
    const Ended ended = windrow({"timing", results, "--format", "tsv"});
    EXPECT_EQ(ended.code, 0) << ended.text();
    std::istringstream lines(ended.out);
    std::vector<std::string> header;
    std::map<std::string, std::map<std::string, double>> rows;
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> cells;
      std::istringstream in(line);
      for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
      if (header.empty()) {
        header = cells;
        continue;
      }
      for (std::size_t c = 3; c < cells.size(); ++c) rows[cells.at(1)][header.at(c)] = std::stod(cells[c]);
    }
    return rows;
  }

  /// The trace of 201 evaluations of 200 points on 4 workers, against the account and against the clock.
  void expect_trace_of_the_account(const std::string& results) {
    auto rows = account(results);
    const Ended ended = windrow({"timing", results, "--trace", "trace.json"});
    EXPECT_EQ(ended.code, 0) << ended.text();
    EXPECT_NE(ended.out.find("201 slices of 201 evaluations on 4 workers"), std::string::npos) << ended.text();
    const Json trace = Json::parse(read_file(path("trace.json")));
    expect_valid(trace);
    auto tracks = tracks_of(trace);
    EXPECT_EQ(tracks.size(), 4U);
    std::size_t slices = 0, again = 0;
    for (auto& [name, track] : tracks) {
      const auto& row = rows[name.substr(name.find(' ') + 1)];
      const double wall = row.at("wall");
      const double unaccounted = 0.01 * wall;
      double sum = 0.0;
      for (const Json& slice : track) {
        sum += slice["dur"].get<double>() / 1e6;
        again += slice["args"].contains("tried_again") ? 1 : 0;
        EXPECT_LE((slice["ts"].get<double>() + slice["dur"].get<double>()) / 1e6, wall + unaccounted);
      }
      slices += track.size();
      EXPECT_NEAR(sum, row.at("evaluate"), unaccounted) << name;
      double all = 0.0;
      for (const char* part : {"build", "evaluate", "transfer", "store", "coordinate", "wait"}) all += row.at(part);
      EXPECT_NEAR(all, wall, unaccounted) << name;
    }
    EXPECT_EQ(slices, 201U);
    EXPECT_EQ(again, 1U);
  }
};

}  // namespace windrow::test
