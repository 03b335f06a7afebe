#pragma once

/// Operations for all_reduce. Any function object T(T, T) can be given instead; one that is noexcept is quicker where
/// there are few elements.
namespace [[gnu::visibility("default")]] windrow {
namespace op {

struct Sum {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(static_cast<T>(a + b))) {
    return static_cast<T>(a + b);
  }
};
struct Product {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(static_cast<T>(a* b))) {
    return static_cast<T>(a * b);
  }
};
struct Min {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(T(b < a ? b : a))) {
    return b < a ? b : a;
  }
};
struct Max {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(T(a < b ? b : a))) {
    return a < b ? b : a;
  }
};
struct LogicalAnd {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(static_cast<T>(a&& b))) {
    return static_cast<T>(a && b);
  }
};
struct LogicalOr {
  template <typename T>
  T operator()(const T& a, const T& b) const noexcept(noexcept(static_cast<T>(a || b))) {
    return static_cast<T>(a || b);
  }
};

inline constexpr Sum sum{};
inline constexpr Product product{};
inline constexpr Min min{};
inline constexpr Max max{};
inline constexpr LogicalAnd logical_and{};
inline constexpr LogicalOr logical_or{};

}  // namespace op
}  // namespace windrow
