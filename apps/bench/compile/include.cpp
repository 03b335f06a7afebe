// The header alone.
#include <windrow/windrow.hpp>

int main() {}
