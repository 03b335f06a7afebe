// Heat in a flowing liquid: how hot is the outlet of a channel with a heated patch on its wall?
// An explicit finite-volume solver of the 2-D advection-diffusion equation, its rows split over the ranks.
//
//   mpirun -n 8 flow-sweep 4         all cases, each on 4 ranks
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "windrow/mpi.hpp"

/// The rows of a rank, with one row of each neighbour below and above them.
class Channel {
 public:
  Channel(MPI_Comm comm, int columns, int rows) : comm_(comm), columns_(columns), all_rows_(rows) {
    MPI_Comm_rank(comm, &rank_);
    MPI_Comm_size(comm, &size_);
    first_row_ = rows * rank_ / size_;
    rows_ = rows * (rank_ + 1) / size_ - first_row_;
    const auto cells = static_cast<std::size_t>((rows_ + 2) * columns_);
    now_.resize(cells);
    next_.resize(cells);
  }

  /// The temperature of what leaves the channel, averaged over its height, once it has become steady.
  double outlet_temperature(double velocity, double diffusivity) {
    std::fill(now_.begin(), now_.end(), 0.0);
    const double dx = 1.0 / columns_;
    const double dt = 0.2 * std::min(dx / std::max(velocity, 1e-12), dx * dx / diffusivity);
    for (int step = 0; step < 400; ++step) {
      exchange_rows();
      const double change = advance(velocity * dt / dx, diffusivity * dt / (dx * dx));
      if (largest(change) < 1e-9) break;
    }
    return mean_at_outlet();
  }

 private:
  double& at(std::vector<double>& field, int row, int column) const {
    return field[static_cast<std::size_t>(row * columns_ + column)];
  }

  void exchange_rows() {
    const int below = rank_ > 0 ? rank_ - 1 : MPI_PROC_NULL;
    const int above = rank_ + 1 < size_ ? rank_ + 1 : MPI_PROC_NULL;
    MPI_Sendrecv(&at(now_, 1, 0), columns_, MPI_DOUBLE, below, 0, &at(now_, rows_ + 1, 0), columns_, MPI_DOUBLE, above,
                 0, comm_, MPI_STATUS_IGNORE);
    MPI_Sendrecv(&at(now_, rows_, 0), columns_, MPI_DOUBLE, above, 1, &at(now_, 0, 0), columns_, MPI_DOUBLE, below, 1,
                 comm_, MPI_STATUS_IGNORE);
    if (rank_ == 0) {
      for (int j = 0; j < columns_; ++j) at(now_, 0, j) = wall(j, at(now_, 1, j));
    }
    if (rank_ == size_ - 1) {
      for (int j = 0; j < columns_; ++j) at(now_, rows_ + 1, j) = at(now_, rows_, j);  // insulated
    }
  }

  /// The lower wall is at temperature 1 in its middle third, and insulated elsewhere.
  double wall(int column, double beside) const {
    return 3 * column >= columns_ && 3 * column < 2 * columns_ ? 1.0 : beside;
  }

  /// One step in time. @return the largest change of a cell
  double advance(double courant, double mesh) {
    double change = 0.0;
    for (int i = 1; i <= rows_; ++i) {
      for (int j = 0; j < columns_; ++j) {
        const double here = at(now_, i, j);
        const double left = j > 0 ? at(now_, i, j - 1) : 0.0;  // cold at the inlet
        const double right = j + 1 < columns_ ? at(now_, i, j + 1) : here;
        const double up = at(now_, i + 1, j);
        const double down = at(now_, i - 1, j);
        const double speed = profile(first_row_ + i - 1);
        const double flux = mesh * (left + right + up + down - 4.0 * here) - courant * speed * (here - left);
        at(next_, i, j) = here + flux;
        change = std::max(change, std::abs(flux));
      }
    }
    std::swap(now_, next_);
    return change;
  }

  /// Faster in the middle than at the walls.
  double profile(int row) const {
    const double y = (row + 0.5) / all_rows_;
    return 4.0 * y * (1.0 - y);
  }

  double largest(double value) const {
    double result = 0.0;
    MPI_Allreduce(&value, &result, 1, MPI_DOUBLE, MPI_MAX, comm_);
    return result;
  }

  /// Summed up in the order of the rows, so that it is the same, bit for bit, on any number of ranks.
  double mean_at_outlet() {
    std::vector<double> own;
    for (int i = 1; i <= rows_; ++i) own.push_back(at(now_, i, columns_ - 1));
    std::vector<int> counts;
    std::vector<int> offsets;
    for (int r = 0; r < size_; ++r) {
      offsets.push_back(all_rows_ * r / size_);
      counts.push_back(all_rows_ * (r + 1) / size_ - offsets.back());
    }
    std::vector<double> all(static_cast<std::size_t>(all_rows_));
    MPI_Allgatherv(own.data(), rows_, MPI_DOUBLE, all.data(), counts.data(), offsets.data(), MPI_DOUBLE, comm_);
    double sum = 0.0;
    for (const double temperature : all) sum += temperature;
    return sum / all_rows_;
  }

  MPI_Comm comm_;
  int columns_;
  int all_rows_;
  int rank_ = 0;
  int size_ = 1;
  int first_row_ = 0;
  int rows_ = 0;
  std::vector<double> now_, next_;
};

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  const int ranks = argc > 1 ? std::atoi(argv[1]) : 1;
  {
    windrow::MpiManager manager(MPI_COMM_WORLD);
    windrow::GroupSweep sweep(
        windrow::grid({windrow::linear("velocity", 0.25, 1.0, 4), windrow::geometric("diffusivity", 1e-3, 1e-2, 3)}),
        [](MPI_Comm comm) { return Channel(comm, 48, 24); },
        [](Channel& channel, const windrow::Point& p, MPI_Comm) {
          return channel.outlet_temperature(p["velocity"], p["diffusivity"]);
        },
        {{"temperature", "K"}}, {.ranks = ranks});
    const auto result = sweep.run(manager);
    for (const auto& outcome : result.outcomes) std::printf("%.17g\n", outcome.value()[0].number());  // on the root
  }
  MPI_Finalize();
}
