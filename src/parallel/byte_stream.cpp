#include "windrow/parallel/byte_stream.hpp"

namespace windrow::detail {

// Not inline: g++ 12 would warn of overflows that cannot be.
void ByteWriter::append(const void* data, std::size_t size) {
  const auto* begin = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), begin, begin + size);
}

}  // namespace windrow::detail
