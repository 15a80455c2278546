#pragma once
// A Patchwork of the freedesktop edition in memory: it answers as the source of 2018 does.

#include "http/auth.hpp"
#include "http/target.hpp"
#include "support/fake_freedesktop_model.hpp"
#include "support/faulty_server.hpp"

#include <functional>
#include <map>
#include <set>

namespace patchmill::test {

class FakeFreedesktop final : public FaultyServer {
 public:
  FakeFreedesktop() : FaultyServer("/api/1.0/") { start(0); }
  ~FakeFreedesktop() override { stop(); }

  void change(const std::function<void(FreedesktopModel&)>& change) {
    const std::lock_guard lock(m_mutex);
    change(m_model);
  }
  void receive(const std::string& raw) {
    change([&](FreedesktopModel& model) { model.receive(raw); });
  }
  // "NAME STATE", of one revision.
  std::vector<std::string> results(std::int64_t series, int version) {
    const std::lock_guard lock(m_mutex);
    std::vector<std::string> all;
    for (const auto& [name, result] : m_results[{series, version}]) {
      all.push_back(name + ' ' + boost::json::value_to<std::string>(result.at("state")));
    }
    return all;
  }
  boost::json::object result(std::int64_t series, int version, const std::string& name) {
    const std::lock_guard lock(m_mutex);
    return m_results[{series, version}].at(name);
  }
  // A patch's mbox as Python 3 writes it.
  [[nodiscard]] static std::string mbox(const FreedesktopModel::Patch& patch) {
    std::string body = patch.text + "\n\n" + patch.diff;
    const bool ascii = std::ranges::all_of(body, [](char c) { return (c & 0x80) == 0; });
    if (!ascii) {
      const auto coded = http::encode_base64(body);
      body.clear();
      for (std::size_t at = 0; at < coded.size(); at += 76) {
        body += coded.substr(at, 76) + '\n';
      }
    }
    return fmt::format(
        "From patchwork Mon Jan  5 10:00:00 2026\n"
        "Content-Type: text/plain; charset=\"utf-8\"\nMIME-Version: 1.0\n"
        "Content-Transfer-Encoding: {}\nSubject: {}\nFrom: {}\nX-Patchwork-Id: {}\n{}"
        "Message-Id: {}\n{}{}Date: {}\n\n{}",
        ascii ? "7bit" : "base64", patch.name, patch.from, patch.id,
        optional("X-Patchwork-Delegate", patch.delegate), patch.msgid, optional("To", patch.to),
        optional("Cc", patch.cc), patch.date, body);
  }

  std::string user = "ci", password = "secret with: a colon";
  bool is_maintainer = true;
  bool has_project = true;
  bool tells_ids = true;  // in its mboxes

 private:
  using Object = boost::json::object;

  static std::string optional(std::string_view name, const std::string& value) {
    return value.empty() ? std::string() : fmt::format("{}: {}\n", name, value);
  }

  http::Response right_answer(http::Request& request) override {
    auto path = request.decoded_path.segments;
    if (path.size() < 2 || path[0] != "api" || path[1] != "1.0") {
      return html(404);
    }
    if (!request.path.ends_with('/')) {
      return http::Response::redirect(request.path + "/", 301);
    }
    path.erase(path.begin(), path.begin() + 2);
    if (path.empty()) {
      return http::Response::json(Object{{"revision", 2}});
    }
    const bool results = path.back() == "test-results";
    const std::string_view credentials = request.header("Authorization");
    const bool knows = credentials == "Basic " + http::encode_base64(user + ':' + password);
    if (credentials.starts_with("Basic ") && !knows) {
      return detail(results ? 401 : 403, "Invalid username/password.");
    }
    if (path[0] == "projects") {
      return on_projects(request, path);
    }
    const auto id =
        static_cast<std::int64_t>(parse_uint(path.size() > 1 ? path[1] : "").value_or(0));
    if (path[0] == "series" && m_model.series.contains(id)) {
      return on_series(request, path, m_model.series.at(id), knows);
    }
    if (path[0] == "patches" && m_model.patches.contains(id)) {
      const auto& patch = m_model.patches.at(id);
      if (path.size() == 3 && path[2] == "mbox") {
        return http::Response::text(shown_mbox(patch));
      }
      return http::Response::json(patch_object(request, patch));
    }
    return detail(404, "Not found.");
  }

  http::Response on_projects(http::Request& request, const std::vector<std::string>& path) {
    const Object project{{"id", 1},
                         {"name", "The Local List"},
                         {"linkname", "local"},
                         {"listemail", "local@lists.example.org"},
                         {"web_url", ""}};
    if (path.size() == 1) {
      return page_of(request, std::vector<Object>{project});
    }
    const bool ours = has_project && (path[1] == "local" || path[1] == "1");
    if (path.size() == 2) {
      return ours ? http::Response::json(project) : detail(404, "Not found.");
    }
    return path[2] == "events" ? page_of(request, ours ? events(request) : std::vector<Object>())
                               : html(404);
  }

  std::vector<Object> events(http::Request& request) {
    const std::string since(request.query.get_or("since", ""));
    const std::string names(request.query.get_or("name", ""));
    std::vector<FreedesktopModel::Event> found;
    for (const auto& event : m_model.events) {
      const auto wanted = split(names, ',');
      if (event.time > since &&
          (names.empty() || std::ranges::find(wanted, event.name) != wanted.end())) {
        found.push_back(event);
      }
    }
    const auto order = request.query.get_or("ordering", "-event_time");
    std::ranges::stable_sort(found, {}, &FreedesktopModel::Event::time);
    if (order.starts_with('-')) {
      std::ranges::reverse(found);
    }
    std::vector<Object> all;
    for (const auto& event : found) {
      Object parameters;
      if (event.version > 0) {
        parameters["revision"] = event.version;
      } else {
        parameters = {{"previous_state", event.before}, {"new_state", event.now}};
      }
      const auto number = [](std::int64_t id) {
        return id > 0 ? boost::json::value(id) : boost::json::value(nullptr);
      };
      all.push_back({{"name", event.name},
                     {"event_time", event.time},
                     {"series", number(event.series)},
                     {"patch", number(event.patch)},
                     {"user", nullptr},
                     {"parameters", std::move(parameters)}});
    }
    return all;
  }

  http::Response on_series(http::Request& request, const std::vector<std::string>& path,
                           const FreedesktopModel::Series& of, bool knows) {
    if (path.size() == 2) {
      return http::Response::json(series_object(of));
    }
    if (path[2] != "revisions") {
      return html(404);
    }
    if (path.size() == 3) {
      std::vector<Object> all;
      for (const auto& revision : of.revisions) {
        all.push_back(revision_object(revision));
      }
      return page_of(request, all);
    }
    const auto version = parse_uint(path[3]).value_or(0);
    for (const auto& revision : of.revisions) {
      if (static_cast<std::uint64_t>(revision.version) != version) {
        continue;
      }
      if (path.size() == 4) {
        return http::Response::json(revision_object(revision));
      }
      if (path[4] == "mbox") {
        std::string all;
        for (const auto& [order, patch] : revision.patches) {
          all += (all.empty() ? "" : "\n") + shown_mbox(m_model.patches.at(patch));
        }
        auto response = http::Response::text(all);
        response.headers.set("Content-Disposition", "attachment; filename=series.mbox");
        return response;
      }
      return on_results(request, of.id, revision.version, knows);
    }
    return detail(404, "Not found.");
  }

  http::Response on_results(http::Request& request, std::int64_t series, int version, bool knows) {
    auto& results = m_results[{series, version}];
    if (request.method == "GET") {
      boost::json::array all;
      for (const auto& [name, result] : results) {
        all.push_back(result);
      }
      return http::Response::json(all);
    }
    const auto body = boost::json::parse(request.body).as_object();
    if (!body.contains("test_name")) {
      return complaint("test_name", "This field is required.");
    }
    if (!knows) {
      return detail(401, "Authentication credentials were not provided.");
    }
    if (!is_maintainer) {
      return detail(403, "You do not have permission to perform this action.");
    }
    static const std::set<std::string> states = {"pending", "info", "success", "warning",
                                                 "failure"};
    const auto state = boost::json::value_to<std::string>(body.at("state"));
    if (!states.contains(state)) {
      return complaint("state", fmt::format("\"{}\" is not a valid choice.", state));
    }
    auto& result = results[boost::json::value_to<std::string>(body.at("test_name"))];
    for (const auto& [key, value] : body) {
      result[key] = value;
    }
    result["date"] = m_model.now();
    return http::Response::json(result, 201);
  }

  static http::Response complaint(const std::string& field, const std::string& text) {
    return http::Response::json(Object{{field, boost::json::array{text}}}, 400);
  }
  std::string shown_mbox(const FreedesktopModel::Patch& patch) const {
    auto text = mbox(patch);
    if (!tells_ids) {
      const auto at = text.find("X-Patchwork-Id:");
      text.erase(at, text.find('\n', at) + 1 - at);
    }
    return text;
  }
  static Object revision_object(const FreedesktopModel::Revision& revision) {
    boost::json::array patches;
    for (const auto& [order, patch] : revision.patches) {
      patches.push_back(patch);
    }
    return {{"version", revision.version},
            {"cover_letter",
             revision.cover ? boost::json::value(*revision.cover) : boost::json::value(nullptr)},
            {"patches", std::move(patches)}};
  }
  Object series_object(const FreedesktopModel::Series& of) {
    std::map<std::string, int> counts;
    for (const auto& [order, patch] : of.revisions.back().patches) {
      ++counts[m_model.patches.at(patch).state];
    }
    boost::json::array summary;
    for (const auto& [state, count] : counts) {
      summary.push_back(Object{{"name", state}, {"count", count}, {"final", false}});
    }
    return {{"id", of.id},         {"project", 1},
            {"name", of.name},     {"n_patches", of.revisions.back().wanted},
            {"submitter", 21},     {"version", of.revisions.back().version},
            {"reviewer", nullptr}, {"test_state", nullptr},
            {"state", "initial"},  {"state_summary", std::move(summary)}};
  }
  static Object patch_object(http::Request& request, const FreedesktopModel::Patch& patch) {
    const bool expand = request.query.get_or("related", "") == "expand";
    return {{"id", patch.id},
            {"name", patch.name},
            {"state", expand ? boost::json::value(Object{{"id", 1}, {"name", patch.state}})
                             : boost::json::value(1)},
            {"content", patch.diff}};
  }

  http::Response page_of(http::Request& request, const std::vector<Object>& all) {
    const auto number = [&](std::string_view name, std::uint64_t other) {
      const auto value = request.query.get(name);
      return value ? parse_uint(*value).value_or(other) : other;
    };
    const auto size = std::clamp<std::size_t>(number("perpage", 20), 1, 100);
    const auto page = number("page", 1);
    if (page == 0 || (page > 1 && (page - 1) * size >= all.size())) {
      return detail(404, "Invalid page.");
    }
    boost::json::array shown;
    for (std::size_t i = (page - 1) * size; i < std::min<std::size_t>(page * size, all.size());
         ++i) {
      shown.push_back(all[i]);
    }
    const auto address = [&](std::size_t other) -> boost::json::value {
      std::string query;
      for (const auto& [name, value] : request.query) {
        query += name == "page" ? "" : fmt::format("{}={}&", name, http::percent_encode(value));
      }
      return boost::json::string(
          fmt::format("{}{}?{}page={}", url(), request.path.substr(1), query, other));
    };
    return http::Response::json(
        Object{{"count", all.size()},
               {"next", page * size < all.size() ? address(page + 1) : nullptr},
               {"previous", page > 1 ? address(page - 1) : nullptr},
               {"results", std::move(shown)}});
  }

  FreedesktopModel m_model;
  std::map<std::pair<std::int64_t, int>, std::map<std::string, Object>> m_results;
};

}  // namespace patchmill::test
