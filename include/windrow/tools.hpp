#pragma once

/// Tools for programs of one's own, beside the core (windrow/windrow.hpp): executors that evaluate on several
/// processes, threads or ranks, maps in stages, processes and services, channels, queues, shared memory and locks, a
/// log.
#include "windrow/pool/executor.hpp"
#include "windrow/pool/staged_map.hpp"
#include "windrow/process/channel.hpp"
#include "windrow/process/event_group.hpp"
#include "windrow/process/event_loop.hpp"
#include "windrow/process/frame_ring.hpp"
#include "windrow/process/log.hpp"
#include "windrow/process/process.hpp"
#include "windrow/process/queue.hpp"
#include "windrow/process/service.hpp"
#include "windrow/process/service_pool.hpp"
#include "windrow/process/shared_array.hpp"
#include "windrow/process/shared_value.hpp"
#include "windrow/process/sync.hpp"
