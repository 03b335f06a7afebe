#include "windrow/base/hash.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace windrow::detail {
namespace {

Hash128 of(XXH128_hash_t hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

std::uint64_t hash64(std::string_view text, std::uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

std::string Hash128::text() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

Hash128 hash128(std::string_view text) {
  return of(XXH3_128bits(text.data(), text.size()));
}

ContentHash::ContentHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

void ContentHash::Free::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

void ContentHash::add(std::string_view part) {
  XXH3_128bits_update(state_.get(), part.data(), part.size());
  size_ += part.size();
}

Hash128 ContentHash::value() const {
  return of(XXH3_128bits_digest(state_.get()));
}

Checksum::Checksum() : state_(XXH64_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH64_reset(state_.get(), 0);
}

void Checksum::Free::operator()(XXH64_state_s* state) const {
  XXH64_freeState(state);
}

void Checksum::add(std::span<const std::byte> bytes) {
  XXH64_update(state_.get(), bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const {
  return XXH64_digest(state_.get());
}

}  // namespace windrow::detail
