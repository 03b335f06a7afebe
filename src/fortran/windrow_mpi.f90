! The ranks of a communicator, for programs that have MPI.
module windrow_mpi
  use, intrinsic :: iso_c_binding
  use windrow
  implicit none
  private
  public :: windrow_create_mpi

  interface
    integer(c_int) function c_manager_create_mpi(manager, communicator) bind(c, name='windrow_manager_create_mpi_fortran')
      import :: c_int, c_ptr
      type(c_ptr), intent(out) :: manager
      integer(c_int), value :: communicator
    end function
  end interface

contains

  ! @param communicator  as `use mpi` has them (with `use mpi_f08`: communicator%mpi_val); it is duplicated. Collective.
  subroutine windrow_create_mpi(manager, communicator, status)
    type(windrow_manager), intent(inout) :: manager
    integer, intent(in) :: communicator
    integer, intent(out), optional :: status
    call windrow_finish_call(c_manager_create_mpi(manager%handle, int(communicator, c_int)), status)
  end subroutine

end module
