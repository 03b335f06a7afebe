#include "windrow/windrow.hpp"

int main() {}
