#include "windrow/base/byte_stream.hpp"

#include <algorithm>

namespace windrow::detail {

void ByteWriter::grow(std::size_t more) {
  bytes_.resize(std::max({std::size_t{64}, 2 * bytes_.size(), size_ + more}));
}

Bytes ByteWriter::take() {
  bytes_.resize(std::exchange(size_, 0));
  return std::exchange(bytes_, {});
}

}  // namespace windrow::detail
