// What is in NetCDF files, read back by the C library.
#include "windrow/labelled/netcdf.hpp"

#include <cmath>
#include <limits>

#include "labelled/netcdf_reader.hpp"
#include "store/support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Numbers of which NaN are equal, too.
auto numbers_are(const std::vector<double>& expected) {
  std::vector<testing::Matcher<double>> each;
  for (const double number : expected) each.push_back(testing::NanSensitiveDoubleEq(number));
  return testing::ElementsAreArray(each);
}

class NetcdfTest : public testing::Test {
 protected:
  fs::path file() const { return directory_.path() / "out.nc"; }
  fs::path results() const { return directory_.path() / "study.windrow"; }
  void record(const StudyIdentity& study, const std::vector<Record>& records) const {
    Store store(results(), study, {{"windrow", "1.2.3"}, {"study", "[parameters.T]"}});
    for (const Record& record : records) store.record(record);
    store.commit();
  }
  NetcdfReport write() const { return export_netcdf(StoreReader(results()), file()); }

  TemporaryDirectory directory_;
};

/// T in (1, 2), material with E, t in three steps; point 4 failed, point 5 has not been evaluated.
StudyIdentity grid_study() {
  StudyIdentity study;
  study.name = "beam";
  study.points = 12;
  study.parameters = {{"T", "K", "number", "hot"},
                      {"material", "", "string", ""},
                      {"material.E", "Pa", "number", ""},
                      {"t", "", "integer", ""}};
  study.outputs = {{"gain", "dB", "number", ""},
                   {"count", "", "integer", ""},
                   {"is_long", "", "boolean", ""},
                   {"word", "", "string", ""}};
  study.definition = {{"design.method", "grid"},
                      {"parameters.T", "linear(1, 2, 2)"},
                      {"parameters.material", R"(bundle("st\"eel, a" E 2.1e+11, "al" E 7.0))"},
                      {"parameters.t", "values(3, 1, 2)"}};
  return study;
}

std::vector<Record> grid_records() {
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 12; ++i) {
    if (i == 5) continue;
    const bool is_steel = i / 3 % 2 == 0;
    const std::vector<Value> values = {i < 6 ? 1.0 : 2.0, is_steel ? "st\"eel, a" : "al", is_steel ? 2.1e11 : 7.0,
                                       std::vector<int>{3, 1, 2}[i % 3]};
    records.push_back(
        success(i, values, {0.5 * static_cast<double>(i), i, i > 6, i == 2 ? Value("\xff") : Value("w")}));
    if (i == 4) records.back().outcome = failure(4).outcome;
  }
  return records;
}

TEST_F(NetcdfTest, of_a_grid_parameters_are_dimensions) {
  record(grid_study(), grid_records());
  EXPECT_TRUE(write().left_out.empty());
  const Netcdf nc(file());
  EXPECT_EQ(nc.dimensions("gain"), "T=2 material=2 t=3");
  EXPECT_THAT(nc.numbers("gain"), numbers_are({0, 0.5, 1, 1.5, kNone, kNone, 3, 3.5, 4, 4.5, 5, 5.5}));
  EXPECT_THAT(nc.numbers("T"), ElementsAre(1, 2));
  EXPECT_THAT(nc.texts("material"), ElementsAre("st\"eel, a", "al"));
  EXPECT_EQ(nc.dimensions("material.E"), "material=2");
  EXPECT_THAT(nc.numbers("material.E"), ElementsAre(2.1e11, 7));
  EXPECT_THAT(nc.integers("t"), ElementsAre(3, 1, 2));
  EXPECT_EQ(nc.type("count"), NC_INT64);
  EXPECT_EQ(nc.integers("count")[4], NC_FILL_INT64);
  EXPECT_EQ(nc.integers("count")[11], 11);
  EXPECT_EQ(nc.type("is_long"), NC_BYTE);
  EXPECT_THAT(nc.integers("is_long"), ElementsAre(0, 0, 0, 0, -127, -127, 0, 1, 1, 1, 1, 1));
  EXPECT_EQ(nc.attribute("flag_meanings", "is_long"), "false true");
  EXPECT_THAT(nc.texts("word"), ElementsAre("w", "w", "\\xff", "w", "", "", "w", "w", "w", "w", "w", "w"));
  EXPECT_THAT(nc.integers("status"), ElementsAre(0, 0, 0, 0, 2, -1, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(nc.attribute("flag_meanings", "status"),
            "not_evaluated ok exception crashed exited timed_out rejected lost bad_output");
  EXPECT_THAT(nc.integers("reason_row"), ElementsAre(-1, -1, -1, -1, 0, -1, -1, -1, -1, -1, -1, -1));
  EXPECT_THAT(nc.texts("reason"), ElementsAre("went wrong"));
  EXPECT_EQ(nc.attribute("units", "T"), "K");
  EXPECT_EQ(nc.attribute("units", "gain"), "dB");
  EXPECT_EQ(nc.attribute("long_name", "T"), "hot");
  EXPECT_EQ(nc.attribute("coordinates", "gain"), "material.E");
  EXPECT_EQ(nc.attribute("Conventions"), "CF-1.10");
  EXPECT_EQ(nc.attribute("title"), "beam");
  EXPECT_EQ(nc.attribute("source"), "windrow 1.2.3");
  EXPECT_EQ(nc.attribute("study_digest").size(), 32U);
  EXPECT_THAT(nc.attribute("history"), HasSubstr("Z: windrow 1.2.3: first run of the study"));
}

TEST_F(NetcdfTest, all_else_has_the_dimension_point) {
  StudyIdentity study = small_study(7);
  study.definition = {{"design.method", "latin_hypercube"}};
  study.outputs.push_back({"word", "", "string", ""});
  const auto both = [](std::uint64_t i) { return success(i, {0.1 * static_cast<double>(i), 0.5}, {1.5, "w"}); };
  Record failed = both(3);
  failed.outcome = failure(3, FailureKind::timed_out).outcome;
  record(study, {both(1), failed, both(6)});
  write();
  const Netcdf nc(file());
  EXPECT_EQ(nc.dimensions("gain"), "point=3");
  EXPECT_THAT(nc.integers("point"), ElementsAre(1, 3, 6));
  EXPECT_THAT(nc.numbers("T"), numbers_are({0.1, 0.1 * 3.0, 0.1 * 6.0}));
  EXPECT_THAT(nc.numbers("gain"), numbers_are({1.5, kNone, 1.5}));
  EXPECT_THAT(nc.texts("word"), ElementsAre("w", "", "w"));
  EXPECT_THAT(nc.integers("status"), ElementsAre(0, 4, 0));
  EXPECT_THAT(nc.integers("reason_row"), ElementsAre(-1, 0, -1));
  EXPECT_THAT(nc.texts("reason"), ElementsAre("went wrong"));
  EXPECT_EQ(nc.attribute("coordinates", "gain"), "T t");
  EXPECT_EQ(nc.attribute("why_no_grid"), "the design is latin_hypercube");
}

// Filtered, crossed, with replicates, or not where its definition has it: each is no grid.
TEST_F(NetcdfTest, what_is_no_full_grid_has_the_dimension_point) {
  const std::vector<std::pair<std::pair<std::string, std::string>, std::string>> changes = {
      {{"design.where", "T < 2"}, "excluded by `where`"},
      {{"design.layout", "zip T with t"}, "more than one grid"},
      {{"parameters.T", "linear(1, 3, 2)"}, "point 6 is not where the grid has it by `T`"},
      {{"parameters.t", "values(3, 1)"}, "not as many points"},
      {{"parameters.t", "zigzag(3)"}, "do not say which levels `t` has"}};
  for (const auto& [pair, why] : changes) {
    StudyIdentity study = grid_study();
    std::erase_if(study.definition, [&](const auto& other) { return other.first == pair.first; });
    study.definition.push_back(pair);
    fs::remove_all(results());
    record(study, grid_records());
    write();
    const Netcdf nc(file());
    EXPECT_EQ(nc.dimensions("gain"), "point=11") << why;
    EXPECT_EQ(nc.integers("point")[5], 6);
    EXPECT_THAT(nc.attribute("why_no_grid"), HasSubstr(why));
  }
}

TEST_F(NetcdfTest, many_points_are_written_in_parts) {
  StudyIdentity study = small_study(30 * 1001);
  study.parameters.pop_back();
  study.parameters.push_back({"n", "", "integer", ""});
  study.definition = {{"design.method", "grid"},
                      {"parameters.T", "linear(1, 30, 30)"},
                      {"parameters.n", "integers(0, 2000, step = 2)"}};
  for (const bool is_grid : {true, false}) {
    if (!is_grid) study.definition.front().second = "list";
    fs::remove_all(results());
    std::vector<Record> records;
    for (std::uint64_t i = 0; i < study.points; ++i) {
      records.push_back(
          success(i, {1.0 + static_cast<double>(i / 1001), 2 * (i % 1001)}, {0.25 * static_cast<double>(i)}));
    }
    record(study, records);
    write();
    const Netcdf nc(file());
    EXPECT_EQ(nc.dimensions("gain"), is_grid ? "T=30 n=1001" : "point=30030");
    const std::vector<double> gain = nc.numbers("gain");
    for (std::size_t i = 0; i < gain.size(); ++i) ASSERT_EQ(gain[i], 0.25 * static_cast<double>(i));
    EXPECT_EQ(nc.integers("n")[1000], 2000);
    EXPECT_FALSE(nc.has_attribute("_FillValue", "n")) << "each point has one";
    EXPECT_TRUE(nc.has_attribute("_FillValue", "gain"));
    const std::string before = bytes_of(file());
    write();
    EXPECT_EQ(bytes_of(file()), before);
  }
}

TEST_F(NetcdfTest, arrays_of_one_shape_add_dimensions_and_others_are_left_out) {
  StudyIdentity study = grid_study();
  study.outputs = {{"field", "K", "array", ""}, {"ragged", "", "array", ""}};
  std::vector<Record> records = grid_records();
  for (Record& record : records) {
    const double i = static_cast<double>(record.index);
    const Array field({i, i + 0.25, i + 0.5, i + 0.75, i, i}, {3, 2});
    if (record.outcome.ok()) record.outcome = std::vector<Value>{field, Array(std::vector<double>(record.index + 1))};
  }
  record(study, records);
  fs::resize_file(results() / "arrays" / "field" / "7.npy", 20);
  const NetcdfReport report = write();
  EXPECT_THAT(report.left_out,
              ElementsAre("ragged: arrays have different shapes (1 at point 0, 2 at point 1); each is in "
                          "arrays/ragged/INDEX.npy of the results directory"));
  EXPECT_EQ(report.unread_arrays, 1U);
  const Netcdf nc(file());
  EXPECT_EQ(nc.dimensions("field"), "T=2 material=2 t=3 field_0=3 field_1=2");
  const std::vector<double> field = nc.numbers("field");
  EXPECT_EQ(field[6 * 3 + 2], 3.5);
  EXPECT_EQ(field[6 * 11 + 3], 11.75);
  for (const std::size_t missing : {4U, 5U, 7U}) EXPECT_TRUE(std::isnan(field[6 * missing])) << missing;
  EXPECT_FALSE(nc.has("ragged"));
  EXPECT_EQ(nc.attribute("left_out"), report.left_out.front());
}

TEST_F(NetcdfTest, names_and_values_that_do_not_fit_are_changed) {
  StudyIdentity study = small_study(4);
  study.definition = {{"design.method", "list"}};
  study.outputs = {{" lift/drag ", "", "number", ""},
                   {"point", "", "number", ""},
                   {"reason", "", "integer", ""},
                   {"Str\xc3\xb6mung", "", "number", ""},
                   {"odd", "", "number", ""}};
  record(study, {success(0, {0.5, 0.5}, {1.5, 2.5, 3, 4.5, 1.0}), success(1, {0.5, "x"}, {1.5, 2.5, 0.5, 4.5, "text"}),
                 failure(2)});
  write();
  const Netcdf nc(file());
  EXPECT_EQ(nc.attribute("original_name", "_lift_drag _"), " lift/drag ");
  EXPECT_EQ(nc.numbers("_lift_drag _")[0], 1.5);
  EXPECT_EQ(nc.attribute("original_name", "point_"), "point");
  EXPECT_EQ(nc.attribute("original_name", "reason_"), "reason");
  EXPECT_THAT(nc.numbers("reason_"), numbers_are({3, 0.5, kNone})) << "integers became numbers";
  EXPECT_TRUE(nc.has("Str\xc3\xb6mung"));
  EXPECT_THAT(nc.texts("odd"), ElementsAre("1.0", "text", ""));
  EXPECT_THAT(nc.texts("t"), ElementsAre("0.5", "x", "0.5"));
}

TEST_F(NetcdfTest, a_file_is_there_whole_or_not_at_all) {
  record(grid_study(), grid_records());
  std::ofstream(file()) << "earlier";
  EXPECT_THAT(error_of<SpecError>([&] { export_netcdf(StoreReader(results()), "/dev/null"); }),
              HasSubstr("/dev/null: is no regular file, which NetCDF needs"));
  EXPECT_NE(error_of<SystemError>([&] { export_netcdf(StoreReader(results()), "/no/such/folder/x.nc"); }), "");
  const fs::path disk = directory_.path() / "disk";
  fs::create_directory(disk);
  const SmallFileSystem small(disk);
  if (!small.mounted()) GTEST_SKIP() << small.reason();
  for (const std::size_t room : {8192U, 20480U, 45056U}) {
    std::ofstream(disk / "filler") << std::string((1U << 20U) - room, 'x');
    std::ofstream(disk / "out.nc") << "earlier";
    EXPECT_THAT(error_of<StoreError>([&] { export_netcdf(StoreReader(results()), disk / "out.nc"); }),
                AllOf(HasSubstr("out.nc: could not be written completely"), HasSubstr("free space")));
    EXPECT_EQ(bytes_of(disk / "out.nc"), "earlier");
    EXPECT_EQ(std::distance(fs::directory_iterator(disk), fs::directory_iterator()), 2) << "nothing else is left";
  }
}

}  // namespace
}  // namespace windrow
