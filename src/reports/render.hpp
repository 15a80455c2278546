#pragma once
// A report in the words of a template.

#include "mail/address.hpp"
#include "reports/report.hpp"
#include "reports/template_set.hpp"
#include "util/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchmill::reports {

// What a mail says besides the report itself.
struct Words {
  mail::Address person;  // who is addressed
  std::string subject;   // of the mail answered, without "Re:"
  std::string contact;   // "Name <address>"
  std::string opt_out;   // one sentence
  std::size_t left_out = 0;
};

struct Rendered {
  std::string subject;  // empty: the template has none of its own
  std::string text;     // wrapped, UTF-8, \n line ends, never empty
};

// Errors: not_found for an unknown template, invalid for one that gives no text.
Result<Rendered> render_report(const TemplateSet& templates, std::string_view name,
                               const Report& report, const Words& words);

// What is collected of a report for a digest.
struct DigestEntry {
  std::string title, verdict, headline, url, msgid;
};
Result<Rendered> render_digest(const TemplateSet& templates, std::string_view name,
                               const std::vector<DigestEntry>& entries, const Words& words);

// "checkpatch, patch 2: 3 errors: …", or the verdict's reason when everything passed.
std::string headline_of(const Report& report);

// The template for a report where policy names none: that of the class when all that failed is
// of one class, "report" otherwise, "test-results" when everything passed.
std::string_view template_for(const Report& report);

}  // namespace patchmill::reports
