#pragma once
// Lists that another Patchwork gives, and what it means that it refuses one.

#include "patchwork/instance.hpp"
#include "util/result.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <vector>

namespace patchmill::app {

// One page of a list. Error infrastructure: the answer is none.
Result<boost::json::array> list_of(patchwork::Pending::Answer answer);

// All pages: `first` and, up to a bound, those it leads to. Errors are those of Pending::wait() and
// list_of(). `status`, where given: what the server said last.
Result<boost::json::array> read_list(patchwork::Instance& instance, patchwork::Pending first,
                                     int* status = nullptr);

// A fault of the server about this alone, or something that is gone: the others can still be had.
bool only_this(const Error& error, int status);

// In the order of the list; what has no id is passed over.
std::vector<std::int64_t> ids_above(const boost::json::array& list, std::int64_t above);

// Of the first or the last element; 0: there is none, or it has no id.
std::int64_t id_at(const boost::json::array& list, bool last);

}  // namespace patchmill::app
