#pragma once
// For folders that speak JSON nearly everywhere.
#include "util/pch.hpp"

#include <boost/json.hpp>
