// Templates and the values put into them: up to the first NUL a template, behind it what a hostile
// series, finding or server says.

#include "check.hpp"
#include "mail/header_encode.hpp"
#include "mail/message.hpp"
#include "mail/outgoing.hpp"
#include "reports/plain_text.hpp"
#include "reports/render.hpp"
#include "reports/template_check.hpp"
#include "util/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;

namespace {

reports::Report report_with(std::string_view value) {
  tracker::Series series;
  series.number = 1;
  series.name = value;
  series.submitter = {std::string(value), "ann@example.org"};
  series.cover_msgid = value;
  reports::NodeFindings node;
  node.node.id = 7;
  node.node.name = value;
  node.node.result = findings::Verdict::fail;
  node.node.summary = value;
  findings::Finding finding;
  finding.file = value;
  finding.message = value;
  node.findings.assign(3, finding);
  reports::ReportInput input;
  input.series = &series;
  input.verdict.verdict = findings::Verdict::fail;
  input.verdict.reason = value;
  input.nodes.assign(4, node);
  input.previous_version = 1;
  input.project = value;
  input.base_described = value;
  input.links = reports::Links::at("https://ci.example.org");
  return reports::build_report(input);
}

void check_text(std::string_view text) {
  FUZZ_CHECK(is_valid_utf8(text));
  for (const char c : text) {
    FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t');
    FUZZ_CHECK(c != 0x7f);
  }
  for (const auto line : split_lines(text)) {
    FUZZ_CHECK(line.size() <= 8000);
  }
}

void check_mail(const reports::Rendered& rendered, std::string_view value) {
  mail::OutgoingMail out;
  out.from = {std::string(value), "ci@example.org"};
  out.to = {{std::string(value), std::string(value)}, {std::string(value), "ann@example.org"}};
  out.subject = rendered.subject + std::string(value);
  out.message_id = "patchmill.1@example.org";
  out.in_reply_to = value;
  out.references = {std::string(value)};
  out.fields = {{"X-Value", std::string(value)}};
  out.text = rendered.text;
  const auto bytes = mail::compose(out);
  FUZZ_CHECK(bytes.has_value());
  const std::size_t end = bytes->find("\n\n");
  FUZZ_CHECK(end != std::string::npos);
  for (const auto line : split_lines(std::string_view(*bytes).substr(0, end))) {
    FUZZ_CHECK(line.size() <= 998 && !line.empty());
    const bool known = line.starts_with(' ') || line.starts_with("From: ") ||
                       line.starts_with("To: ") || line.starts_with("Subject:") ||
                       line.starts_with("Date: ") || line.starts_with("Message-ID: ") ||
                       line.starts_with("In-Reply-To: ") || line.starts_with("References: ") ||
                       line.starts_with("X-Value:") || line.starts_with("MIME-Version: ") ||
                       line.starts_with("Content-");
    FUZZ_CHECK(known);
  }
  FUZZ_CHECK(mail::parse_message(*bytes).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const reports::TemplateSet shipped;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t nul = all.find('\0');
  const std::string_view text = all.substr(0, nul);
  const std::string_view value = nul == std::string_view::npos ? "value" : all.substr(nul + 1);

  const auto faults = reports::check_template(
      "t", text, [](std::string_view name) { return shipped.has(name) || name == "fuzz"; });
  for (const auto& fault : faults) {
    FUZZ_CHECK(fault.starts_with("t:"));
  }
  const reports::Report report = report_with(value);
  reports::Words words;
  words.person = {std::string(value), "ann@example.org"};
  words.subject = value;
  words.contact = value;
  words.opt_out = value;
  const auto set = shipped.with("fuzz", std::string(text));
  FUZZ_CHECK(!set.has_value() || faults.empty());
  if (set) {
    if (const auto rendered = reports::render_report(*set, "fuzz", report, words)) {
      FUZZ_CHECK(is_valid_utf8(rendered->text) && !rendered->text.empty());
      check_mail(*rendered, value);
    }
  }
  if (nul == std::string_view::npos) {
    return 0;  // the value is always the same
  }
  const auto rendered = reports::render_report(shipped, "report", report, words);
  FUZZ_CHECK(rendered.has_value());
  check_text(rendered->text);
  check_mail(*rendered, value);
  const std::string wrapped = reports::wrap_body(mend_utf8(value), 20);
  FUZZ_CHECK(is_valid_utf8(wrapped));
  FUZZ_CHECK(mail::header_text(value).find('\n') == std::string::npos);
  return 0;
}
