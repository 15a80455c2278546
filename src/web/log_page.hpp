#pragma once
// A log as a page and as JSON, a window of lines at a time.

#include "web/live_tail.hpp"
#include "web/log_file.hpp"
#include "web/node_model.hpp"
#include "web/page.hpp"

#include <boost/json/fwd.hpp>

namespace patchmill::web {

// Which part is asked for.
struct LogRequest {
  static constexpr std::size_t k_lines = 1000;
  std::uint64_t from = 0;  // 1-based; 0: the beginning, of a live log the end
  std::uint64_t line = 0;  // the line to look at; 0: none
  bool error = false;      // look at the first that looks like trouble
  std::string search;
};
// line=N, line=error, line=end, from=N, q=TEXT. Error invalid says what is wrong.
Result<LogRequest> log_request(const http::Params& query);

struct LogView {
  LogPlace place;
  LogRequest request;
  std::string series_name;
  std::uint64_t size = 0, lines = 0;
  std::uint64_t target = 0;  // the line to look at; 0: none
  std::uint64_t first_error = 0, next_error = 0, previous_error = 0;  // 0: none
  LogWindow window;
  LogMatches matches;
  LiveTail::Place tail;  // where live lines go on; only when the window reaches the end
  bool at_end = false;
};
Result<LogView> read_log(const LogPlace& place, const LogFile& file, const LogIndex& index,
                         const LogRequest& request);

Page log_page(const SiteWords& words, const LogView& view);
boost::json::object log_json(const SiteWords& words, const LogView& view);

}  // namespace patchmill::web
