// FIRST ERROR: other processes see only the bytes of an element
#include <string>

#include "windrow/process/frame_ring.hpp"

windrow::FrameRing<std::string> ring(10);
