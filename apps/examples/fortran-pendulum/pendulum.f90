! The period of a damped pendulum over its length and amplitude, from Fortran: pendulum [ask] under mpirun or alone.
! With `ask` the program's own loop asks for points and reports; without it windrow calls a subroutine.
module pendulum_model
  use, intrinsic :: iso_c_binding, only: c_double
  use windrow
  implicit none

contains

  ! Seconds between two turning points on one side, by steps of velocity Verlet; 0 if it does not swing.
  function period(length, amplitude) result(time)
    real(c_double), intent(in) :: length, amplitude
    real(c_double), parameter :: step = 1d-3, damping = 0.02d0
    real(c_double) :: angle, speed, before, time
    integer :: turns
    angle = amplitude
    speed = 0
    time = 0
    turns = 0
    if (length > 1.95d0) return
    do while (turns < 2)
      before = speed
      speed = speed - step * (9.81d0 / length * sin(angle) + damping * speed)
      angle = angle + step * speed
      if (before * speed < 0) turns = turns + 1
      time = time + step
    end do
  end function

  subroutine evaluate(point, parameters, outputs, status)
    type(windrow_point), intent(in) :: point
    real(c_double), intent(in) :: parameters(:)
    real(c_double), intent(out) :: outputs(:)
    integer, intent(out) :: status
    status = 0
    outputs(1) = period(parameters(1), parameters(2))
    if (outputs(1) > 0) return
    call point%set_message('it does not swing')
    status = WINDROW_REJECT
  end subroutine

end module

program pendulum
  use, intrinsic :: iso_c_binding, only: c_double
  use, intrinsic :: iso_fortran_env, only: int64
  use mpi
  use pendulum_model
  use windrow
  use windrow_mpi
  implicit none

  type(windrow_manager) :: manager
  type(windrow_design) :: design
  type(windrow_sweep) :: sweep
  type(windrow_result) :: result
  character(len=8) :: word
  integer :: ierror

  call MPI_Init(ierror)
  call windrow_create_mpi(manager, MPI_COMM_WORLD)
  call design%create()
  call design%add_linear('length', 0.1d0, 2.0d0, 12, unit='m')
  call design%add_linear('amplitude', 0.1d0, 1.5d0, 5, unit='rad')
  call sweep%create(design)
  call sweep%add_output('period', 's')

  call get_command_argument(1, word)
  if (word == 'ask') then
    call ask()
  else
    call sweep%run(manager, evaluate, result)
  end if
  if (manager%rank() == 0) call print_result()

  call result%free()
  call sweep%free()
  call design%free()
  call manager%free()
  call MPI_Finalize(ierror)

contains

  subroutine ask()
    type(windrow_asked) :: asked
    type(windrow_point) :: point
    real(c_double) :: parameters(2), seconds
    call asked%create(sweep, manager)
    do while (asked%next_point(point, parameters))
      seconds = period(parameters(1), parameters(2))
      if (seconds > 0) then
        call asked%report(point, [seconds])
      else
        call asked%report_failure(point, 'it does not swing')
      end if
    end do
    call asked%finish(result)
    call asked%free()
  end subroutine

  subroutine print_result()
    real(c_double) :: outputs(1)
    logical :: failed
    integer(int64) :: i
    do i = 0, result%points() - 1
      call result%outputs(i, outputs, failed)
      if (failed) then
        print '(i0, 1x, a)', i, windrow_last_error()
      else
        print '(i0, 1x, f5.3)', i, outputs(1)
      end if
    end do
  end subroutine

end program
