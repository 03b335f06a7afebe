! The calls of windrow/windrow.h as Fortran sees them. For the module windrow; programs use that one.
module windrow_c
  use, intrinsic :: iso_c_binding
  implicit none
  public

  interface
    function c_last_error() bind(c, name='windrow_last_error') result(text)
      import :: c_ptr
      type(c_ptr) :: text
    end function
    function c_version() bind(c, name='windrow_version') result(text)
      import :: c_ptr
      type(c_ptr) :: text
    end function
    integer(c_int) function c_prepare() bind(c, name='windrow_prepare')
      import :: c_int
    end function

    integer(c_int) function c_design_create(design) bind(c, name='windrow_design_create')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: design
    end function
    subroutine c_design_free(design) bind(c, name='windrow_design_free')
      import :: c_ptr
      type(c_ptr), value :: design
    end subroutine
    integer(c_int) function c_design_add_linear(design, name, from, to, points) bind(c, name='windrow_design_add_linear')
      import :: c_int, c_ptr, c_char, c_double, c_int64_t
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: from, to
      integer(c_int64_t), value :: points
    end function
    integer(c_int) function c_design_add_geometric(design, name, from, to, points) &
        bind(c, name='windrow_design_add_geometric')
      import :: c_int, c_ptr, c_char, c_double, c_int64_t
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: from, to
      integer(c_int64_t), value :: points
    end function
    integer(c_int) function c_design_add_values(design, name, count, values) bind(c, name='windrow_design_add_values')
      import :: c_int, c_ptr, c_char, c_double, c_size_t
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: name(*)
      integer(c_size_t), value :: count
      real(c_double), intent(in) :: values(*)
    end function
    integer(c_int) function c_design_add_uniform(design, name, low, high) bind(c, name='windrow_design_add_uniform')
      import :: c_int, c_ptr, c_char, c_double
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: low, high
    end function
    integer(c_int) function c_design_add_normal(design, name, mean, sd) bind(c, name='windrow_design_add_normal')
      import :: c_int, c_ptr, c_char, c_double
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: name(*)
      real(c_double), value :: mean, sd
    end function
    integer(c_int) function c_design_set_unit(design, unit) bind(c, name='windrow_design_set_unit')
      import :: c_int, c_ptr, c_char
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: unit(*)
    end function
    integer(c_int) function c_design_set_method(design, method, points, seed) bind(c, name='windrow_design_set_method')
      import :: c_int, c_ptr, c_char, c_int64_t
      type(c_ptr), value :: design
      character(kind=c_char), intent(in) :: method(*)
      integer(c_int64_t), value :: points, seed
    end function
    integer(c_int) function c_design_size(design, points) bind(c, name='windrow_design_size')
      import :: c_int, c_ptr, c_int64_t
      type(c_ptr), value :: design
      integer(c_int64_t), intent(out) :: points
    end function
    integer(c_int) function c_design_point(design, index, values) bind(c, name='windrow_design_point')
      import :: c_int, c_ptr, c_int64_t, c_double
      type(c_ptr), value :: design
      integer(c_int64_t), value :: index
      real(c_double), intent(out) :: values(*)
    end function

    integer(c_int) function c_manager_create_serial(manager) bind(c, name='windrow_manager_create_serial')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: manager
    end function
    integer(c_int) function c_manager_create_fork(manager, workers) bind(c, name='windrow_manager_create_fork')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: manager
      integer(c_int), value :: workers
    end function
    subroutine c_manager_free(manager) bind(c, name='windrow_manager_free')
      import :: c_ptr
      type(c_ptr), value :: manager
    end subroutine
    integer(c_int) function c_manager_rank(manager) bind(c, name='windrow_manager_rank')
      import :: c_int, c_ptr
      type(c_ptr), value :: manager
    end function
    integer(c_int) function c_manager_size(manager) bind(c, name='windrow_manager_size')
      import :: c_int, c_ptr
      type(c_ptr), value :: manager
    end function

    integer(c_int64_t) function c_point_index(point) bind(c, name='windrow_point_index')
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: point
    end function
    subroutine c_point_set_message(point, message) bind(c, name='windrow_point_set_message')
      import :: c_ptr, c_char
      type(c_ptr), value :: point
      character(kind=c_char), intent(in) :: message(*)
    end subroutine

    integer(c_int) function c_sweep_create(sweep, design) bind(c, name='windrow_sweep_create')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: sweep
      type(c_ptr), value :: design
    end function
    subroutine c_sweep_free(sweep) bind(c, name='windrow_sweep_free')
      import :: c_ptr
      type(c_ptr), value :: sweep
    end subroutine
    integer(c_int) function c_sweep_add_output(sweep, name, unit) bind(c, name='windrow_sweep_add_output')
      import :: c_int, c_ptr, c_char
      type(c_ptr), value :: sweep
      character(kind=c_char), intent(in) :: name(*), unit(*)
    end function
    integer(c_int) function c_sweep_set_option(sweep, name, value) bind(c, name='windrow_sweep_set_option')
      import :: c_int, c_ptr, c_char
      type(c_ptr), value :: sweep
      character(kind=c_char), intent(in) :: name(*), value(*)
    end function
    integer(c_int) function c_sweep_run(sweep, manager, evaluate, user, result) bind(c, name='windrow_sweep_run')
      import :: c_int, c_ptr, c_funptr
      type(c_ptr), value :: sweep, manager, user
      type(c_funptr), value :: evaluate
      type(c_ptr), intent(out) :: result
    end function

    integer(c_int64_t) function c_result_points(result) bind(c, name='windrow_result_points')
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: result
    end function
    integer(c_int64_t) function c_result_succeeded(result) bind(c, name='windrow_result_succeeded')
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: result
    end function
    integer(c_int64_t) function c_result_failed(result) bind(c, name='windrow_result_failed')
      import :: c_int64_t, c_ptr
      type(c_ptr), value :: result
    end function
    integer(c_int) function c_result_exit_code(result) bind(c, name='windrow_result_exit_code')
      import :: c_int, c_ptr
      type(c_ptr), value :: result
    end function
    function c_result_summary(result) bind(c, name='windrow_result_summary') result(text)
      import :: c_ptr
      type(c_ptr), value :: result
      type(c_ptr) :: text
    end function
    integer(c_int) function c_result_outputs(result, index, outputs) bind(c, name='windrow_result_outputs')
      import :: c_int, c_ptr, c_int64_t, c_double
      type(c_ptr), value :: result
      integer(c_int64_t), value :: index
      real(c_double), intent(out) :: outputs(*)
    end function
    subroutine c_result_free(result) bind(c, name='windrow_result_free')
      import :: c_ptr
      type(c_ptr), value :: result
    end subroutine

    integer(c_int) function c_asked_create(asked, sweep, manager) bind(c, name='windrow_asked_create')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: asked
      type(c_ptr), value :: sweep, manager
    end function
    subroutine c_asked_free(asked) bind(c, name='windrow_asked_free')
      import :: c_ptr
      type(c_ptr), value :: asked
    end subroutine
    integer(c_int) function c_next_point(asked, point, parameters) bind(c, name='windrow_next_point')
      import :: c_int, c_ptr, c_double
      type(c_ptr), value :: asked
      type(c_ptr), intent(out) :: point
      real(c_double), intent(inout) :: parameters(*)
    end function
    integer(c_int) function c_report(asked, point, outputs) bind(c, name='windrow_report')
      import :: c_int, c_ptr, c_double
      type(c_ptr), value :: asked, point
      real(c_double), intent(in) :: outputs(*)
    end function
    integer(c_int) function c_report_failure(asked, point, message) bind(c, name='windrow_report_failure')
      import :: c_int, c_ptr, c_char
      type(c_ptr), value :: asked, point
      character(kind=c_char), intent(in) :: message(*)
    end function
    integer(c_int) function c_finish(asked, result) bind(c, name='windrow_finish')
      import :: c_int, c_ptr
      type(c_ptr), value :: asked
      type(c_ptr), intent(out) :: result
    end function

    integer(c_size_t) function c_strlen(text) bind(c, name='strlen')
      import :: c_size_t, c_ptr
      type(c_ptr), value :: text
    end function
  end interface

end module
