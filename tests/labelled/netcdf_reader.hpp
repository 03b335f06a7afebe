#pragma once

#include <gtest/gtest.h>
#include <netcdf.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

namespace windrow::test {

/// A file to be looked into. What is not there fails the test.
class Netcdf {
 public:
  explicit Netcdf(const std::filesystem::path& file) { expect(nc_open(file.c_str(), NC_NOWRITE, &id_), file.string()); }
  ~Netcdf() { nc_close(id_); }
  Netcdf(const Netcdf&) = delete;
  Netcdf& operator=(const Netcdf&) = delete;

  bool has(const std::string& name) const {
    int id = -1;
    return nc_inq_varid(id_, name.c_str(), &id) == NC_NOERR;
  }
  nc_type type(const std::string& name) const {
    nc_type type = NC_NAT;
    expect(nc_inq_vartype(id_, variable(name), &type), name);
    return type;
  }
  /// "T=2 t=3"
  std::string dimensions(const std::string& name) const {
    int count = 0;
    expect(nc_inq_varndims(id_, variable(name), &count), name);
    std::vector<int> ids(static_cast<std::size_t>(count));
    expect(nc_inq_vardimid(id_, variable(name), ids.data()), name);
    std::string text;
    for (const int id : ids) {
      std::array<char, NC_MAX_NAME + 1> word{};
      std::size_t length = 0;
      expect(nc_inq_dim(id_, id, word.data(), &length), name);
      text += (text.empty() ? "" : " ") + std::string(word.data()) + "=" + std::to_string(length);
    }
    return text;
  }
  std::vector<double> numbers(const std::string& name) const {
    std::vector<double> values(size(name));
    expect(nc_get_var_double(id_, variable(name), values.data()), name);
    return values;
  }
  std::vector<long long> integers(const std::string& name) const {
    std::vector<long long> values(size(name));
    expect(nc_get_var_longlong(id_, variable(name), values.data()), name);
    return values;
  }
  std::vector<std::string> texts(const std::string& name) const {
    std::vector<char*> pointers(size(name));
    expect(nc_get_var_string(id_, variable(name), pointers.data()), name);
    std::vector<std::string> values;
    for (const char* pointer : pointers) values.emplace_back(pointer != nullptr ? pointer : "");
    nc_free_string(pointers.size(), pointers.data());
    return values;
  }
  bool has_attribute(const std::string& name, const std::string& of) const {
    int id = -1;
    return nc_inq_attid(id_, variable(of), name.c_str(), &id) == NC_NOERR;
  }
  /// Of the file, if no variable is named; empty if there is none.
  std::string attribute(const std::string& name, const std::string& of = "") const {
    const int id = of.empty() ? NC_GLOBAL : variable(of);
    std::size_t size = 0;
    if (nc_inq_attlen(id_, id, name.c_str(), &size) != NC_NOERR) return "";
    std::string text(size, '\0');
    expect(nc_get_att_text(id_, id, name.c_str(), text.data()), name);
    return text;
  }

 private:
  static void expect(int code, const std::string& what) {
    EXPECT_EQ(code, NC_NOERR) << what << ": " << nc_strerror(code);
  }
  int variable(const std::string& name) const {
    int id = -1;
    expect(nc_inq_varid(id_, name.c_str(), &id), name);
    return id;
  }
  std::size_t size(const std::string& name) const {
    std::size_t size = 1;
    for (std::size_t at = 0; (at = dimensions(name).find('=', at)) != std::string::npos;) {
      size *= std::stoul(dimensions(name).substr(++at));
    }
    return size;
  }

  int id_ = -1;
};

}  // namespace windrow::test
