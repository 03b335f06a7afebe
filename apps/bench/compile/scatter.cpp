// Parameters of one's own, under mpirun.
#include <string>
#include <vector>
#include <windrow/mpi.hpp>
#include <windrow/windrow.hpp>

int main(int argc, char** argv) {
  return windrow::launch(argc, argv, [](windrow::ParallelManager& manager) {
    const std::vector<std::string> words{"one", "two", "three"};
    const auto lists =
        manager
            .scatter([] { return std::size_t{1}; },
                     [](std::size_t& more, const std::string& word) { return word.size() + more; }, words)
            .gather();
    return lists.size();
  });
}
