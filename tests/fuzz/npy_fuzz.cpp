// Files of arrays: what is read is what was written, and takes no more memory than the file is long.
// Input: the file.
#include "fuzz.hpp"
#include "windrow/arrays/array_file.hpp"
#include "windrow/arrays/npy.hpp"
#include "windrow/error.hpp"

namespace {

using namespace windrow;
using namespace windrow::fuzz;

/// Bytes that a sink was given.
class Bytes : public detail::ArraySink {
 public:
  void append(std::span<const std::byte> bytes) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string finish() override { return "bytes"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void check_array(const Array& array, const Folder& folder) {
  Bytes bytes;
  const ArrayFile written = detail::write_array(array, bytes);
  require(written.size == bytes.text().size(), "an array is as long as it is said to be");
  const Array back = npy::read(folder.write("back.npy", bytes.text()));
  require(back == array, "an array that was written reads back equal");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::filesystem::path file = folder.write("a.npy", Input(data, size).rest());
  try {
    const npy::Header header = npy::read_header(file);
    require(header.size == size, "an array fills its file");
    require(header.data_at <= size, "the data begin within the file");
  } catch (const SpecError&) {
    return 0;
  }
  std::size_t seen = 0;
  try {
    const Array array = npy::read(file, [&](std::span<const std::byte> bytes) { seen += bytes.size(); });
    require(seen == size, "all bytes of the file are told");
    require(array.values.size() <= size, "an array has no more numbers than its file has bytes");
    std::uint64_t count = 1;
    for (const std::uint64_t length : array.shape) count *= length;
    require(count == array.values.size(), "the shape is that of the numbers");
    check_array(array, folder);
  } catch (const SpecError&) {
  }
  return 0;
}
