! windrow for Fortran, over its C interface (windrow/windrow.h, which says more of each call).
!
!   type(windrow_manager) :: manager;  type(windrow_design) :: design
!   type(windrow_sweep) :: sweep;      type(windrow_result) :: result
!
!   call windrow_create_mpi(manager, MPI_COMM_WORLD)   ! of the module windrow_mpi; or manager%create_serial()
!   call design%create()
!   call design%add_linear('length', 0.1d0, 2.0d0, 12, unit='m')
!   call sweep%create(design)
!   call sweep%add_output('period', 's')
!   call sweep%run(manager, evaluate, result)          ! collective
!   if (manager%rank() == 0) call result%outputs(0_int64, values, failed)
!
! Every procedure has an optional `status`: WINDROW_OK, or what was wrong, and windrow_last_error() in words. Without it
! an error stops the program with that message. free() gives an object back.
module windrow
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: error_unit, int64
  use windrow_c
  implicit none
  private

  integer, parameter, public :: WINDROW_OK = 0, WINDROW_SPEC_ERROR = 1, WINDROW_STORE_ERROR = 2, &
    WINDROW_PARALLEL_ERROR = 3, WINDROW_SYSTEM_ERROR = 4, WINDROW_POINT_FAILED = 5, WINDROW_ERROR = 6
  ! What an evaluation gives for a point that it turns down.
  integer, parameter, public :: WINDROW_REJECT = -1

  public :: windrow_evaluate, windrow_last_error, windrow_version, windrow_prepare, windrow_finish_call

  ! A point while it is evaluated.
  type, public :: windrow_point
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: index => point_index
    procedure :: seed => point_seed
    procedure :: seed31 => point_seed31
    procedure :: set_message => point_set_message
  end type

  ! Which points there are: a grid, until set_method() says otherwise.
  type, public :: windrow_design
    type(c_ptr) :: handle = c_null_ptr
    integer :: parameters = 0
    logical, private :: has_replicates = .false.
  contains
    procedure :: create => design_create
    procedure :: add_linear => design_add_linear
    procedure :: add_geometric => design_add_geometric
    procedure :: add_values => design_add_values
    procedure :: add_linear_steps => design_add_linear_steps
    procedure :: add_integers => design_add_integers
    procedure :: add_uniform => design_add_uniform
    procedure :: add_normal => design_add_normal
    procedure :: add_distribution => design_add_distribution
    procedure :: add_choice => design_add_choice
    procedure :: add_samples => design_add_samples
    procedure :: add_bundle => design_add_bundle
    procedure :: add_correlation => design_add_correlation
    procedure :: set_field_unit => design_set_field_unit
    procedure :: set_nominal => design_set_nominal
    procedure :: add_derived => design_add_derived
    procedure :: add_where => design_add_where
    procedure :: set_method => design_set_method
    procedure :: set_method_option => design_set_method_option
    procedure :: zip => design_zip
    procedure :: cross => design_cross
    procedure :: append => design_append
    procedure :: set_replicates => design_set_replicates
    procedure :: size => design_size
    procedure :: point => design_point
    procedure :: free => design_free
  end type

  ! The ranks that evaluate.
  type, public :: windrow_manager
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: create_serial => manager_create_serial
    procedure :: create_fork => manager_create_fork
    procedure :: rank => manager_rank
    procedure :: size => manager_size
    procedure :: free => manager_free
  end type

  type, public :: windrow_sweep
    type(c_ptr) :: handle = c_null_ptr
    integer :: parameters = 0
    integer :: outputs = 0
  contains
    procedure :: create => sweep_create
    procedure :: add_output => sweep_add_output
    procedure :: set_option => sweep_set_option
    procedure :: run => sweep_run
    procedure :: free => sweep_free
  end type

  type, public :: windrow_result
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure :: points => result_points
    procedure :: succeeded => result_succeeded
    procedure :: failed => result_failed
    procedure :: exit_code => result_exit_code
    procedure :: summary => result_summary
    procedure :: outputs => result_outputs
    procedure :: free => result_free
  end type

  ! A sweep whose loop is the caller's: next_point() until it is false, with a report of each point in between.
  type, public :: windrow_asked
    type(c_ptr) :: handle = c_null_ptr
    integer :: outputs = 0
  contains
    procedure :: create => asked_create
    procedure :: next_point => asked_next_point
    procedure :: report => asked_report
    procedure :: report_failure => asked_report_failure
    procedure :: finish => asked_finish
    procedure :: free => asked_free
  end type

  abstract interface
    ! @param parameters  in the design's order
    ! @param outputs     to be written, one number each
    ! @param status      0; WINDROW_REJECT to turn the point down; any other number: it has failed
    subroutine windrow_evaluate(point, parameters, outputs, status)
      import :: windrow_point, c_double
      type(windrow_point), intent(in) :: point
      real(c_double), intent(in) :: parameters(:)
      real(c_double), intent(out) :: outputs(:)
      integer, intent(out) :: status
    end subroutine
  end interface

  interface
    integer(c_size_t) function c_strlen(text) bind(c, name='strlen')
      import :: c_size_t, c_ptr
      type(c_ptr), value :: text
    end function
  end interface

  ! What the C function below needs to call the Fortran one.
  type :: evaluation
    procedure(windrow_evaluate), pointer, nopass :: evaluate => null()
    integer :: parameters = 0, outputs = 0
  end type

contains

  ! Of the last call that failed.
  function windrow_last_error() result(text)
    character(len=:), allocatable :: text
    text = to_fortran(c_last_error())
  end function

  function windrow_version() result(text)
    character(len=:), allocatable :: text
    text = to_fortran(c_version())
  end function

  ! For sweeps with the option isolation = process: before MPI_Init.
  subroutine windrow_prepare(status)
    integer, intent(out), optional :: status
    call windrow_finish_call(c_prepare(), status)
  end subroutine

  ! Hands the status on, or stops the program where nobody asks for it.
  subroutine windrow_finish_call(code, status)
    integer(c_int), intent(in) :: code
    integer, intent(out), optional :: status
    if (present(status)) then
      status = int(code)
    else if (code /= WINDROW_OK) then
      write (error_unit, '(2a)') 'windrow: ', windrow_last_error()
      error stop 1
    end if
  end subroutine

  function to_fortran(text) result(copy)
    type(c_ptr), intent(in) :: text
    character(len=:), allocatable :: copy
    character(kind=c_char), pointer :: letters(:)
    integer :: i
    call c_f_pointer(text, letters, [c_strlen(text)])
    allocate (character(len=size(letters)) :: copy)
    do i = 1, size(letters)
      copy(i:i) = letters(i)
    end do
  end function

  subroutine design_create(self, status)
    class(windrow_design), intent(inout) :: self
    integer, intent(out), optional :: status
    self%parameters = 0
    self%has_replicates = .false.
    call windrow_finish_call(c_design_create(self%handle), status)
  end subroutine

  ! After a parameter has been added, or not.
  subroutine added(self, code, unit, status)
    class(windrow_design), intent(inout) :: self
    integer(c_int), intent(in) :: code
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    integer(c_int) :: unit_code
    unit_code = code
    if (code == WINDROW_OK) then
      self%parameters = self%parameters + 1
      if (present(unit)) unit_code = c_design_set_unit(self%handle, unit // c_null_char)
    end if
    call windrow_finish_call(unit_code, status)
  end subroutine

  subroutine design_add_linear(self, name, from, to, points, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: from, to
    integer, intent(in) :: points
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_linear(self%handle, name // c_null_char, from, to, int(points, c_int64_t)), &
      unit, status)
  end subroutine

  subroutine design_add_geometric(self, name, from, to, points, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: from, to
    integer, intent(in) :: points
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_geometric(self%handle, name // c_null_char, from, to, int(points, c_int64_t)), &
      unit, status)
  end subroutine

  subroutine design_add_values(self, name, values, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: values(:)
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_values(self%handle, name // c_null_char, size(values, kind=c_size_t), values), &
      unit, status)
  end subroutine

  subroutine design_add_uniform(self, name, low, high, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: low, high
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_uniform(self%handle, name // c_null_char, low, high), unit, status)
  end subroutine

  subroutine design_add_normal(self, name, mean, sd, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: mean, sd
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_normal(self%handle, name // c_null_char, mean, sd), unit, status)
  end subroutine

  ! Levels in steps, as far as they are not beyond `to`.
  subroutine design_add_linear_steps(self, name, from, to, step, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: from, to, step
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_linear_steps(self%handle, name // c_null_char, from, to, step), unit, status)
  end subroutine

  ! The same of whole numbers; without `step` one by one, up or down.
  subroutine design_add_integers(self, name, from, to, step, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    integer, intent(in) :: from, to
    integer, intent(in), optional :: step
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    integer(c_int64_t) :: by
    by = merge(-1, 1, to < from)
    if (present(step)) by = step
    call added(self, c_design_add_integers(self%handle, name // c_null_char, int(from, c_int64_t), &
      int(to, c_int64_t), by), unit, status)
  end subroutine

  ! Any distribution, by the names that study files have: 'lognormal', 'mean, sd', [300d0, 30d0].
  ! @param values  one for each term
  subroutine design_add_distribution(self, name, kind, terms, values, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name, kind, terms
    real(c_double), intent(in) :: values(:)
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_distribution(self%handle, name // c_null_char, kind // c_null_char, &
      terms // c_null_char, size(values, kind=c_size_t), values), unit, status)
  end subroutine

  ! @param weights  one for each value
  subroutine design_add_choice(self, name, values, weights, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: values(:), weights(:)
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    real(c_double) :: each(size(values))
    each = -1d0   ! refused
    if (size(weights) == size(values)) each = weights
    call added(self, c_design_add_choice(self%handle, name // c_null_char, size(values, kind=c_size_t), values, &
      each), unit, status)
  end subroutine

  subroutine design_add_samples(self, name, values, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name
    real(c_double), intent(in) :: values(:)
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_samples(self%handle, name // c_null_char, size(values, kind=c_size_t), values), &
      unit, status)
  end subroutine

  ! Values that go together, each set of them under a name: 'steel, aluminium' with the fields 'E, nu'. Among the
  ! parameters it is the place of the entry, which counts from 0, and behind that a number for each field.
  ! @param values  a column for each entry: values(field, entry)
  subroutine design_add_bundle(self, name, entries, fields, values, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name, entries, fields
    real(c_double), intent(in) :: values(:, :)
    integer, intent(out), optional :: status
    integer(c_int) :: code
    code = c_design_add_bundle(self%handle, name // c_null_char, entries // c_null_char, fields // c_null_char, &
      size(values, kind=c_size_t), values)
    if (code == WINDROW_OK) self%parameters = self%parameters + size(values, 1)
    call added(self, code, status=status)
  end subroutine

  ! Spearman's rank correlation, between -1 and 1, of two drawn parameters.
  subroutine design_add_correlation(self, first, second, rank, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: first, second
    real(c_double), intent(in) :: rank
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_add_correlation(self%handle, first // c_null_char, second // c_null_char, rank), &
      status)
  end subroutine

  ! Of a field of the bundle that was added last.
  subroutine design_set_field_unit(self, field, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: field, unit
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_set_field_unit(self%handle, field // c_null_char, unit // c_null_char), status)
  end subroutine

  ! Where the parameter that was added last stays while others vary; of a bundle the place of an entry, from 0.
  subroutine design_set_nominal(self, value, status)
    class(windrow_design), intent(inout) :: self
    real(c_double), intent(in) :: value
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_set_nominal(self%handle, value), status)
  end subroutine

  ! Of the present method, by the keys that study files have for it: 'scramble', 'owen'.
  subroutine design_set_method_option(self, name, value, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name, value
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_set_method_option(self%handle, name // c_null_char, value // c_null_char), status)
  end subroutine

  ! A number that is computed from other parameters: '2 * width / height'.
  subroutine design_add_derived(self, name, expression, unit, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: name, expression
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    call added(self, c_design_add_derived(self%handle, name // c_null_char, expression // c_null_char), unit, status)
  end subroutine

  ! Leaves out the points at which the condition is false: 'width < 2 * height'.
  subroutine design_add_where(self, condition, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: condition
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_add_where(self%handle, condition // c_null_char), status)
  end subroutine

  ! By the names that study files have; `points` is for those of samples that have it: 'sobol', 'monte_carlo', ...
  subroutine design_set_method(self, method, points, seed, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: method
    integer, intent(in), optional :: points, seed
    integer, intent(out), optional :: status
    integer(c_int64_t) :: number, key
    number = 0
    key = 0
    if (present(points)) number = points
    if (present(seed)) key = seed
    call windrow_finish_call(c_design_set_method(self%handle, method // c_null_char, number, key), status)
  end subroutine

  ! In a grid: the parameters of these names, 'a, b', vary together, at the place of the first of them.
  subroutine design_zip(self, names, status)
    class(windrow_design), intent(inout) :: self
    character(len=*), intent(in) :: names
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_zip(self%handle, names // c_null_char), status)
  end subroutine

  ! All combinations with the points of another design, whose parameters stand behind those that are there.
  ! @param redraw  draws of its own for each point before it
  subroutine design_cross(self, block, redraw, status)
    class(windrow_design), intent(inout) :: self
    class(windrow_design), intent(in) :: block
    logical, intent(in), optional :: redraw
    integer, intent(out), optional :: status
    integer(c_int) :: code, anew
    anew = 0
    if (present(redraw)) then
      if (redraw) anew = 1
    end if
    code = c_design_cross(self%handle, block%handle, anew)
    if (code == WINDROW_OK) self%parameters = self%parameters + block%parameters
    call windrow_finish_call(code, status)
  end subroutine

  ! The points of another design, which has parameters of the same names, behind all others.
  subroutine design_append(self, part, status)
    class(windrow_design), intent(inout) :: self
    class(windrow_design), intent(in) :: part
    integer, intent(out), optional :: status
    call windrow_finish_call(c_design_append(self%handle, part%handle), status)
  end subroutine

  ! Each point so many times, told apart by one more parameter behind the others, `replicate`, which counts from 1.
  ! 0: each point once, without it.
  subroutine design_set_replicates(self, replicates, status)
    class(windrow_design), intent(inout) :: self
    integer, intent(in) :: replicates
    integer, intent(out), optional :: status
    integer(c_int) :: code
    code = c_design_set_replicates(self%handle, int(replicates, c_int64_t))
    if (code == WINDROW_OK) then
      if (self%has_replicates) self%parameters = self%parameters - 1
      self%has_replicates = replicates /= 0
      if (self%has_replicates) self%parameters = self%parameters + 1
    end if
    call windrow_finish_call(code, status)
  end subroutine

  function design_size(self, status) result(points)
    class(windrow_design), intent(in) :: self
    integer, intent(out), optional :: status
    integer(int64) :: points
    points = 0
    call windrow_finish_call(c_design_size(self%handle, points), status)
  end function

  ! @param index  from 0
  subroutine design_point(self, index, values, status)
    class(windrow_design), intent(in) :: self
    integer(int64), intent(in) :: index
    real(c_double), intent(out) :: values(:)
    integer, intent(out), optional :: status
    real(c_double) :: room(max(1, self%parameters))
    integer(c_int) :: code
    code = c_design_point(self%handle, index, room)
    if (code == WINDROW_OK) values(1:self%parameters) = room(1:self%parameters)
    call windrow_finish_call(code, status)
  end subroutine

  subroutine design_free(self)
    class(windrow_design), intent(inout) :: self
    call c_design_free(self%handle)
    self%handle = c_null_ptr
  end subroutine

  subroutine manager_create_serial(self, status)
    class(windrow_manager), intent(inout) :: self
    integer, intent(out), optional :: status
    call windrow_finish_call(c_manager_create_serial(self%handle), status)
  end subroutine

  subroutine manager_create_fork(self, workers, status)
    class(windrow_manager), intent(inout) :: self
    integer, intent(in) :: workers
    integer, intent(out), optional :: status
    call windrow_finish_call(c_manager_create_fork(self%handle, int(workers, c_int)), status)
  end subroutine

  integer function manager_rank(self)
    class(windrow_manager), intent(in) :: self
    manager_rank = int(c_manager_rank(self%handle))
  end function

  integer function manager_size(self)
    class(windrow_manager), intent(in) :: self
    manager_size = int(c_manager_size(self%handle))
  end function

  subroutine manager_free(self)
    class(windrow_manager), intent(inout) :: self
    call c_manager_free(self%handle)
    self%handle = c_null_ptr
  end subroutine

  ! From 0. Evaluations that ask for it are run again if a changed design moves their point.
  function point_index(self) result(index)
    class(windrow_point), intent(in) :: self
    integer(int64) :: index
    index = c_point_index(self%handle)
  end function

  ! Its own, from 0 to 2**63 - 1: by the design's seed and the parameters' values, so that it stays when points are added.
  function point_seed(self) result(seed)
    class(windrow_point), intent(in) :: self
    integer(int64) :: seed
    seed = c_point_seed(self%handle)
  end function

  ! From 1 to 2**31 - 1.
  integer function point_seed31(self)
    class(windrow_point), intent(in) :: self
    point_seed31 = int(c_point_seed31(self%handle))
  end function

  ! What the failure of this point will say.
  subroutine point_set_message(self, message)
    class(windrow_point), intent(in) :: self
    character(len=*), intent(in) :: message
    call c_point_set_message(self%handle, message // c_null_char)
  end subroutine

  subroutine sweep_create(self, design, status)
    class(windrow_sweep), intent(inout) :: self
    type(windrow_design), intent(in) :: design
    integer, intent(out), optional :: status
    self%parameters = design%parameters
    self%outputs = 0
    call windrow_finish_call(c_sweep_create(self%handle, design%handle), status)
  end subroutine

  subroutine sweep_add_output(self, name, unit, status)
    class(windrow_sweep), intent(inout) :: self
    character(len=*), intent(in) :: name
    character(len=*), intent(in), optional :: unit
    integer, intent(out), optional :: status
    integer(c_int) :: code
    if (present(unit)) then
      code = c_sweep_add_output(self%handle, name // c_null_char, unit // c_null_char)
    else
      code = c_sweep_add_output(self%handle, name // c_null_char, c_null_char)
    end if
    if (code == WINDROW_OK) self%outputs = self%outputs + 1
    call windrow_finish_call(code, status)
  end subroutine

  ! Names and values as of windrow_sweep_set_option in windrow/windrow.h.
  subroutine sweep_set_option(self, name, value, status)
    class(windrow_sweep), intent(inout) :: self
    character(len=*), intent(in) :: name, value
    integer, intent(out), optional :: status
    call windrow_finish_call(c_sweep_set_option(self%handle, name // c_null_char, value // c_null_char), status)
  end subroutine

  ! Evaluates every point that has no outcome yet. Collective.
  subroutine sweep_run(self, manager, evaluate, result, status)
    class(windrow_sweep), intent(in) :: self
    type(windrow_manager), intent(in) :: manager
    procedure(windrow_evaluate) :: evaluate
    type(windrow_result), intent(inout) :: result
    integer, intent(out), optional :: status
    type(evaluation), target :: user
    user%evaluate => evaluate
    user%parameters = self%parameters
    user%outputs = self%outputs
    call windrow_finish_call(c_sweep_run(self%handle, manager%handle, c_funloc(evaluate_for_c), c_loc(user), &
      result%handle), status)
  end subroutine

  integer(c_int) function evaluate_for_c(point, parameters, outputs, model, user) bind(c)
    type(c_ptr), value :: point, parameters, outputs, model, user
    type(evaluation), pointer :: known
    real(c_double), pointer :: in(:), out(:)
    integer :: status
    if (c_associated(model)) continue  ! there is none
    call c_f_pointer(user, known)
    call c_f_pointer(parameters, in, [known%parameters])
    call c_f_pointer(outputs, out, [known%outputs])
    status = 0
    call known%evaluate(windrow_point(point), in, out, status)
    evaluate_for_c = int(status, c_int)
  end function

  subroutine sweep_free(self)
    class(windrow_sweep), intent(inout) :: self
    call c_sweep_free(self%handle)
    self%handle = c_null_ptr
  end subroutine

  function result_points(self) result(points)
    class(windrow_result), intent(in) :: self
    integer(int64) :: points
    points = c_result_points(self%handle)
  end function

  function result_succeeded(self) result(points)
    class(windrow_result), intent(in) :: self
    integer(int64) :: points
    points = c_result_succeeded(self%handle)
  end function

  function result_failed(self) result(points)
    class(windrow_result), intent(in) :: self
    integer(int64) :: points
    points = c_result_failed(self%handle)
  end function

  integer function result_exit_code(self)
    class(windrow_result), intent(in) :: self
    result_exit_code = int(c_result_exit_code(self%handle))
  end function

  ! At the root: a few lines for people.
  function result_summary(self) result(text)
    class(windrow_result), intent(in) :: self
    character(len=:), allocatable :: text
    text = to_fortran(c_result_summary(self%handle))
  end function

  ! At the root. @param index  from 0; @param failed  the point has no result: windrow_last_error() says why
  subroutine result_outputs(self, index, outputs, failed, status)
    class(windrow_result), intent(in) :: self
    integer(int64), intent(in) :: index
    real(c_double), intent(out) :: outputs(:)
    logical, intent(out) :: failed
    integer, intent(out), optional :: status
    integer(c_int) :: code
    code = c_result_outputs(self%handle, index, outputs)
    failed = code == WINDROW_POINT_FAILED
    if (failed) code = WINDROW_OK
    call windrow_finish_call(code, status)
  end subroutine

  subroutine result_free(self)
    class(windrow_result), intent(inout) :: self
    call c_result_free(self%handle)
    self%handle = c_null_ptr
  end subroutine

  subroutine asked_create(self, sweep, manager, status)
    class(windrow_asked), intent(inout) :: self
    type(windrow_sweep), intent(in) :: sweep
    type(windrow_manager), intent(in) :: manager
    integer, intent(out), optional :: status
    self%outputs = sweep%outputs
    call windrow_finish_call(c_asked_create(self%handle, sweep%handle, manager%handle), status)
  end subroutine

  ! Waits for a point. @return whether there was one; if not, the sweep is over
  logical function asked_next_point(self, point, parameters, status)
    class(windrow_asked), intent(inout) :: self
    type(windrow_point), intent(out) :: point
    real(c_double), intent(inout) :: parameters(:)
    integer, intent(out), optional :: status
    integer(c_int) :: code
    code = c_next_point(self%handle, point%handle, parameters)
    asked_next_point = code == WINDROW_OK .and. c_associated(point%handle)
    call windrow_finish_call(code, status)
  end function

  subroutine asked_report(self, point, outputs, status)
    class(windrow_asked), intent(inout) :: self
    type(windrow_point), intent(in) :: point
    real(c_double), intent(in) :: outputs(:)
    integer, intent(out), optional :: status
    call windrow_finish_call(c_report(self%handle, point%handle, outputs), status)
  end subroutine

  subroutine asked_report_failure(self, point, message, status)
    class(windrow_asked), intent(inout) :: self
    type(windrow_point), intent(in) :: point
    character(len=*), intent(in) :: message
    integer, intent(out), optional :: status
    call windrow_finish_call(c_report_failure(self%handle, point%handle, message // c_null_char), status)
  end subroutine

  ! Collective.
  subroutine asked_finish(self, result, status)
    class(windrow_asked), intent(inout) :: self
    type(windrow_result), intent(inout) :: result
    integer, intent(out), optional :: status
    call windrow_finish_call(c_finish(self%handle, result%handle), status)
  end subroutine

  subroutine asked_free(self)
    class(windrow_asked), intent(inout) :: self
    call c_asked_free(self%handle)
    self%handle = c_null_ptr
  end subroutine

end module
