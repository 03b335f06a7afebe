// The lines of an export are written as SQLite gives the rows; here they are made of records, and compared.

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>

#include "support.hpp"
#include "windrow/base/csv.hpp"
#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::HasSubstr;

class ExportedLines : public testing::Test {
 protected:
  static StudyIdentity study(std::uint64_t points) {
    StudyIdentity study = small_study(points);
    study.parameters = {{"x", "", "number", ""},
                        {"n", "", "integer", ""},
                        {"s", "", "string", ""},
                        {"b", "", "boolean", ""},
                        {"w", "", "number", ""}};
    study.outputs = {{"y", "", "number", ""},
                     {"i", "", "integer", ""},
                     {"t", "", "string", ""},
                     {"g", "", "boolean", ""},
                     {"u", "", "", ""}};
    study.definition = {{"design.method", "grid"}, {"parameters.w", "linear(1, 5, 3)"}};
    return study;
  }

  std::string exported(CsvBytes bytes) const {
    std::ostringstream out;
    export_csv(StoreReader(directory_.path()), out, bytes);
    return out.str();
  }

  static std::string field(const std::string& text, CsvBytes bytes) {
    return csv::field(bytes == CsvBytes::escaped && !text::is_plain(text) ? text::as_cell(text) : text);
  }

  static std::string output_text(const Value& value) {
    const auto* number = std::get_if<double>(&value.variant());
    return number != nullptr ? text::render_plain(*number) : value.render();
  }

  std::string of_records(CsvBytes bytes) const {
    const StoreReader store(directory_.path());
    const std::vector<Column>& outputs = store.identity().outputs;
    std::string lines = "index,x,n,s,b,w,y,i,t,g,u,status\n";
    store.for_each([&](const Record& record) {
      lines += std::to_string(record.index);
      for (const Value& value : record.parameters) lines += ',' + field(value.written(), bytes);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        const bool is_number = outputs[i].type == "number" || outputs[i].type == "integer";
        const bool is_word = outputs[i].type == "string" || outputs[i].type == "boolean";
        const Value* value = record.outcome.ok() ? &record.outcome.value()[i] : nullptr;
        const bool is_missing = value == nullptr || (value->is_number() && std::isnan(value->number()));
        lines += ',';
        if (!is_missing) lines += field(output_text(*value), bytes);
        if (is_missing && (is_number || (value != nullptr && !is_word))) lines += "nan";
      }
      lines += ',' + std::string(record.outcome.ok() ? "ok" : name_of(record.outcome.failure().kind)) + '\n';
    });
    return lines;
  }

  TemporaryDirectory directory_;
};

TEST_F(ExportedLines, are_those_of_the_records) {
  constexpr std::uint64_t points = 3000;
  std::mt19937_64 random(7);
  const std::vector<double> numbers = {0.0,
                                       -0.0,
                                       1.0,
                                       -1.0,
                                       0.1,
                                       1e-4,
                                       9.9e-5,
                                       1e15,
                                       9007199254740991.0,
                                       9007199254740993.0,
                                       1e16,
                                       123456789012345680.0,
                                       5e-324,
                                       1.7e308,
                                       -2.5,
                                       std::numeric_limits<double>::infinity(),
                                       -std::numeric_limits<double>::infinity(),
                                       std::numeric_limits<double>::quiet_NaN()};
  const std::vector<std::string> texts = {"steel",
                                          "",
                                          "a b",
                                          " lead",
                                          "tail ",
                                          "a,b",
                                          "say \"hi\"",
                                          "#ff",
                                          "two\nlines",
                                          "\x1b[31mred",
                                          "銅",
                                          "\xe9",
                                          "\xEF\xBB\xBFmark",
                                          "\t",
                                          "a\rb",
                                          "true",
                                          "5",
                                          "x#"};
  const auto number = [&] {
    const auto any = std::bit_cast<double>(std::uint64_t{random()});
    const std::uint64_t which = random() % 4;
    if (which == 0) return numbers[random() % numbers.size()];
    if (which == 1 && !std::isnan(any)) return any;
    return which == 2 ? static_cast<double>(random() % 100000) / 1000.0 : static_cast<double>(random() % 100000);
  };
  const auto whole = [&] { return static_cast<std::int64_t>(random() >> random() % 64); };
  const auto text = [&] { return texts[random() % texts.size()]; };
  {
    Store store(directory_.path(), study(2 * points), {});
    for (std::uint64_t i = 0; i < points; ++i) {
      const std::vector<Value> parameters = {number(), whole(), text(), random() % 2 == 0,
                                             1.0 + 2.0 * static_cast<double>(i % 3)};
      const Value truth = random() % 2 == 0;
      const Value missing = std::numeric_limits<double>::quiet_NaN();
      Record record = success(2 * i, parameters,
                              {i % 5 == 1 ? Value(true) : Value(number()), i % 7 == 1 ? missing : Value(whole()),
                               i % 5 == 2 ? missing : Value(text()), i % 5 == 3 ? missing : truth,
                               i % 3 == 0   ? Value(number())
                               : i % 3 == 1 ? Value(text())
                                            : missing});
      if (i % 5 == 4) {
        record = failure(2 * i, i % 2 == 0 ? FailureKind::timed_out : FailureKind::bad_output);
        record.parameters = parameters;
      }
      store.record(record);
    }
  }
  for (const CsvBytes bytes : {CsvBytes::escaped, CsvBytes::raw}) EXPECT_EQ(exported(bytes), of_records(bytes));
}

TEST_F(ExportedLines, are_of_rows_that_are_as_they_were_written) {
  {
    Store store(directory_.path(), small_study(10000), {});
    for (std::uint64_t i = 0; i < 10000; ++i) store.record(point(i));
  }
  const std::string before = exported(CsvBytes::escaped);
  query(directory_.results(), "UPDATE evaluations SET elapsed = 17 WHERE \"index\" = 2");
  EXPECT_EQ(exported(CsvBytes::escaped), before) << "nothing of these rows is in it";
  query(directory_.results(), "UPDATE results SET o0 = 1e-9 WHERE \"index\" = 9876");
  EXPECT_THAT(error_of<StoreError>([&] { exported(CsvBytes::escaped); }),
              AllOf(HasSubstr("point 9876"), HasSubstr("damaged")));
  query(directory_.results(), "DELETE FROM results WHERE \"index\" = 9876");
  EXPECT_THAT(error_of<StoreError>([&] { exported(CsvBytes::escaped); }), HasSubstr("missing or doubled"));
}

TEST_F(ExportedLines, that_cannot_be_written_end_the_export) {
  {
    Store store(directory_.path(), small_study(), {});
    store.record(point(0));
  }
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_THAT(error_of<StoreError>([&] { export_csv(StoreReader(directory_.path()), out); }),
              HasSubstr("could not be written completely"));
}

}  // namespace
}  // namespace windrow
