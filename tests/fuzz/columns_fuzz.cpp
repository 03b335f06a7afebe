// Tables and arrays in what a program printed: a cell is a word of the text, and an array has the shape of its numbers.
// Input: the name of a column on the first line, then the text.
#include "arrays/interface/text_table.hpp"
#include "command/bad_output.hpp"
#include "command/table_scan.hpp"
#include "fuzz.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;

void check_cell(const std::string& column, const std::string& text, bool numbers, WhichOne wanted) {
  detail::TableScan scan({"stdout", column, std::nullopt, wanted}, numbers);
  detail::TextScanner& scanner = scan;
  scanner.scan({text, 0, true});
  try {
    const std::string& cell = scan.cell("stdout");
    require(text.find(cell) != std::string::npos, "a cell stands in the text");
  } catch (const detail::BadOutput&) {
  }
}

void check_array(const std::filesystem::path& file, const npy::TextForm& form) {
  Array array;
  try {
    array = npy::read_text(file, form);
  } catch (const SpecError&) {
    return;
  }
  std::uint64_t count = 1;
  for (const std::uint64_t length : array.shape) count *= length;
  require(count == array.values.size(), "the shape is that of the numbers");
  require(array.shape.size() == 1 || array.shape.size() == 2, "a text has one dimension or two");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  Input input(data, size);
  const std::string column(input.line());
  const std::string text(input.rest());
  check_cell(column, text, true, {});
  check_cell(column, text, false, {});
  check_cell(column, text, true, 2);
  const std::filesystem::path file = folder.write("array.txt", text);
  check_array(file, {});
  check_array(file, {1, std::vector<std::uint64_t>{0, 1}, {}});
  check_array(file, {0, std::vector<std::string>{column}, {}});
  return 0;
}
