#pragma once

#include <algorithm>

#include "cli/cli_fixture.hpp"

namespace windrow::test {

/// A study of the rows of t.csv.
class TableFixture : public CliTest {
 protected:
  static constexpr const char* kEcho = "z = { stdout = '<(.*)>', type = \"string\" }\n";

  /// @param keys  of [design], a line each
  void write_study(const std::string& run, const std::string& keys, const std::string& outputs) const {
    write("study.toml", "[design]\nmethod = \"table\"\nfile = \"t.csv\"\n" + keys + "[command]\nrun = " + run +
                            "\n[outputs]\n" + outputs);
  }

  /// Of the export.
  std::vector<std::string> column(const std::string& name, const std::string& results = "study.windrow") {
    const auto records = csv_records(exported(results));
    const auto at = std::find(records.front().begin(), records.front().end(), name) - records.front().begin();
    std::vector<std::string> cells;
    for (std::size_t row = 1; row < records.size(); ++row)
      cells.push_back(records[row].at(static_cast<std::size_t>(at)));
    return cells;
  }
};

}  // namespace windrow::test
