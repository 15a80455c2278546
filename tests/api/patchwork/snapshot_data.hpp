#pragma once
// The data set of api-snapshots.json as it was before the recorded writes, read from the answers
// themselves.

#include "api/patchwork/parameters.hpp"
#include "fake_registry.hpp"
#include "shared_answers.hpp"

namespace patchmill::api::patchwork::test {

namespace json = boost::json;

class Snapshots {
 public:
  explicit Snapshots(const json::value& file) : m_entries(file.at("entries").as_array()) {
    Data& d = data;
    for (const auto& user : body("/api/users/").as_array()) {
      d.users.push_back(user_of(user));
    }
    for (const auto& person : body("/api/people/").as_array()) {
      d.people.push_back(person_of(person));
    }
    for (const auto& project : body("/api/projects/").as_array()) {
      d.projects.push_back(project_of(project));
    }
    Id id = 0;
    for (const auto* slug : {"new", "under-review", "accepted", "rejected", "rfc", "not-applicable",
                             "changes-requested", "awaiting-upstream", "superseded", "deferred"}) {
      d.states.push_back({++id, slug, slug, static_cast<int>(id), id < 3});
    }
    for (const auto& series : body("/api/series/").as_array()) {
      d.series.push_back(series_of(series));
    }
    for (const auto& patch : body("/api/patches/").as_array()) {
      d.patches.push_back(patch_of(patch));
    }
    for (const auto& cover : body("/api/covers/").as_array()) {
      d.covers.push_back(cover_of(cover));
    }
    for (const auto* path : {"/api/patches/1/", "/api/patches/3/", "/api/covers/1/"}) {
      const auto& detail = body(path);
      const bool patch = std::string_view(path).find("patches") != std::string_view::npos;
      d.mails[(patch ? 100 : 200) + detail.at("id").to_number<Id>()] = mail_of_detail(detail);
    }
    // The second patch and the fourth are shown by writes and downloads only.
    for (const auto& entry : m_entries) {
      const auto& answered = entry.at("response").at("body");
      if (answered.is_object() && answered.as_object().contains("diff")) {
        d.mails[100 + answered.at("id").to_number<Id>()] = mail_of_detail(answered);
      }
    }
    d.mails[104] = mail_in_mbox(str(body("/bundle/maint/bundle%20one/mbox/")), "v2-1@x");
    comments("/api/patches/1/comments/", 300, d.patch_comments, 1, {});
    comments("/api/covers/1/comments/", 400, d.cover_comments, {}, 1);
  }

  // What the events and the users' clock say cannot be told from the writes.
  void after_writes() {
    for (const auto* path :
         {"/api/events/", "/api/1.2/events/?series=1", "/api/1.2/events/?patch=1&order=date"}) {
      for (const auto& event : body(path).as_array()) {
        reg::Event made = event_of(event);
        const bool known = std::any_of(data.events.begin(), data.events.end(),
                                       [&](const auto& one) { return one.id == made.id; });
        if (!known) {
          data.events.push_back(std::move(made));
        }
      }
    }
    // The recorded list of API 1.0 begins two events earlier, as it has no comments.
    for (const auto& event : body("/api/1.0/events/").as_array()) {
      const Id id = event.at("id").to_number<Id>();
      if (std::none_of(data.events.begin(), data.events.end(),
                       [&](const auto& one) { return one.id == id; })) {
        data.events.push_back(event_of(event));
      }
    }
    // More pages than one, as when they were recorded.
    for (Id id = 1; id <= 49; ++id) {
      if (std::none_of(data.events.begin(), data.events.end(),
                       [&](const auto& one) { return one.id == id; })) {
        reg::Event filler;
        filler.id = id;
        filler.project = 1;
        filler.category = reg::Category::cover_created;
        filler.date = Timestamp(std::chrono::hours(id));
        data.events.push_back(filler);
      }
    }
    std::sort(data.events.begin(), data.events.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
  }

  Data data;
  [[nodiscard]] const json::array& entries() const { return m_entries; }

 private:
  const json::value& body(std::string_view path) const {
    for (const auto& entry : m_entries) {
      if (str(entry.at("request").at("path")) == path &&
          str(entry.at("request").at("method")) == "GET") {
        return entry.at("response").at("body");
      }
    }
    throw std::runtime_error("nothing recorded for " + std::string(path));
  }
  static Timestamp date(const json::value& of) {
    return parse_api_date(str(of.at("date"))).value();
  }
  static std::optional<std::string> text(const json::value& value) {
    return value.is_null() ? std::nullopt : std::optional(str(value));
  }
  static Id id_of(const json::value& of) { return of.at("id").to_number<Id>(); }
  static std::string msgid(const json::value& of) {
    const std::string all = str(of.at("msgid"));
    return all.substr(1, all.size() - 2);
  }
  static reg::User user_of(const json::value& v) {
    reg::User user;
    user.id = id_of(v);
    user.username = str(v.at("username"));
    user.first_name = str(v.at("first_name"));
    user.last_name = str(v.at("last_name"));
    user.email = str(v.at("email"));
    return user;
  }
  static std::optional<reg::User> user_or_none(const json::value& v) {
    return v.is_null() ? std::nullopt : std::optional(user_of(v));
  }
  static reg::Person person_of(const json::value& v) {
    return {id_of(v), str(v.at("name")), str(v.at("email")), {}};
  }
  static reg::Project project_of(const json::value& v) {
    reg::Project p;
    p.id = id_of(v);
    p.name = str(v.at("name"));
    p.link_name = str(v.at("link_name"));
    p.list_id = str(v.at("list_id"));
    p.list_email = str(v.at("list_email"));
    p.web_url = "https://www.example.com/";
    p.scm_url = str(v.at("scm_url"));
    p.webscm_url = str(v.at("webscm_url"));
    p.list_archive_url = str(v.at("list_archive_url"));
    p.list_archive_url_format = str(v.at("list_archive_url_format"));
    p.commit_url_format = str(v.at("commit_url_format"));
    p.show_dependencies = v.at("show_dependencies").as_bool();
    for (const auto& user : v.at("maintainers").as_array()) {
      p.maintainers.push_back(user_of(user));
    }
    return p;
  }
  static reg::SubmissionRef ref_of(const json::value& v) {
    return {id_of(v), 1, msgid(v), date(v), str(v.at("name"))};
  }
  static reg::SeriesRef series_ref_of(const json::value& v) {
    return {id_of(v), 1, date(v), text(v.at("name")), v.at("version").to_number<int>()};
  }
  static reg::Series series_of(const json::value& v) {
    reg::Series s;
    s.self = series_ref_of(v);
    s.submitter = person_of(v.at("submitter"));
    s.total = v.at("total").to_number<int>();
    if (!v.at("cover_letter").is_null()) {
      s.cover = ref_of(v.at("cover_letter"));
    }
    for (const auto& patch : v.at("patches").as_array()) {
      s.patches.push_back(ref_of(patch));
    }
    const auto ids = [](const json::value& urls) {
      std::vector<Id> found;
      for (const auto& url : urls.as_array()) {
        const std::string address = str(url);
        const auto start = address.rfind('/', address.size() - 2) + 1;
        found.push_back(std::stoll(address.substr(start)));
      }
      return found;
    };
    s.dependencies = ids(v.at("dependencies"));
    s.dependents = ids(v.at("dependents"));
    return s;
  }
  static reg::Patch patch_of(const json::value& v) {
    reg::Patch p;
    p.self = ref_of(v);
    p.pull_url = p.self.id == 1 ? std::nullopt : text(v.at("pull_url"));
    p.hash = text(v.at("hash"));
    p.state = "new";
    p.submitter = person_of(v.at("submitter"));
    p.series = series_ref_of(v.at("series").at(0));
    p.message = 100 + p.self.id;
    return p;
  }
  static reg::Cover cover_of(const json::value& v) {
    reg::Cover c;
    c.self = ref_of(v);
    c.submitter = person_of(v.at("submitter"));
    c.series = series_ref_of(v.at("series").at(0));
    c.message = 200 + c.self.id;
    return c;
  }
  static std::string mail_of_detail(const json::value& v) {
    std::string raw;
    for (const auto& header : v.at("headers").as_object()) {
      raw += std::string(header.key()) + ": " + str(header.value()) + "\n";
    }
    raw += "\n" + str(v.at("content")) + "\n";
    if (const auto* diff = v.as_object().if_contains("diff");
        diff != nullptr && diff->is_string()) {
      raw += "\n" + str(*diff);
    }
    return raw;
  }
  // Without what Patchwork put in front.
  static std::string mail_in_mbox(const std::string& mbox, const std::string& id) {
    const auto at = mbox.find("Message-Id: <" + id + ">");
    const auto start = mbox.rfind("\nFrom: ", at) + 1;
    const auto end = mbox.find("\nFrom patchwork", at);
    return mbox.substr(start, end == std::string::npos ? end : end - start);
  }
  void comments(const std::string& path, std::int64_t message, std::vector<reg::Comment>& into,
                std::optional<Id> patch, std::optional<Id> cover) {
    for (const auto& v : body(path).as_array()) {
      reg::Comment c;
      c.id = id_of(v);
      c.patch = patch;
      c.cover = cover;
      c.project = 1;
      c.msgid = msgid(v);
      c.date = date(v);
      c.subject = str(v.at("subject"));
      c.submitter = person_of(v.at("submitter"));
      c.message = message + c.id;
      data.mails[c.message] = mail_of_detail(v);
      into.push_back(c);
    }
  }
  static reg::Event event_of(const json::value& v) {
    reg::Event e;
    e.id = id_of(v);
    e.project = 1;
    e.date = date(v);
    e.actor = user_or_none(v.at("actor"));
    for (int i = 0; i <= static_cast<int>(reg::Category::patch_comment_created); ++i) {
      if (FakeRegistry::category(static_cast<reg::Category>(i)) == str(v.at("category"))) {
        e.category = static_cast<reg::Category>(i);
      }
    }
    const auto& payload = v.at("payload").as_object();
    const auto with = [&](const char* key, auto use) {
      if (const auto* value = payload.if_contains(key); value != nullptr && !value->is_null()) {
        use(*value);
      }
    };
    with("patch", [&](const json::value& p) { e.patch = ref_of(p); });
    with("cover", [&](const json::value& c) { e.cover = ref_of(c); });
    with("series", [&](const json::value& s) { e.series = series_ref_of(s); });
    with("previous_state", [&](const json::value& s) { e.previous_state = str(s); });
    with("current_state", [&](const json::value& s) { e.current_state = str(s); });
    with("previous_delegate", [&](const json::value& u) { e.previous_delegate = user_of(u); });
    with("current_delegate", [&](const json::value& u) { e.current_delegate = user_of(u); });
    with("check", [&](const json::value& c) {
      reg::Check check;
      check.id = id_of(c);
      check.patch = e.patch->id;
      check.date = date(c);
      const std::string state = str(c.at("state"));
      check.state = state == "fail"      ? reg::CheckState::fail
                    : state == "warning" ? reg::CheckState::warning
                    : state == "success" ? reg::CheckState::success
                                         : reg::CheckState::pending;
      check.target_url = text(c.at("target_url"));
      check.context = str(c.at("context"));
      e.check = check;
    });
    with("comment", [&](const json::value& c) {
      reg::Comment comment;
      comment.id = id_of(c);
      comment.project = 1;
      comment.msgid = msgid(c);
      comment.date = date(c);
      (e.patch ? comment.patch : comment.cover) = e.patch ? e.patch->id : e.cover->id;
      e.comment = comment;
    });
    return e;
  }

  const json::array& m_entries;
};

}  // namespace patchmill::api::patchwork::test
