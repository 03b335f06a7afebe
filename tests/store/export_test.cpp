#include "windrow/store/export.hpp"

#include <limits>
#include <sstream>

#include "support.hpp"

namespace windrow {
namespace {

using namespace test;

/// One of everything that a CSV file can get wrong.
class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    StudyIdentity study;
    study.name = "mixture";
    study.points = 10;
    study.parameters = {{"length", "m", "number", "of the rod, \"cold\""}, {"material", "", "string", ""}};
    study.outputs = {{"heat", "W/m², net", "number", ""},
                     {"steps", "", "integer", ""},
                     {"stable", "", "boolean", ""},
                     {"note", "", "string", "free text"}};
    Store store(directory_.path(), study, {});
    const double inf = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    // Not in index order, as they finish.
    store.record(success(4, {1e-9, "Stahl, weiß"}, {-inf, std::int64_t{-3}, false, "say \"hi\""}));
    store.record(success(0, {0.1, "steel"}, {1.0 / 3.0, std::int64_t{7}, true, ""}));
    store.record(success(9, {-0.0, "two\nlines"}, {nan, std::numeric_limits<std::int64_t>::max(), true, "銅"}));
    store.record(success(3, {inf, "5"}, {100.0, std::int64_t{0}, false, "-"}));
    store.record(failed(2));
  }

  static Record failed(std::uint64_t index) {
    Record record = failure(index, FailureKind::timed_out);
    record.parameters = {0.25, "lead"};
    record.rank = 3;
    record.host = "node7";
    record.attempts = 2;
    record.started = 1.7e9 + 0.5;
    record.elapsed = 30.25;
    record.outcome.failure().message = "over 30s,\nkilled";
    record.outcome.failure().code = -9;
    return record;
  }

  std::string exported(void (*function)(const StoreReader&, std::ostream&)) const {
    std::ostringstream out;
    function(StoreReader(directory_.path()), out);
    return out.str();
  }

  TemporaryDirectory directory_;
};

TEST_F(ExportTest, results_have_these_bytes) {
  EXPECT_EQ(exported(export_csv),
            "index,length,material,heat,steps,stable,note,status\n"
            "0,0.1,steel,0.3333333333333333,7,true,,ok\n"
            "2,0.25,lead,nan,nan,,,timed_out\n"
            "3,inf,5,100,0,false,-,ok\n"
            "4,1e-09,\"Stahl, weiß\",-inf,-3,false,\"say \"\"hi\"\"\",ok\n"
            "9,-0.0,\"two\nlines\",nan,9223372036854775807,true,銅,ok\n");
}

TEST_F(ExportTest, columns_have_these_bytes) {
  EXPECT_EQ(exported(export_columns_csv),
            "name,role,unit,type,description\n"
            "index,index,,integer,\"number of the point, from 0\"\n"
            "length,parameter,m,number,\"of the rod, \"\"cold\"\"\"\n"
            "material,parameter,,string,\n"
            "heat,output,\"W/m², net\",number,\n"
            "steps,output,,integer,\n"
            "stable,output,,boolean,\n"
            "note,output,,string,free text\n"
            "status,status,,string,\"ok, or the kind of failure\"\n");
}

TEST_F(ExportTest, evaluations_have_these_bytes) {
  EXPECT_EQ(exported(export_evaluations_csv),
            "index,status,attempts,rank,host,started,elapsed,code,message\n"
            "0,ok,1,0,node1,0,0,0,\n"
            "2,timed_out,2,3,node7,1700000000.5,30.25,-9,\"over 30s,\nkilled\"\n"
            "3,ok,1,0,node1,0,0,0,\n"
            "4,ok,1,0,node1,0,0,0,\n"
            "9,ok,1,0,node1,0,0,0,\n");
}

TEST_F(ExportTest, results_do_not_tell_who_computed_them_or_when) {
  const TemporaryDirectory elsewhere;
  {
    Store store(elsewhere.path(), StoreReader(directory_.path()).identity(), {{"host", "other"}}, Journal::rollback);
    StoreReader(directory_.path()).for_each([&](const Record& original) {
      store.record(failed(original.index));
      Record again = original;
      again.rank = 17;
      again.host = "other";
      again.started = 5;
      again.elapsed = 6;
      store.record(again);
    });
  }
  std::ostringstream out;
  export_csv(StoreReader(elsewhere.path()), out);
  EXPECT_EQ(out.str(), exported(export_csv));
}

TEST_F(ExportTest, an_output_that_cannot_be_written_is_an_error) {
  std::ofstream full("/dev/full");
  if (!full) GTEST_SKIP() << "/dev/full is not there";
  EXPECT_THAT(error_of<StoreError>([&] { export_csv(StoreReader(directory_.path()), full); }),
              testing::HasSubstr("free space"));
}

TEST(ExportEmptyTest, a_study_without_results_gives_the_header) {
  const TemporaryDirectory directory;
  { Store store(directory.path(), small_study(), {}); }
  std::ostringstream out;
  export_csv(StoreReader(directory.path()), out);
  EXPECT_EQ(out.str(), "index,T,t,gain,status\n");
}

}  // namespace
}  // namespace windrow
