#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/process/shared_memory.hpp"

namespace [[gnu::visibility("default")]] windrow {

/// The length of each dimension of an array, the slowest first (row-major).
using Shape = std::vector<std::size_t>;

namespace detail {

inline constexpr std::size_t kArrayHeader = 128;  // bytes before the first element; also the largest alignment

struct ArrayStorage {
  SharedMemory memory;
  Shape shape;
};
/// Zeroed elements, anonymous without a name. @throws SpecError for a shape that makes no sense
ArrayStorage make_array(std::optional<std::string_view> name, std::size_t element_size, Shape shape);
/// @throws SpecError if what is there is not an array of elements of this size
ArrayStorage open_array(const std::string& full_name, std::size_t element_size);
/// @throws SpecError if the indices are not inside the shape
std::size_t checked_offset(const Shape& shape, std::span<const std::size_t> indices);

}  // namespace detail

/// An n-dimensional array in memory that several processes share. Not synchronized: see sync.hpp.
///
/// Anonymous: shared with children forked later. Named: also opened by other processes, see SharedMemory. Nothing of
/// either stays behind, however the processes end.
template <typename T>
class SharedArray {
  static_assert(std::is_trivially_copyable_v<T>, "other processes see only the bytes of an element");
  static_assert(alignof(T) <= detail::kArrayHeader);

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  /// An empty array.
  SharedArray() = default;
  /// Anonymous, all bytes zero. @param shape  1 to 8 dimensions
  /// @throws SpecError for another shape, SystemError if there is no memory
  explicit SharedArray(Shape shape) : storage_(detail::make_array(std::nullopt, sizeof(T), std::move(shape))) {}

  /// Named, all bytes zero, owned by this process. Replaces the array that it owns under that name, if any, for those
  /// who open it from now on; so do that again after such a change. Parameters and errors as above and in SharedMemory.
  static SharedArray create(std::string_view name, Shape shape) {
    return SharedArray(detail::make_array(name, sizeof(T), std::move(shape)));
  }
  /// The array that another process (or this one) created. @param full_name  as full_name() or shared_name() give it
  /// @throws SpecError if the owner has no such array, or its elements have another size; PeerLost if it has ended
  static SharedArray open(const std::string& full_name) {
    return SharedArray(detail::open_array(full_name, sizeof(T)));
  }

  const Shape& shape() const { return storage_.shape; }
  std::size_t dimensions() const { return shape().size(); }
  /// Number of elements.
  std::size_t size() const {
    if (shape().empty()) return 0;
    std::size_t product = 1;
    for (const std::size_t length : shape()) product *= length;
    return product;
  }
  /// What another process opens it by, or empty for an anonymous array.
  const std::string& full_name() const { return storage_.memory.full_name(); }

  T* data() { return elements(); }
  const T* data() const { return elements(); }
  std::span<T> span() { return {elements(), size()}; }
  std::span<const T> span() const { return {elements(), size()}; }
  T* begin() { return elements(); }
  T* end() { return elements() + size(); }
  const T* begin() const { return elements(); }
  const T* end() const { return elements() + size(); }
  void fill(const T& value) { std::fill(begin(), end(), value); }

  /// The element at one index per dimension. @throws SpecError if there is none
  template <std::integral... Index>
  T& at(Index... index) {
    return elements()[checked(index...)];
  }
  template <std::integral... Index>
  const T& at(Index... index) const {
    return elements()[checked(index...)];
  }
  /// The same, unchecked. @pre as many indices as dimensions, each inside its length
  template <std::integral... Index>
  T& operator()(Index... index) {
    return elements()[offset(index...)];
  }
  template <std::integral... Index>
  const T& operator()(Index... index) const {
    return elements()[offset(index...)];
  }

 private:
  explicit SharedArray(detail::ArrayStorage storage) : storage_(std::move(storage)) {}

  T* elements() const {
    auto* memory = static_cast<std::byte*>(storage_.memory.data());
    return memory == nullptr ? nullptr : reinterpret_cast<T*>(memory + detail::kArrayHeader);
  }
  template <typename... Index>
  std::size_t checked(Index... index) const {
    return detail::checked_offset(shape(),
                                  std::array<std::size_t, sizeof...(Index)>{static_cast<std::size_t>(index)...});
  }
  template <typename... Index>
  std::size_t offset(Index... index) const {
    std::size_t result = 0;
    const std::size_t* length = shape().data();
    ((result = result * *length++ + static_cast<std::size_t>(index)), ...);
    return result;
  }

  detail::ArrayStorage storage_;
};

}  // namespace windrow
