// Diffs as pages show them, with findings of hostile files at hostile lines.
#include "markup.hpp"
#include "web/diff_html.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  findings::Finding finding;
  finding.file = "a.c";
  finding.line = 1;
  finding.message = std::string(input.substr(0, 100));
  const findings::Finding all[] = {finding};
  web::DiffLimits limits;
  limits.lines = 500;
  limits.line_bytes = 100;
  check_markup(web::diff_html(input, all, limits).html.take());
  check_markup(web::range_diff_html(input, 100).take());
  check_markup(web::linkify(input).take());
  return 0;
}
