#include "windrow/parallel/background.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace windrow::detail {

struct Background::Impl {
  std::shared_future<void> ended;
};

Background::Background(std::function<void()> action, bool on_own_thread)
    : impl_(std::make_unique<Impl>(
          Impl{std::async(on_own_thread ? std::launch::async : std::launch::deferred, std::move(action)).share()})) {}

Background::~Background() {
  if (impl_) wait();
}

Background::Background(Background&& other) noexcept = default;

void Background::wait() const {
  impl_->ended.wait();
}

bool Background::wait_for(std::chrono::nanoseconds limit) const {
  // Far beyond any wait, and not beyond what the clock can count.
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
  const auto status = impl_->ended.wait_for(std::min(limit, longest));
  if (status == std::future_status::deferred) wait();
  return status != std::future_status::timeout;
}

void Background::get() const {
  impl_->ended.get();
}

}  // namespace windrow::detail
