#include "api/patchwork/registry.hpp"
#include "tracker/message_store.hpp"

#include <fmt/format.h>

namespace patchmill::api::patchwork {
namespace {

class SqlRegistry final : public Registry {
 public:
  SqlRegistry(store::Pool& pool, const store::BlobStore& blobs, const Clock& clock,
              registry::ListIndex* index)
      : m_lease(pool.lease()),
        m_database(*m_lease),
        m_blobs(blobs),
        m_clock(clock),
        m_index(index) {}

  registry::Page<registry::Project> find(const registry::NameFilter& filter,
                                         PageAsked page) override {
    return registry::find_projects(m_database, filter, page);
  }
  registry::Page<registry::Patch> find(const registry::PatchFilter& filter,
                                       PageAsked page) override {
    return registry::find_patches(m_database, filter, page, m_index);
  }
  registry::Page<registry::Series> find(const registry::SeriesFilter& filter,
                                        PageAsked page) override {
    return registry::find_series(m_database, filter, page, m_index);
  }
  registry::Page<registry::Cover> find(const registry::CoverFilter& filter,
                                       PageAsked page) override {
    return registry::find_covers(m_database, filter, page, m_index);
  }
  registry::Page<registry::Event> find(const registry::EventFilter& filter,
                                       PageAsked page) override {
    return registry::find_events(m_database, filter, page, m_index);
  }
  registry::Page<registry::Bundle> find(const registry::BundleFilter& filter,
                                        PageAsked page) override {
    return registry::find_bundles(m_database, filter, page);
  }
  registry::Page<registry::User> find_users(const registry::NameFilter& filter,
                                            PageAsked page) override {
    return registry::find_users(m_database, filter, page);
  }
  registry::Page<registry::Person> find_people(const registry::NameFilter& filter,
                                               PageAsked page) override {
    return registry::find_people(m_database, filter, page);
  }
  registry::Page<registry::Check> find_checks(std::optional<Id> patch,
                                              const registry::CheckFilter& filter,
                                              PageAsked page) override {
    return registry::find_checks(m_database, patch, filter, page);
  }
  registry::Page<registry::Comment> find_patch_comments(Id patch, const registry::Order& order,
                                                        PageAsked page) override {
    return registry::find_patch_comments(m_database, patch, order, page);
  }
  registry::Page<registry::Comment> find_cover_comments(Id cover, const registry::Order& order,
                                                        PageAsked page) override {
    return registry::find_cover_comments(m_database, cover, order, page);
  }

  std::optional<registry::Project> project(Id id) override {
    return registry::project(m_database, id);
  }
  std::optional<registry::Project> project(std::string_view id_or_link_name) override {
    return registry::project(m_database, id_or_link_name);
  }
  std::optional<registry::Patch> patch(Id id) override { return registry::patch(m_database, id); }
  std::optional<registry::Patch> patch(Id project, std::string_view msgid) override {
    return registry::patch(m_database, project, msgid);
  }
  std::optional<registry::Series> series(Id id) override {
    return registry::series(m_database, id);
  }
  std::optional<registry::Cover> cover(Id id) override { return registry::cover(m_database, id); }
  std::optional<registry::Cover> cover(Id project, std::string_view msgid) override {
    return registry::cover(m_database, project, msgid);
  }
  std::optional<registry::Check> check(Id patch, Id id) override {
    return registry::check(m_database, patch, id);
  }
  std::optional<registry::Comment> patch_comment(Id patch, Id id) override {
    return registry::patch_comment(m_database, patch, id);
  }
  std::optional<registry::Comment> cover_comment(Id cover, Id id) override {
    return registry::cover_comment(m_database, cover, id);
  }
  std::optional<Id> patch_of_comment(Id comment) override {
    return registry::patch_of_comment(m_database, comment);
  }
  std::optional<Id> cover_of_comment(Id comment) override {
    return registry::cover_of_comment(m_database, comment);
  }
  std::optional<registry::Bundle> bundle(Id id) override {
    return registry::bundle(m_database, id);
  }
  std::optional<registry::Bundle> bundle(std::string_view owner, std::string_view name) override {
    return registry::bundle(m_database, owner, name);
  }
  std::optional<registry::User> user(Id id) override { return registry::user(m_database, id); }
  std::optional<registry::User> user_by_name(std::string_view username) override {
    return registry::user_by_name(m_database, username);
  }
  std::optional<registry::Person> person(Id id) override {
    return registry::person(m_database, id);
  }
  std::vector<registry::State> states() override { return registry::states(m_database); }
  std::vector<registry::Comment> comments_of(Id patch) override {
    return registry::comments_of(m_database, patch);
  }
  std::optional<std::string> stamp() override {
    if (m_database.engine() == store::Engine::postgresql) {
      return m_database.value<std::string>("SELECT CAST(pg_current_snapshot() AS TEXT)");
    }
    // What others have committed, and what this connection has; the last one tells apart
    // connections that were at the same address, one after the other.
    return fmt::format("{} {} {} {}", fmt::ptr(&m_database),
                       m_database.value<std::int64_t>("PRAGMA data_version"),
                       m_database.value<std::int64_t>("SELECT total_changes()"),
                       m_database.value<std::int64_t>(
                           "SELECT value FROM registry_counters WHERE name = 'change'"));
  }
  Result<std::string> mail(std::int64_t message) override {
    return tracker::MessageStore(m_database, m_blobs).raw(message);
  }

  bool may_change(const registry::User& who, Id patch) override {
    return registry::may_change(m_database, who, patch);
  }
  registry::Changed<registry::Patch> change_patch(const registry::User& who, Id patch,
                                                  const registry::PatchChange& change) override {
    return registry::change_patch(m_database, m_clock, who, patch, change);
  }
  registry::Changed<registry::Check> add_check(const registry::User& who, Id patch,
                                               const registry::NewCheck& check) override {
    return registry::add_check(m_database, m_clock, who, patch, check);
  }
  registry::Changed<registry::Comment> address_patch_comment(
      const registry::User& who, Id patch, Id comment, std::optional<bool> addressed) override {
    return registry::address_patch_comment(m_database, who, patch, comment, addressed);
  }
  registry::Changed<registry::Comment> address_cover_comment(
      const registry::User& who, Id cover, Id comment, std::optional<bool> addressed) override {
    return registry::address_cover_comment(m_database, who, cover, comment, addressed);
  }
  registry::Changed<registry::Bundle> add_bundle(const registry::User& who, Id project,
                                                 const registry::BundleChange& bundle) override {
    return registry::add_bundle(m_database, who, project, bundle);
  }
  registry::Changed<registry::Bundle> change_bundle(const registry::User& who, Id bundle,
                                                    const registry::BundleChange& change) override {
    return registry::change_bundle(m_database, who, bundle, change);
  }
  registry::Changed<void> remove_bundle(const registry::User& who, Id bundle) override {
    return registry::remove_bundle(m_database, who, bundle);
  }
  registry::Changed<registry::Project> change_project(
      const registry::User& who, Id project, const registry::ProjectChange& change) override {
    return registry::change_project(m_database, who, project, change);
  }

 private:
  store::Pool::Lease m_lease;
  store::Database& m_database;
  const store::BlobStore& m_blobs;
  const Clock& m_clock;
  registry::ListIndex* m_index;
};

}  // namespace

OpenRegistry registry_of(store::Pool& pool, const store::BlobStore& blobs, const Clock& clock,
                         registry::ListIndex* index) {
  return [&pool, &blobs, &clock, index] {
    return std::make_unique<SqlRegistry>(pool, blobs, clock, index);
  };
}

}  // namespace patchmill::api::patchwork
