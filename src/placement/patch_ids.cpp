#include "placement/patch_ids.hpp"

#include "git/apply.hpp"
#include "tracker/dependencies.hpp"

namespace patchmill::placement {

namespace {

constexpr std::size_t k_batch = 200;  // mails; diffs are held in memory together

}  // namespace

Result<bool> learn_patch_ids(store::Database& database, tracker::Queries& queries,
                             git::Repository& repository) {
  bool any = false;
  for (auto mails = queries.patches_without_id(k_batch); !mails.empty();
       mails = queries.patches_without_id(k_batch)) {
    any = true;
    std::vector<std::string> diffs;
    for (const std::int64_t mail : mails) {
      // A mail that cannot be read has no patch-id; placing its own series says why.
      auto parsed = queries.parsed(mail);
      diffs.push_back(parsed ? std::move(parsed->diff) : std::string());
    }
    PM_TRY_ASSIGN(const auto ids, git::patch_ids(repository, diffs));
    store::Transaction transaction(database);
    for (std::size_t i = 0; i < mails.size(); ++i) {
      tracker::set_patch_id(database, mails[i], ids[i]);
    }
    transaction.commit();
  }
  return any;
}

}  // namespace patchmill::placement
