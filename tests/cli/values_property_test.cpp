// Random values of every type go into a program by arguments, a template and its environment, and come back in the
// table of results and as JSON, bit for bit. One program takes many of them at once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/cli_fixture.hpp"
#include "windrow/base/text.hpp"

namespace windrow::test {
namespace {

enum class Kind { number, integer, truth, text };

/// A cell of the table, and what it is.
struct Cell {
  Kind kind = Kind::text;
  double number = 0.0;
  std::int64_t integer = 0;
  bool truth = false;
  std::string text;
};

constexpr std::size_t kColumns = 1000;
constexpr std::size_t kRows = 100;

Kind kind_of(std::size_t column) {
  return static_cast<Kind>(column % 4);
}

class Values {
 public:
  Cell next(Kind kind) {
    Cell cell;
    cell.kind = kind;
    const bool edge = random_() % 8 == 0;
    if (kind == Kind::number) cell.number = edge ? edge_number() : any_number();
    if (kind == Kind::integer) cell.integer = edge ? edge_integer() : static_cast<std::int64_t>(random_());
    if (kind == Kind::truth) cell.truth = random_() % 2 == 0;
    if (kind == Kind::text) cell.text = any_text();
    return cell;
  }

 private:
  double any_number() {
    double number = 0.0;
    do {
      number = std::bit_cast<double>(random_());
    } while (!std::isfinite(number));
    return number;
  }
  double edge_number() {
    static const std::vector<double> edges = {0.0,
                                              -0.0,
                                              1.0,
                                              100000.0,
                                              1e15,
                                              9007199254740992.0,
                                              9007199254740994.0,
                                              1e16,
                                              1e22,
                                              1e23,
                                              0.0001,
                                              1e-5,
                                              0x1p63,
                                              0x1p64,
                                              5e-324,
                                              1e308,
                                              0.1,
                                              1.0 / 3,
                                              -1e100,
                                              123456789012345680.0,
                                              2.5};
    return edges[random_() % edges.size()];
  }
  std::int64_t edge_integer() {
    static const std::vector<std::int64_t> edges = {0,
                                                    1,
                                                    -1,
                                                    9007199254740993,
                                                    -9007199254740993,
                                                    std::numeric_limits<std::int64_t>::max(),
                                                    std::numeric_limits<std::int64_t>::min()};
    return edges[random_() % edges.size()];
  }
  /// Never empty: an absent argument is another matter.
  std::string any_text() {
    static const std::vector<std::string> parts = {
        "a", "B", "0", "1",  ".",  "e",  "-",  "+", " ", ",", ";", "\"",   "'",     "\\",  "$",        "`",
        "%", "{", "}", "{{", "}}", "\n", "\t", "<", "&", "#", "=", "true", "False", "nan", "\xc3\xa9", "\xe2\x88\x9e"};
    std::string text = "t";
    for (std::uint64_t length = random_() % 12; length > 0; --length) text += parts[random_() % parts.size()];
    return text;
  }

  std::mt19937_64 random_{20240229};
};

std::string spelled(const Cell& cell) {
  switch (cell.kind) {
    case Kind::number:
      return text::render_real(cell.number);
    case Kind::integer:
      return std::to_string(cell.integer);
    case Kind::truth:
      return cell.truth ? "true" : "false";
    case Kind::text:
      break;
  }
  return cell.text;
}

/// In quotes if it is a text, so that its blanks are its own.
std::string in_table(const Cell& cell) {
  if (cell.kind != Kind::text) return spelled(cell);
  std::string quoted(1, '"');
  for (const char c : cell.text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

/// Whether a text that came back is the value: numbers by strtod, to the last bit.
bool is(const Cell& cell, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  if (cell.kind == Kind::number) {
    const double back = std::strtod(text.c_str(), &end);
    return *end == '\0' && std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(cell.number);
  }
  if (cell.kind == Kind::integer)
    return std::strtoll(text.c_str(), &end, 10) == cell.integer && *end == '\0' && errno == 0;
  return text == spelled(cell);
}

bool is(const Cell& cell, const nlohmann::json& json) {
  if (cell.kind == Kind::number) {
    return json.is_number_float() &&
           std::bit_cast<std::uint64_t>(json.get<double>()) == std::bit_cast<std::uint64_t>(cell.number);
  }
  if (cell.kind == Kind::integer) return json.is_number_integer() && json.get<std::int64_t>() == cell.integer;
  if (cell.kind == Kind::truth) return json.is_boolean() && json.get<bool>() == cell.truth;
  return json.is_string() && json.get<std::string>() == cell.text;
}

std::string name_of(std::size_t column) {
  return fmt::format("p{}", column);
}

std::vector<std::string> split_at_nulls(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\0', at);
    parts.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return parts;
}

class ValuesPropertySlowTest : public CliTest {
 protected:
  void SetUp() override {
    Values values;
    for (auto& row : cells_) {
      for (std::size_t i = 0; i < kColumns; ++i) row.push_back(values.next(kind_of(i)));
    }
    write("t.csv", table());
    write("study.toml", study());
    write("values.mustache", each_column([](const std::string& name) { return fmt::format("{{{{{}}}}}\x01", name); }));
    write_program("show.sh", "printf '%s\\0' \"$@\" > arguments\nenv -0 > environment\n");
  }

  template <typename Text>
  static std::string each_column(const Text& text_of) {
    std::string all;
    for (std::size_t i = 0; i < kColumns; ++i) all += text_of(name_of(i));
    return all;
  }

  std::string table() const {
    std::string header = each_column([](const std::string& name) { return name + ","; });
    header.back() = '\n';
    for (const auto& row : cells_) {
      for (const Cell& cell : row) header += in_table(cell) + ",";
      header.back() = '\n';
    }
    return header;
  }

  static std::string study() {
    return "[design]\nmethod = \"table\"\nfile = \"t.csv\"\n[command]\nkeep = \"all\"\ntemplates = "
           "[\"values.mustache\"]\n"
           "run = [\"env\", " +
           each_column([](const std::string& name) { return fmt::format("\"E{0}={{{{{0}}}}}\", ", name); }) +
           "\"{{study.dir}}/show.sh\", " +
           each_column([](const std::string& name) { return fmt::format("\"{{{{{}}}}}\", ", name); }) + "]\n";
  }

  std::string in_point(std::size_t row, const std::string& file) const {
    return read_file(path(fmt::format("study.windrow/points/{}/{}", row, file)));
  }

  void expect_in_program(std::size_t row) {
    const std::vector<std::string> arguments = split_at_nulls(in_point(row, "arguments"));
    std::map<std::string, std::string> environment;
    for (const std::string& one : split_at_nulls(in_point(row, "environment"))) {
      environment[one.substr(0, one.find('='))] = one.substr(one.find('=') + 1);
    }
    const std::string file = in_point(row, "values");
    ASSERT_EQ(arguments.size(), kColumns);
    std::size_t at = 0;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const Cell& cell = cells_[row][i];
      const std::size_t end = file.find('\x01', at);
      EXPECT_TRUE(is(cell, arguments[i])) << spelled(cell) << " as an argument: " << arguments[i];
      EXPECT_TRUE(is(cell, file.substr(at, end - at))) << spelled(cell) << " in a file: " << file.substr(at, end - at);
      EXPECT_TRUE(is(cell, environment[fmt::format("E{}", name_of(i))])) << spelled(cell) << " in the environment";
      at = end + 1;
    }
  }

  void expect_json(std::size_t row) {
    const Ended ended = windrow({"explain", "study.windrow", std::to_string(row), "--json"});
    const auto json = nlohmann::json::parse(ended.out)["parameters"];
    for (std::size_t i = 0; i < kColumns; ++i) {
      EXPECT_TRUE(is(cells_[row][i], json[name_of(i)])) << spelled(cells_[row][i]) << " as JSON: " << json[name_of(i)];
    }
  }

  std::vector<std::vector<Cell>> cells_{kRows};
};

TEST_F(ValuesPropertySlowTest, a_hundred_thousand_values_come_back_bit_for_bit) {
  const Ended run = windrow({"run", "study.toml", "--workers", "2"});
  ASSERT_EQ(run.code, 0) << run.text();
  const auto records = csv_records(exported("study.windrow"));
  ASSERT_EQ(records.size(), kRows + 1);
  for (std::size_t row = 0; row < kRows; ++row) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      EXPECT_TRUE(is(cells_[row][i], records[row + 1][i + 1]))
          << spelled(cells_[row][i]) << ": " << records[row + 1][i + 1];
    }
    expect_in_program(row);
    if (row % 10 == 0) expect_json(row);
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace windrow::test
