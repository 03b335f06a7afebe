// The view `points` of a results file, for other programs.
#include <limits>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;

class PointsViewTest : public testing::Test {
 protected:
  std::string rows(const std::string& columns) const {
    return query(directory_.results(), "SELECT json_array(" + columns + ") FROM points");
  }

  TemporaryDirectory directory_;
};

TEST_F(PointsViewTest, has_the_names_of_the_study) {
  StudyIdentity study = small_study();
  study.parameters.push_back({"say \"hi\"", "", "string", ""});
  study.outputs = {{"it's", "", "number", ""}, {"STATUS", "", "boolean", ""}, {"field", "", "array", ""}};
  {
    Store store(directory_.path(), study, {});
    store.record(success(4, {1.5, 2.0, "a"}, {std::numeric_limits<double>::quiet_NaN(), true, Array({1.0, 2.0}, {2})}));
    Record failed = failure(7, FailureKind::timed_out);
    failed.parameters = {2.5, 3.0, "b"};
    store.record(failed);
  }
  EXPECT_EQ(query(directory_.results(), "SELECT name FROM pragma_table_info('points') ORDER BY cid"),
            "index\nT\nt_p1\nsay \"hi\"\nit's\nSTATUS_o1\nfield\nstatus\n");
  EXPECT_EQ(rows("\"index\", T, t_p1, \"say \"\"hi\"\"\", \"it's\", STATUS_o1, field, status"),
            "[4,1.5,2.0,\"a\",null,1,\"arrays/field/4.npy\",\"ok\"]\n"
            "[7,2.5,3.0,\"b\",null,null,null,\"timed_out\"]\n");
}

TEST_F(PointsViewTest, follows_a_change_of_the_study_and_comes_to_files_that_have_none) {
  StudyIdentity study = small_study(2);
  { Store(directory_.path(), study, {}).record(point(1)); }
  query(directory_.results(), "DROP VIEW points");
  { Store store(directory_.path(), study, {}); }
  EXPECT_EQ(rows("\"index\", T, gain"), "[1,1.0,2.0]\n");
  study.parameters.insert(study.parameters.begin(), {"first", "", "number", ""});
  const auto points = [](std::uint64_t i) { return std::vector<Value>{7.0, static_cast<double>(i), 0.5}; };
  { Store(directory_.path(), study, {}, Journal::automatic, points).record(success(0, points(0), {3.0})); }
  EXPECT_EQ(rows("first, T, gain"), "[7.0,0.0,3.0]\n");
  const auto before = [](std::uint64_t i) { return std::vector<Value>{static_cast<double>(i), 0.5}; };
  { Store store(directory_.path(), small_study(2), {}, Journal::automatic, before); }
  EXPECT_EQ(rows("\"index\", T, gain"), "[1,1.0,2.0]\n");
}

TEST_F(PointsViewTest, shows_values_of_another_kind_as_texts) {
  StudyIdentity study = small_study();
  study.parameters = {{"flag", "", "mixed", ""}};
  { Store(directory_.path(), study, {}).record(success(0, {true}, {1.0})); }
  EXPECT_EQ(rows("flag"), "[\"true\"]\n");
}

TEST_F(PointsViewTest, of_users_do_not_hinder_changes_of_the_study) {
  const auto values = [](std::uint64_t i) { return std::vector<Value>{static_cast<double>(i), 0.5}; };
  { Store(directory_.path(), small_study(2), {}).record(point(1)); }
  query(directory_.results(), "CREATE VIEW mine AS SELECT \"index\" FROM results");
  for (const std::uint64_t points : {3U, 4U, 5U}) {
    StudyIdentity changed = small_study(points);
    changed.parameters[0].name += std::to_string(points);
    Store(directory_.path(), changed, {}, Journal::automatic, values).record(success(0, values(0), {1.0}));
  }
  EXPECT_EQ(query(directory_.results(), "SELECT * FROM mine"), "0\n");
}

TEST_F(PointsViewTest, of_somebody_else_stays) {
  { Store(directory_.path(), small_study(), {}).record(point(0)); }
  query(directory_.results(), "DROP VIEW points");
  query(directory_.results(), "CREATE TABLE Points(x)");
  { Store(directory_.path(), small_study(), {}).record(point(1)); }
  EXPECT_EQ(query(directory_.results(), "SELECT count(*) FROM points"), "0\n");
  EXPECT_EQ(indices_in(directory_.path()), (std::vector<std::uint64_t>{0, 1}));
}

}  // namespace
}  // namespace windrow
