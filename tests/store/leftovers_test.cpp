// What killed runs leave beside a results file, and what is somebody's.
#include "windrow/store/leftovers.hpp"

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LeftoversTest : public testing::Test {
 protected:
  /// Ten points of a program, of which 1 has a result and 2 a failure.
  void record(StudyIdentity study) {
    Store store(directory_.path(), study, {});
    store.record(point(1));
    store.record(failure(2));
  }
  static StudyIdentity programs() {
    StudyIdentity study = small_study();
    study.definition.emplace_back("command.run", "[\"a\"]");
    return study;
  }
  void make(const std::string& file) const {
    fs::create_directories((directory_.path() / file).parent_path());
    std::ofstream(directory_.path() / file) << "text";
  }
  /// "kind name", in their order.
  std::vector<std::string> found() const {
    std::vector<std::string> found;
    for (const Leftover& one : find_leftovers(directory_.path())) {
      found.push_back(std::string(name_of(one.kind)) + " " + one.path.lexically_relative(directory_.path()).string());
    }
    return found;
  }

  TemporaryDirectory directory_;
};

TEST_F(LeftoversTest, are_directories_of_points_without_an_outcome_and_what_was_there_for_a_time) {
  record(programs());
  EXPECT_THAT(found(), IsEmpty());
  for (const char* file :
       {"points/1/x", "points/2/x", "points/3/x", "points/12/x", "points/.ready/here-1", "points/.ready-here-1/x",
        "points/.removed", "points/.incoming-2/x", "live.json.part", "live.json", "arrays.incoming/x",
        "arrays.collected/x", "results.sqlite.sum.new", "results.sqlite.copy", "results.sqlite.copy-wal",
        "results.sqlite.recovered", "results.sqlite.recovered-journal"}) {
    make(file);
  }
  EXPECT_THAT(
      found(),
      ElementsAre("temporary arrays.collected", "temporary arrays.incoming", "temporary live.json.part",
                  "temporary points/.incoming-2", "temporary points/.ready", "temporary points/.ready-here-1",
                  "temporary points/.removed", "point points/12", "point points/3", "temporary results.sqlite.copy",
                  "temporary results.sqlite.copy-wal", "temporary results.sqlite.recovered",
                  "temporary results.sqlite.recovered-journal", "temporary results.sqlite.sum.new"));
}

TEST_F(LeftoversTest, are_nothing_that_windrow_would_not_have_made) {
  record(programs());
  for (const char* file :
       {"points/03/x", "points/-3/x", "points/3", "points/x/3/x", "points/.nfs0001", "points.1/4/x", "points.x/4/x",
        "points.0/4/x", "arrays/gain/5.npy", "arrays.1/gain/5.npy", "6/x", "x.part", "results.sqlite.damaged",
        "results.sqlite.sum", "results.sqlite.copy.mine", "results.sqlite.copying"}) {
    make(file);
  }
  fs::create_directory_symlink(directory_.path(), directory_.path() / "points/5");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(LeftoversTest, are_no_directories_where_points_are_no_programs) {
  record(small_study());
  make("points/3/x");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(LeftoversTest, are_arrays_without_a_row) {
  StudyIdentity study = small_study();
  study.outputs = {{"field", "", "array", ""}};
  {
    Store store(directory_.path(), study, {});
    store.record(success(1, {1.0, 0.5}, {Array(std::vector<double>{1.0, 2.0})}));
  }
  for (const char* file : {"arrays/field/3.npy", "arrays/field/3.txt", "arrays/other/3.npy"}) make(file);
  EXPECT_THAT(found(), ElementsAre("array arrays/field/3.npy"));
}

// Points that left the design keep their outcomes and their directories.
TEST_F(LeftoversTest, are_looked_for_by_the_rows_of_each_form_of_the_study) {
  record(programs());
  for (const char* file : {"points/1/x", "points/2/x", "points/3/x", "points/.removed", "points/mine"}) make(file);
  StudyIdentity changed = programs();
  changed.points = 1;
  changed.definition[0].second = "another";
  const PointValues points = [](std::uint64_t) { return std::vector<Value>{2.0, 0.5}; };
  Store(directory_.path(), changed, {}, Journal::automatic, points);
  EXPECT_TRUE(fs::exists(directory_.path() / "points/0/x")) << "which was point 2";
  EXPECT_TRUE(fs::exists(directory_.path() / "points.1/1/x"));
  EXPECT_TRUE(fs::exists(directory_.path() / "points.1/mine"));
  EXPECT_FALSE(fs::exists(directory_.path() / "points.1/3")) << "the change itself removes it";
  EXPECT_FALSE(fs::exists(directory_.path() / "points.1/.removed"));
  EXPECT_THAT(found(), IsEmpty());
  for (const char* file : {"points.1/2/x", "points.1/.ready-here-1/x", "points/1/x", "points.2/1/x"}) make(file);
  EXPECT_THAT(found(), ElementsAre("point points/1", "temporary points.1/.ready-here-1", "point points.1/2"));
}

TEST_F(LeftoversTest, are_not_judged_in_the_middle_of_a_change) {
  record(programs());
  make("points/3/x");
  query(directory_.results(), "CREATE TABLE moves(now INTEGER PRIMARY KEY, generation INTEGER, was INTEGER)");
  EXPECT_THAT(error_of<StoreError>([&] { found(); }), HasSubstr("run the study, which ends that, and ask again"));
}

TEST_F(LeftoversTest, are_asked_for_where_there_are_results) {
  make("points/3/x");
  EXPECT_THAT(error_of<StoreError>([&] { found(); }), HasSubstr("there are no results here"));
}

}  // namespace
}  // namespace windrow
