#include "api/patchwork/call.hpp"
#include "api/patchwork/mails.hpp"
#include "api/patchwork/paging.hpp"
#include "api/patchwork/parameters.hpp"

namespace patchmill::api::patchwork {
namespace {

template <class Find, class One>
http::Response list(Call& call, const Query& query, Find find, One one) {
  const auto asked = page_asked(call.request.query);
  if (!asked) {
    return problem(404, "Invalid page.");
  }
  if (const auto fine = query.check(); !fine) {
    return problem(400, fine.error().message);
  }
  decltype(find(asked->page)) page;
  registry::PageAsked wanted = asked->page;
  if (!query.finds_nothing()) {
    page = find(wanted);
  }
  const std::uint64_t pages = page_count(page.total, wanted.per_page);
  if (asked->last && pages > 1) {
    wanted.page = pages;
    page = find(wanted);
  }
  if (wanted.page > pages) {
    return problem(404, "Invalid page.");
  }
  std::string& out = call.render.out;
  out += '[';
  for (const auto& item : page.items) {
    if (out.back() != '[') {
      out += ',';
    }
    one(item);
  }
  out += ']';
  auto response = rendered(call);
  response.headers.add("Link", link_header(call.url, call.request.query, wanted.page, pages));
  return response;
}

}  // namespace

http::Response answer_list(Call& call) {
  Query query(call.request.query, call.place.version);
  Registry& known = call.registry;
  Render& render = call.render;
  const Id id = call.place.id;
  using registry::PageAsked;
  const auto find_with = [&known](auto filter) {
    return
        [&known, filter = std::move(filter)](PageAsked page) { return known.find(filter, page); };
  };
  switch (call.place.kind) {
    case Kind::projects:
      return list(call, query, find_with(query.names()),
                  [&](const registry::Project& project) { render.project(project); });
    case Kind::series_list:
      return list(call, query, find_with(query.series()),
                  [&](const registry::Series& series) { render.series(series); });
    case Kind::patches:
      return list(call, query, find_with(query.patches()),
                  [&](const registry::Patch& patch) { render.patch(patch); });
    case Kind::covers:
      return list(call, query, find_with(query.covers()),
                  [&](const registry::Cover& cover) { render.cover(cover); });
    case Kind::events:
      return list(call, query, find_with(query.events()),
                  [&](const registry::Event& event) { render.event(event); });
    case Kind::bundles: {
      auto filter = query.bundles();
      if (call.who) {
        filter.viewer = call.who->id;
      }
      return list(call, query, find_with(std::move(filter)),
                  [&](const registry::Bundle& bundle) { render.bundle(bundle); });
    }
    case Kind::users:
      return list(
          call, query,
          [&, filter = query.names()](PageAsked page) { return known.find_users(filter, page); },
          [&](const registry::User& user) { render.user(user, false); });
    case Kind::people:
      return list(
          call, query,
          [&, filter = query.names()](PageAsked page) { return known.find_people(filter, page); },
          [&](const registry::Person& person) { render.person(person); });
    case Kind::checks:
      if (!known.patch(id)) {
        return not_found();
      }
      return list(
          call, query,
          [&, filter = query.checks()](PageAsked page) {
            return known.find_checks(id, filter, page);
          },
          [&](const registry::Check& check) { render.check(check); });
    case Kind::patch_comments:
    case Kind::cover_comments: {
      const bool of_patch = call.place.kind == Kind::patch_comments;
      if (of_patch ? !known.patch(id) : !known.cover(id)) {
        return not_found();
      }
      return list(
          call, query,
          [&, order = query.order({"id", "date"})](PageAsked page) {
            return of_patch ? known.find_patch_comments(id, order, page)
                            : known.find_cover_comments(id, order, page);
          },
          [&](const registry::Comment& comment) { render_detail(call, comment); });
    }
    default:
      return not_found();
  }
}

}  // namespace patchmill::api::patchwork
