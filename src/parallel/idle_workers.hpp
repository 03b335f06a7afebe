#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parallel/best_fit.hpp"
#include "parallel/interface/workers.hpp"

namespace windrow::detail {

/// Workers that have no point, by host. What is asked of it takes logarithmic time.
class IdleWorkers {
 public:
  /// All of them are idle.
  explicit IdleWorkers(const Workers& workers);

  std::size_t size() const { return idle_.size(); }
  /// The lowest number of all, or of those on a host.
  std::optional<int> first() const;
  std::optional<int> first_on(std::string_view host) const;

  /// Once is enough.
  void insert(int worker);
  void erase(int worker);
  /// Takes so many away: those of the host that they fill best if one has so many, else of as few hosts as possible; of
  /// a host the last ones, so that, if somebody is left over, it is the root. @return ascending; @pre count <= size()
  std::vector<int> take(std::size_t count);

 private:
  std::map<std::string, std::size_t, std::less<>> hosts_;  // their numbers
  std::vector<std::size_t> host_of_;                       // by worker
  std::vector<std::set<int>> on_host_;
  std::set<int> idle_;
  BestFit fit_;
};

}  // namespace windrow::detail
