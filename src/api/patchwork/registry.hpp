#pragma once
// What Patchwork's dialect asks of the registry, so that it can be tested without a store.

#include "http/message.hpp"
#include "registry/change.hpp"
#include "registry/comment_parents.hpp"
#include "registry/find.hpp"
#include "registry/get.hpp"
#include "store/blob_store.hpp"
#include "store/pool.hpp"
#include "util/clock.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchmill::api::patchwork {

using registry::Id;

// Serves one request at a time, on one thread. What each function does is said where registry/
// declares it. Throws store::DatabaseError.
class Registry {
 public:
  virtual ~Registry() = default;

  using PageAsked = registry::PageAsked;
  virtual registry::Page<registry::Project> find(const registry::NameFilter& filter,
                                                 PageAsked page) = 0;
  virtual registry::Page<registry::Patch> find(const registry::PatchFilter& filter,
                                               PageAsked page) = 0;
  virtual registry::Page<registry::Series> find(const registry::SeriesFilter& filter,
                                                PageAsked page) = 0;
  virtual registry::Page<registry::Cover> find(const registry::CoverFilter& filter,
                                               PageAsked page) = 0;
  virtual registry::Page<registry::Event> find(const registry::EventFilter& filter,
                                               PageAsked page) = 0;
  virtual registry::Page<registry::Bundle> find(const registry::BundleFilter& filter,
                                                PageAsked page) = 0;
  virtual registry::Page<registry::User> find_users(const registry::NameFilter& filter,
                                                    PageAsked page) = 0;
  virtual registry::Page<registry::Person> find_people(const registry::NameFilter& filter,
                                                       PageAsked page) = 0;
  virtual registry::Page<registry::Check> find_checks(std::optional<Id> patch,
                                                      const registry::CheckFilter& filter,
                                                      PageAsked page) = 0;
  virtual registry::Page<registry::Comment> find_patch_comments(Id patch,
                                                                const registry::Order& order,
                                                                PageAsked page) = 0;
  virtual registry::Page<registry::Comment> find_cover_comments(Id cover,
                                                                const registry::Order& order,
                                                                PageAsked page) = 0;

  virtual std::optional<registry::Project> project(Id id) = 0;
  virtual std::optional<registry::Project> project(std::string_view id_or_link_name) = 0;
  virtual std::optional<registry::Patch> patch(Id id) = 0;
  virtual std::optional<registry::Patch> patch(Id project, std::string_view msgid) = 0;
  virtual std::optional<registry::Series> series(Id id) = 0;
  virtual std::optional<registry::Cover> cover(Id id) = 0;
  virtual std::optional<registry::Cover> cover(Id project, std::string_view msgid) = 0;
  virtual std::optional<registry::Check> check(Id patch, Id id) = 0;
  virtual std::optional<registry::Comment> patch_comment(Id patch, Id id) = 0;
  virtual std::optional<registry::Comment> cover_comment(Id cover, Id id) = 0;
  virtual std::optional<Id> patch_of_comment(Id comment) = 0;
  virtual std::optional<Id> cover_of_comment(Id comment) = 0;
  virtual std::optional<registry::Bundle> bundle(Id id) = 0;
  virtual std::optional<registry::Bundle> bundle(std::string_view owner, std::string_view name) = 0;
  virtual std::optional<registry::User> user(Id id) = 0;
  virtual std::optional<registry::User> user_by_name(std::string_view username) = 0;
  virtual std::optional<registry::Person> person(Id id) = 0;
  virtual std::vector<registry::State> states() = 0;
  virtual std::vector<registry::Comment> comments_of(Id patch) = 0;
  // Equal to an earlier one only if nothing in the store has changed since; nothing: nobody knows.
  virtual std::optional<std::string> stamp() { return std::nullopt; }
  // The bytes of a mail as they came.
  virtual Result<std::string> mail(std::int64_t message) = 0;

  virtual bool may_change(const registry::User& who, Id patch) = 0;
  virtual registry::Changed<registry::Patch> change_patch(const registry::User& who, Id patch,
                                                          const registry::PatchChange& change) = 0;
  virtual registry::Changed<registry::Check> add_check(const registry::User& who, Id patch,
                                                       const registry::NewCheck& check) = 0;
  virtual registry::Changed<registry::Comment> address_patch_comment(
      const registry::User& who, Id patch, Id comment, std::optional<bool> addressed) = 0;
  virtual registry::Changed<registry::Comment> address_cover_comment(
      const registry::User& who, Id cover, Id comment, std::optional<bool> addressed) = 0;
  virtual registry::Changed<registry::Bundle> add_bundle(const registry::User& who, Id project,
                                                         const registry::BundleChange& bundle) = 0;
  virtual registry::Changed<registry::Bundle> change_bundle(
      const registry::User& who, Id bundle, const registry::BundleChange& change) = 0;
  virtual registry::Changed<void> remove_bundle(const registry::User& who, Id bundle) = 0;
  virtual registry::Changed<registry::Project> change_project(
      const registry::User& who, Id project, const registry::ProjectChange& change) = 0;
};

// Makes one for a request.
using OpenRegistry = std::function<std::unique_ptr<Registry>()>;

// Of the store; everything outlives what is made. With an index long lists are cheap.
OpenRegistry registry_of(store::Pool& pool, const store::BlobStore& blobs, const Clock& clock,
                         registry::ListIndex* index = nullptr);

}  // namespace patchmill::api::patchwork
