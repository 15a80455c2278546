#include "web/bundle_page.hpp"

#include "web/patch_list_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

// "/bundle/maint/two%20words/".
std::string bundle_path(const registry::Bundle& bundle) {
  return fmt::format("/bundle/{}/{}/", http::percent_encode(bundle.owner.username),
                     http::percent_encode(bundle.name));
}

boost::json::object bundle_row_json(const SiteWords& words, const registry::Bundle& bundle) {
  const std::string address = words.origin + words.base + bundle_path(bundle);
  return {{"id", bundle.id},
          {"web_url", address},
          {"name", bundle.name},
          {"owner", bundle.owner.username},
          {"public", bundle.is_public},
          {"mbox", address + "mbox/"}};
}

void set_bundle(View& view, const registry::Bundle& bundle) {
  view.set("name", bundle.name);
  view.set("address", bundle_path(bundle));
  view.set("owner", user_name(bundle.owner));
  view.set("is_private", !bundle.is_public);
}

}  // namespace

Page bundles_page(const SiteWords& words, const BundleList& list) {
  View view = page_view(words);
  view.set("project_name", list.project.name);
  view.set("project_path", http::percent_encode(list.project.link_name));
  View::List rows;
  for (const auto& bundle : list.rows) {
    View one;
    set_bundle(one, bundle);
    rows.push_back(std::move(one.set("patches", bundle.patches.size())));
  }
  view.set("more", list.total > list.rows.size() ? std::to_string(list.total - list.rows.size())
                                                 : std::string());
  view.set_list("rows", std::move(rows));
  Page page;
  page.heading = "Bundles: " + list.project.name;
  page.section = Section::patches;
  page.body = render_template("bundles", view);
  page.json =
      fmt::format("/project/{}/bundles/?format=json", http::percent_encode(list.project.link_name));
  return page;
}

boost::json::object bundles_json(const SiteWords& words, const BundleList& list) {
  boost::json::array rows;
  for (const auto& bundle : list.rows) {
    auto row = bundle_row_json(words, bundle);
    row["patches"] = bundle.patches.size();
    rows.emplace_back(std::move(row));
  }
  boost::json::object out;
  out["bundles"] = std::move(rows);
  out["total"] = list.total;
  return out;
}

Page bundle_page(const SiteWords& words, const BundleModel& model) {
  View view = page_view(words);
  set_bundle(view, model.bundle);
  view.set("project_name", model.project.name);
  view.set("project_path", http::percent_encode(model.project.link_name));
  View::List rows;
  for (const auto& row : model.rows) {
    View one;
    one.set("patch_address", submission_path(row.project, "patch", row.patch.msgid));
    one.set("patch_name", row.patch.name.empty() ? "(no title)" : row.patch.name);
    one.set("state", row.state).set_time("date", row.patch.date);
    one.set("k", rows.size() + 1);
    rows.push_back(std::move(one));
  }
  view.set_list("rows", std::move(rows));
  Page page;
  page.heading = "Bundle: " + model.bundle.name;
  page.section = Section::patches;
  page.body = render_template("bundle", view);
  page.json = bundle_path(model.bundle) + "?format=json";
  return page;
}

boost::json::object bundle_json(const SiteWords& words, const BundleModel& model) {
  auto out = bundle_row_json(words, model.bundle);
  out["project"] = model.project.link_name;
  boost::json::array patches;
  for (const auto& row : model.rows) {
    patches.push_back({{"id", row.patch.id},
                       {"web_url", words.origin + words.base +
                                       submission_path(row.project, "patch", row.patch.msgid)},
                       {"msgid", "<" + row.patch.msgid + ">"},
                       {"date", to_iso(row.patch.date)},
                       {"name", row.patch.name},
                       {"state", row.state}});
  }
  out["patches"] = std::move(patches);
  return out;
}

}  // namespace patchmill::web
