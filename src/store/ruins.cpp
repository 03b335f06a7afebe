#include "ruins.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint8_t kTableLeaf = 0x0d, kIndexLeaf = 0x0a, kIndexInterior = 0x02, kTableInterior = 0x05;
constexpr std::size_t kFileHeader = 100;
constexpr std::uint64_t kLargest = 1'000'000'000;  // of what SQLite stores
constexpr std::size_t kMostColumns = 2000;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8U | static_cast<unsigned char>(c);
  return number;
}

/// Reads SQLite's integers of 1 to 9 bytes; what is beyond the end makes it `bad`.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes, std::size_t at = 0) : bytes_(bytes), at_(at) {}

  bool bad() const { return bad_; }
  std::size_t at() const { return at_; }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int i = 0; i < 9; ++i) {
      const std::uint64_t byte = big_endian(take(1));
      if (i == 8) return number << 8U | byte;
      number = number << 7U | (byte & 0x7fU);
      if ((byte & 0x80U) == 0) break;
    }
    return number;
  }
  std::string_view take(std::uint64_t count) {
    if (at_ > bytes_.size() || count > bytes_.size() - at_) bad_ = true;
    if (bad_) return {};
    const std::string_view taken = bytes_.substr(at_, count);
    at_ += count;
    return taken;
  }

 private:
  std::string_view bytes_;
  std::size_t at_;
  bool bad_ = false;
};

std::int64_t signed_integer(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto shift = static_cast<unsigned>(64 - 8 * bytes.size());
  return static_cast<std::int64_t>(big_endian(bytes) << shift) >> shift;
}

/// The value of a serial type, from its bytes.
bool take_value(std::uint64_t serial, Bytes& from, RawValue& value) {
  constexpr std::uint64_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (serial == 10 || serial == 11) return false;
  if (serial >= 12) {
    value.type = serial % 2 == 0 ? RawValue::Type::blob : RawValue::Type::text;
    value.bytes = from.take((serial - 12) / 2);
    return !from.bad();
  }
  const std::string_view bytes = from.take(sizes[serial]);
  if (serial == 0) {
    value.type = RawValue::Type::null;
  } else if (serial == 7) {
    value.type = RawValue::Type::real;
    value.real = std::bit_cast<double>(big_endian(bytes));
  } else {
    value.type = RawValue::Type::integer;
    value.integer = serial >= 8 ? static_cast<std::int64_t>(serial - 8) : signed_integer(bytes);
  }
  return !from.bad();
}

bool split_record(std::string_view payload, std::vector<RawValue>& values) {
  values.clear();
  Bytes head(payload);
  const std::uint64_t size = head.varint();
  if (head.bad() || size > payload.size()) return false;
  Bytes body(payload, size);
  while (head.at() < size && values.size() <= kMostColumns) {
    const std::uint64_t serial = head.varint();
    if (head.bad() || !take_value(serial, body, values.emplace_back())) return false;
  }
  return head.at() == size && body.at() == payload.size() && !values.empty();
}

}  // namespace

Ruins::Ruins(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  const bool known = fd >= 0 && ::fstat(fd, &info) == 0;
  const auto size_of_file = known ? static_cast<std::size_t>(info.st_size) : 0;
  void* start = size_of_file > 0 ? ::mmap(nullptr, size_of_file, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  if (fd >= 0) ::close(fd);
  if (start == MAP_FAILED && (!known || size_of_file > 0)) {
    throw StoreError(fmt::format("{}: cannot be read", file.string()));
  }
  if (start != MAP_FAILED) file_ = {static_cast<const char*>(start), size_of_file};
  if (file_.size() < kFileHeader || !file_.starts_with("SQLite format 3")) return;
  const std::uint64_t size = big_endian(file_.substr(16, 2));
  if (std::has_single_bit(size) && size >= 512) page_size_ = size;
  if (size == 1) page_size_ = 65536;
}

Ruins::~Ruins() {
  if (!file_.empty()) ::munmap(const_cast<char*>(file_.data()), file_.size());
}

std::uint64_t Ruins::pages() const {
  return (file_.size() + page_size_ - 1) / page_size_;
}

std::string_view Ruins::page(std::uint64_t number) const {
  if (number == 0 || number > pages()) return {};
  return file_.substr((number - 1) * page_size_, page_size_);
}

bool Ruins::add_overflow(std::uint64_t next, std::uint64_t size, std::string& payload) const {
  while (payload.size() < size) {
    const std::string_view one = page(next);
    const std::uint64_t wanted = std::min<std::uint64_t>(size - payload.size(), page_size_ - 4);
    if (one.size() < wanted + 4) return false;
    next = big_endian(one.substr(0, 4));
    payload += one.substr(4, wanted);
  }
  return true;
}

bool Ruins::read_cell(std::string_view of, std::size_t at, bool with_rowid, RawRow& row, std::string& payload) const {
  Bytes from(of, at);
  const std::uint64_t size = from.varint();
  row.has_rowid = with_rowid;
  if (with_rowid) row.rowid = static_cast<std::int64_t>(from.varint());
  if (from.bad() || size < 2 || size > kLargest || size > file_.size()) return false;
  const std::uint64_t usable = page_size_;
  const std::uint64_t most = with_rowid ? usable - 35 : (usable - 12) * 64 / 255 - 23;
  const std::uint64_t least = (usable - 12) * 32 / 255 - 23;
  std::uint64_t local = size;
  if (size > most) {
    local = least + (size - least) % (usable - 4);
    if (local > most) local = least;
  }
  payload = from.take(local);
  if (local < size) {
    const std::uint64_t next = big_endian(from.take(4));
    if (from.bad() || !add_overflow(next, size, payload)) return false;
  }
  return !from.bad() && split_record(payload, row.values);
}

bool Ruins::visit_page(std::uint64_t number, const std::function<bool(const RawRow&)>& visit) const {
  const std::string_view of = page(number);
  if (of.size() < page_size_) return false;  // cut off
  const std::size_t head = number == 1 ? kFileHeader : 0;
  const auto kind = static_cast<std::uint8_t>(of[head]);
  if (kind == kTableInterior) return true;
  if (kind != kTableLeaf && kind != kIndexLeaf && kind != kIndexInterior) return false;
  Bytes cells(of, head + (kind == kIndexInterior ? 12 : 8));
  const std::uint64_t count = big_endian(of.substr(head + 3, 2));
  bool known = true;
  RawRow row;
  std::string payload;
  for (std::uint64_t i = 0; i < count && !cells.bad(); ++i) {
    const std::size_t at = big_endian(cells.take(2)) + (kind == kIndexInterior ? 4U : 0U);
    known = !cells.bad() && read_cell(of, at, kind == kTableLeaf, row, payload) && visit(row) && known;
  }
  return known && !cells.bad();
}

void Ruins::for_each(const std::function<bool(const RawRow&)>& visit) {
  for (std::uint64_t number = 1; number <= pages(); ++number) {
    if (!visit_page(number, visit)) damaged_.push_back(number);
  }
}

void Ruins::search(const std::function<void(const RawRow&)>& visit) const {
  RawRow row;
  std::string payload;
  for (const std::uint64_t number : damaged_) {
    const std::string_view of = page(number);
    for (std::size_t at = 0; at + 2 < of.size(); ++at) {
      for (const bool with_rowid : {true, false}) {
        if (read_cell(of, at, with_rowid, row, payload)) visit(row);
      }
    }
  }
}

}  // namespace windrow::detail
