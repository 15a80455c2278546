// Logs of jobs as pages show them: what comes out is text in spans of ours, whatever came in.
#include "markup.hpp"
#include "web/log_html.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace patchmill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<web::LogLine> lines;
  std::size_t at = 0;
  while (at <= input.size() && lines.size() < 200) {
    const auto end = std::min(input.find('\n', at), input.size());
    web::LogLine line;
    line.number = lines.size() + 1;
    line.text = input.substr(at, end - at);
    line.length = line.text.size();
    lines.push_back(std::move(line));
    at = end + 1;
  }
  web::AnsiRenderer renderer;
  const std::string html = web::log_lines_html(lines, renderer).take();
  check_markup(html);
  return 0;
}
