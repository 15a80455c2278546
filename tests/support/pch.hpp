#pragma once
// Headers that nearly every test needs, compiled once per build.
#include "util/pch.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <sstream>
