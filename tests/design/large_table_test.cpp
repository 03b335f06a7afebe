// Tables of any cells and of many rows: what is kept is the text, and values are made of it; they are what they always
// were.
#include <gmock/gmock.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "error_of.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/hash.hpp"
#include "windrow/base/text.hpp"
#include "windrow/design/table.hpp"

namespace windrow {
namespace {

using test::error_of;
using testing::HasSubstr;
using Texts = std::vector<std::string>;

class LargeTableTest : public testing::Test {
 protected:
  LargeTableTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "windrow-large-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = (directory_ / "t.csv").string();
  }
  ~LargeTableTest() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }
  Design load(const std::string& content) const {
    write(content);
    return table(path_);
  }
  std::string error(const std::string& content, const TableOptions& options = {}) const {
    write(content);
    return error_of<SpecError>([&] { table(path_, options); }).substr(path_.size());
  }

  std::filesystem::path directory_;
  std::string path_;
};

/// Any item, by an engine whose numbers are the same everywhere.
template <typename Items>
auto any(const Items& items, std::mt19937_64& random) {
  return items[random() % items.size()];
}

std::string decimal(std::mt19937_64& random) {
  const auto digits = static_cast<int>(random() % 19);
  const double scale = std::pow(10.0, static_cast<double>(random() % 20) - 12.0);
  std::array<char, 64> buffer{};
  const char* const form = random() % 4 == 0 ? "%.*g" : "%.*f";
  std::snprintf(buffer.data(), buffer.size(), form, digits, (static_cast<double>(random() % 2000001) - 1e6) * scale);
  return buffer.data();
}

std::string random_cell(int kind, std::mt19937_64& random) {
  static const Texts numbers = {
      "1",          "-2",         "+3",    "0",     "-0",    "1.0",   "1.10",    "63E3",    "1e5",       "100000",
      "0.05",       "0.001",      ".5",    "5.",    "-0.0",  "nan",   "inf",     "1e308",   "1e-400",    "0.0001234",
      "1000000",    "1200000",    "100.0", "0.10",  "-0.05", "12000", "120000",  "0.00",    "1e22",      "1e23",
      "0.12345678", "4503599627", "0.01",  "-0.01", "10.0",  "10.01", "1000.10", "10000.5", "100000000", "99999"};
  static const Texts texts = {"steel", "oak, wet", "",      "true",          "false",
                              "True",  "x y",      "\"q\"", "M\xc3\xbcller", "a\nb"};
  static const Texts codes = {"007", "1", "00.5", "12", "-01"};
  static const Texts wide = {"9007199254740993", "1", "9223372036854775807", "18446744073709551615", "0.5"};
  switch (kind) {
    case 0:
      return std::to_string(static_cast<std::int64_t>(random() >> random() % 64));
    case 1:
      return decimal(random);
    case 2:
      return any(numbers, random);
    case 3:
      return any(texts, random);
    case 4:
      return random() % 50 == 0 ? any(codes, random) : decimal(random);
    case 5:
      return any(wide, random);
    case 6:
      return random() % 2 == 0 ? "true" : "false";
    default:
      return std::to_string(random() % 100);
  }
}

constexpr int kKinds = 8;

std::string random_table(std::size_t rows, std::size_t columns, std::mt19937_64& random) {
  std::ostringstream out;
  std::vector<int> kinds;
  Texts fields;
  for (std::size_t i = 0; i < columns; ++i) {
    kinds.push_back(static_cast<int>(random() % kKinds));
    fields.push_back("c" + std::to_string(i));
  }
  csv::write_record(out, fields);
  std::vector<Texts> written;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < columns; ++i) fields[i] = random_cell(kinds[i], random);
    if (!written.empty() && random() % 10 == 0) fields = any(written, random);
    if (row % 7 == 0) written.push_back(fields);
    csv::write_record(out, fields);
  }
  return out.str();
}

/// What a column's values have always been, by all of its cells at once.
std::vector<Value> values_of(const std::vector<std::pair<std::string, bool>>& cells) {
  const auto all = [&](const auto& is_so) {
    return std::ranges::all_of(cells, is_so, &std::pair<std::string, bool>::first);
  };
  const auto is_code = [](const auto& cell) {
    const std::string& text = cell.first;
    const std::size_t first = text.find_first_not_of("+-");
    return (cell.second && !text.empty()) ||
           (first <= 1 && first + 1 < text.size() && text[first] == '0' && std::isdigit(text[first + 1]) != 0);
  };
  std::vector<Value> values;
  const bool as_texts = std::ranges::any_of(cells, is_code);
  const bool integers = all([](const std::string& text) { return text::parse_integer(text).has_value(); });
  const bool numbers = all(
      [](const std::string& text) { return text::parse_double(text).has_value() && !text::is_rounded_whole(text); });
  const bool truths = all([](const std::string& text) { return text == "true" || text == "false"; });
  for (const auto& [text, quoted] : cells) {
    if (as_texts || !(integers || numbers || truths)) {
      values.emplace_back(text);
    } else if (integers) {
      values.push_back(Value(*text::parse_integer(text)).spelled(text));
    } else if (numbers) {
      values.push_back(Value(*text::parse_double(text)).spelled(text));
    } else {
      values.emplace_back(text == "true");
    }
  }
  return values;
}

std::vector<std::vector<Value>> columns_of(const std::string& content) {
  std::istringstream in(content);
  csv::Reader reader(in, "t", {',', true, '#'});
  Texts fields;
  reader.next(fields);
  std::vector<std::vector<std::pair<std::string, bool>>> cells(fields.size());
  while (reader.next(fields)) {
    for (std::size_t i = 0; i < fields.size(); ++i) cells[i].emplace_back(fields[i], reader.was_quoted(i));
  }
  std::vector<std::vector<Value>> columns;
  for (const auto& column : cells) columns.push_back(values_of(column));
  return columns;
}

/// The definition that stored studies have.
std::string definition_of(const std::vector<Value>& column) {
  detail::ContentHash hash;
  for (const Value& value : column) {
    const std::string text = value.identity_text();
    hash.add(std::to_string(value.variant().index()) + ":" + std::to_string(text.size()) + ":" + text);
  }
  return "column(" + std::to_string(column.size()) + " rows, xxh3 " + hash.value().text() + ")";
}

std::vector<EqualPoint> equal_points_of(const std::vector<std::vector<Value>>& columns) {
  std::map<Texts, std::uint64_t> first;
  std::vector<EqualPoint> equal;
  for (std::uint64_t row = 0; row < columns.front().size(); ++row) {
    Texts written;
    for (const auto& column : columns) written.push_back(column[row].written());
    const auto [found, is_new] = first.emplace(std::move(written), row);
    if (!is_new) equal.push_back({found->second, row});
  }
  std::ranges::sort(equal);
  return equal;
}

TEST_F(LargeTableTest, values_and_definitions_are_those_of_all_cells_read_at_once) {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    std::mt19937_64 random(seed);
    const std::string content = random_table(seed == 1 ? 20000 : 300, 8, random);
    const Design design = load(content);
    const auto columns = columns_of(content);
    ASSERT_EQ(design.size(), columns.front().size());
    const auto definition = design.definition();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(definition.at(3 + i).second, definition_of(columns[i])) << "column " << i << ", seed " << seed;
    }
    for (std::uint64_t row = 0; row < design.size(); ++row) {
      const std::vector<Value> values = design.point(row).values();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        ASSERT_EQ(values[i], columns[i][row]) << "column " << i << ", row " << row << ", seed " << seed;
        ASSERT_EQ(values[i].written(), columns[i][row].written());
        if (row < 300) {
          ASSERT_EQ(design.parameters()[i].level(row), values[i]);
        }
      }
    }
    EXPECT_EQ(design.equal_points(), equal_points_of(columns)) << "seed " << seed;
  }
}

TEST_F(LargeTableTest, every_short_decimal_has_the_identity_of_its_number) {
  std::string content = "x,y\n";
  std::vector<Value> numbers;
  for (const char* whole : {"0", "1", "-0", "-7", "10", "100", "1000", "10000", "100000", "1200000", "999999"}) {
    for (const char* fraction : {"", ".0", ".5", ".50", ".05", ".005", ".0005", ".123456789", ".00001", ".000012"}) {
      const std::string text = std::string(whole) + fraction;
      content += text + ",0.5\n";
      numbers.push_back(*text::parse_double(text));
    }
  }
  EXPECT_EQ(load(content).definition().at(3).second, definition_of(numbers));
}

TEST_F(LargeTableTest, a_format_or_a_type_that_does_not_fit_is_told) {
  Parameter formatted = values("x", {0});
  formatted.format("%3d");
  write("x\n1\n2.5\n");
  EXPECT_THAT(error_of<SpecError>([&] { table(path_, {formatted}); }), HasSubstr("parameter `x`"));
  const Design design = load("x,y\n1,a\n2,b\n");
  Parameter x = design.parameters()[0];
  EXPECT_EQ(x.type(ValueType::string).level(1), Value("2")) << "a type may be said later, too";
  EXPECT_THROW(Parameter(design.parameters()[1]).type(ValueType::number), SpecError);
  EXPECT_EQ(design.parameters()[1].definition(), "values(\"a\", \"b\")");
}

TEST_F(LargeTableTest, samples_and_grids_take_the_columns_of_a_table) {
  const Design design = load("x,y\n1,a\n2,b\n1,a\n");
  EXPECT_EQ(grid(design.parameters()).size(), 9U);
  EXPECT_EQ(grid(design.parameters()).equal_points().size(), 5U);
  EXPECT_EQ(zip(design.parameters()).equal_points(), design.equal_points());
  EXPECT_EQ(monte_carlo({values("x", {1, 2, 1})}, 20).point(7)["x"],
            monte_carlo({design.parameters()[0]}, 20).point(7)["x"]);
  EXPECT_EQ(grid(design.parameters()).definition(),
            grid({values("x", {1, 2, 1}), values("y", {"a", "b", "a"})}).definition());
}

TEST_F(LargeTableTest, what_is_no_table_is_told_by_its_line) {
  const std::string many(5'000'000, 'x');
  EXPECT_EQ(error("a,b\n1,2\n\"3,4\n" + many), ":3: a quoted field is not closed");
  EXPECT_THAT(error(many), HasSubstr(":1: the name of column 1 has 5000000 bytes; is this the header"));
  EXPECT_THAT(error("a,b\n1," + std::string(17'000'000, 'x') + "\n"),
              testing::StartsWith(":2: a field of 17000000 bytes; the longest has 16777216. Is a quote missing?"));
  EXPECT_THAT(error("a,b\n1,2\n" + std::string(200'000, ',') + "5\n"),
              HasSubstr(":3: the row has more than 100000 fields"));
  EXPECT_THAT(error(std::string("a,b\n1,2\n3\0,4\n", 13)), HasSubstr(":3: there is a null byte; is this a text file?"));
  EXPECT_THAT(error("a,b\n1,2\n" + many + "\n"), HasSubstr(":3: the row has 1 field"));
}

TEST_F(LargeTableTest, ten_thousand_columns_are_parameters) {
  std::string content;
  for (int row = -1; row < 3; ++row) {
    for (int i = 0; i < 10'000; ++i) {
      if (i > 0) content += ',';
      if (row < 0) content += 'c';
      content += std::to_string(row < 0 ? i : row * i);
    }
    content += "\n";
  }
  const Design design = load(content);
  EXPECT_EQ(design.point(2)["c9999"], Value(2 * 9999));
  EXPECT_EQ(design.definition().size(), 10'003U);
}

/// Of this process: VmRSS or VmHWM, in kilobytes.
long memory(const std::string& which) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(which + ":")) return std::stol(line.substr(which.size() + 1));
  }
  return 0;
}

/// The kilobytes by which a process grows that calls it.
template <typename Call>
long growth_of(const Call& call) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::malloc_trim(0);                               // what tests before this one have left
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak is what there is now
    const long before = memory("VmRSS");
    call();
    const long growth = memory("VmHWM") - before;
    ::_exit(::write(ends[1], &growth, sizeof growth) == sizeof growth ? 0 : 1);
  }
  long growth = -1;
  const bool told = ::read(ends[0], &growth, sizeof growth) == sizeof growth;
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return told ? growth : -1;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these take memory of their own
TEST_F(LargeTableTest, takes_little_more_memory_than_its_file_has_bytes) {
  std::mt19937_64 random(7);
  std::string content = "i,x,y,name\n";
  for (int row = 0; row < 400'000; ++row) {
    content += std::to_string(random() % 100'000'000) + ",0." + std::to_string(random() % 100'000'000) + ",1.50e-" +
               std::to_string(random() % 300) + ",sample " + std::to_string(random() % 1000) + "\n";
  }
  write(content);
  const auto kilobytes = static_cast<long>(content.size() / 1024);
  content = {};
  const long growth = growth_of([this] {
    const Design design = table(path_);
    design.equal_points();
    design.definition();
    for (std::uint64_t row = 0; row < design.size(); row += 1000) design.point(row).values();
  });
  EXPECT_GT(growth, kilobytes / 2) << "what is measured is there";
  EXPECT_LT(growth, kilobytes + kilobytes / 2);
}
#endif

}  // namespace
}  // namespace windrow
