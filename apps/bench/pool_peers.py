"""Items per second of no-op items in Python's pools, for bench-pool: PEER ITEMS WORKERS CHUNK."""

import sys
import time


def no_op(i):
    return i


def timed(call, items):
    call(range(100))  # the workers have started
    begin = time.perf_counter()
    count = sum(1 for _ in call(range(items)))
    assert count == items
    return items / (time.perf_counter() - begin)


def measure(peer, items, workers, chunk):
    if peer == "multiprocessing":
        import multiprocessing
        with multiprocessing.Pool(workers) as pool:
            return timed(lambda r: pool.map(no_op, r, chunk), items)
    if peer == "multiprocessing-imap":
        import multiprocessing
        with multiprocessing.Pool(workers) as pool:
            return timed(lambda r: pool.imap_unordered(no_op, r, chunk), items)
    if peer == "concurrent":
        import concurrent.futures
        with concurrent.futures.ProcessPoolExecutor(workers) as pool:
            return timed(lambda r: pool.map(no_op, r, chunksize=chunk), items)
    if peer == "joblib":
        import joblib
        with joblib.Parallel(n_jobs=workers, batch_size=chunk) as pool:
            return timed(lambda r: pool(joblib.delayed(no_op)(i) for i in r), items)
    if peer == "mpi4py":
        from mpi4py.futures import MPICommExecutor
        from mpi4py import MPI
        with MPICommExecutor(MPI.COMM_WORLD, root=0) as pool:
            return timed(lambda r: pool.map(no_op, r, chunksize=chunk), items) if pool is not None else None
    raise SystemExit(f"unknown peer {peer}")


if __name__ == "__main__":
    rate = measure(sys.argv[1], *map(int, sys.argv[2:5]))
    if rate is not None:
        print(rate)
