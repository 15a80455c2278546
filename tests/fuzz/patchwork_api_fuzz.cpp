// Patchwork's API from bytes to values: path, query, filters, pages, the body of a write, and the
// mbox of a mail. The first line is the request's target, the second its Content-Type; the rest is
// the body.

#include "api/patchwork/fields.hpp"
#include "api/patchwork/json_text.hpp"
#include "api/patchwork/mails.hpp"
#include "api/patchwork/mbox.hpp"
#include "api/patchwork/paging.hpp"
#include "api/patchwork/parameters.hpp"
#include "api/patchwork/place.hpp"
#include "check.hpp"
#include "util/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace patchmill;
using namespace patchmill::api::patchwork;

namespace {

void check_values(const registry::Values& values) {
  FUZZ_CHECK(values.size() <= 100);
  for (const std::string& value : values) {
    FUZZ_CHECK(!value.empty() && value.size() <= 1000);
  }
}

void read_target(std::string_view target) {
  const auto split = http::split_target(target);
  if (!split) {
    return;
  }
  Version version;
  if (const auto path = http::parse_path(split->path)) {
    if (const auto place = find_place(path->segments)) {
      version = place->version;
      FUZZ_CHECK(place->id >= -1 && place->part >= -1);
      FUZZ_CHECK(allows(*place, "GET"));
    }
  }
  const auto params = http::parse_query(split->query);
  if (!params) {
    return;
  }
  if (const auto asked = page_asked(*params)) {
    FUZZ_CHECK(asked->page.page >= 1 && asked->page.per_page >= 1 && asked->page.per_page <= 250);
    const std::string link = link_header("http://h/", *params, asked->page.page, 7);
    FUZZ_CHECK(std::all_of(link.begin(), link.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
    FUZZ_CHECK(std::count(link.begin(), link.end(), '>') <= 4);
  }
  Query query(*params, version);
  const auto patches = query.patches();
  for (const auto* values : {&patches.project, &patches.series, &patches.submitter,
                             &patches.delegate, &patches.state, &patches.hash, &patches.msgid}) {
    check_values(*values);
  }
  FUZZ_CHECK(patches.date.since.size() <= 100 && patches.q.size() <= 1020);
  check_values(query.events().category);
  check_values(query.checks().context);
  check_values(query.bundles().owner);
  check_values(query.covers().series);
  query.series();
  query.names();
  (void)query.check();
}

void read_body(std::string_view type, std::string_view body) {
  http::Request request;
  request.headers.add("Content-Type", type);
  request.body = body;
  auto fields = Fields::read(request);
  if (!fields) {
    FUZZ_CHECK(fields.error().status == 400 || fields.error().status == 415);
    boost::json::parse(std::get<std::string>(fields.error().body));
    return;
  }
  fields->boolean("archived");
  fields->nullable_boolean("addressed");
  fields->nullable_text("description", {});
  if (const auto context = fields->text("context", {255, false})) {
    FUZZ_CHECK(!context->empty() && context->find('\0') == std::string::npos);
  }
  if (const auto id = fields->id("delegate"); id.value) {
    FUZZ_CHECK(*id.value >= 0);
  }
  if (const auto ids = fields->ids("related")) {
    FUZZ_CHECK(ids->size() <= 1000);
  }
  if (const auto word = fields->word("state")) {
    FUZZ_CHECK(slugify(*word).empty() || is_slug(slugify(*word)));
    is_web_url(*word);
  }
  fields->require("state");
  boost::json::parse(std::get<std::string>(fields->errors().answer().body));
}

void read_mail(std::string_view raw) {
  const MailParts parts = parts_of_submission(raw);
  const MailParts comment = parts_of_comment(raw);
  FUZZ_CHECK(is_valid_utf8(comment.content));
  const std::string text(raw.substr(0, 200));
  const std::string mbox = mbox_of({1, Timestamp{}, {1, text, text, {}}, text, text}, parts,
                                   responses_in(comment.content));
  FUZZ_CHECK(mbox.starts_with("From patchwork Thu Jan  1 00:00:00 1970\nContent-Type: "));
  std::string json;
  append_string(json, text);
  FUZZ_CHECK(boost::json::parse(json).is_string());
  std::string segment;
  append_path_segment(segment, text);
  FUZZ_CHECK(segment.find_first_of("/?#\"<> ") == std::string::npos);
  FUZZ_CHECK(file_name(text).find_first_of("/\r\n\";") == std::string::npos);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto take_line = [&input] {
    const auto end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
  };
  read_target(take_line());
  const std::string_view type = take_line();
  read_body(type, input);
  read_mail(input);
  return 0;
}
