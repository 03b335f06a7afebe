/* windrow for C: define a design, sweep a function over it on serial, forked or MPI ranks, read the results.
 *
 * Every call that can fail returns WINDROW_OK (0) or another windrow_status; windrow_last_error() says in words what was
 * wrong. No C++ exception leaves the library. Objects are handles, made by *_create() and given back by *_free(), which
 * take NULL, too. Texts are UTF-8, copied where they are kept. "Collective" calls are made by every rank of the manager.
 *
 *     windrow_design* design;
 *     windrow_design_create(&design);
 *     windrow_design_add_linear(design, "angle", 0.0, 0.5, 100);
 *     windrow_sweep* sweep;
 *     windrow_sweep_create(&sweep, design);
 *     windrow_sweep_add_output(sweep, "drag", "N");
 *     windrow_manager* manager;
 *     windrow_manager_create_mpi(&manager, MPI_COMM_WORLD);          // windrow/windrow_mpi.h
 *     windrow_result* result;
 *     if (windrow_sweep_run(sweep, manager, evaluate, NULL, &result) != WINDROW_OK) puts(windrow_last_error());
 */
#ifndef WINDROW_WINDROW_H
#define WINDROW_WINDROW_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WINDROW_API __attribute__((visibility("default")))
#else
#define WINDROW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum windrow_status {
  WINDROW_OK = 0,
  WINDROW_SPEC_ERROR = 1,     /* an argument, an option or a design makes no sense */
  WINDROW_STORE_ERROR = 2,    /* the results store cannot be opened, read or written */
  WINDROW_PARALLEL_ERROR = 3, /* ranks cannot go on together, or one was lost */
  WINDROW_SYSTEM_ERROR = 4,   /* a system call failed, or memory is short */
  WINDROW_POINT_FAILED = 5,   /* the point that was asked for has no result: the message says why */
  WINDROW_ERROR = 6           /* anything else */
} windrow_status;

/* What the last failed call of this thread said; "" if none has failed. Valid until the thread's next failed call. */
WINDROW_API const char* windrow_last_error(void);
/* "0.1.0" */
WINDROW_API const char* windrow_version(void);

/* ---- designs: which points there are ------------------------------------------------------------------------------ */

typedef struct windrow_design windrow_design;

/* A grid (the Cartesian product, the first parameter slowest), until windrow_design_set_method says otherwise. */
WINDROW_API windrow_status windrow_design_create(windrow_design** design);
WINDROW_API void windrow_design_free(windrow_design* design);

/* One more parameter: `points` levels from `from` to `to` in equal steps, or in equal ratios; listed levels; or drawn,
 * for a sampled method. */
WINDROW_API windrow_status windrow_design_add_linear(windrow_design* design, const char* name, double from, double to,
                                                     uint64_t points);
WINDROW_API windrow_status windrow_design_add_geometric(windrow_design* design, const char* name, double from, double to,
                                                        uint64_t points);
WINDROW_API windrow_status windrow_design_add_values(windrow_design* design, const char* name, size_t count,
                                                     const double* values);
/* Levels in steps, as far as they are not beyond `to`: numbers, or whole numbers. */
WINDROW_API windrow_status windrow_design_add_linear_steps(windrow_design* design, const char* name, double from,
                                                           double to, double step);
WINDROW_API windrow_status windrow_design_add_integers(windrow_design* design, const char* name, int64_t from,
                                                       int64_t to, int64_t step);
WINDROW_API windrow_status windrow_design_add_uniform(windrow_design* design, const char* name, double low, double high);
WINDROW_API windrow_status windrow_design_add_normal(windrow_design* design, const char* name, double mean, double sd);
/* Any distribution, by the names that study files have: the kind "lognormal", its terms "mean, sd, high" and their
 * values. */
WINDROW_API windrow_status windrow_design_add_distribution(windrow_design* design, const char* name, const char* kind,
                                                           const char* terms, size_t count,
                                                           const double* values);
/* Listed values that are drawn by their weights; or numbers that were observed, drawn as often as they were. */
WINDROW_API windrow_status windrow_design_add_choice(windrow_design* design, const char* name, size_t count,
                                                     const double* values, const double* weights);
WINDROW_API windrow_status windrow_design_add_samples(windrow_design* design, const char* name, size_t count,
                                                      const double* values);
/* Values that go together, each set of them under a name: "steel, aluminium" with the fields "E, nu", and the values
 * entry by entry, {210e9, 0.3, 70e9, 0.33}. It is as many levels as there are entries. Wherever the parameters are, it is
 * the place of the entry, from 0, and behind that a number for each field. In stores it is the name.
 * @param count  of the values: entries times fields */
WINDROW_API windrow_status windrow_design_add_bundle(windrow_design* design, const char* name, const char* entries,
                                                     const char* fields, size_t count, const double* values);
/* A number that is computed from other parameters, before or behind it: "2 * width / height". It adds no points; where
 * it has no value it is NaN. A wrong expression is told when the design is first used. */
WINDROW_API windrow_status windrow_design_add_derived(windrow_design* design, const char* name, const char* expression);
/* Leaves out the points at which the condition is false, as "width < 2 * height"; of several, each must hold. A Monte
 * Carlo design draws on until it has its points. */
WINDROW_API windrow_status windrow_design_add_where(windrow_design* design, const char* condition);
/* Spearman's rank correlation, between -1 and 1, of two drawn parameters of this design, not of its blocks; those that
 * are not named are independent. What is wrong is told when the design is first used: an unknown name, a method that
 * does not draw, correlations that no random numbers have together. */
WINDROW_API windrow_status windrow_design_add_correlation(windrow_design* design, const char* first, const char* second,
                                                          double rank);
/* Of the parameter that was added last. */
WINDROW_API windrow_status windrow_design_set_unit(windrow_design* design, const char* unit);
/* Of a field of the bundle that was added last. */
WINDROW_API windrow_status windrow_design_set_field_unit(windrow_design* design, const char* field, const char* unit);
/* Where it stays while others vary, for the methods one_at_a_time and star: of the parameter that was added last; of a bundle
 * the place of an entry, from 0. */
WINDROW_API windrow_status windrow_design_set_nominal(windrow_design* design, double value);
/* "grid", "zip", "list", "monte_carlo", "latin_hypercube", "sobol", "halton", "lattice", "one_at_a_time", "star",
 * "corners", "factorial", "plackett_burman", "central_composite", "box_behnken", "morris" or "saltelli"; `points` counts
 * for monte_carlo, latin_hypercube, sobol, halton and lattice alone. Options that were set before are gone. */
WINDROW_API windrow_status windrow_design_set_method(windrow_design* design, const char* method, uint64_t points,
                                                     uint64_t seed);
/* Of the present method, by the keys that study files have for it, as texts: "scramble" "owen", "centre" "3",
 * "second_order" "true", "generators" "D = ABC, E = ABD", "step" "0.1" or "x = 0.1, y = 2".
 * @return WINDROW_SPEC_ERROR for an unknown name, with the nearest valid one, or a value that makes no sense */
WINDROW_API windrow_status windrow_design_set_method_option(windrow_design* design, const char* name,
                                                            const char* value);
/* In a grid: the parameters of these names, "a, b", vary together, at the place of the first of them. */
WINDROW_API windrow_status windrow_design_zip(windrow_design* design, const char* names);
/* All combinations with the points of another design as it is now, which vary faster. Its parameters stand behind those
 * that are there; it draws by its own seed, and with `redraw` other than 0 anew for each point before it. */
WINDROW_API windrow_status windrow_design_cross(windrow_design* design, const windrow_design* block, int redraw);
/* The points of another design as it is now, which has parameters of the same names, behind all others. */
WINDROW_API windrow_status windrow_design_append(windrow_design* design, const windrow_design* part);

/* Each point so many times, one beside the other, told apart by a last parameter `replicate` that counts from 1: it is
 * one more number wherever the parameters are. 0: as it is, without that parameter. */
WINDROW_API windrow_status windrow_design_set_replicates(windrow_design* design, uint64_t replicates);

WINDROW_API windrow_status windrow_design_size(const windrow_design* design, uint64_t* points);
/* @param values  room for a number per parameter, in the order in which they were added, those of blocks
 *                and the fields of bundles included */
WINDROW_API windrow_status windrow_design_point(const windrow_design* design, uint64_t index, double* values);

/* ---- managers: the ranks that evaluate ---------------------------------------------------------------------------- */

typedef struct windrow_manager windrow_manager;

/* This process alone. For MPI see windrow/windrow_mpi.h. */
WINDROW_API windrow_status windrow_manager_create_serial(windrow_manager** manager);
/* Workers forked from this process for each sweep; one that dies is replaced, and costs its point alone. */
WINDROW_API windrow_status windrow_manager_create_fork(windrow_manager** manager, int workers);
/* With MPI: before MPI_Finalize. Collective. */
WINDROW_API void windrow_manager_free(windrow_manager* manager);
WINDROW_API int windrow_manager_rank(const windrow_manager* manager);
WINDROW_API int windrow_manager_size(const windrow_manager* manager);

/* For sweeps with the option isolation = process in programs that call MPI_Init: to be called before that. */
WINDROW_API windrow_status windrow_prepare(void);

/* ---- sweeps ------------------------------------------------------------------------------------------------------- */

typedef struct windrow_sweep windrow_sweep;
typedef struct windrow_result windrow_result;
/* A point while it is evaluated. */
typedef struct windrow_point windrow_point;

/* Its index in the design. Evaluations that ask for it are run again if a changed design moves their point. */
WINDROW_API uint64_t windrow_point_index(windrow_point* point);
/* A seed of its own, from 0 to 2^63 - 1: by the design's seed and the parameters' names and values, not by its index, so
 * that it stays when points are added. Replicates of one point never have the same, others by chance only: two among n
 * points with n^2 / 2^64. */
WINDROW_API uint64_t windrow_point_seed(windrow_point* point);
/* From 1 to 2^31 - 1; two among n points are the same with n^2 / 2^32, replicates of one point never. */
WINDROW_API int windrow_point_seed31(windrow_point* point);
/* What the failure of this point will say. For an evaluation that goes on to return something else than 0. */
WINDROW_API void windrow_point_set_message(windrow_point* point, const char* message);

/* Makes what a worker needs for all its points: called once per worker, and again after a failed evaluation.
 * @return 0, or another number if it could not be made */
typedef int (*windrow_build_function)(void** model, void* user);
typedef void (*windrow_destroy_function)(void* model, void* user);
/* Evaluates a point: reads its parameters, in the design's order, and writes a number for each output.
 * @param model  of the build function; NULL if there is none
 * @return 0; WINDROW_REJECT to turn the point down; or any other number: the point has failed */
typedef int (*windrow_evaluate_function)(windrow_point* point, const double* parameters, double* outputs, void* model,
                                         void* user);
enum { WINDROW_REJECT = -1 };

/* The design is copied. */
WINDROW_API windrow_status windrow_sweep_create(windrow_sweep** sweep, const windrow_design* design);
WINDROW_API void windrow_sweep_free(windrow_sweep* sweep);
/* One more output, a number. @param unit  may be NULL */
WINDROW_API windrow_status windrow_sweep_add_output(windrow_sweep* sweep, const char* name, const char* unit);
/* @param destroy  may be NULL */
WINDROW_API windrow_status windrow_sweep_set_model(windrow_sweep* sweep, windrow_build_function build,
                                                   windrow_destroy_function destroy);
/* Options by name: store (a directory; without one outcomes are in memory), name, version, schedule, root, retries,
 * max_failures, time_limit ("90m"), retry_failed (true or false), isolation (none, process, fork), timeout,
 * relative_timeout ("300%"), memory_limit (bytes), handle_interrupts (true or false). As in C++.
 * @return WINDROW_SPEC_ERROR for an unknown name, with the nearest valid one, or a value that makes no sense */
WINDROW_API windrow_status windrow_sweep_set_option(windrow_sweep* sweep, const char* name, const char* value);

/* Evaluates every point that has no outcome yet. A failed evaluation is an outcome, not an error. Collective.
 * @param user    handed to the functions
 * @param result  to be freed; NULL if it is of no interest */
WINDROW_API windrow_status windrow_sweep_run(windrow_sweep* sweep, windrow_manager* manager,
                                             windrow_evaluate_function evaluate, void* user, windrow_result** result);

/* ---- results ------------------------------------------------------------------------------------------------------ */

/* On every rank. */
WINDROW_API uint64_t windrow_result_points(const windrow_result* result);
WINDROW_API uint64_t windrow_result_succeeded(const windrow_result* result);
WINDROW_API uint64_t windrow_result_failed(const windrow_result* result);
WINDROW_API uint64_t windrow_result_evaluated(const windrow_result* result); /* by this run */
/* 0 if all points succeeded, 1 if some failed, 130 after an interrupt, 75 if it ended early otherwise. */
WINDROW_API int windrow_result_exit_code(const windrow_result* result);
/* At the root: a few lines for people. Valid as long as the result. */
WINDROW_API const char* windrow_result_summary(windrow_result* result);
/* At the root: the outputs of a point.
 * @return WINDROW_POINT_FAILED if it has none; windrow_last_error() says why */
WINDROW_API windrow_status windrow_result_outputs(windrow_result* result, uint64_t index, double* outputs);
WINDROW_API void windrow_result_free(windrow_result* result);

/* ---- ask and tell: the caller's own loop stays in charge ---------------------------------------------------------- */

/* Every rank asks for points and reports what came of them; see AskTell in windrow/sweep/ask_tell.hpp.
 *
 *     windrow_asked_create(&asked, sweep, manager);
 *     while (windrow_next_point(asked, &point, parameters) == WINDROW_OK && point != NULL) {
 *       outputs[0] = simulate(parameters[0]);
 *       windrow_report(asked, point, outputs);
 *     }
 *     windrow_finish(asked, &result);
 */
typedef struct windrow_asked windrow_asked;

WINDROW_API windrow_status windrow_asked_create(windrow_asked** asked, windrow_sweep* sweep, windrow_manager* manager);
/* As windrow_finish(), if that has not been called. */
WINDROW_API void windrow_asked_free(windrow_asked* asked);
/* Waits for a point. The first call is collective.
 * @param point       NULL when the sweep is over; valid until the next call
 * @param parameters  room for a number per parameter */
WINDROW_API windrow_status windrow_next_point(windrow_asked* asked, windrow_point** point, double* parameters);
WINDROW_API windrow_status windrow_report(windrow_asked* asked, windrow_point* point, const double* outputs);
WINDROW_API windrow_status windrow_report_failure(windrow_asked* asked, windrow_point* point, const char* message);
/* Collective. @param result  may be NULL */
WINDROW_API windrow_status windrow_finish(windrow_asked* asked, windrow_result** result);

#ifdef __cplusplus
}
#endif
#endif
