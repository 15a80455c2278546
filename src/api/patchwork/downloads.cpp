#include "api/patchwork/answers.hpp"
#include "api/patchwork/front.hpp"
#include "api/patchwork/json_text.hpp"
#include "api/patchwork/mails.hpp"
#include "api/patchwork/mbox.hpp"
#include "api/patchwork/patch_mbox.hpp"
#include "http/target.hpp"
#include "registry/msgid_segment.hpp"
#include "util/log.hpp"
#include "util/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchmill::api::patchwork {
namespace {

constexpr std::size_t k_largest = 64u << 20;     // of a download
constexpr std::uint64_t k_most_comments = 1000;  // whose trailers are taken

// A request for a download or an old link.
struct Visit {
  const Options& options;
  http::Request& request;
  Registry& registry;
};

http::Response download(std::string body, std::string_view type, std::string_view name) {
  http::Response response;
  response.headers.add("Content-Type", type);
  // Without quotes: git-pw and pwclient take everything behind the equals sign. Nothing in the
  // names needs them.
  response.headers.add("Content-Disposition", "attachment; filename=" + std::string(name));
  response.body = std::move(body);
  return response;
}

// `path` is of this service, which may be a folder of its host.
http::Response to(const Visit& visit, const std::string& path) {
  return http::Response::redirect(folder_of(visit.options) + path, 302);
}

std::string path_of(Visit& visit, Id project_id, std::string_view what, std::string_view msgid) {
  const auto project = visit.registry.project(project_id);
  std::string path = "/project/";
  append_path_segment(path, project ? project->link_name : "");
  path += what;
  append_msgid_segment(path, msgid);
  return path + "/";
}

std::string patch_path(Visit& visit, const registry::Patch& patch) {
  return path_of(visit, patch.self.project, "/patch/", patch.self.msgid);
}
std::string cover_path(Visit& visit, const registry::Cover& cover) {
  return path_of(visit, cover.self.project, "/cover/", cover.self.msgid);
}

// One mbox of several patches; what cannot be read is an error: half a series applies as a whole.
Result<std::string> mbox_of_patches(Visit& visit, const std::vector<Id>& patches) {
  std::string all;
  for (const Id id : patches) {
    const auto patch = visit.registry.patch(id);
    if (!patch) {
      continue;
    }
    PM_TRY_ASSIGN(const auto one, mbox_of_patch(visit.registry, *patch));
    if (all.size() + one.size() > k_largest) {
      return fail(ErrorKind::limit, fmt::format("Together they are larger than {} MiB; get the "
                                                "patches one by one.",
                                                k_largest >> 20U));
    }
    all += (all.empty() ? "" : "\n") + one;
  }
  return all;
}

http::Response answer(const Visit& visit, Result<std::string> body, std::string_view type,
                      std::string_view name) {
  if (!body) {
    log::warning("{}: {}", visit.request.path, body.error().message);
    return body.error().kind == ErrorKind::limit ? problem(422, body.error().message)
                                                 : no_such_page();
  }
  return download(std::move(*body), type, name);
}

std::vector<Id> ids_of(const std::vector<registry::SubmissionRef>& patches) {
  std::vector<Id> ids;
  ids.reserve(patches.size());
  for (const auto& patch : patches) {
    ids.push_back(patch.id);
  }
  return ids;
}

Id id_in(const http::Request& request) {
  return static_cast<Id>(parse_uint(request.param("id")).value_or(0));
}

std::string_view msgid_in(const http::Request& request) {
  return registry::msgid_of_segment(request.param("msgid"));
}

std::optional<registry::Patch> named_patch(Visit& visit) {
  const auto project = visit.registry.project(std::string_view(visit.request.param("link")));
  return project ? visit.registry.patch(project->id, msgid_in(visit.request)) : std::nullopt;
}
std::optional<registry::Cover> named_cover(Visit& visit) {
  const auto project = visit.registry.project(std::string_view(visit.request.param("link")));
  return project ? visit.registry.cover(project->id, msgid_in(visit.request)) : std::nullopt;
}

http::Response patch_mbox(Visit& visit) {
  const auto patch = named_patch(visit);
  if (!patch) {
    return no_such_page();
  }
  std::vector<Id> wanted;
  if (const auto series = visit.request.query.get("series"); series && !series->empty()) {
    // The patches that come before it, too: "*" or the number of the series it is in.
    if (!patch->series || (*series != "*" && *series != std::to_string(patch->series->id))) {
      return no_such_page();
    }
    if (const auto whole = visit.registry.series(patch->series->id)) {
      wanted = ids_of(whole->patches);
    }
    wanted.erase(std::find(wanted.begin(), wanted.end(), patch->self.id), wanted.end());
  }
  wanted.push_back(patch->self.id);
  return answer(visit, mbox_of_patches(visit, wanted), "text/plain; charset=utf-8",
                file_name(patch->self.name) + ".patch");
}

http::Response patch_raw(Visit& visit) {
  const auto patch = named_patch(visit);
  if (!patch) {
    return no_such_page();
  }
  auto raw = visit.registry.mail(patch->message);
  return answer(visit, raw ? parts_of_submission(*raw).diff : std::move(raw), "text/x-patch",
                file_name(patch->self.name) + ".diff");
}

http::Response cover_mbox(Visit& visit) {
  const auto cover = named_cover(visit);
  if (!cover) {
    return no_such_page();
  }
  const auto raw = visit.registry.mail(cover->message);
  if (!raw) {
    return answer(visit, raw, "", "");
  }
  const auto comments = visit.registry.find_cover_comments(
      cover->self.id, {"date", false}, {.page = 1, .per_page = k_most_comments});
  const Submission submission{cover->self.id, cover->self.date, cover->submitter, "",
                              list_email(visit.registry, cover->self.project)};
  return download(
      mbox_of(submission, parts_of_submission(*raw), responses_to(visit.registry, comments.items)),
      "text/plain", file_name(cover->self.name) + ".mbox");
}

http::Response series_mbox(Visit& visit) {
  const auto series = visit.registry.series(id_in(visit.request));
  if (!series) {
    return no_such_page();
  }
  const std::string name =
      series->self.name.value_or(fmt::format("Untitled series #{}", series->self.id));
  return answer(visit, mbox_of_patches(visit, ids_of(series->patches)), "text/plain",
                file_name(name) + ".patch");
}

http::Response bundle_mbox(Visit& visit) {
  const auto bundle =
      visit.registry.bundle(visit.request.param("user"), visit.request.param("name"));
  const auto who = user_of(visit.request, visit.registry);
  if (!bundle || (!bundle->is_public && (!who || who->id != bundle->owner.id))) {
    return no_such_page();
  }
  return answer(visit, mbox_of_patches(visit, ids_of(bundle->patches)), "text/plain",
                fmt::format("bundle-{}-{}.mbox", bundle->id, file_name(bundle->name)));
}

http::Response old_patch(Visit& visit, std::string_view what) {
  const auto patch = visit.registry.patch(id_in(visit.request));
  return patch ? to(visit, patch_path(visit, *patch) + std::string(what)) : no_such_page();
}

http::Response old_cover(Visit& visit, std::string_view what) {
  const auto cover = visit.registry.cover(id_in(visit.request));
  return cover ? to(visit, cover_path(visit, *cover) + std::string(what)) : no_such_page();
}

// Comments of patches and covers are numbered apart, and the link does not say which it means.
http::Response old_comment(Visit& visit) {
  const Id id = id_in(visit.request);
  const std::string anchor = "#" + std::to_string(id);
  if (const auto of = visit.registry.patch_of_comment(id)) {
    if (const auto patch = visit.registry.patch(*of)) {
      return to(visit, patch_path(visit, *patch) + anchor);
    }
  }
  if (const auto of = visit.registry.cover_of_comment(id)) {
    if (const auto cover = visit.registry.cover(*of)) {
      return to(visit, cover_path(visit, *cover) + anchor);
    }
  }
  return no_such_page();
}

http::Response pwclientrc(Visit& visit) {
  const auto project = visit.registry.project(std::string_view(visit.request.param("link")));
  if (!project) {
    return no_such_page();
  }
  const std::string base = base_of(visit.options, visit.request);
  std::string_view host = base;
  host.remove_prefix(host.find("://") + 3);
  return download(
      fmt::format("# Sample .pwclientrc file for the {0} project,\n"
                  "# running on {1}.\n"
                  "#\n"
                  "# Just append this file to your existing ~/.pwclientrc\n"
                  "# If you do not already have a ~/.pwclientrc, then copy this file to\n"
                  "# ~/.pwclientrc, and uncomment the following two lines:\n"
                  "# [options]\n"
                  "# default={0}\n"
                  "\n"
                  "[{0}]\n"
                  "backend = rest\n"
                  "url = {2}/api/\n"
                  "\n",
                  project->link_name, host, base),
      "text/plain", ".pwclientrc");
}

}  // namespace

void add_downloads(http::Router& router, const std::shared_ptr<const Options>& options) {
  const auto get = [&](std::string pattern, std::function<http::Response(Visit&)> answer_visit) {
    http::Route route;
    route.method = "GET";
    route.pattern = std::move(pattern);
    route.guards = {options->authenticator->optional(refuse_credentials)};
    route.handler = [options, answer_visit = std::move(answer_visit)](http::Request& request) {
      if (auto refused = refuse_reading(*options, request)) {
        return std::move(*refused);
      }
      return guarded(request, [&] {
        const auto registry = options->open();
        Visit visit{*options, request, *registry};
        return answer_visit(visit);
      });
    };
    router.add(std::move(route));
  };
  get("/series/{id:uint}/mbox/", series_mbox);
  get("/project/{link}/patch/{msgid}/mbox/", patch_mbox);
  get("/project/{link}/patch/{msgid}/raw/", patch_raw);
  get("/project/{link}/cover/{msgid}/mbox/", cover_mbox);
  get("/project/{link}/pwclientrc/", pwclientrc);
  get("/bundle/{user}/{name}/mbox/", bundle_mbox);
  get("/patch/{id:uint}/", [](Visit& visit) { return old_patch(visit, ""); });
  get("/patch/{id:uint}/mbox/", [](Visit& visit) { return old_patch(visit, "mbox/"); });
  get("/patch/{id:uint}/raw/", [](Visit& visit) { return old_patch(visit, "raw/"); });
  get("/cover/{id:uint}/", [](Visit& visit) { return old_cover(visit, ""); });
  get("/cover/{id:uint}/mbox/", [](Visit& visit) { return old_cover(visit, "mbox/"); });
  get("/comment/{id:uint}/", old_comment);
}

}  // namespace patchmill::api::patchwork
