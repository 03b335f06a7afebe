/* The period of a damped pendulum over its length and amplitude, from C: pendulum [ask] under mpirun or alone.
 * With `ask` the program's own loop asks for points and reports; without it windrow calls a function. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <windrow/windrow_mpi.h>

/* Seconds between two turning points on one side, by steps of velocity Verlet; 0 if it does not swing. */
static double period(double length, double amplitude) {
  const double step = 1e-3, damping = 0.02;
  double angle = amplitude, speed = 0.0, time = 0.0;
  if (length > 1.95) return 0.0;
  for (int turns = 0; turns < 2; time += step) {
    const double before = speed;
    speed -= step * (9.81 / length * sin(angle) + damping * speed);
    angle += step * speed;
    if (before * speed < 0.0) ++turns;
  }
  return time;
}

static int evaluate(windrow_point* point, const double* parameters, double* outputs, void* model, void* user) {
  (void)model, (void)user;
  outputs[0] = period(parameters[0], parameters[1]);
  if (outputs[0] > 0.0) return 0;
  windrow_point_set_message(point, "it does not swing");
  return WINDROW_REJECT;
}

static windrow_status ask(windrow_sweep* sweep, windrow_manager* manager, windrow_result** result) {
  windrow_asked* asked = NULL;
  windrow_point* point = NULL;
  double parameters[2];
  windrow_status status = windrow_asked_create(&asked, sweep, manager);
  while (status == WINDROW_OK && (status = windrow_next_point(asked, &point, parameters)) == WINDROW_OK && point) {
    const double seconds = period(parameters[0], parameters[1]);
    status = seconds > 0.0 ? windrow_report(asked, point, &seconds)
                           : windrow_report_failure(asked, point, "it does not swing");
  }
  if (status == WINDROW_OK) status = windrow_finish(asked, result);
  windrow_asked_free(asked);
  return status;
}

static void print(windrow_result* result) {
  for (uint64_t i = 0; i < windrow_result_points(result); ++i) {
    double seconds;
    if (windrow_result_outputs(result, i, &seconds) == WINDROW_OK) {
      printf("%d %.3f\n", (int)i, seconds);
    } else {
      printf("%d %s\n", (int)i, windrow_last_error());
    }
  }
}

static windrow_status sweep_pendulums(windrow_manager* manager, int asks) {
  windrow_design* design = NULL;
  windrow_sweep* sweep = NULL;
  windrow_result* result = NULL;
  windrow_status status = windrow_design_create(&design);
  if (!status) status = windrow_design_add_linear(design, "length", 0.1, 2.0, 12);
  if (!status) status = windrow_design_set_unit(design, "m");
  if (!status) status = windrow_design_add_linear(design, "amplitude", 0.1, 1.5, 5);
  if (!status) status = windrow_design_set_unit(design, "rad");
  if (!status) status = windrow_sweep_create(&sweep, design);
  if (!status) status = windrow_sweep_add_output(sweep, "period", "s");
  if (!status) {
    status = asks ? ask(sweep, manager, &result) : windrow_sweep_run(sweep, manager, evaluate, NULL, &result);
  }
  if (status) fprintf(stderr, "pendulum: %s\n", windrow_last_error());
  if (!status && windrow_manager_rank(manager) == 0) print(result);
  windrow_result_free(result);
  windrow_sweep_free(sweep);
  windrow_design_free(design);
  return status;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  windrow_manager* manager = NULL;
  windrow_status status = windrow_manager_create_mpi(&manager, MPI_COMM_WORLD);
  if (!status) status = sweep_pendulums(manager, argc > 1 && strcmp(argv[1], "ask") == 0);
  windrow_manager_free(manager);
  MPI_Finalize();
  return status;
}
