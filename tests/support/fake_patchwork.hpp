#pragma once
// A Patchwork in memory: it answers as the real one does (3.3, seen on the wire), and fails on the
// way when told to.

#include "http/server.hpp"
#include "util/text.hpp"

#include <boost/json.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace patchmill::test {

class FakePatchwork {
 public:
  struct Fault {
    std::string path;  // of requests that contain this
    int times = 1;
    int status = 0;  // 0: the answer is the right one
    std::string body = "<html><body><h1>Server Error</h1></body></html>";
    std::string type = "text/html";
    bool after = false;  // what was asked for is done before this is said
    std::string method = "GET";
    std::chrono::milliseconds slow{0};
  };

  FakePatchwork() : m_io(2) { start(0); }
  ~FakePatchwork() { stop(); }

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/", m_port); }
  void stop() { m_server.reset(); }
  void start_again() { start(m_port); }

  // --- what it knows; each call is one thing that happened there ---
  // A mail whose body begins with a diff at "diff --git". Number 0 is a cover.
  std::int64_t receive(std::int64_t series, int number, int total, const std::string& raw) {
    const std::lock_guard lock(m_mutex);
    auto& known = m_series[series];
    known.total = total;
    const std::int64_t id = number == 0 ? ++m_last_cover : ++m_last_patch;
    const auto end = raw.find("\n\n");
    boost::json::object headers;
    std::string msgid;
    std::string subject;
    for (const auto line : split_lines(std::string_view(raw).substr(0, end))) {
      const auto colon = line.find(':');
      const std::string name(line.substr(0, colon));
      const std::string value(trim(line.substr(colon + 1)));
      headers[name] = value;
      msgid = iequals(name, "Message-ID") ? value : msgid;
      subject = iequals(name, "Subject") ? value : subject;
    }
    const std::string body = raw.substr(end + 2);
    const auto diff = body.find("diff --git");
    boost::json::object mail{
        {"id", id},
        {"msgid", msgid},
        {"name", subject},
        {"date", tick_date()},
        {"state", "new"},
        {"delegate", nullptr},
        {"headers", std::move(headers)},
        {"content", std::string(trim(body.substr(0, diff)))},
        {"diff", diff == std::string::npos ? boost::json::value(nullptr)
                                           : boost::json::value(body.substr(diff))},
        {"series", boost::json::array{boost::json::object{{"id", series}, {"name", nullptr}}}}};
    const std::string kind = number == 0 ? "cover" : "patch";
    event(kind + "-created", {{kind, short_form(mail)}});
    (number == 0 ? m_covers : m_patches)[id] = std::move(mail);
    (number == 0 ? known.covers : known.patches).push_back(id);
    if (number > 0) {
      event("patch-completed",
            {{"patch", short_form(m_patches[id])}, {"series", {{"id", series}}}});
      if (static_cast<int>(known.patches.size()) >= total) {
        event("series-completed", {{"series", {{"id", series}, {"name", nullptr}}}});
      }
    }
    return id;
  }
  void event(const std::string& category, boost::json::object payload) {
    m_events.push_back({{"id", ++m_last_event},
                        {"category", category},
                        {"project", {{"id", 1}, {"link_name", "local"}}},
                        {"date", tick_date()},
                        {"actor", nullptr},
                        {"payload", std::move(payload)}});
  }
  void set_state(std::int64_t patch, const std::string& state) {
    const std::lock_guard lock(m_mutex);
    change_state(patch, state);
  }
  void delegate(std::int64_t patch, const std::string& username) {
    const std::lock_guard lock(m_mutex);
    boost::json::value user = nullptr;
    if (!username.empty()) {
      user = boost::json::object{{"id", 7}, {"username", username}};
    }
    change_delegate(patch, user);
  }
  void forget_events() {
    const std::lock_guard lock(m_mutex);
    m_events.clear();
  }
  // The server's clock, which is a local one, goes back.
  void set_clock_back(int seconds) {
    const std::lock_guard lock(m_mutex);
    m_seconds -= seconds;
  }
  void add_fault(Fault fault) {
    const std::lock_guard lock(m_mutex);
    m_faults.push_back(std::move(fault));
  }
  void clear_faults() {
    const std::lock_guard lock(m_mutex);
    m_faults.clear();
  }
  // Changes whatever it likes of the data, e.g. to something no schema allows.
  void change(const std::function<void(FakePatchwork&)>& change) {
    const std::lock_guard lock(m_mutex);
    change(*this);
  }
  boost::json::object& patch(std::int64_t id) { return m_patches.at(id); }
  boost::json::array& checks(std::int64_t patch) { return m_checks[patch]; }
  boost::json::object& cover(std::int64_t id) { return m_covers.at(id); }
  // Of "patches/101" or "covers/41", and the whole lists "bundles" and "users".
  boost::json::array& list(const std::string& of) { return m_lists[of]; }

  // --- what it saw ---
  // "GET patches/1/", without the version; since the last call.
  std::vector<std::string> take_requests() {
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_requests, {});
  }

  // --- how it is ---
  std::set<std::string> versions = {"1.0", "1.1", "1.2", "1.3", "1.4"};
  bool has_events = true;
  bool has_project = true;
  bool is_private = false;  // strangers see nothing
  std::string token = "0123456789012345678901234567890123456789";
  std::string refusal;  // to every check; empty: they are taken
  std::string endless;  // the list whose pages have no end

 private:
  struct Series {
    int total = 0;
    std::vector<std::int64_t> patches, covers;
  };

  static boost::json::object short_form(const boost::json::object& mail) {
    return {{"id", mail.at("id")}, {"msgid", mail.at("msgid")}, {"name", mail.at("name")}};
  }
  std::string tick_date() {
    ++m_seconds;
    return fmt::format("2026-01-{:02}T{:02}:{:02}:{:02}.000001", 5 + m_seconds / 86400,
                       m_seconds / 3600 % 24, m_seconds / 60 % 60, m_seconds % 60);
  }
  static http::Response html(int status) {
    return http::Response::html("<!doctype html><h1>Not Found</h1>", status);
  }
  static http::Response detail(int status, const std::string& text) {
    return http::Response::json(boost::json::object{{"detail", text}}, status);
  }

  void start(unsigned port) {
    auto router = std::make_shared<http::Router>();
    for (const auto* method : {"GET", "POST", "PATCH"}) {
      http::Route route;
      route.method = method;
      route.pattern = "/{path...}";
      route.handler = [this](http::Request& request) { return answer(request); };
      router->add(std::move(route));
    }
    http::ServerConfig config;
    config.listen = {{fmt::format("127.0.0.1:{}", port)}};
    config.access_log = false;
    auto started = http::Server::start(m_io.context(), std::move(config), std::move(router));
    REQUIRE_MESSAGE(started.has_value(), (started ? "" : started.error().message));
    m_server = std::move(*started);
    m_port = m_server->port(0);
  }

  http::Response answer(http::Request& request) {
    std::chrono::milliseconds slow{0};
    std::optional<Fault> fault;
    {
      const std::lock_guard lock(m_mutex);
      auto rest = request.target;
      if (rest.starts_with("/api/")) {
        rest = rest.substr(5);
        if (rest.size() >= 4 && rest[1] == '.' && rest[3] == '/') {
          rest = rest.substr(4);
        }
      }
      m_requests.push_back(request.method + " " + rest);
      for (auto& one : m_faults) {
        if (one.times > 0 && one.method == request.method &&
            request.target.find(one.path) != std::string::npos) {
          --one.times;
          slow = one.slow;
          fault = one;
          break;
        }
      }
    }
    std::this_thread::sleep_for(slow);
    if (fault && fault->status != 0 && !fault->after) {
      return told(*fault);
    }
    const std::lock_guard lock(m_mutex);
    auto response = right_answer(request);
    return fault && fault->status != 0 ? told(*fault) : std::move(response);
  }
  static http::Response told(const Fault& fault) {
    auto response = http::Response::text(fault.body, fault.status);
    response.headers.set("Content-Type", fault.type);
    return response;
  }

  http::Response right_answer(http::Request& request) {
    auto path = request.decoded_path.segments;
    if (path.empty() || path[0] != "api") {
      return html(404);
    }
    if (is_private && request.header("Authorization") != "Token " + token) {
      return detail(403, "Authentication credentials were not provided.");
    }
    path.erase(path.begin());
    if (!path.empty() && path[0].size() == 3 && path[0][1] == '.') {
      if (!versions.contains(path[0])) {
        return html(404);
      }
      path.erase(path.begin());
    }
    if (!request.path.ends_with('/')) {
      return http::Response::redirect(request.path + "/", 301);
    }
    if (path.empty()) {
      return http::Response::json(boost::json::object{{"projects", url() + "api/projects/"},
                                                      {"patches", url() + "api/patches/"},
                                                      {"events", url() + "api/events/"}});
    }
    if (path.size() == 3 && path[2] == "checks") {
      return on_checks(request, std::stoll(path[1]));
    }
    if (path.size() == 3 && path[2] == "comments") {
      const auto& known = m_lists[path[0] + "/" + path[1]];
      std::vector<boost::json::object> all;
      for (const auto& one : known) {
        all.push_back(one.as_object());
      }
      return page_of(request, all);
    }
    if (path.size() == 1) {
      return on_list(request, path[0]);
    }
    if (path[0] == "projects") {
      const bool ours = has_project && (path[1] == "local" || path[1] == "1");
      return ours ? http::Response::json(project()) : detail(404, "Not found.");
    }
    const auto id = parse_uint(path[1]);
    if (!id) {
      return html(404);
    }
    const auto number = static_cast<std::int64_t>(*id);
    if (path[0] == "series") {
      return m_series.contains(number) ? http::Response::json(series(number))
                                       : detail(404, "Not found.");
    }
    if (request.method == "PATCH") {
      return on_change(request, number);
    }
    const auto& all = path[0] == "covers" ? m_covers : m_patches;
    const auto found = all.find(number);
    return found != all.end() ? http::Response::json(found->second) : detail(404, "Not found.");
  }

  static boost::json::object project() {
    return {{"id", 1},
            {"name", "The Local List"},
            {"link_name", "local"},
            {"list_id", "local.example.org"}};
  }
  boost::json::object series(std::int64_t id) {
    const auto& known = m_series.at(id);
    boost::json::array patches;
    for (const auto patch : known.patches) {
      patches.push_back(short_form(m_patches.at(patch)));
    }
    return {{"id", id},
            {"name", nullptr},
            {"total", known.total},
            {"cover_letter", known.covers.empty()
                                 ? boost::json::value(nullptr)
                                 : boost::json::value(short_form(m_covers.at(known.covers[0])))},
            {"patches", std::move(patches)}};
  }

  http::Response on_list(http::Request& request, const std::string& what) {
    std::vector<boost::json::object> all;
    if (what == "users" && request.header("Authorization") != "Token " + token) {
      return detail(403, "Authentication credentials were not provided.");
    }
    if (what == "projects") {
      all.push_back(project());
    } else if (what == "bundles" || what == "series" || what == "users") {
      for (const auto& one : m_lists[what]) {
        all.push_back(one.as_object());
      }
    } else if (what == "events" && has_events) {
      all = m_events;
    } else if (what == "patches" || what == "covers") {
      for (const auto& [id, mail] : what == "patches" ? m_patches : m_covers) {
        all.push_back(mail);
        for (const auto* key : {"headers", "content", "diff"}) {
          all.back().erase(key);  // only in the answer about the one
        }
      }
    } else {
      return html(404);
    }
    const auto wanted = request.query.get("project");
    if (wanted && (!has_project || (*wanted != "1" && *wanted != "local"))) {
      all.clear();  // a filter that fits nothing: 200 and an empty list
    }
    const std::string since(request.query.get_or("since", ""));
    std::erase_if(all, [&](const auto& one) {
      return !since.empty() && one.contains("date") && one.at("date").is_string() &&
             std::string(one.at("date").as_string()) < since;
    });
    std::string order(request.query.get_or("order", what == "events" ? "-date" : "id"));
    const bool down = order.starts_with('-');
    const std::string key = down ? order.substr(1) : order;
    std::ranges::stable_sort(all, [&](const auto& a, const auto& b) {
      const auto rank = [&](const boost::json::object& one) {
        return key == "id" ? fmt::format("{:012}", one.at("id").as_int64())
                           : boost::json::serialize(one.at(key));
      };
      return down ? rank(b) < rank(a) : rank(a) < rank(b);
    });
    return page_of(request, all);
  }

  http::Response page_of(http::Request& request, const std::vector<boost::json::object>& all) {
    const auto number = [&](std::string_view name, std::uint64_t other) {
      const auto value = request.query.get(name);
      return value ? parse_uint(*value).value_or(other) : other;
    };
    const auto size = std::min<std::size_t>(number("per_page", 30), 250);
    const auto page = number("page", 1);
    boost::json::array shown;
    for (std::size_t i = (page - 1) * size; i < std::min<std::size_t>(page * size, all.size());
         ++i) {
      shown.push_back(all[i]);
    }
    auto response = http::Response::json(shown);
    if (page * size < all.size() || (!endless.empty() && request.path.ends_with(endless + "/"))) {
      std::string query;
      for (const auto& [name, value] : request.query) {
        query += name == "page" ? "" : fmt::format("{}={}&", name, value);
      }
      response.headers.add("Link",
                           fmt::format("<{}{}?{}page={}>; rel=\"next\", <{}>; rel=\"first\"", url(),
                                       request.path.substr(1), query, page + 1, url()));
    }
    return response;
  }

  http::Response on_change(http::Request& request, std::int64_t patch) {
    if (!m_patches.contains(patch)) {
      return detail(404, "Not found.");
    }
    if (request.header("Authorization") != "Token " + token) {
      return detail(403, "Invalid token.");
    }
    if (!refusal.empty()) {
      return detail(403, refusal);
    }
    const auto body = boost::json::parse(request.body).as_object();
    if (const auto* state = body.if_contains("state")) {
      change_state(patch, boost::json::value_to<std::string>(*state));
    }
    if (const auto* number = body.if_contains("delegate")) {
      for (const auto& user : m_lists["users"]) {
        if (user.at("id") == *number) {
          change_delegate(patch, user);
        }
      }
    }
    return http::Response::json(m_patches.at(patch));
  }
  void change_delegate(std::int64_t patch, const boost::json::value& user) {
    auto& known = m_patches.at(patch);
    event("patch-delegated", {{"patch", short_form(known)},
                              {"previous_delegate", known.at("delegate")},
                              {"current_delegate", user}});
    known["delegate"] = user;
  }
  void change_state(std::int64_t patch, const std::string& state) {
    auto& known = m_patches.at(patch);
    event("patch-state-changed", {{"patch", short_form(known)},
                                  {"previous_state", known.at("state")},
                                  {"current_state", state}});
    known["state"] = state;
  }

  http::Response on_checks(http::Request& request, std::int64_t patch) {
    if (!m_patches.contains(patch)) {
      return detail(404, "Not found.");
    }
    auto& known = m_checks[patch];
    if (request.method == "GET") {
      std::vector<boost::json::object> found;
      for (auto i = known.size(); i-- > 0;) {
        const auto& one = known[i].as_object();
        const auto context = request.query.get("context");
        if (!context || one.at("context").as_string() == *context) {
          found.push_back(one);
        }
      }
      return page_of(request, found);
    }
    if (request.header("Authorization") != "Token " + token) {
      return detail(403, "Invalid token.");
    }
    if (!refusal.empty()) {
      return detail(403, refusal);
    }
    auto check = boost::json::parse(request.body).as_object();
    for (const auto* field : {"target_url", "description"}) {
      check.emplace(field, nullptr);  // unless it is there
    }
    const auto* given = check.at("target_url").if_string();
    const std::string target = given != nullptr ? std::string(*given) : std::string();
    if (target.size() > 200) {
      return http::Response::json(
          boost::json::object{
              {"target_url",
               boost::json::array{"Ensure this field has no more than 200 characters."}}},
          400);
    }
    check["id"] = ++m_last_check;
    check["date"] = tick_date();
    known.push_back(check);
    event("check-created", {{"patch", short_form(m_patches.at(patch))}});
    return http::Response::json(check, 201);
  }

  std::mutex m_mutex;
  std::map<std::int64_t, boost::json::object> m_patches, m_covers;
  std::map<std::int64_t, Series> m_series;
  std::map<std::int64_t, boost::json::array> m_checks;
  std::map<std::string, boost::json::array> m_lists;
  std::vector<boost::json::object> m_events;
  std::int64_t m_last_patch = 100, m_last_cover = 40, m_last_event = 0, m_last_check = 0;
  int m_seconds = 36000;
  std::vector<Fault> m_faults;
  std::vector<std::string> m_requests;
  std::uint16_t m_port = 0;
  http::IoThreads m_io;
  std::unique_ptr<http::Server> m_server;
};

}  // namespace patchmill::test
