#include "netcdf_file.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "windrow/base/display.hpp"
#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

const std::filesystem::path& regular_file(const std::filesystem::path& target) {
  if (write_target(target).is_replaced) return target;
  throw SpecError(fmt::format(
      "{}: is no regular file, which NetCDF needs, as it is not written from its beginning to its end; give the name "
      "of a file",
      target.string()));
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// As NetCDF takes names: it refuses slashes, control characters, what is not UTF-8, blanks at the end, and at the
/// beginning what is neither a letter nor a digit.
std::string accepted_name(const std::string& wanted) {
  constexpr std::size_t kLongest = 200;  // of 256, so that there is room for endings
  std::string name;
  for (std::size_t at = 0; at < wanted.size();) {
    const std::size_t length = text::utf8_length(wanted, at);
    if (name.size() + length > kLongest) break;
    const char c = wanted[at];
    const bool is_refused =
        length == 0 || text::is_control(c) || c == '/' || (name.empty() && length == 1 && !is_letter_or_digit(c));
    name += is_refused ? "_" : wanted.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  if (name.empty() || name.back() == ' ') name += '_';
  return name;
}

}  // namespace

NetcdfFile::NetcdfFile(const std::filesystem::path& target)
    : netcdf_(netcdf_library()), target_(target), file_(regular_file(target)) {
  check(netcdf_.create(file_.beside().c_str(), NC_NETCDF4 | NC_CLOBBER, &id_));
}

NetcdfFile::~NetcdfFile() {
  if (id_ < 0) return;
  if (!failed_ && netcdf_.sync(id_) == NC_NOERR) {
    netcdf_.abort(id_);
  } else {
    std::error_code ignored;
    std::filesystem::resize_file(file_.beside(), 0, ignored);
  }
}

void NetcdfFile::check(int code) {
  if (code == NC_NOERR) return;
  failed_ = true;
  throw StoreError(fmt::format("{}: could not be written completely ({}); check the free space where it goes",
                               target_.string(), netcdf_.strerror(code)));
}

std::string NetcdfFile::free_name(const std::string& wanted) {
  std::string name = accepted_name(wanted);
  while (!names_.insert(name).second) name += '_';
  return name;
}

int NetcdfFile::add_dimension(const std::string& name, std::size_t size) {
  int dimension = -1;
  check(netcdf_.def_dim(id_, name.c_str(), size, &dimension));
  return dimension;
}

int NetcdfFile::add_variable(const std::string& name, nc_type type, const std::vector<int>& dimensions) {
  int variable = -1;
  check(netcdf_.def_var(id_, name.c_str(), type, static_cast<int>(dimensions.size()), dimensions.data(), &variable));
  return variable;
}

void NetcdfFile::set_fill(int variable, const void* value) {
  check(netcdf_.def_var_fill(id_, variable, NC_FILL, value));
}

void NetcdfFile::set_chunks(int variable, const std::vector<std::size_t>& chunk, std::size_t element, bool compressed) {
  constexpr int kLevel = 1;
  constexpr std::size_t kSlots = 11;
  std::size_t bytes = element;
  for (const std::size_t length : chunk) bytes *= length;
  check(netcdf_.def_var_chunking(id_, variable, NC_CHUNKED, chunk.data()));
  if (compressed) check(netcdf_.def_var_deflate(id_, variable, 1, 1, kLevel));
  check(netcdf_.set_var_chunk_cache(id_, variable, bytes, kSlots, 1.0F));
}

void NetcdfFile::add_attribute(int variable, const char* name, const std::string& text) {
  if (text.empty()) return;
  const std::string utf8 = text::as_cell(text);
  check(netcdf_.put_att_text(id_, variable, name, utf8.size(), utf8.data()));
}

void NetcdfFile::add_attribute(int variable, const char* name, std::span<const signed char> bytes) {
  check(netcdf_.put_att(id_, variable, name, NC_BYTE, bytes.size(), bytes.data()));
}

void NetcdfFile::begin_data() {
  check(netcdf_.enddef(id_));
}

void NetcdfFile::put(int variable, const Region& region, const void* values) {
  check(netcdf_.put_vara(id_, variable, region.start.data(), region.count.data(), values));
}

void NetcdfFile::take_name() {
  check(netcdf_.sync(id_));
  const int id = std::exchange(id_, -1);
  check(netcdf_.close(id));
  file_.take_name();
}

}  // namespace windrow::detail
