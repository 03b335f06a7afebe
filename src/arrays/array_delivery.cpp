#include "arrays/interface/array_delivery.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>

#include "windrow/base/byte_stream.hpp"
#include "windrow/base/clock.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {

namespace fs = std::filesystem;

namespace {

constexpr const char* kToken = "token";
constexpr std::size_t kMostOpen = 200;  // files that grow at once, and may have a descriptor each

struct PieceHead {
  std::uint64_t number;  // of the array, at its worker
  std::uint64_t offset;  // of the piece; 0 begins a file, whatever was there of that number before
};

/// Sends an array in messages; what the root knows it by is "#number".
class MessageSink : public ArraySink {
 public:
  explicit MessageSink(ArrayCarrier& carrier) : carrier_(carrier) {
    static std::atomic<std::uint64_t> last{0};
    head_ = {++last, 0};
  }
  void append(std::span<const std::byte> bytes) override {
    ByteWriter out;
    out.put(head_);
    out.put_bytes(bytes);
    carrier_.send_piece(out.bytes());
    head_.offset += bytes.size();
  }
  std::string finish() override {
    append({});  // says that it was all
    return fmt::format("#{}", head_.number);
  }

 private:
  ArrayCarrier& carrier_;
  PieceHead head_;
};

/// What a worker writes where results go is not evaluating.
template <typename Write>
ArrayFile charged(ArrayCarrier& carrier, Write write) {
  const double begin = monotonic_seconds();
  ArrayFile file = write();
  carrier.stored(monotonic_seconds() - begin);
  return file;
}

}  // namespace

ArrayOffer offer_arrays(const fs::path& directory, bool by_messages) {
  const ArrayOffer offer{directory.string(), random_name(), by_messages};
  std::ofstream out(directory / kToken);
  out << offer.token << std::flush;
  if (!out) throw StoreError(fmt::format("{}: cannot be written; make room and run again", offer.directory));
  return offer;
}

ArrayDelivery::ArrayDelivery(const ArrayOffer& offer, bool is_root)
    : directory_(offer.directory), root_(is_root ? ::getpid() : -1) {
  std::string token;
  std::ifstream(directory_ / kToken) >> token;
  sees_directory_ =
      !offer.directory.empty() && !offer.by_messages && token == offer.token && ::access(directory_.c_str(), W_OK) == 0;
}

bool ArrayDelivery::sees_directory() const {
  return sees_directory_ || ::getpid() == root_;
}

ArrayFile ArrayDelivery::send(const Array& array, ArrayCarrier& carrier) const {
  if (!sees_directory()) {
    MessageSink sink(carrier);
    return write_array(array, sink);
  }
  return charged(carrier, [&] {
    ArrayFileSink sink(directory_);
    return write_array(array, sink);
  });
}

ArrayFile ArrayDelivery::send(const fs::path& file, ArrayCarrier& carrier) const {
  if (!sees_directory()) {
    MessageSink sink(carrier);
    return copy_array(file, sink);
  }
  return charged(carrier, [&] {
    if (auto moved = move_array(file, directory_)) return *std::move(moved);
    ArrayFileSink sink(directory_);
    return copy_array(file, sink);
  });
}

void ArrayPieces::take(int worker, std::span<const std::byte> piece) {
  ByteReader in(piece);
  const auto head = in.get<PieceHead>();
  if (head.offset == 0) {
    growing_.erase(worker);
    growing_.try_emplace(worker, head.number, directory_);
  }
  const auto found = growing_.find(worker);
  if (found == growing_.end() || found->second.number != head.number) {
    throw ParallelError(fmt::format("worker {} sent a part of an array that it did not begin", worker));
  }
  ArrayFileSink& sink = found->second.sink;
  if (in.at_end()) {  // that was all
    finished_[worker][head.number] = sink.finish();
    growing_.erase(found);
    return;
  }
  sink.append(in.remaining());
  if (growing_.size() > kMostOpen) sink.close();
}

void ArrayPieces::claim(int worker, std::vector<ArrayFile>& arrays) {
  for (ArrayFile& array : arrays) {
    if (const std::string name = array.file.string(); name.starts_with('#')) {
      const auto number = static_cast<std::uint64_t>(text::parse_integer(name.substr(1)).value_or(0));
      auto& finished = finished_[worker];
      const auto found = finished.find(number);
      if (found == finished.end()) throw ParallelError(fmt::format("worker {} did not send its array", worker));
      array.file = found->second;
      // Outcomes come in the order of their arrays: what came before belongs to none.
      finished.erase(finished.begin(), std::next(found));
    }
    array.file = directory_ / array.file;
  }
}

}  // namespace windrow::detail
