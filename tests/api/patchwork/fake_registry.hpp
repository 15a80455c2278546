#pragma once
// A registry in memory, as small as the tests of the dialect allow.

#include "api/patchwork/registry.hpp"
#include "util/text.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace patchmill::api::patchwork::test {

namespace reg = patchmill::registry;

struct Data {
  std::vector<reg::User> users;
  std::vector<reg::Person> people;
  std::vector<reg::Project> projects;
  std::vector<reg::State> states;
  std::vector<reg::Patch> patches;
  std::vector<reg::Series> series;
  std::vector<reg::Cover> covers;
  std::vector<reg::Check> checks;
  std::vector<reg::Comment> patch_comments, cover_comments;
  std::vector<reg::Bundle> bundles;
  std::vector<reg::Event> events;
  std::map<std::int64_t, std::string> mails;
  Timestamp now{};
  // What was asked for last.
  reg::PatchFilter patch_filter;
  reg::SeriesFilter series_filter;
  reg::EventFilter event_filter;
  reg::CheckFilter check_filter;
  reg::PageAsked page;
  int finds = 0;
};

inline std::string digits(Id id) {
  return std::to_string(id);
}

class FakeRegistry final : public Registry {
 public:
  explicit FakeRegistry(Data& data) : d(data) {}

  reg::Page<reg::Project> find(const reg::NameFilter&, PageAsked page) override {
    return cut(keep(d.projects, [](const reg::Project&) { return true; }), page);
  }
  reg::Page<reg::Patch> find(const reg::PatchFilter& f, PageAsked page) override {
    d.patch_filter = f;
    auto found = keep(d.patches, [&](const reg::Patch& p) {
      return any(f.id, {digits(p.self.id)}) && in_project(f.project, p.self.project) &&
             by_submitter(f.submitter, p.submitter) &&
             any(f.series, {p.series ? digits(p.series->id) : ""}) &&
             any(f.delegate, {p.delegate ? digits(p.delegate->id) : "",
                              p.delegate ? p.delegate->username : ""}) &&
             any(f.state, {p.state, state_id(p.state)}) &&
             (!f.archived || *f.archived == p.archived) && any(f.hash, {p.hash.value_or("")}) &&
             any(f.msgid, {p.self.msgid}) && in_span(f.date, p.self.date) &&
             has_words(p.self.name, f.q);
    });
    sort(found, f.order, [](const reg::Patch& p) { return std::pair(p.self.date, p.self.id); });
    return cut(found, page);
  }
  reg::Page<reg::Series> find(const reg::SeriesFilter& f, PageAsked page) override {
    d.series_filter = f;
    auto found = keep(d.series, [&](const reg::Series& s) {
      return in_project(f.project, s.self.project) && by_submitter(f.submitter, s.submitter) &&
             in_span(f.date, s.self.date) && has_words(s.self.name.value_or(""), f.q);
    });
    sort(found, f.order, [](const reg::Series& s) { return std::pair(s.self.date, s.self.id); });
    return cut(found, page);
  }
  reg::Page<reg::Cover> find(const reg::CoverFilter& f, PageAsked page) override {
    return cut(keep(d.covers,
                    [&](const reg::Cover& c) {
                      return in_project(f.project, c.self.project) &&
                             any(f.msgid, {c.self.msgid}) &&
                             any(f.series, {c.series ? digits(c.series->id) : ""});
                    }),
               page);
  }
  reg::Page<reg::Event> find(const reg::EventFilter& f, PageAsked page) override {
    d.event_filter = f;
    auto found = keep(d.events, [&](const reg::Event& e) {
      const bool comment = e.category == reg::Category::cover_comment_created ||
                           e.category == reg::Category::patch_comment_created;
      return in_project(f.project, e.project) && (f.comments || !comment) &&
             any(f.category, {category(e.category)}) &&
             any(f.series, {e.series ? digits(e.series->id) : ""}) &&
             any(f.patch, {e.patch ? digits(e.patch->id) : ""}) && in_span(f.date, e.date);
    });
    sort(found, f.order, [](const reg::Event& e) { return std::pair(e.date, e.id); });
    return cut(found, page);
  }
  reg::Page<reg::Bundle> find(const reg::BundleFilter& f, PageAsked page) override {
    return cut(keep(d.bundles,
                    [&](const reg::Bundle& b) {
                      return (b.is_public || f.viewer == b.owner.id) &&
                             (!f.is_public || *f.is_public == b.is_public) &&
                             has_words(b.name, f.q);
                    }),
               page);
  }
  reg::Page<reg::User> find_users(const reg::NameFilter& f, PageAsked page) override {
    return cut(keep(d.users,
                    [&](const reg::User& u) {
                      return f.q.empty() || u.username == f.q || u.email == f.q;
                    }),
               page);
  }
  reg::Page<reg::Person> find_people(const reg::NameFilter& f, PageAsked page) override {
    return cut(keep(d.people,
                    [&](const reg::Person& p) { return has_words(p.name + " " + p.email, f.q); }),
               page);
  }
  reg::Page<reg::Check> find_checks(std::optional<Id> patch, const reg::CheckFilter& f,
                                    PageAsked page) override {
    d.check_filter = f;
    auto found = keep(d.checks, [&](const reg::Check& c) {
      return (!patch || c.patch == *patch) && any(f.id, {digits(c.id)}) &&
             (f.project.empty() || in_project(f.project, this->patch(c.patch)->self.project)) &&
             any(f.user, {digits(c.user.id), c.user.username}) &&
             any(f.state, {digits(static_cast<Id>(c.state))}) && any(f.context, {c.context});
    });
    sort(found, f.order, [](const reg::Check& c) { return std::pair(c.date, c.id); });
    return cut(found, page);
  }
  reg::Page<reg::Comment> find_patch_comments(Id patch, const reg::Order&,
                                              PageAsked page) override {
    return cut(keep(d.patch_comments, [&](const reg::Comment& c) { return c.patch == patch; }),
               page);
  }
  reg::Page<reg::Comment> find_cover_comments(Id cover, const reg::Order&,
                                              PageAsked page) override {
    return cut(keep(d.cover_comments, [&](const reg::Comment& c) { return c.cover == cover; }),
               page);
  }

  std::optional<reg::Project> project(Id id) override {
    return first(d.projects, [&](const auto& p) { return p.id == id; });
  }
  std::optional<reg::Project> project(std::string_view name) override {
    return first(d.projects,
                 [&](const auto& p) { return digits(p.id) == name || iequals(p.link_name, name); });
  }
  std::optional<reg::Patch> patch(Id id) override {
    return first(d.patches, [&](const auto& p) { return p.self.id == id; });
  }
  std::optional<reg::Patch> patch(Id project, std::string_view msgid) override {
    return first(d.patches,
                 [&](const auto& p) { return p.self.project == project && p.self.msgid == msgid; });
  }
  std::optional<reg::Series> series(Id id) override {
    return first(d.series, [&](const auto& s) { return s.self.id == id; });
  }
  std::optional<reg::Cover> cover(Id id) override {
    return first(d.covers, [&](const auto& c) { return c.self.id == id; });
  }
  std::optional<reg::Cover> cover(Id project, std::string_view msgid) override {
    return first(d.covers,
                 [&](const auto& c) { return c.self.project == project && c.self.msgid == msgid; });
  }
  std::optional<reg::Check> check(Id patch, Id id) override {
    return first(d.checks, [&](const auto& c) { return c.patch == patch && c.id == id; });
  }
  std::optional<reg::Comment> patch_comment(Id patch, Id id) override {
    return first(d.patch_comments, [&](const auto& c) { return c.patch == patch && c.id == id; });
  }
  std::optional<reg::Comment> cover_comment(Id cover, Id id) override {
    return first(d.cover_comments, [&](const auto& c) { return c.cover == cover && c.id == id; });
  }
  std::optional<Id> patch_of_comment(Id id) override {
    const auto found = first(d.patch_comments, [&](const auto& c) { return c.id == id; });
    return found ? found->patch : std::nullopt;
  }
  std::optional<Id> cover_of_comment(Id id) override {
    const auto found = first(d.cover_comments, [&](const auto& c) { return c.id == id; });
    return found ? found->cover : std::nullopt;
  }
  std::optional<reg::Bundle> bundle(Id id) override {
    return first(d.bundles, [&](const auto& b) { return b.id == id; });
  }
  std::optional<reg::Bundle> bundle(std::string_view owner, std::string_view name) override {
    return first(d.bundles,
                 [&](const auto& b) { return b.owner.username == owner && b.name == name; });
  }
  std::optional<reg::User> user(Id id) override {
    return first(d.users, [&](const auto& u) { return u.id == id; });
  }
  std::optional<reg::User> user_by_name(std::string_view name) override {
    return first(d.users, [&](const auto& u) { return u.username == name; });
  }
  std::optional<reg::Person> person(Id id) override {
    return first(d.people, [&](const auto& p) { return p.id == id; });
  }
  std::vector<reg::State> states() override { return d.states; }
  std::vector<reg::Comment> comments_of(Id patch) override {
    std::vector<reg::Comment> kept;
    std::ranges::copy_if(d.patch_comments, std::back_inserter(kept),
                         [&](const reg::Comment& c) { return c.patch == patch; });
    return kept;
  }
  Result<std::string> mail(std::int64_t message) override {
    const auto found = d.mails.find(message);
    if (found == d.mails.end()) {
      return fail(ErrorKind::not_found, "no mail " + std::to_string(message));
    }
    return found->second;
  }

  bool may_change(const reg::User& who, Id id) override {
    const auto changed = patch(id);
    return changed && maintains(who, changed->self.project);
  }
  reg::Changed<reg::Patch> change_patch(const reg::User&, Id id,
                                        const reg::PatchChange& change) override {
    for (reg::Patch& patch : d.patches) {
      if (patch.self.id != id) {
        continue;
      }
      patch.state = change.state.value_or(patch.state);
      patch.archived = change.archived.value_or(patch.archived);
      patch.commit_ref = change.commit_ref.value_or(patch.commit_ref);
      patch.pull_url = change.pull_url.value_or(patch.pull_url);
      if (change.delegate) {
        patch.delegate = *change.delegate ? user(**change.delegate) : std::nullopt;
      }
      if (change.related) {
        relate(id, *change.related);
      }
      return patch;
    }
    return tl::unexpected(reg::Refusal{reg::Refusal::Kind::not_found, "", ""});
  }
  reg::Changed<reg::Check> add_check(const reg::User& who, Id patch,
                                     const reg::NewCheck& added) override {
    reg::Check check{static_cast<Id>(d.checks.size() + 1),
                     patch,
                     who,
                     d.now,
                     added.state,
                     added.target_url,
                     added.context,
                     added.description};
    d.checks.push_back(check);
    combine(patch);
    return check;
  }
  reg::Changed<reg::Comment> address_patch_comment(const reg::User& who, Id, Id comment,
                                                   std::optional<bool> addressed) override {
    return address(d.patch_comments, who, comment, addressed);
  }
  reg::Changed<reg::Comment> address_cover_comment(const reg::User& who, Id, Id comment,
                                                   std::optional<bool> addressed) override {
    return address(d.cover_comments, who, comment, addressed);
  }
  reg::Changed<reg::Bundle> add_bundle(const reg::User& who, Id project,
                                       const reg::BundleChange& change) override {
    reg::Bundle bundle;
    bundle.id = static_cast<Id>(d.bundles.size() + 1);
    bundle.project = project;
    bundle.owner = who;
    apply(bundle, change);
    d.bundles.push_back(bundle);
    return bundle;
  }
  reg::Changed<reg::Bundle> change_bundle(const reg::User&, Id id,
                                          const reg::BundleChange& change) override {
    for (reg::Bundle& bundle : d.bundles) {
      if (bundle.id == id) {
        apply(bundle, change);
        return bundle;
      }
    }
    return tl::unexpected(reg::Refusal{reg::Refusal::Kind::not_found, "", ""});
  }
  reg::Changed<void> remove_bundle(const reg::User&, Id id) override {
    std::erase_if(d.bundles, [&](const reg::Bundle& bundle) { return bundle.id == id; });
    return {};
  }
  reg::Changed<reg::Project> change_project(const reg::User&, Id id,
                                            const reg::ProjectChange& change) override {
    for (reg::Project& project : d.projects) {
      if (project.id == id) {
        project.web_url = change.web_url.value_or(project.web_url);
        project.scm_url = change.scm_url.value_or(project.scm_url);
        project.show_dependencies = change.show_dependencies.value_or(project.show_dependencies);
        return project;
      }
    }
    return tl::unexpected(reg::Refusal{reg::Refusal::Kind::not_found, "", ""});
  }

  static std::string category(reg::Category value) {
    static const std::vector<std::string> names = {
        "cover-created",    "patch-created",          "patch-completed",      "patch-state-changed",
        "patch-delegated",  "patch-relation-changed", "check-created",        "series-created",
        "series-completed", "cover-comment-created",  "patch-comment-created"};
    return names.at(static_cast<std::size_t>(value));
  }

 private:
  template <class T, class F>
  static std::vector<const T*> keep(const std::vector<T>& all, F fits) {
    std::vector<const T*> kept;
    for (const T& one : all) {
      if (fits(one)) {
        kept.push_back(&one);
      }
    }
    return kept;
  }
  template <class T, class F>
  static std::optional<T> first(const std::vector<T>& all, F fits) {
    const auto found = std::find_if(all.begin(), all.end(), fits);
    return found == all.end() ? std::nullopt : std::optional<T>(*found);
  }
  template <class T, class Key>
  static void sort(std::vector<const T*>& items, const reg::Order& order, Key key) {
    std::stable_sort(items.begin(), items.end(), [&](const T* a, const T* b) {
      const T& low = order.descending ? *b : *a;
      const T& high = order.descending ? *a : *b;
      return order.field == "date" ? key(low).first < key(high).first
                                   : key(low).second < key(high).second;
    });
  }
  template <class T>
  reg::Page<T> cut(const std::vector<const T*>& items, PageAsked page) {
    ++d.finds;
    d.page = page;
    reg::Page<T> made;
    made.total = items.size();
    const std::uint64_t from = (page.page - 1) * page.per_page;
    for (std::uint64_t i = from; i < items.size() && i < from + page.per_page; ++i) {
      made.items.push_back(*items[i]);
    }
    return made;
  }
  static bool any(const reg::Values& values, const std::vector<std::string>& names) {
    return values.empty() || std::any_of(values.begin(), values.end(), [&](const auto& value) {
             return std::find(names.begin(), names.end(), value) != names.end();
           });
  }
  std::string state_id(std::string_view slug) {
    const auto state = first(d.states, [&](const auto& one) { return one.slug == slug; });
    return state ? digits(state->id) : "";
  }
  bool in_project(const reg::Values& values, Id id) {
    if (values.empty()) {
      return true;
    }
    const auto known = project(id);
    return any(values, {digits(id), known ? known->link_name : ""});
  }
  static bool by_submitter(const reg::Values& values, const reg::Person& person) {
    return any(values, {digits(person.id), person.email});
  }
  static bool in_span(const reg::Span& span, Timestamp date) {
    const auto all = [&](const auto& bounds, auto fits) {
      return std::all_of(bounds.begin(), bounds.end(),
                         [&](const auto& bound) { return bound && fits(*bound); });
    };
    return all(span.since, [&](Timestamp bound) { return date >= bound; }) &&
           all(span.before, [&](Timestamp bound) { return date < bound; });
  }
  static bool has_words(std::string_view name, std::string_view words) {
    const std::string lower = to_lower(name);
    for (const auto word : split(words, ' ')) {
      if (lower.find(to_lower(word)) == std::string::npos) {
        return false;
      }
    }
    return true;
  }
  bool maintains(const reg::User& who, Id id) {
    const auto known = project(id);
    return known && std::any_of(known->maintainers.begin(), known->maintainers.end(),
                                [&](const reg::User& one) { return one.id == who.id; });
  }
  reg::Changed<reg::Comment> address(std::vector<reg::Comment>& comments, const reg::User& who,
                                     Id id, std::optional<bool> addressed) {
    for (reg::Comment& comment : comments) {
      if (comment.id == id) {
        if (!maintains(who, comment.project)) {
          return tl::unexpected(reg::Refusal{reg::Refusal::Kind::forbidden, "", "no"});
        }
        comment.addressed = addressed;
        return comment;
      }
    }
    return tl::unexpected(reg::Refusal{reg::Refusal::Kind::not_found, "", ""});
  }
  void apply(reg::Bundle& bundle, const reg::BundleChange& change) {
    bundle.name = change.name.value_or(bundle.name);
    bundle.is_public = change.is_public.value_or(bundle.is_public);
    if (change.patches) {
      bundle.patches.clear();
      for (const Id id : *change.patches) {
        bundle.patches.push_back(patch(id)->self);
      }
    }
  }
  void relate(Id id, const std::vector<Id>& others) {
    std::set<Id> together(others.begin(), others.end());
    const auto self = patch(id);
    for (const auto& known : self->related) {
      together.insert(known.id);
    }
    together.insert(id);
    for (reg::Patch& patch : d.patches) {
      if (others.empty()) {
        std::erase_if(patch.related, [&](const auto& ref) { return ref.id == id; });
        if (patch.self.id == id) {
          patch.related.clear();
        }
      } else if (together.contains(patch.self.id)) {
        patch.related.clear();
        for (const Id other : together) {
          if (other != patch.self.id) {
            patch.related.push_back(this->patch(other)->self);
          }
        }
      }
    }
  }
  void combine(Id id) {
    std::map<std::pair<Id, std::string>, reg::CheckState> newest;
    for (const reg::Check& check : d.checks) {
      if (check.patch == id) {
        newest[{check.user.id, check.context}] = check.state;
      }
    }
    const auto rank = [](reg::CheckState state) {
      switch (state) {
        case reg::CheckState::success:
          return 0;
        case reg::CheckState::pending:
          return 1;
        case reg::CheckState::warning:
          return 2;
        case reg::CheckState::fail:
          break;
      }
      return 3;
    };
    for (reg::Patch& patch : d.patches) {
      if (patch.self.id == id) {
        auto worst = reg::CheckState::success;
        for (const auto& [key, state] : newest) {
          worst = rank(state) > rank(worst) ? state : worst;
        }
        patch.check = worst;
      }
    }
  }
  Data& d;
};

}  // namespace patchmill::api::patchwork::test
