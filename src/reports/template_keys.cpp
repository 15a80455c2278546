#include "reports/template_keys.hpp"

#include <array>

namespace patchmill::reports {
namespace {

constexpr auto k_keys = [] {
  using enum KeyKind;
  return std::to_array<TemplateKey>({
      {"person", text, "", "who is addressed: the first word of their name, else their address"},
      {"project", text, "", "the configuration's name for where the series belongs"},
      {"title", text, "", "the series as Patchwork names it: [v2,0/3] net: ..."},
      {"subject", text, "", "the subject of the mail that is answered, without Re:"},
      {"version", text, "", "the revision: 3 for v3"},
      {"patches", text, "", "how many patches the series has"},
      {"tree", text, "", "the tree it was tested on"},
      {"base", text, "", "the commit it was applied to, full"},
      {"base_described", text, "", "the same as people write it: v6.1-rc3-12-gabc..."},
      {"verdict", text, "", "pass, warning or fail"},
      {"reason", text, "", "why, in one sentence"},
      {"headline", text, "", "the worst result in one line: check, patch, summary"},
      {"all_passed", flag, "", "nothing failed or warned"},
      {"failures", list, "", "what failed or warned, the worst first"},
      {"check", text, "failures", "the check or job"},
      {"class", text, "failures", "applies, sign-off, description, build, test, style or other"},
      {"result", text, "failures", "fail or warning"},
      {"patch", text, "failures", "the number of the patch; empty: the whole series"},
      {"patch_title", text, "failures", "its title"},
      {"summary", text, "failures", "why, in one line"},
      {"lines", list, "failures", "what it found that the base has not"},
      {"line", text, "lines", "file:line: error: message"},
      {"known", text, "lines", "the earlier revision that had it too: v2"},
      {"more", text, "failures", "how many further lines were left out"},
      {"log", text, "failures", "URL of the whole log; built-in checks have none"},
      {"reproduce", text, "failures", "one command that repeats it"},
      {"node", text, "failures", "the number of the node, for operators"},
      {"has_fixed", flag, "", "the previous revision had something this one has not"},
      {"fixed_since", text, "", "that revision: v2"},
      {"fixed", list, "", "what is gone"},
      {"fixed_check", text, "fixed", "the check or job that said it"},
      {"fixed_line", text, "fixed", "what it said"},
      {"fixed_more", text, "", "how many further lines are gone"},
      {"has_passed", flag, "", "something passed"},
      {"passed", text, "", "names of what passed, separated by commas"},
      {"has_not_run", flag, "", "something could not be run; that is our trouble"},
      {"not_run", text, "", "names of what could not be run, separated by commas"},
      {"left_out", text, "", "how many results this mail leaves out by policy"},
      {"suites", text, "", "names of the jobs that ran tests, separated by commas"},
      {"tests_passed", text, "", "how many tests passed"},
      {"tests_total", text, "", "how many tests ran"},
      {"has_tests", flag, "", "at least one test ran"},
      {"url", text, "", "the page of the series"},
      {"contact", text, "", "a person to ask: Name <address>"},
      {"opt_out", text, "", "how to get no more such mail"},
      {"count", text, "", "digest: how many reports it holds"},
      {"reports", list, "", "digest: the reports, the oldest first"},
      {"report_title", text, "reports", "the series as Patchwork names it"},
      {"report_verdict", text, "reports", "its verdict"},
      {"report_headline", text, "reports", "its worst result in one line"},
      {"report_url", text, "reports", "its page"},
      {"report_link", text, "reports", "the Message-ID of its first mail"},
  });
}();

}  // namespace

std::span<const TemplateKey> template_keys() {
  return k_keys;
}

const TemplateKey* find_template_key(std::string_view name, std::string_view parent) {
  const TemplateKey* outside = nullptr;
  for (const TemplateKey& key : k_keys) {
    if (key.name == name && key.parent == parent) {
      return &key;
    }
    // Items see what surrounds them: a line the failure it belongs to, all the whole report.
    if (key.name == name && key.parent.empty() && key.kind != KeyKind::list) {
      outside = &key;
    }
    if (key.name == name && parent == "lines" && key.parent == "failures" &&
        key.kind != KeyKind::list) {
      outside = &key;
    }
  }
  return outside;
}

}  // namespace patchmill::reports
