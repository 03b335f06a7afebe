#pragma once

#include <random>

#include "cli/table_fixture.hpp"

namespace windrow::test {

/// A study of a table of many rows.
class LargeTableFixture : public TableFixture {
 protected:
  static constexpr int kRows = 400'000;

  /// @return the size of its file in kilobytes
  long write_rows(int rows) {
    std::mt19937_64 random(3);
    std::string content = "i,x,y,name\n";
    for (int row = 0; row < rows; ++row) {
      content += std::to_string(row) + ",0." + std::to_string(random() % 100'000'000) + ",1.50e-" +
                 std::to_string(random() % 300) + ",sample " + std::to_string(random() % 1000) + "\n";
    }
    write("t.csv", content);
    return static_cast<long>(content.size() / 1024);
  }
};

}  // namespace windrow::test
