// Stores in folders that tell the loops around their sweeps, and how they are read as one table.
#include "windrow/store/nested.hpp"

#include <sstream>

#include "support.hpp"
#include "windrow/store/export.hpp"

namespace windrow {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class NestedTest : public testing::Test {
 protected:
  fs::path at(const std::vector<LoopValue>& loops) const { return nested_store(directory_.path(), loops); }

  /// Two points, the second failed.
  void make(const std::vector<LoopValue>& loops, const StudyIdentity& study = small_study()) const {
    Store store(at(loops), study, {});
    std::vector<Value> outputs(study.outputs.size(), 1.5);
    std::vector<Value> parameters(study.parameters.size(), 0.25);
    store.record(success(0, parameters, outputs));
    Record failed = failure(3);
    failed.parameters = parameters;
    store.record(failed);
  }

  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const NestedStore& store : find_nested_stores(directory_.path())) names.push_back(store.name());
    return names;
  }

  std::string exported(void (*function)(const NestedReader&, std::ostream&)) const {
    std::ostringstream out;
    function(NestedReader(directory_.path()), out);
    return out.str();
  }

  std::string read_error() const {
    return error_of<StoreError>([&] { NestedReader reader(directory_.path()); });
  }

  TemporaryDirectory directory_;
};

TEST_F(NestedTest, folders_tell_loops_and_values) {
  EXPECT_EQ(nested_store("a.windrow", {}), "a.windrow");
  EXPECT_EQ(nested_store("a.windrow", {{"build", "coarse"}, {"case", 2}, {"tolerance", 1e-9}, {"fast", true}}),
            "a.windrow/build=coarse/case=2/tolerance=1e-09/fast=true");
  EXPECT_EQ(nested_store("a", {{"größe", "klein, rund"}}), "a/größe=klein, rund");
}

TEST_F(NestedTest, names_that_cannot_be_folders_are_refused_with_words) {
  const auto refused = [](const std::string& name, const Value& value) {
    return error_of<SpecError>([&] { nested_store("a", {{name, value}}); });
  };
  EXPECT_EQ(refused("", 1), "the name of a loop, ``, is empty");
  EXPECT_EQ(refused("build", ""), "a value of the loop `build`, ``, is empty");
  EXPECT_THAT(refused("build", "../../etc"), AllOf(HasSubstr("a value of the loop `build`, `../../etc`, holds `/`")));
  for (const std::string bad : {"/", "=", "%", "\\", ":", "*", "?", "\"", "'", "#", "{", "[", "^", "]", "}"}) {
    EXPECT_THAT(refused("a" + bad + "b", 1), HasSubstr("`a" + bad + "b`, holds `" + bad + "`")) << bad;
    EXPECT_THAT(refused("build", "a" + bad), HasSubstr("holds `" + bad + "`")) << bad;
  }
  EXPECT_THAT(refused("build", "two\nlines"), HasSubstr(R"(`two\nlines`, holds `\n`)"));
  EXPECT_THAT(refused("build", std::string("nul\0", 4)), HasSubstr("holds `\\x00`"));
  EXPECT_THAT(refused("build", "\xff"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(refused(" build", 1), HasSubstr("begins or ends with a space"));
  EXPECT_THAT(refused("build", Array({1.0}, {1})), HasSubstr("is an array"));
  EXPECT_THAT(refused("build", std::string(250, 'x')), HasSubstr("256 of at most 255 bytes"));
  EXPECT_EQ(error_of<SpecError>([] {
              nested_store("a", {{"case", 1}, {"case", 2}});
            }),
            "two loops around one sweep have the name `case`");
}

TEST_F(NestedTest, stores_are_found_in_the_order_of_their_values) {
  EXPECT_THAT(found(), IsEmpty());
  for (const Value& value : {Value(10), Value(9), Value(0.5), Value("b"), Value("a")}) make({{"case", value}});
  make({{"case", 9}, {"mesh", "fine"}});
  EXPECT_THAT(found(), ElementsAre("case=0.5", "case=9", "case=9/mesh=fine", "case=10", "case=a", "case=b"));
  make({});
  EXPECT_EQ(found().front(), ".");
}

TEST_F(NestedTest, what_is_no_store_is_left_out) {
  make({{"case", 1}});
  fs::create_directories(directory_.path() / "points" / "case=2");
  fs::copy(at({{"case", 1}}), directory_.path() / "points" / "case=2", fs::copy_options::recursive);
  fs::create_directories(directory_.path() / "case=3");                              // nothing in it
  fs::create_directories(directory_.path() / "case=");                               // no value
  fs::create_directory_symlink(directory_.path(), at({{"case", 1}, {"again", 1}}));  // a circle
  std::ofstream(directory_.path() / "case=4") << "a file";
  EXPECT_THAT(found(), ElementsAre("case=1"));
}

TEST_F(NestedTest, a_value_is_what_the_folder_says) {
  make({{"case", "007"}});
  make({{"case", "1.0"}});
  EXPECT_THAT(found(), ElementsAre("case=007", "case=1.0"));
  EXPECT_THAT(exported(export_csv), HasSubstr("\n007,0,"));
}

TEST_F(NestedTest, one_table_has_the_columns_of_all) {
  StudyIdentity other = small_study();
  other.parameters = {{"t", "s", "integer", ""}, {"mesh", "", "string", ""}};
  other.outputs = {{"drag", "N", "number", "at the wall"}, {"gain", "dB", "number", ""}, {"note", "", "string", ""}};
  make({{"build", "coarse"}, {"case", 1}});
  {
    Store store(at({{"build", "fine"}, {"case", 1}}), other, {});
    store.record(success(2, {std::int64_t{3}, "tri, quad"}, {4.5, -1.0, "ok"}));
    Record failed = failure(5);
    failed.parameters = {std::int64_t{4}, "quad"};
    store.record(failed);
  }
  make({{"build", "fine"}, {"solver", "lu"}});
  EXPECT_EQ(exported(export_csv),
            "build,case,solver,index,T,t,mesh,gain,drag,note,status\n"
            "coarse,1,,0,0.25,0.25,,1.5,,,ok\n"
            "coarse,1,,3,0.25,0.25,,nan,,,crashed\n"
            "fine,1,,2,,3,\"tri, quad\",-1,4.5,ok,ok\n"
            "fine,1,,5,,4,quad,nan,nan,,crashed\n"
            "fine,,lu,0,0.25,0.25,,1.5,,,ok\n"
            "fine,,lu,3,0.25,0.25,,nan,,,crashed\n");
  EXPECT_EQ(exported(export_columns_csv),
            "name,role,unit,type,description\n"
            "build,loop,,string,loop around the sweep\n"
            "case,loop,,integer,loop around the sweep\n"
            "solver,loop,,string,loop around the sweep\n"
            "index,index,,integer,\"number of the point, from 0\"\n"
            "T,parameter,K,number,hot\n"
            "t,parameter,s,number,time\n"
            "mesh,parameter,,string,\n"
            "gain,output,dB,number,\n"
            "drag,output,N,number,at the wall\n"
            "note,output,,string,\n"
            "status,status,,string,\"ok, or the kind of failure\"\n");
}

TEST_F(NestedTest, one_store_alone_is_the_table_that_it_was_with_its_loops_before_it) {
  make({{"case", 1}});
  std::ostringstream alone;
  export_csv(StoreReader(at({{"case", 1}})), alone);
  std::istringstream lines(alone.str());
  std::string expected;
  for (std::string line; std::getline(lines, line);) expected += (expected.empty() ? "case," : "1,") + line + "\n";
  EXPECT_EQ(exported(export_csv), expected);
}

TEST_F(NestedTest, evaluations_of_all) {
  make({{"case", 1}});
  make({{"case", 2}});
  EXPECT_EQ(exported(export_evaluations_csv),
            "case,index,status,attempts,rank,host,started,elapsed,code,message\n"
            "1,0,ok,1,0,node1,0,0,0,\n"
            "1,3,crashed,1,0,node1,0,0,-11,went wrong\n"
            "2,0,ok,1,0,node1,0,0,0,\n"
            "2,3,crashed,1,0,node1,0,0,-11,went wrong\n");
}

TEST_F(NestedTest, arrays_are_named_from_the_common_directory) {
  StudyIdentity study = small_study();
  study.outputs.push_back({"field", "K", "array", ""});
  {
    Store store(at({{"case", 1}}), study, {});
    store.record(success(0, {0.0, 0.5}, {1.0, Array({1.0, 2.0}, {2})}));
  }
  const NestedReader reader(directory_.path());
  int rows = 0;
  reader.for_each([&](const NestedRow& row) {
    ++rows;
    EXPECT_EQ(row.outputs.at(1)->text(), "case=1/arrays/field/0.npy");
    EXPECT_TRUE(fs::exists(directory_.path() / row.outputs.at(1)->text()));
  });
  EXPECT_EQ(rows, 1);
}

TEST_F(NestedTest, columns_that_cannot_be_one_are_refused) {
  make({{"case", 1}});
  StudyIdentity other = small_study();
  other.outputs = {{"gain", "", "number", ""}};
  make({{"case", 2}}, other);
  EXPECT_THAT(read_error(), AllOf(HasSubstr("case=2: `gain` has the unit `` here and `dB` in another sweep")));
  fs::remove_all(at({{"case", 2}}));
  other.outputs = {{"T", "K", "number", ""}};
  other.parameters = {{"x", "", "number", ""}};
  make({{"case", 2}}, other);
  EXPECT_THAT(read_error(), HasSubstr("`T` is a parameter in one of the sweeps and an output in another"));
  fs::remove_all(at({{"case", 2}}));
  make({{"gain", 2}});
  EXPECT_THAT(read_error(), HasSubstr("has the name of a column of its results, `gain`; export each sweep alone"));
}

TEST_F(NestedTest, kinds_of_numbers_are_one_column_other_kinds_a_mixed_one) {
  StudyIdentity other = small_study();
  other.parameters[0].type = "integer";
  other.parameters[1].type = "string";
  make({{"case", 1}});
  make({{"case", "two"}}, other);
  const NestedReader reader(directory_.path());
  EXPECT_EQ(reader.parameters()[0].type, "number");
  EXPECT_EQ(reader.parameters()[1].type, "mixed");
  EXPECT_EQ(reader.loops()[0].type, "mixed");
}

TEST_F(NestedTest, a_store_that_cannot_be_read_is_named) {
  EXPECT_THAT(read_error(), HasSubstr("no results here, nor in folders NAME=VALUE below it"));
  make({{"case", 1}});
  make({{"case", 2}});
  std::ofstream(at({{"case", 2}}) / "results.sqlite", std::ios::trunc) << std::string(5000, 'x');
  EXPECT_THAT(read_error(), HasSubstr("case=2/results.sqlite"));
  std::ofstream(at({{"case", 2}}) / "results.sqlite", std::ios::trunc).flush();  // as a run leaves it that was killed
  EXPECT_EQ(NestedReader(directory_.path()).stores().size(), 1U);
}

TEST_F(NestedTest, a_study_that_changes_while_it_is_read_is_noticed) {
  make({{"case", 1}});
  const NestedReader reader(directory_.path());
  fs::remove_all(at({{"case", 1}}));
  StudyIdentity other = small_study();
  other.outputs = {{"loss", "dB", "number", ""}};
  make({{"case", 1}}, other);
  EXPECT_THAT(error_of<StoreError>([&] { reader.for_each([](const NestedRow&) {}); }), HasSubstr("has changed"));
}

}  // namespace
}  // namespace windrow
