#include "app/patchwork_survey.hpp"

#include "app/patchwork_objects.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace patchmill::app {
namespace {

using patchwork::DumpRow;
using registry::Id;

constexpr std::size_t k_longest_column = 2000;
constexpr std::size_t k_most = 5'000'000;  // people, or series: what is in memory
constexpr std::size_t k_most_in_bundles = 1'000'000;
// What Patchwork counts unless told otherwise.
constexpr std::array<std::string_view, 3> k_usual_tags = {
    "^Acked-by:", "^Reviewed-by:", "^Tested-by:"};

std::string field(const DumpRow& row, std::string_view column) {
  return ellipsize(row.text(column).value_or(""), k_longest_column);
}

class Surveyor {
 public:
  explicit Surveyor(PatchworkSurvey& found) : m_found(found) {}

  Result<void> take(const DumpRow& row) {
    const Id id = row.number("id");
    ++m_found.rows[row.table];
    Id& newest = m_found.newest[row.table];
    newest = std::max(newest, id);
    if (row.table == "patchwork_submission" || row.table == "patchwork_coverletter") {
      return fail(ErrorKind::invalid,
                  "this is the database of a Patchwork before 3.0; upgrade it first (`manage.py "
                  "migrate` of 3.0 or later, on a copy if need be), and dump that");
    }
    if (const auto taker = k_takers.find(row.table); taker != k_takers.end() && id > 0) {
      (this->*taker->second)(row, id);
    }
    if (m_found.people.size() > k_most || m_found.series.size() > k_most ||
        m_in_bundles > k_most_in_bundles) {
      return fail(ErrorKind::limit, "more people, series or patches in bundles than are read");
    }
    return {};
  }

  void end() {
    std::ranges::sort(m_found.series, {}, &PatchworkSurvey::Series::id);
    for (const auto& [profile, project] : m_maintained) {
      const auto owner = m_profiles.find(profile);
      const auto user =
          owner == m_profiles.end() ? m_found.users.end() : m_found.users.find(owner->second);
      const auto of = m_found.projects.find(project);
      if (user != m_found.users.end() && of != m_found.projects.end()) {
        of->second.maintainers.push_back(user->second);
      }
    }
    for (const auto& [bundle, order, patch] : m_bundled) {
      if (const auto of = m_found.bundles.find(bundle); of != m_found.bundles.end()) {
        of->second.patches.emplace(order, patch);
      }
    }
    std::ranges::stable_sort(m_found.rules, [](const auto& a, const auto& b) {
      return a.priority != b.priority ? a.priority > b.priority : a.path < b.path;
    });
  }

 private:
  using Taker = void (Surveyor::*)(const DumpRow&, Id);
  static const std::map<std::string, Taker, std::less<>> k_takers;

  void project(const DumpRow& row, Id id) {
    registry::Project& project = m_found.projects[id];
    project.id = id;
    project.name = field(row, "name");
    project.link_name = field(row, "linkname");
    project.list_id = field(row, "listid");
    project.list_email = field(row, "listemail");
    project.subject_match = field(row, "subject_match");
    project.web_url = field(row, "web_url");
    project.scm_url = field(row, "scm_url");
    project.webscm_url = field(row, "webscm_url");
    project.list_archive_url = field(row, "list_archive_url");
    project.list_archive_url_format = field(row, "list_archive_url_format");
    project.commit_url_format = field(row, "commit_url_format");
    project.show_dependencies = row.truth("show_dependencies").value_or(false);
  }
  void state(const DumpRow& row, Id id) {
    m_found.states[id] = {id, field(row, "name"), field(row, "slug"),
                          static_cast<int>(std::min<std::int64_t>(row.number("ordering"), 100'000)),
                          row.truth("action_required").value_or(false)};
  }
  void user(const DumpRow& row, Id id) {
    registry::User& user = m_found.users[id];
    user.id = id;
    user.username = field(row, "username");
    user.first_name = field(row, "first_name");
    user.last_name = field(row, "last_name");
    user.email = field(row, "email");
  }
  void person(const DumpRow& row, Id id) {
    registry::Person& person = m_found.people[id];
    person.id = id;
    person.name = field(row, "name");
    person.email = field(row, "email");
    if (const Id user = row.number("user"); user > 0) {
      person.user.emplace().id = user;
    }
  }
  void series(const DumpRow& row, Id id) {
    m_found.series.push_back(
        {id, adopted_date(row.text("date").value_or("")),
         static_cast<int>(std::clamp<std::int64_t>(row.number("version"), 1, 10'000))});
    if (const Id cover = row.number("cover_letter"); cover > 0) {
      m_found.series_of_cover[cover] = id;
    }
  }
  void patch(const DumpRow& row, Id id) {
    if (const Id relation = row.number("related"); relation > 0) {
      const auto [least, is_new] = m_found.relations.try_emplace(relation, id);
      least->second = std::min(least->second, id);
    }
  }
  void profile(const DumpRow& row, Id id) { m_profiles[id] = row.number("user"); }
  void maintained(const DumpRow& row, Id /*id*/) {
    m_maintained.emplace_back(row.number("userprofile"), row.number("project"));
  }
  void bundle(const DumpRow& row, Id id) {
    PatchworkSurvey::Bundle& bundle = m_found.bundles[id];
    bundle.self.id = id;
    bundle.self.project = row.number("project");
    bundle.self.name = field(row, "name").substr(0, 255);
    bundle.self.is_public = row.truth("public").value_or(false);
    bundle.owner = row.number("owner");
  }
  void bundled(const DumpRow& row, Id /*id*/) {
    m_bundled.push_back({row.number("bundle"), row.number("order"), row.number("patch")});
    ++m_in_bundles;
  }
  void rule(const DumpRow& row, Id /*id*/) {
    const std::string priority = field(row, "priority");
    const bool below = priority.starts_with('-');
    const auto number = static_cast<std::int64_t>(
        std::min<std::uint64_t>(parse_uint(priority.substr(below ? 1 : 0)).value_or(0), 1u << 30));
    m_found.rules.push_back(
        {row.number("project"), row.number("user"), field(row, "path"), below ? -number : number});
  }
  void tag(const DumpRow& row, Id /*id*/) {
    const std::string pattern = field(row, "pattern");
    if (std::ranges::none_of(k_usual_tags,
                             [&](std::string_view usual) { return iequals(usual, pattern); })) {
      m_found.tags.push_back(pattern);
    }
  }

  struct Bundled {
    Id bundle = 0;
    std::int64_t order = 0;
    Id patch = 0;
  };
  PatchworkSurvey& m_found;
  std::unordered_map<Id, Id> m_profiles;  // whose
  std::vector<std::pair<Id, Id>> m_maintained;
  std::vector<Bundled> m_bundled;
  std::size_t m_in_bundles = 0;
};

const std::map<std::string, Surveyor::Taker, std::less<>> Surveyor::k_takers = {
    {"patchwork_project", &Surveyor::project},
    {"patchwork_state", &Surveyor::state},
    {"auth_user", &Surveyor::user},
    {"patchwork_person", &Surveyor::person},
    {"patchwork_series", &Surveyor::series},
    {"patchwork_patch", &Surveyor::patch},
    {"patchwork_userprofile", &Surveyor::profile},
    {"patchwork_userprofile_maintainer_projects", &Surveyor::maintained},
    {"patchwork_bundle", &Surveyor::bundle},
    {"patchwork_bundlepatch", &Surveyor::bundled},
    {"patchwork_delegationrule", &Surveyor::rule},
    {"patchwork_tag", &Surveyor::tag},
};

}  // namespace

const PatchworkSurvey::Series* PatchworkSurvey::find_series(Id id) const {
  const auto found = std::ranges::lower_bound(series, id, {}, &Series::id);
  return found != series.end() && found->id == id ? &*found : nullptr;
}

Result<PatchworkSurvey> survey(const patchwork::Dump& dump,
                               const std::function<void(std::size_t at)>& progress) {
  PatchworkSurvey found;
  Surveyor surveyor(found);
  PM_TRY(dump.each(
      [](std::string_view table) {
        return table.starts_with("patchwork_") || table == "auth_user";
      },
      [&](const DumpRow& row, std::size_t at) {
        progress(at);
        return surveyor.take(row);
      }));
  surveyor.end();
  if (found.projects.empty()) {
    return fail(ErrorKind::invalid,
                "no projects of a Patchwork are in it: dump all tables of its database (Django: "
                "`manage.py dumpdata patchwork auth.user`)");
  }
  return found;
}

}  // namespace patchmill::app
