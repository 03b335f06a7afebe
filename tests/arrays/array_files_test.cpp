#include "arrays/interface/array_files.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kCell = R"({"type":"<f8","shape":[1000,3],"size":24128,"xxh64":"04bc2cf5ad770999"})";

TEST(ArrayCellTest, is_written_as_stores_always_had_it_and_reads_back) {
  const ArrayFile array{{}, "<f8", {1000, 3}, 24128, 0x04bc2cf5ad770999};
  EXPECT_EQ(array_cell(array), kCell);
  const ArrayFile read = parse_array_cell(kCell, "store");
  EXPECT_EQ(read.type, "<f8");
  EXPECT_EQ(read.shape, (std::vector<std::uint64_t>{1000, 3}));
  EXPECT_EQ(read.size, 24128u);
  EXPECT_EQ(read.checksum, 0x04bc2cf5ad770999u);
  EXPECT_TRUE(parse_array_cell(R"({"type":"<f8","shape":[],"size":8,"xxh64":"0"})", "store").shape.empty());
}

TEST(ArrayCellTest, anything_else_is_refused_by_name) {
  for (const std::string& cell : {std::string(), std::string("1.5"), kCell.substr(0, 30), std::string("[]"),
                                  std::string(R"({"type":"<f8","shape":[1],"size":8,"xxh64":"zz"})"),
                                  std::string(R"({"type":"<f8","shape":"1","size":8,"xxh64":"0"})")}) {
    try {
      parse_array_cell(cell, "/results.sqlite");
      ADD_FAILURE() << cell;
    } catch (const StoreError& error) {
      EXPECT_THAT(error.what(), HasSubstr("/results.sqlite: unreadable array `" + cell + "`"));
    }
  }
}

TEST(ArrayFilesTest, arrays_and_files_get_the_place_of_their_point) {
  std::string directory = (fs::temp_directory_path() / "windrow-arrays-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  ArrayFiles files(directory, {"field", "mesh"});
  const ArrayFile field = files.place(0, 17, Array({1.0, 2.0}));
  ArrayFileSink sink(files.incoming());
  ArrayFile mesh = write_array(Array({3.0}), sink);
  mesh.file = files.incoming() / mesh.file;
  EXPECT_EQ(files.place(1, 17, mesh).read(), Array({3.0}));
  EXPECT_EQ(field.file, fs::path(directory) / "arrays/field/17.npy");
  EXPECT_EQ(field.read(), Array({1.0, 2.0}));
  files.sync();
  files.remove(17);
  EXPECT_FALSE(field.is_whole());
  files.clear();
  EXPECT_FALSE(fs::exists(files.incoming()));
  fs::remove_all(directory);
}

}  // namespace
}  // namespace windrow::detail
