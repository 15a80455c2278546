#include "reports/render.hpp"

#include "mail/header_encode.hpp"
#include "reports/plain_text.hpp"
#include "util/text.hpp"

#include <fmt/format.h>
#include <kainjow/mustache.hpp>

#include <algorithm>

namespace patchmill::reports {
namespace {

using findings::Verdict;
namespace m = kainjow::mustache;

constexpr std::size_t k_largest_text = 256u << 10;

// Sections of empty texts are not there.
m::data text(std::string_view value) {
  return value.empty() ? m::data(false) : m::data(mail::header_text(value));
}

m::data number(std::size_t value) {
  return value == 0 ? m::data(false) : m::data(std::to_string(value));
}

std::string first_name(const mail::Address& person) {
  const std::string name = mail::header_text(person.name);
  // "Doe, Jane" and a nick stay as they are.
  if (name.empty()) {
    return person.email;
  }
  return name.find(',') != std::string::npos ? name : name.substr(0, name.find(' '));
}

m::data lines_data(const ReportEntry& entry, int previous_version) {
  m::data list{m::data::type::list};
  for (const auto& line : entry.lines) {
    m::data item;
    item.set("line", text(line.text));
    item.set("known", line.known ? text(fmt::format("v{}", previous_version)) : m::data(false));
    list << item;
  }
  return list;
}

m::data failures_data(const Report& report) {
  m::data list{m::data::type::list};
  for (const auto& entry : report.entries) {
    m::data item;
    item.set("check", text(entry.name));
    item.set("class", text(to_string(entry.check_class)));
    item.set("result", text(findings::to_string(entry.verdict)));
    item.set("patch", entry.patch ? text(std::to_string(*entry.patch)) : m::data(false));
    item.set("patch_title", text(entry.patch_title));
    item.set("summary", text(entry.summary));
    item.set("lines", lines_data(entry, report.previous_version));
    item.set("more", number(entry.more_lines));
    item.set("log", text(entry.log));
    item.set("reproduce", text(entry.reproduce));
    item.set("node", text(std::to_string(entry.node)));
    list << item;
  }
  return list;
}

void set_words(m::data& data, const Words& words) {
  data.set("person", text(first_name(words.person)));
  data.set("subject", text(words.subject));
  data.set("contact", text(words.contact));
  data.set("opt_out", text(words.opt_out));
  data.set("left_out", number(words.left_out));
}

m::data report_data(const Report& report, const Words& words) {
  m::data data;
  set_words(data, words);
  data.set("project", text(report.project));
  data.set("title", text(report.title));
  data.set("version", text(std::to_string(report.version)));
  data.set("patches", text(std::to_string(report.patches)));
  data.set("tree", text(report.tree));
  data.set("base", text(report.base_commit));
  data.set("base_described", text(report.base_described));
  data.set("verdict", text(findings::to_string(report.verdict)));
  data.set("reason", text(report.reason));
  data.set("headline", text(headline_of(report)));
  data.set("all_passed", report.entries.empty() && report.verdict == Verdict::pass);
  data.set("failures", failures_data(report));
  data.set("has_fixed", !report.fixed.empty());
  data.set("fixed_since", text(fmt::format("v{}", report.previous_version)));
  m::data fixed{m::data::type::list};
  for (const auto& line : report.fixed) {
    m::data item;
    item.set("fixed_check", text(line.check));
    item.set("fixed_line", text(line.text));
    fixed << item;
  }
  data.set("fixed", fixed);
  data.set("fixed_more", number(report.more_fixed));
  data.set("has_passed", !report.passed.empty());
  data.set("passed", text(join(report.passed, ", ")));
  std::vector<std::string> not_run;
  for (const auto& [name, why] : report.not_run) {
    if (std::find(not_run.begin(), not_run.end(), name) == not_run.end()) {
      not_run.push_back(name);
    }
  }
  data.set("has_not_run", !not_run.empty());
  data.set("not_run", text(join(not_run, ", ")));
  data.set("suites", text(join(report.suites, ", ")));
  // Zero is a number people want to see here.
  data.set("tests_passed", text(std::to_string(report.tests_passed)));
  data.set("tests_total", text(std::to_string(report.tests_total)));
  data.set("has_tests", report.tests_total > 0);
  data.set("url", text(report.url));
  return data;
}

Result<Rendered> render(const TemplateSet& templates, std::string_view name, const m::data& data) {
  if (!templates.has(name)) {
    return fail(ErrorKind::not_found,
                fmt::format("there is no mail template '{}'; there are: {}", escape_terminal(name),
                            join(templates.names(), ", ")));
  }
  m::mustache mustache(templates.text(name));
  mustache.set_custom_escape([](const std::string& value) { return value; });
  std::string out;
  mustache.render(data, [&out](const std::string& piece) {
    if (out.size() < k_largest_text) {
      out += piece;
    }
  });
  if (!mustache.is_valid()) {
    return fail(ErrorKind::invalid,
                fmt::format("the mail template '{}': {}", name, mustache.error_message()));
  }
  Rendered rendered;
  std::string_view body = out;
  if (body.starts_with("Subject:")) {
    const std::size_t end = body.find('\n');
    rendered.subject = mail::header_text(
        body.substr(8, end == std::string_view::npos ? std::string_view::npos : end - 8));
    body = end == std::string_view::npos ? "" : body.substr(end + 1);
  }
  rendered.text = wrap_body(body);
  if (rendered.text.empty()) {
    return fail(ErrorKind::invalid, fmt::format("the mail template '{}' gives no text", name));
  }
  return rendered;
}

}  // namespace

std::string headline_of(const Report& report) {
  if (report.entries.empty()) {
    return report.reason;
  }
  const ReportEntry& first = report.entries.front();
  return first.patch ? fmt::format("{}, patch {}: {}", first.name, *first.patch, first.summary)
                     : fmt::format("{}: {}", first.name, first.summary);
}

std::string_view template_for(const Report& report) {
  if (report.entries.empty()) {
    return "test-results";
  }
  const CheckClass first = report.main_class();
  const bool alike = std::all_of(report.entries.begin(), report.entries.end(),
                                 [&](const ReportEntry& e) { return e.check_class == first; });
  // What does not apply was not tested: whatever else was said about it is beside the point.
  if (first == CheckClass::applies && report.entries.front().verdict == Verdict::fail) {
    return "does-not-apply";
  }
  if (!alike) {
    return "report";
  }
  switch (first) {
    case CheckClass::sign_off:
      return "sign-off";
    case CheckClass::description:
      return "test-description";
    case CheckClass::style:
      return "style";
    case CheckClass::build:
      return "build-failed";
    case CheckClass::test:
      return "test-results";
    case CheckClass::applies:
    case CheckClass::other:
      break;
  }
  return "report";
}

Result<Rendered> render_report(const TemplateSet& templates, std::string_view name,
                               const Report& report, const Words& words) {
  return render(templates, name, report_data(report, words));
}

Result<Rendered> render_digest(const TemplateSet& templates, std::string_view name,
                               const std::vector<DigestEntry>& entries, const Words& words) {
  m::data data;
  set_words(data, words);
  data.set("count", text(std::to_string(entries.size())));
  m::data list{m::data::type::list};
  for (const auto& entry : entries) {
    m::data item;
    item.set("report_title", text(entry.title));
    item.set("report_verdict", text(entry.verdict));
    item.set("report_headline", text(entry.headline));
    item.set("report_url", text(entry.url));
    item.set("report_link", text(entry.msgid));
    list << item;
  }
  data.set("reports", list);
  return render(templates, name, data);
}

}  // namespace patchmill::reports
