#pragma once

/// Objects as bytes, for messages between ranks: the same as between processes.
#include "windrow/process/serialize.hpp"
