// Routes of what Patchwork's users know: projects, lists of patches, patches, covers, things to do.
#include "http/target.hpp"
#include "registry/get.hpp"
#include "registry/msgid_segment.hpp"
#include "util/text.hpp"
#include "web/bundle_page.hpp"
#include "web/patch_list_page.hpp"
#include "web/project_feed.hpp"
#include "web/site_impl.hpp"
#include "web/submission_page.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace patchmill::web {
namespace {

std::optional<registry::Project> project_in(http::Request& request, store::Database& database) {
  return registry::project(database, std::string_view(request.param("link")));
}

http::Response no_project(const http::Request& request) {
  return http::Response::error(
      404, fmt::format("there is no project {}", ellipsize(request.param("link"), 100)));
}

http::Response list_answer(Site::Impl& site, http::Request& request, store::Database& database,
                           const std::optional<registry::Project>& project,
                           const std::optional<registry::User>& todo) {
  auto query = patch_list_query(request.query);
  if (!query) {
    return http::Response::error(query.error());
  }
  if (todo) {  // is all that it is about
    query->delegate.clear();
    query->series.clear();
    query->project = project ? project->link_name : "";
  } else {
    query->project.clear();
  }
  const PatchList list = read_patch_list(database, *site.config.patches, project, todo, *query);
  if (!query->series.empty() && !list.series) {
    return http::Response::error(
        404, fmt::format("there is no series {} in project {}", query->series, project->link_name));
  }
  return site.answer(
      request, "", [&] { return patch_list_page(site.words, list); },
      [&] { return patch_list_json(site.words, list); });
}

http::Response patch_list(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto project = project_in(request, database);
  return project ? list_answer(site, request, database, project, std::nullopt)
                 : no_project(request);
}

// "?project=" by link name or id; as in Patchwork's lists, "" and "*" are all. Nothing: there is no
// such project.
std::optional<std::optional<registry::Project>> wanted_project(const http::Request& request,
                                                               store::Database& database) {
  const auto query = patch_list_query(request.query);
  const std::string name = query ? query->project : std::string();
  if (name.empty()) {
    return std::optional<registry::Project>();
  }
  auto found = registry::project(database, std::string_view(name));
  if (!found) {
    return std::nullopt;
  }
  return found;
}

http::Response unknown_project(const http::Request& request) {
  return http::Response::error(
      404,
      fmt::format("there is no project {}", ellipsize(request.query.get_or("project", ""), 100)));
}

http::Response user_todo(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto user = registry::user_by_name(database, request.param("name"));
  if (!user) {
    return http::Response::error(
        404, fmt::format("there is no user {}", ellipsize(request.param("name"), 100)));
  }
  const auto project = wanted_project(request, database);
  return project ? list_answer(site, request, database, *project, user) : unknown_project(request);
}

http::Response todo(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto project = wanted_project(request, database);
  if (!project) {
    return unknown_project(request);
  }
  const auto rows = read_todo(database, *site.config.patches, *project);
  return site.answer(
      request, "", [&] { return todo_page(site.words, rows, *project); },
      [&] { return todo_json(site.words, rows, *project); });
}

// Redirects from a project's address to one with its name between these.
http::Response elsewhere(Site::Impl& site, http::Request& request, store::Database& database,
                         std::string_view before, std::string_view after) {
  const auto found = project_in(request, database);
  return found
             ? http::Response::redirect(fmt::format("{}{}{}{}", site.words.base, before,
                                                    http::percent_encode(found->link_name), after),
                                        302)
             : no_project(request);
}

// Patchwork's address of what who is logged in has to do there; nobody logs in here.
http::Response project_todo(Site::Impl& site, http::Request& request, store::Database& database) {
  return elsewhere(site, request, database, "/user/todo/?project=", "");
}

http::Response projects(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto rows = read_projects(database, *site.config.patches);
  return site.answer(
      request, "", [&] { return projects_page(site.words, rows); },
      [&] { return projects_json(site.words, rows); });
}

http::Response project(Site::Impl& site, http::Request& request, store::Database& database) {
  return elsewhere(site, request, database, "/project/", "/list/");
}

http::Response project_atom(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto project = project_in(request, database);
  if (!project) {
    return no_project(request);
  }
  // Readers ask often, and hardly ever there is something new.
  const std::string etag = site.etag(database);
  if (auto same = Site::Impl::unchanged(request, etag)) {
    return *std::move(same);
  }
  http::Response response;
  response.headers.add("Content-Type", "application/atom+xml; charset=utf-8");
  response.headers.add("ETag", "W/\"" + twin_etag(request, etag) + "\"");
  response.headers.add("Vary", "Accept");
  response.headers.add("Cache-Control", "no-cache");
  response.body = atom_text(site.words, project_feed(database, *site.config.patches, *project),
                            site.config.clock->now());
  return response;
}

// Whom a token says he is; without one nobody knows.
std::optional<registry::Id> viewer_of(const http::Request& request, store::Database& database) {
  const auto user =
      request.identity ? registry::user_by_name(database, request.identity->name) : std::nullopt;
  return user ? std::optional(user->id) : std::nullopt;
}

http::Response bundles(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto project = project_in(request, database);
  if (!project) {
    return no_project(request);
  }
  const auto list = read_bundles(database, *project, viewer_of(request, database));
  return site.answer(
      request, "", [&] { return bundles_page(site.words, list); },
      [&] { return bundles_json(site.words, list); });
}

http::Response bundle(Site::Impl& site, http::Request& request, store::Database& database) {
  const auto model = read_bundle(database, request.param("user"), request.param("name"),
                                 viewer_of(request, database));
  if (!model) {  // the same whether it is somebody's private one or none
    return http::Response::error(
        404, fmt::format("there is no bundle {} of {}", ellipsize(request.param("name"), 100),
                         ellipsize(request.param("user"), 100)));
  }
  return site.answer(
      request, "", [&] { return bundle_page(site.words, *model); },
      [&] { return bundle_json(site.words, *model); });
}

// Of a patch the page of a patch, also where somebody takes it for a cover, and the other way
// round.
http::Response submission(Site::Impl& site, http::Request& request, store::Database& database,
                          bool cover) {
  const auto project = project_in(request, database);
  if (!project) {
    return no_project(request);
  }
  const std::string msgid(registry::msgid_of_segment(request.param("msgid")));
  const auto model =
      read_submission(database, site.blobs, *site.config.clock, *project, msgid, cover);
  if (model) {
    return site.answer(
        request, "",
        [&] {
          return submission_page(site.words, *model,
                                 static_cast<bool>(site.config.hooks.range_diff));
        },
        [&] { return submission_json(site.words, *model); });
  }
  const bool other = cover ? registry::patch(database, project->id, msgid).has_value()
                           : registry::cover(database, project->id, msgid).has_value();
  return other ? http::Response::redirect(
                     site.words.base +
                         submission_path(project->link_name, cover ? "patch" : "cover", msgid),
                     302)
               : http::Response::error(404, fmt::format("there is no {} <{}> in project {}",
                                                        cover ? "cover letter" : "patch",
                                                        ellipsize(msgid, 300), project->link_name));
}

}  // namespace

void Site::Impl::add_patches(http::Router& router) {
  if (config.patches == nullptr) {
    return;
  }
  get(router, "/project/", projects);
  get(router, "/project/{link}/", project);
  get(router, "/project/{link}/list/", patch_list);
  get(router, "/project/{link}/bundles/", bundles);
  get(router, "/bundle/{user}/{name}/", bundle);
  get(router, "/project/{link}/feed.atom", project_atom);
  get(router, "/project/{link}/patch/{msgid}/",
      [](Impl& self, http::Request& request, store::Database& database) {
        return submission(self, request, database, false);
      });
  get(router, "/project/{link}/cover/{msgid}/",
      [](Impl& self, http::Request& request, store::Database& database) {
        return submission(self, request, database, true);
      });
  get(router, "/user/todo/", todo);
  get(router, "/user/todo/{link}/", project_todo);
  get(router, "/user/{name}/todo/", user_todo);
}

}  // namespace patchmill::web
