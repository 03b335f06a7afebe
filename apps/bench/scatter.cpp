// What it costs to send objects to workers and back: bench-scatter [--anyway]
//
// 10^5 structs of an int, 10 doubles and a short text go from the root to all ranks and back (scatter), or come from
// all ranks (map). Beside it in the same program: MPI_Scatterv and MPI_Gatherv of the same bytes, packed beforehand;
// the same with the packing and unpacking that a program would do by hand; and scatter and gather of Boost.MPI. Ranks
// are processes of MPI and, for windrow, forked ones, by turns.
#include <mpi.h>
#include <unistd.h>

#include <array>
#include <boost/mpi/collectives.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "measure.hpp"
#include "windrow/mpi.hpp"

namespace {

constexpr std::size_t kElements = 100000;
constexpr int kRepetitions = 7;
constexpr std::array<int, 3> kRanks = {2, 4, 8};

struct Element {
  int number = 0;
  std::vector<double> values;
  std::string text;
};

/// The same, as Boost.MPI wants it.
struct BoostElement {
  Element element;
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& element.number& element.values& element.text;
  }
};

Element element_at(std::size_t i) {
  return {static_cast<int>(i), std::vector<double>(10, static_cast<double>(i)), "element " + std::to_string(i)};
}

// Packing by hand ---------------------------------------------------------------------------------------------------

void append(std::vector<char>& to, const void* from, std::size_t size) {
  const char* const begin = static_cast<const char*>(from);
  to.insert(to.end(), begin, begin + size);
}

void take(const char*& from, void* to, std::size_t size) {
  std::memcpy(to, from, size);
  from += size;
}

void pack(std::vector<char>& to, const Element& element) {
  const std::array<std::size_t, 2> sizes = {element.values.size(), element.text.size()};
  append(to, &element.number, sizeof element.number);
  append(to, sizes.data(), sizeof sizes);
  append(to, element.values.data(), sizes[0] * sizeof(double));
  append(to, element.text.data(), sizes[1]);
}

Element unpack(const char*& from) {
  Element element;
  std::array<std::size_t, 2> sizes{};
  take(from, &element.number, sizeof element.number);
  take(from, sizes.data(), sizeof sizes);
  element.values.resize(sizes[0]);
  take(from, element.values.data(), sizes[0] * sizeof(double));
  element.text.assign(from, sizes[1]);
  from += sizes[1];
  return element;
}

std::vector<Element> unpack_all(const std::vector<char>& bytes) {
  std::vector<Element> elements;
  for (const char* at = bytes.data(); at != bytes.data() + bytes.size();) elements.push_back(unpack(at));
  return elements;
}

// MPI ---------------------------------------------------------------------------------------------------------------

/// A part for each rank, one after another.
struct Parts {
  std::vector<char> bytes;
  std::vector<int> sizes;
};

int size_of_world() {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

std::size_t first_of(int rank) {
  return kElements * static_cast<std::size_t>(rank) / static_cast<std::size_t>(size_of_world());
}

template <typename ElementAt>
Parts pack_parts(const ElementAt& at) {
  Parts parts;
  for (int rank = 0; rank < size_of_world(); ++rank) {
    const std::size_t before = parts.bytes.size();
    for (std::size_t i = first_of(rank); i < first_of(rank + 1); ++i) pack(parts.bytes, at(i));
    parts.sizes.push_back(static_cast<int>(parts.bytes.size() - before));
  }
  return parts;
}

std::vector<int> offsets_of(const std::vector<int>& sizes) {
  std::vector<int> offsets(sizes.size());
  std::exclusive_scan(sizes.begin(), sizes.end(), offsets.begin(), 0);
  return offsets;
}

std::vector<char> scatterv(const Parts& parts) {
  int size = 0;
  MPI_Scatter(parts.sizes.data(), 1, MPI_INT, &size, 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<char> own(static_cast<std::size_t>(size));
  MPI_Scatterv(parts.bytes.data(), parts.sizes.data(), offsets_of(parts.sizes).data(), MPI_CHAR, own.data(), size,
               MPI_CHAR, 0, MPI_COMM_WORLD);
  return own;
}

std::vector<char> gatherv(const std::vector<char>& own, bool is_root) {
  const int size = static_cast<int>(own.size());
  std::vector<int> sizes(is_root ? static_cast<std::size_t>(size_of_world()) : 0);
  MPI_Gather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
  std::vector<char> all(static_cast<std::size_t>(std::accumulate(sizes.begin(), sizes.end(), 0)));
  MPI_Gatherv(own.data(), size, MPI_CHAR, all.data(), sizes.data(), offsets_of(sizes).data(), MPI_CHAR, 0,
              MPI_COMM_WORLD);
  return all;
}

// What is measured --------------------------------------------------------------------------------------------------

using Seconds = std::map<std::string, double>;

void check(std::size_t count, bool is_root) {
  if (is_root && count != kElements) throw std::runtime_error("elements are missing");
}

class Round {
 public:
  // What it measures replaces what was measured before.
  Round(windrow::ParallelManager& manager, Seconds& seconds) : manager_(manager), seconds_(seconds) {}

  template <typename Call>
  void measure(const std::string& name, const Call& call) {
    manager_.sync();
    seconds_[name] = bench::seconds_of(call);
  }

 private:
  windrow::ParallelManager& manager_;
  Seconds& seconds_;
};

void measure_windrow(windrow::ParallelManager& manager, Round& round, const std::vector<Element>& elements) {
  const auto nothing = [] { return 0; };
  round.measure("scatter: windrow", [&] {
    auto results = manager
                       .scatter(
                           nothing, [](int&, const Element& element) { return element; }, elements)
                       .gather();
    std::size_t count = 0;
    for (const auto& of_worker : results) count += of_worker.outcomes.size();
    check(count, manager.is_root());
  });
  round.measure("map: windrow", [&] {
    const auto mapped = manager.map(
        nothing, [](int&, std::uint64_t index) { return element_at(index); }, kElements);
    check(mapped.values.size(), manager.is_root());
  });
}

void measure_peers(Round& round, bool is_root, int rank, const std::vector<Element>& elements) {
  const auto known = [&](std::size_t i) -> const Element& { return elements[i]; };
  const Parts parts = is_root ? pack_parts(known) : Parts();
  std::vector<char> own;
  round.measure("scatter: bytes", [&] {
    own = scatterv(parts);
    check(gatherv(own, is_root).empty() ? 0 : kElements, is_root);
  });
  round.measure("map: bytes", [&] { gatherv(own, is_root); });
  round.measure("scatter: by hand", [&] {
    std::vector<char> back;
    for (const Element& element : unpack_all(scatterv(is_root ? pack_parts(known) : Parts()))) pack(back, element);
    check(unpack_all(gatherv(back, is_root)).size(), is_root);
  });
  round.measure("map: by hand", [&] {
    std::vector<char> back;
    for (std::size_t i = first_of(rank); i < first_of(rank + 1); ++i) pack(back, element_at(i));
    check(unpack_all(gatherv(back, is_root)).size(), is_root);
  });
  std::vector<std::vector<BoostElement>> shares(is_root ? static_cast<std::size_t>(size_of_world()) : 0);
  for (std::size_t r = 0; r < shares.size(); ++r) {
    for (std::size_t i = first_of(static_cast<int>(r)); i < first_of(static_cast<int>(r) + 1); ++i) {
      shares[r].push_back({elements[i]});
    }
  }
  round.measure("scatter: Boost.MPI", [&] {
    const boost::mpi::communicator world;
    std::vector<BoostElement> share;
    std::vector<std::vector<BoostElement>> back;
    boost::mpi::scatter(world, shares, share, 0);
    boost::mpi::gather(world, share, back, 0);
    check(back.size() == shares.size() ? kElements : 0, is_root);
  });
}

int run_rank(int argc, char** argv, windrow::LaunchOptions options) {
  const auto body = [](windrow::ParallelManager& manager) {
    std::vector<Element> elements;
    for (std::size_t i = 0; i < kElements && manager.is_root(); ++i) elements.push_back(element_at(i));
    Seconds seconds;
    for (int round_number = 0; round_number < 2; ++round_number) {  // the first one warms up
      Round round(manager, seconds);
      if (manager.backend() == windrow::Backend::mpi) {
        measure_peers(round, manager.is_root(), manager.rank(), elements);
      }
      measure_windrow(manager, round, elements);
    }
    if (!manager.is_root()) return;
    for (const auto& [name, value] : seconds) fmt::print("{:.9f}\n", value);  // in the order of names
  };
  return windrow::launch(argc, argv, body, options);
}

const std::vector<std::string> kNamesOfMpi = {"map: by hand",       "map: bytes",       "map: windrow",
                                              "scatter: Boost.MPI", "scatter: by hand", "scatter: bytes",
                                              "scatter: windrow"};
const std::vector<std::string> kNamesOfForked = {"map: windrow, forked", "scatter: windrow, forked"};

using All = std::map<std::string, std::vector<double>>;

void run(All& all, const std::vector<std::string>& names, const std::string& command) {
  const auto numbers = bench::numbers_printed_by(command);
  for (std::size_t i = 0; i < names.size(); ++i) all[names[i]].push_back(numbers.at(i));
}

void print(const All& all, int ranks) {
  fmt::print("{} ranks on {} cores: us an element (minimum to maximum), and over the bytes alone\n", ranks,
             ::sysconf(_SC_NPROCESSORS_ONLN));
  for (const auto& [name, seconds] : all) {
    const auto& bytes = all.at(name.substr(0, name.find(':')) + ": bytes");
    std::vector<double> each, ratios;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      each.push_back(seconds[i] * 1e6 / static_cast<double>(kElements));
      ratios.push_back(seconds[i] / bytes[i]);
    }
    const auto time = bench::figures_of(each);
    const auto ratio = bench::figures_of(ratios);
    fmt::print("{:<26} {:7.3f} ({:.3f} to {:.3f})  {:6.2f} ({:.2f} to {:.2f})\n", name, time.median, time.low,
               time.high, ratio.median, ratio.low, ratio.high);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "--rank") return run_rank(argc, argv, {});
  if (what == "--forked") {
    return run_rank(argc, argv, {.backend = windrow::Backend::fork, .workers = std::atoi(argv[2])});
  }
  if (!bench::may_measure(bench::anyway_given(argc, argv))) return 1;
  bench::set_defaults_of_open_mpi();
  for (const int ranks : kRanks) {
    All all;
    for (int i = 0; i < kRepetitions; ++i) {
      run(all, kNamesOfMpi, fmt::format("mpirun --oversubscribe --bind-to none -n {} {} --rank", ranks, argv[0]));
      run(all, kNamesOfForked, fmt::format("{} --forked {}", argv[0], ranks));
    }
    print(all, ranks);
  }
}
